"""What the pictures of a mesh are drawn from: its two files, read once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pyvista as pv

from pipeline.mesh.picture.look import BARE, Kind, Look, body_of, legend, look_of
from pipeline.panel import Floats


@dataclass(frozen=True)
class Solid:
    """The smoothed outer surface of one tissue, or of one bone with core and cortex."""

    surface: pv.PolyData
    look: Look


class Scene:
    """Tetrahedra with the cell data ``region``, the name of each region, and the landmarks."""

    def __init__(self, folder: Path) -> None:
        mesh = meshio.read(folder / "mesh.msh")
        self.geometry: dict[str, Any] = json.loads((folder / "geometry.json").read_text(encoding="utf-8"))
        self.body = pv.UnstructuredGrid({pv.CellType.TETRA: mesh.cells_dict["tetra"]}, mesh.points)
        self.body["region"] = mesh.cell_data_dict["gmsh:physical"]["tetra"]
        known = {int(tag): name for name, (tag, dim) in mesh.field_data.items() if dim == 3}
        tags = map(int, np.unique(self.body["region"]))
        self.names: dict[int, str] = {tag: known.get(tag, f"group {tag}") for tag in tags}

    @cached_property
    def looks(self) -> dict[int, Look]:
        """Look of each region by its number."""
        return {tag: look_of(name, self.names.values()) for tag, name in self.names.items()}

    def centre(self, name: str) -> Floats | None:
        """Mean of a region's cell centres, mm; None if the mesh has no such region."""
        tags = [tag for tag, known in self.names.items() if known == name]
        if not tags:
            return None
        return np.asarray(self._part(tags).cell_centers().points.mean(axis=0), dtype=np.float64)

    def solids(self, kinds: Collection[Kind]) -> Iterator[Solid]:
        """Surfaces of the tissues of some kinds, a bone's core and cortex as one."""
        bodies: dict[str, list[int]] = {}
        for tag, look in self.looks.items():
            if look.kind in kinds:
                bodies.setdefault(body_of(self.names[tag]), []).append(tag)
        for tags in bodies.values():
            look = self.looks[max(tags, key=lambda tag: self.names[tag].endswith("_cortex"))]
            yield Solid(self._surface(tags, look.rounds), look)

    @cached_property
    def hull(self) -> Solid:
        """Outside of the foot without its shoe, in the colour of its outermost tissue."""
        foot = [tag for tag, look in self.looks.items() if look.kind is not Kind.SHOE]
        outermost = [look for look in legend(self.names.values()) if look.kind is Kind.SOFT][-1:]
        return Solid(self._surface(foot, 20), outermost[0] if outermost else BARE)

    def _part(self, tags: Collection[int]) -> pv.UnstructuredGrid:
        return self.body.extract_cells(np.isin(self.body["region"], list(tags)))

    def _surface(self, tags: Collection[int], rounds: int) -> pv.PolyData:
        surface = self._part(tags).extract_surface(algorithm="dataset_surface")
        surface = surface.smooth_taubin(n_iter=rounds, pass_band=0.05)
        # the faces of tetrahedra point outward already; making them consistent turns some shells inside out
        return surface.compute_normals(feature_angle=60.0, split_vertices=True, consistent_normals=False)

"""What the pictures are drawn from: the files of each case, read once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pyvista as pv

from pipeline.measure.solution import Bone
from pipeline.measure.statistics import Floats
from pipeline.regions import Region
from pipeline.report.pictures.job import CaseFiles

IP_LAYERS = (Region.IP_CARTILAGE_PP1, Region.IP_GAP, Region.IP_CARTILAGE_DP1)
MTP1_LAYERS = (Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1)


class Scene:
    """One case ready to draw: landmarks, and meshes in the unloaded shape to which its fields belong."""

    def __init__(self, files: CaseFiles) -> None:
        self.files = files
        self.geometry: dict[str, Any] = json.loads(Path(files.geometry).read_text(encoding="utf-8"))
        self.floor_mm = float(self.geometry["floor_z_mm"])

    @property
    def medial(self) -> float:
        """Sign of y towards the medial side: 1 in a right foot, -1 in a left one."""
        return -1.0 if self.geometry["side"] == "left" else 1.0

    @cached_property
    def body(self) -> pv.UnstructuredGrid:
        """All tetrahedra with region and stress."""
        return _grid(meshio.read(self.files.fields), pv.CellType.TETRA, "tetra")

    @cached_property
    def sole(self) -> pv.UnstructuredGrid:
        """Triangles of the sole with their pressure."""
        return _grid(meshio.read(self.files.sole), pv.CellType.TRIANGLE, "triangle")

    def part(self, regions: Iterable[Region]) -> pv.UnstructuredGrid:
        """The cells of some regions; empty if the case has none of them."""
        return self.body.extract_cells(np.isin(self.body["region"], [int(region) for region in regions]))

    def surface(self, regions: Sequence[Region], smooth: int = 0) -> pv.PolyData:
        """Outer surface of some regions, smoothed for the eye by ``smooth`` rounds."""
        surface = self.part(regions).extract_surface(algorithm="dataset_surface")
        if smooth and surface.n_cells:
            surface = surface.smooth_taubin(n_iter=smooth, pass_band=0.05)
        return surface

    def bone(self, name: str) -> Bone:
        """Landmarks of a bone by name."""
        return Bone.read(self.geometry["bones"][name])

    def middle(self, regions: Iterable[Region]) -> Floats:
        """Middle of some regions' cells, mm."""
        return np.asarray(self.part(regions).cell_centers().points.mean(axis=0), dtype=np.float64)


def _grid(mesh: meshio.Mesh, shape: pv.CellType, name: str) -> pv.UnstructuredGrid:
    cells = mesh.cells_dict[name]
    grid = pv.UnstructuredGrid({shape: cells}, mesh.points)
    for key, blocks in mesh.cell_data_dict.items():
        grid.cell_data[key] = blocks[name]
    return grid

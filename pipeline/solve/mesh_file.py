"""Read a mesh file on one rank and check it before anything parallel starts.

What gmsh files get wrong in practice (missing or doubled physical groups, loose nodes, inverted
cells, half-written files, pieces attached to nothing) is found here and named.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import meshio
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.errors import MeshError
from pipeline.regions import Region, Sole
from pipeline.tetrahedron import FACES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MeshFile:
    """Contents of a checked mesh file, in the order of the file.

    Attributes:
        points: vertex coordinates, shape (nv, 3), mm.
        cells: vertices of the tetrahedra, shape (nc, 4), positively oriented.
        region: value of :class:`Region` of every cell, shape (nc,).
        sole_facets: vertices of the sole triangles, shape (nf, 3).
        sole_region: value of :class:`Sole` of every sole triangle, shape (nf,).
        contact_facets: vertices of the facets of opened joints, shape (nk, 3).
        contact_side: side and joint of each of these, see :mod:`pipeline.solve.articulation`, (nk,).
    """

    points: Floats
    cells: Ints
    region: Ints
    sole_facets: Ints
    sole_region: Ints
    contact_facets: Ints = field(default_factory=lambda: np.empty((0, 3), dtype=np.int64))
    contact_side: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def volume_mm3(self) -> Floats:
        """Volume of every cell, shape (nc,), mm^3."""
        return signed_volumes(self.points, self.cells)

    @property
    def sole_area_mm2(self) -> Floats:
        """Area of every sole triangle, shape (nf,), mm^2."""
        a, b, c = (self.points[self.sole_facets[:, k]] for k in range(3))
        return np.asarray(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1), dtype=np.float64)


def read_mesh_file(path: Path, regions: Collection[Region]) -> MeshFile:
    """Read ``mesh.msh`` and check it. Call on one rank only.

    Args:
        path: gmsh file with first-order tetrahedra, and triangles on the sole.
        regions: the regions the case needs; the file must hold these and no others.

    Raises:
        MeshError: the file is absent, damaged, has an absent or unknown physical group, inverted
            cells, loose nodes, sole triangles off the skin, or pieces not attached to the clamp.
    """
    mesh = _parse(path)
    cells, region = _group(path, mesh, "tetra", 3, {r.label: int(r) for r in regions})
    facets, sole = _group(path, mesh, "triangle", 2, {s.label: int(s) for s in Sole}, all_wanted=False)
    found = MeshFile(np.asarray(mesh.points, dtype=np.float64), cells, region, facets, sole)
    _check_nodes(path, found)
    _check_volumes(path, found)
    _check_sole(path, found)
    check_attached(path, found)
    return found


def signed_volumes(points: Floats, cells: Ints) -> Floats:
    """Volumes of tetrahedra, det[b - a, c - a, d - a] / 6, shape (nc,), mm^3; negative if inverted."""
    a, b, c, d = (points[cells[:, k]] for k in range(4))
    return np.asarray(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6.0, dtype=np.float64)


def _parse(path: Path) -> Any:
    if not path.is_file():
        raise MeshError(f"{path}: no such file; run the mesh stage first")
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return meshio.read(path, file_format="gmsh")
    except (
        Exception
    ) as fault:  # meshio lets whatever its parser met escape: ValueError, IndexError, struct.error
        reason = " ".join(str(fault).split()) or type(fault).__name__
        raise MeshError(
            f"{path}: not a whole gmsh file ({reason}); delete its folder, run the mesh stage"
        ) from None
    except SystemExit:
        raise MeshError(f"{path}: not a gmsh file; delete its folder and run the mesh stage") from None


def _group(
    path: Path, mesh: Any, kind: str, dim: int, wanted: dict[str, int], *, all_wanted: bool = True
) -> tuple[Ints, Ints]:
    """Entities of one kind and the value of the wanted group each belongs to.

    Of the sole one patch is enough: a metatarsal head that a stiff joint lifts off has none near the floor.
    """
    named = {int(tag): name for name, (tag, d) in mesh.field_data.items() if int(d) == dim}
    entities = np.asarray(mesh.cells_dict.get(kind, np.empty((0, dim + 1))), dtype=np.int64)
    tags = np.asarray(mesh.cell_data_dict.get("gmsh:physical", {}).get(kind, ()), dtype=np.int64)
    if len(tags) != len(entities):
        raise MeshError(
            f"{path}: {len(entities)} {kind} cells but {len(tags)} physical tags; rerun the mesh stage"
        )
    present = {named.get(int(tag), f"unnamed group {tag}") for tag in np.unique(tags)}
    faults = []
    absent = sorted(wanted.keys() - present)
    if absent and (all_wanted or len(absent) == len(wanted)):
        faults.append(f"no {kind} cells in {', '.join(absent)}")
    if unknown := sorted(present - wanted.keys()):
        faults.append(f"{kind} cells in {', '.join(unknown)}, which the case does not have")
    if faults:
        raise MeshError(
            f"{path}: {'; '.join(faults)}; present: {', '.join(sorted(present)) or 'none'}. "
            "Rerun the mesh stage for this case."
        )
    value = {tag: wanted[name] for tag, name in named.items() if name in wanted}
    unique, inverse = np.unique(tags, return_inverse=True)
    return entities, np.array([value[int(tag)] for tag in unique], dtype=np.int64)[inverse]


def _check_nodes(path: Path, mesh: MeshFile) -> None:
    if not np.isfinite(mesh.points).all():
        raise MeshError(f"{path}: a node has a coordinate that is not a number; rerun the mesh stage")
    top = int(max(mesh.cells.max(), mesh.sole_facets.max()))
    if top >= len(mesh.points):
        raise MeshError(
            f"{path}: a cell names node {top} but there are {len(mesh.points)}; rerun the mesh stage"
        )
    used = np.zeros(len(mesh.points), dtype=bool)
    used[mesh.cells] = True
    if not used.all():
        first = int(np.argmin(used))
        raise MeshError(
            f"{path}: {np.count_nonzero(~used)} node(s) belong to no tetrahedron, first at "
            f"{_place(mesh.points[first])} mm; remove them in the mesh stage"
        )


def _check_volumes(path: Path, mesh: MeshFile) -> None:
    volume = mesh.volume_mm3
    bad = np.flatnonzero(~(volume > 0))
    if bad.size:
        worst = bad[np.argmin(volume[bad])]
        raise MeshError(
            f"{path}: {bad.size} inverted or flat tetrahedra, worst has volume {volume[worst]:.3g} mm^3 at "
            f"{_place(mesh.points[mesh.cells[worst]].mean(axis=0))} mm in "
            f"{Region(int(mesh.region[worst])).label}; every volume must be positive"
        )


def _check_sole(path: Path, mesh: MeshFile) -> None:
    """Every sole triangle is a face of exactly one tetrahedron, and is there once."""
    faces = np.sort(mesh.cells[:, FACES].reshape(-1, 3), axis=1)
    sole = np.sort(mesh.sole_facets, axis=1)
    both = np.concatenate([faces, sole])
    _, inverse, counts = np.unique(both, axis=0, return_inverse=True, return_counts=True)
    bad = np.flatnonzero(counts[inverse.ravel()[len(faces) :]] != 2)
    if bad.size:
        raise MeshError(
            f"{path}: {bad.size} sole triangle(s) are doubled or not on the surface, first at "
            f"{_place(mesh.points[mesh.sole_facets[bad[0]]].mean(axis=0))} mm; rerun the mesh stage"
        )


def check_attached(path: Path, mesh: MeshFile) -> None:
    """Every cell hangs together, node by node, with the clamped block.

    Raises:
        MeshError: some do not.
    """
    cells = np.repeat(np.arange(len(mesh.cells)), 4)
    links = coo_array((np.ones(cells.size, dtype=np.int8), (cells, mesh.cells.ravel() + len(mesh.cells))))
    size = len(mesh.cells) + len(mesh.points)
    _, body = connected_components(coo_array((links.data, links.coords), shape=(size, size)), directed=False)
    body = body[: len(mesh.cells)]
    loose = np.flatnonzero(~np.isin(body, body[mesh.region == Region.PROXIMAL_BLOCK]))
    if loose.size:
        names = ", ".join(sorted({Region(int(r)).label for r in mesh.region[loose]}))
        raise MeshError(
            f"{path}: {loose.size} tetrahedra of {names} are not attached to {Region.PROXIMAL_BLOCK.label}, "
            f"first at {_place(mesh.points[mesh.cells[loose[0]]].mean(axis=0))} mm; nothing would hold them"
        )


def _place(point: Floats) -> str:
    return f"({', '.join(f'{x:.2f}' for x in point)})"

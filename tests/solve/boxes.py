"""Small meshes of boxes with the physical groups of a foot, written as gmsh files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import meshio
import numpy as np
from numpy.typing import NDArray

from pipeline.regions import Region, Sole
from pipeline.tetrahedron import FACES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KUHN = np.array([[0, 1, 3, 7], [0, 1, 7, 5], [0, 5, 7, 4], [0, 3, 2, 7], [0, 6, 4, 7], [0, 2, 6, 7]])
"""Six tetrahedra of a cube whose corner i + 2j + 4k is at (i, j, k)."""


def box(size: tuple[float, float, float], counts: tuple[int, int, int]) -> tuple[Floats, Ints]:
    """Points and positively oriented tetrahedra of a box from the origin; x runs fastest."""
    axes = [np.linspace(0.0, length, n + 1) for length, n in zip(size, counts, strict=True)]
    z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    points = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    nx, ny, nz = counts
    k, j, i = (a.ravel() for a in np.meshgrid(range(nz), range(ny), range(nx), indexing="ij"))
    corner = np.array(
        [i + a + (nx + 1) * (j + b + (ny + 1) * (k + c)) for c in (0, 1) for b in (0, 1) for a in (0, 1)]
    )
    cells = corner.T[:, KUHN].reshape(-1, 4)
    a, b, c, d = (points[cells[:, n]] for n in range(4))
    turned = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) < 0
    cells[turned] = cells[turned][:, [0, 2, 1, 3]]
    return points, cells


def bottom_facets(points: Floats, cells: Ints) -> Ints:
    """Triangles of the mesh on the plane z = 0."""
    faces = cells[:, FACES].reshape(-1, 3)
    return faces[np.all(points[faces][:, :, 2] == 0.0, axis=1)]


def quarters(points: Floats, facets: Ints) -> Ints:
    """The four sole patches as quarters of the bottom, by the centre of each triangle."""
    centre = points[facets].mean(axis=1)
    middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
    which = (centre[:, 0] > middle[0]).astype(int) + 2 * (centre[:, 1] > middle[1]).astype(int)
    return np.array([int(s) for s in Sole])[which]


def write_msh(path: Path, points: Floats, cells: Ints, region: Ints, facets: Ints, sole: Ints) -> Path:
    """Write a gmsh file with named physical groups of volumes and sole triangles."""
    names = {r.label: np.array([int(r), 3]) for r in Region if r in region}
    names |= {s.label: np.array([int(s), 2]) for s in Sole if s in sole}
    blocks, physical = [], []
    for kind, entities, tags in (("triangle", facets, sole), ("tetra", cells, region)):
        for tag in np.unique(tags):
            blocks.append((kind, entities[tags == tag]))
            physical.append(np.full(np.count_nonzero(tags == tag), tag))
    data = {"gmsh:physical": physical, "gmsh:geometrical": physical}
    mesh = meshio.Mesh(points, blocks, cell_data=data, field_data=names)
    meshio.write(path, mesh, file_format="gmsh22", binary=True)
    return path


def write_column(
    path: Path,
    size: tuple[float, float, float] = (4.0, 4.0, 10.0),
    counts: tuple[int, int, int] = (2, 2, 5),
    block_from: float = 8.0,
    shape: Callable[[Floats], Floats] | None = None,
) -> Path:
    """A column of soft tissue under a clamped block, standing on the four patches of the sole.

    Args:
        path: file to write.
        size: extent of the box, mm.
        counts: cubes along each edge.
        block_from: height above which cells belong to the block, mm.
        shape: moves the points after the groups are set.
    """
    points, cells = box(size, counts)
    high = points[cells].mean(axis=1)[:, 2] > block_from
    region = np.where(high, int(Region.PROXIMAL_BLOCK), int(Region.SOFT_TISSUE))
    facets = bottom_facets(points, cells)
    sole = quarters(points, facets)
    return write_msh(path, shape(points) if shape else points, cells, region, facets, sole)

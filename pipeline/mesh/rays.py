"""Distances measured through a mesh: rays against faces and cells, and plane sections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.mesh.cells import Cells, boundary_faces
from pipeline.mesh.implicit import Array, Frame
from pipeline.regions import Region
from pipeline.tetrahedron import FACES


@dataclass(frozen=True)
class Body:
    """A mesh to measure: points (n, 3) mm, cells (m, 4), region of each cell (m,)."""

    points: Array
    cells: Cells
    region: NDArray[np.int64]

    def of(self, *regions: Region) -> Cells:
        """Cells of some regions, (k, 4)."""
        return self.cells[np.isin(self.region, [int(region) for region in regions])]

    def hits(self, origin: Array, direction: Array, *regions: Region) -> Array:
        """Where a line meets the surface of some regions taken together: sorted distances, (k,), mm."""
        return crossings(self.points, boundary_faces(self.of(*regions))[0], origin, direction)

    def lowest(self, centre: Array, reach: float, *regions: Region) -> float:
        """Height of the lowest vertex of some regions within ``reach`` mm of a point in plan, mm."""
        x = self.points[np.unique(self.of(*regions))]
        return float(x[np.linalg.norm(x[:, :2] - centre[:2], axis=1) < reach, 2].min())

    def crossed(self, origin: Array, direction: Array, *regions: Region) -> int:
        """Number of cells of some regions that a line passes through."""
        faces = self.of(*regions)[:, FACES].reshape(-1, 3)
        return len(crossings(self.points, faces, origin, direction, merge=False)) // 2


def crossings(points: Array, faces: Cells, origin: Array, direction: Array, *, merge: bool = True) -> Array:
    """Distances along a line at which it meets triangles (Moller and Trumbore 1997), sorted, mm.

    Args:
        points: vertices (n, 3), mm.
        faces: triangles (k, 3).
        origin: a point of the line, (3,), mm.
        direction: its unit direction, (3,).
        merge: count a hit on the edge of two triangles once.
    """
    a, b, c = (points[faces[:, i]] for i in range(3))
    first, second = b - a, c - a
    p = np.cross(direction, second)
    scale = np.einsum("ij,ij->i", first, p)
    flat = np.abs(scale) < 1e-14
    inverse = 1.0 / np.where(flat, 1.0, scale)
    t = origin - a
    u = np.einsum("ij,ij->i", t, p) * inverse
    q = np.cross(t, first)
    v = q @ direction * inverse
    inside = ~flat & (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1.0 + 1e-9)
    along = np.sort(np.einsum("ij,ij->i", second, q)[inside] * inverse[inside])
    if merge and len(along):
        along = along[np.concatenate([[True], np.diff(along) > 1e-7])]
    return np.asarray(along)


def section(points: Array, cells: Cells, frame: Frame) -> tuple[float, float, float]:
    r"""Area and second moments of the plane section of cells through a frame's origin, across its axis.

    Every cell is cut into one or two triangles; a triangle with corner heights :math:`y_i` adds
    :math:`\tfrac{A}{6} (\sum_i y_i^2 + \sum_{i<j} y_i y_j)`.

    Returns:
        Area, mm^2; second moment of bending up and down (about the medial axis) and of bending sideways,
        both about the centroid, mm^4.
    """
    height = (points[cells] - frame.origin) @ frame.axis
    above = height > 0.0
    corners = []
    for apex in range(4):  # one vertex alone on its side
        for side in (True, False):
            own = np.flatnonzero((above[:, apex] == side) & ((above == side).sum(axis=1) == 1))
            others = [i for i in range(4) if i != apex]
            corners.append(np.stack([_cut(points, cells, height, own, apex, i) for i in others], axis=1))
    for i, j, k, m in ((0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2)):  # two and two
        own = np.flatnonzero(
            (above[:, i] == above[:, j]) & (above[:, k] == above[:, m]) & (above[:, i] != above[:, k])
        )
        quad = [_cut(points, cells, height, own, *pair) for pair in ((i, k), (i, m), (j, m), (j, k))]
        corners += [
            np.stack([quad[0], quad[1], quad[2]], axis=1),
            np.stack([quad[0], quad[2], quad[3]], axis=1),
        ]
    triangles = np.concatenate(corners) - frame.origin
    y, z = triangles @ frame.dorsal, triangles @ frame.medial
    area = (
        np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
        / 2.0
    )
    total = float(area.sum())

    def moment(w: Array) -> float:
        w = w - float((area * w.mean(axis=1)).sum()) / total
        products = (w**2).sum(axis=1) + w[:, 0] * w[:, 1] + w[:, 1] * w[:, 2] + w[:, 2] * w[:, 0]
        return float((area / 6.0 * products).sum())

    return total, moment(y), moment(z)


def _cut(points: Array, cells: Cells, height: Array, own: NDArray[np.intp], i: int, j: int) -> Array:
    """Where the edges between local vertices i and j of some cells meet the plane, (k, 3)."""
    a, b = points[cells[own, i]], points[cells[own, j]]
    share = height[own, i] / (height[own, i] - height[own, j])
    return np.asarray(a + share[:, None] * (b - a))

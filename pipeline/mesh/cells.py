"""Plain functions of tetrahedra: volume, shape, neighbours, surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.mesh.implicit import Array
from pipeline.tetrahedron import FACES

Cells = NDArray[np.int64]

EDGES = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
"""Local vertices of each edge."""


def volumes(points: Array, cells: Cells) -> Array:
    """Signed volume of each tetrahedron, (m,), mm^3."""
    a, b, c, d = (points[cells[:, i]] for i in range(4))
    return np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6.0


def mean_ratio(points: Array, cells: Cells) -> Array:
    r"""Mean ratio :math:`12 (3V)^{2/3} / \sum l^2` of each tetrahedron: 1 if regular, 0 if flat, (m,).

    Source: Liu and Joe, Relationship between tetrahedron shape measures, BIT 34 (1994) 268-287.
    """
    volume = volumes(points, cells)
    squares = sum(np.sum((points[cells[:, i]] - points[cells[:, j]]) ** 2, axis=1) for i, j in EDGES)
    return np.asarray(np.sign(volume) * 12.0 * (3.0 * np.abs(volume)) ** (2.0 / 3.0) / squares)


def dihedral_cosines(points: Array, cells: Cells) -> Array:
    """Cosine of the angle between the faces at each edge of each tetrahedron, (m, 6), as in `EDGES`."""
    normals = []
    for face in FACES:
        a, b, c = (points[cells[:, i]] for i in face)
        n = np.cross(b - a, c - a)
        normals.append(n / np.maximum(np.linalg.norm(n, axis=1), 1e-30)[:, None])
    return np.stack([-np.einsum("ij,ij->i", normals[i], normals[j]) for i, j in EDGES], axis=1)


def oriented(points: Array, cells: Cells) -> Cells:
    """Cells with positive volume; two vertices of a negative one change places."""
    cells = cells.copy()
    negative = volumes(points, cells) < 0.0
    cells[negative] = cells[negative][:, [0, 2, 1, 3]]
    return cells


def neighbours(cells: Cells) -> Cells:
    """Cell across each face, (m, 4); -1 where there is none."""
    faces = np.sort(cells[:, FACES].reshape(-1, 3), axis=1)
    order = np.lexsort(faces.T)
    same = np.all(faces[order[1:]] == faces[order[:-1]], axis=1)
    first, second = order[:-1][same], order[1:][same]
    across = np.full(len(faces), -1, np.int64)
    across[first], across[second] = second // 4, first // 4
    return across.reshape(-1, 4)


def boundary_faces(cells: Cells) -> tuple[Cells, NDArray[np.intp]]:
    """Outward triangles of the mesh surface, (k, 3), and the cell behind each, (k,)."""
    cell, face = np.nonzero(neighbours(cells) < 0)
    return cells[cell[:, None], FACES[face]], cell

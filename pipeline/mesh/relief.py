"""The last flat cells: move one of their vertices a little.

Swapping and smoothing inside each tissue cannot help a flat cell whose vertices all lie on
interfaces. A shift of a tenth of an edge, far below the faceting of the surface, does.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from pipeline.mesh.cells import Cells, mean_ratio
from pipeline.mesh.implicit import Array
from pipeline.tetrahedron import FACES

FLAT = 0.15
"""Mean ratio below which a cell asks for relief."""

SHIFTS = (0.04, 0.08, 0.12)
"""Trial shifts relative to the mean edge of the opposite face."""

ROUNDS = 3


def relieve(points: Array, cells: Cells) -> Array:
    """Points moved so that flat cells grow, never at the cost of a worse cell next to them."""
    points = points.copy()
    count = len(cells)
    around = csr_matrix((np.ones(4 * count), (cells.ravel(), np.repeat(np.arange(count), 4))))
    for _ in range(ROUNDS):
        ratio = mean_ratio(points, cells)
        flat = np.flatnonzero(ratio < FLAT)
        if len(flat) == 0:
            break
        for cell in flat[np.argsort(ratio[flat], kind="stable")]:
            _relieve_cell(points, cells, cell, around)
    return points


def _relieve_cell(points: Array, cells: Cells, cell: int, around: csr_matrix) -> None:
    """Make the best of the trial shifts of one cell's vertices, if any is an improvement."""
    best, best_move = 0.0, None
    for vertex, face in zip(cells[cell], FACES, strict=True):
        a, b, c = points[cells[cell][face]]
        normal = np.cross(b - a, c - a)
        normal /= np.linalg.norm(normal)
        edge = (np.linalg.norm(b - a) + np.linalg.norm(c - b) + np.linalg.norm(a - c)) / 3.0
        touching = cells[around.indices[around.indptr[vertex] : around.indptr[vertex + 1]]]
        before = mean_ratio(points, touching).min()
        start = points[vertex].copy()
        for shift in SHIFTS:
            for side in (1.0, -1.0):
                points[vertex] = start + side * shift * edge * normal
                gain = mean_ratio(points, touching).min() - before
                if gain > best:
                    best, best_move = gain, (vertex, points[vertex].copy())
        points[vertex] = start
    if best_move is not None:
        points[best_move[0]] = best_move[1]

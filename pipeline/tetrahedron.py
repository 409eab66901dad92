"""The linear tetrahedron as every stage numbers it: faces, and the stress points of the result files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FACES = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
"""Local vertices of the face opposite each vertex, outward for a positive tetrahedron."""

NEAR, FAR = 0.5854101966249685, 0.1381966011250105
"""Barycentric coordinates (5 + 3 sqrt 5)/20 and (5 - sqrt 5)/20 of the four stress points of a cell: the
degree-2 rule for tetrahedra with equal weights. Point k lies nearest to vertex k."""


def outer_faces(cells: Ints) -> tuple[Ints, Ints]:
    """Faces that belong to one of the cells only.

    Args:
        cells: vertices of the tetrahedra, shape (nc, 4).

    Returns:
        Cell and local face (row of :data:`FACES`) of each, shape (k,) both.
    """
    faces = np.sort(cells[:, FACES].reshape(-1, 3), axis=1)
    _, first, count = np.unique(faces, axis=0, return_index=True, return_counts=True)
    alone = np.sort(first[count == 1])
    return alone // 4, alone % 4

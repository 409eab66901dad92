"""Linear and quadratic shape functions of a triangle with their derivatives, as tables over many points.

A point has the coordinates xi = (xi_1, xi_2) and the shares (1 - xi_1 - xi_2, xi_1, xi_2) of the corners.
The nodes are the three corners, then the middles of the edges 01, 12 and 20.
"""

from __future__ import annotations

import numpy as np

from pipeline.solve.level import Floats

EDGES = np.array([[0, 1], [1, 2], [2, 0]])
"""Corners of each edge."""

SHARE_SLOPE = np.array([[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]])
"""Derivatives of the three shares by both coordinates."""

PAIRS = ((0, 0), (0, 1), (1, 1))
"""Coordinates of the second derivatives in the order of the tables."""

ROWS = 6
"""Rows of a table: the value, both first derivatives, and the three second ones."""

SECOND = np.array([[3, 4], [4, 5]])
"""Row of the second derivative by two coordinates."""


def shares(xi: Floats) -> Floats:
    """Shares of the corners, (n, 3), at coordinates (n, 2)."""
    return np.column_stack([1.0 - xi.sum(axis=1), xi])


def table(degree: int, xi: Floats) -> Floats:
    """Shape functions and derivatives at points.

    Args:
        degree: 1 or 2.
        xi: coordinates, (n, 2).

    Returns:
        Array (n, 6, nodes): value, derivatives by 1, 2, 11, 12 and 22.
    """
    share = shares(xi)
    out = np.zeros((len(xi), ROWS, 3 * degree))
    if degree == 1:
        out[:, 0] = share
        out[:, 1:3] = SHARE_SLOPE.T
        return out
    out[:, 0, :3] = share * (2.0 * share - 1.0)
    i, j = EDGES.T
    out[:, 0, 3:] = 4.0 * share[:, i] * share[:, j]
    for a in (0, 1):
        slope = SHARE_SLOPE[:, a]
        out[:, 1 + a, :3] = (4.0 * share - 1.0) * slope
        out[:, 1 + a, 3:] = 4.0 * (slope[i] * share[:, j] + share[:, i] * slope[j])
    for row, (a, b) in enumerate(PAIRS, start=3):
        one, other = SHARE_SLOPE[:, a], SHARE_SLOPE[:, b]
        out[:, row, :3] = 4.0 * one * other
        out[:, row, 3:] = 4.0 * (one[i] * other[j] + other[i] * one[j])
    return out

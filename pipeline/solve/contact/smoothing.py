r"""The smooth surface behind a faceted one.

A mesh with straight edges cuts the corners of a round joint surface by the height of its facets,
:math:`h^2 / 8R`. As load this is a wave of the length of the elements, and the pressure follows it:
half-width a, edges h: about 0.3 h/a of the peak. So every facet carries the height of the smooth surface
above it, a quadratic field that is zero at the corners and at the middle of an edge d

.. math:: b = \tfrac18 (\nu_2 - \nu_1) \cdot d

for the normals of the smooth surface at its ends. The field is continuous, exact for surfaces of second
order, and a scalar, so that it turns and bends with its facet.

Source:
    Nagata 2005, Comput. Aided Geom. Design 22:327-347, for the patch from normals; Cazals and Pouget 2005,
    Comput. Aided Geom. Design 22:121-146, for normals from a fitted polynomial.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from pipeline.solve.contact.triangle import EDGES
from pipeline.solve.level import Floats, Ints

LEAST_NEIGHBOURS = 8
"""Points that determine the five coefficients of the fit with some to spare."""

FLATTEST = 1.0 / 16.0
"""Largest height over the edge length that counts as smooth: an arc of 29 degrees; beyond it is an edge."""


def heights(rest_mm: Floats, identity: Ints) -> Floats:
    """Height of the smooth surface above the nodes of every facet.

    Args:
        rest_mm: nodes of all facets of one side in the unloaded model, (F, 6, 3).
        identity: number of each node, (F, 6), the same for facets that share it.

    Returns:
        Heights outwards, zero at the corners, (F, 6), mm.
    """
    out = np.zeros(identity.shape)
    if len(identity) == 0:
        return out
    names, flat = np.unique(identity[:, :3], return_inverse=True)
    triangles = flat.reshape(-1, 3)
    points = np.empty((len(names), 3))
    points[triangles] = rest_mm[:, :3]
    normal = vertex_normals(points, triangles)
    ends = triangles[:, EDGES]
    chord = points[ends[..., 1]] - points[ends[..., 0]]
    turn = normal[ends[..., 1]] - normal[ends[..., 0]]
    height = np.sum(turn * chord, axis=-1) / 8.0
    length = np.linalg.norm(chord, axis=-1)
    out[:, 3:] = np.where(np.abs(height) <= FLATTEST * length, height, 0.0)
    return out


def vertex_normals(points: Floats, triangles: Ints) -> Floats:
    """Unit normal of the smooth surface at every vertex, (n, 3).

    A polynomial of second order through the vertex is fitted to the vertices up to two edges away, also at
    the border, where a mean of the facets' normals would lean inwards.
    """
    edge, other = (points[triangles[:, k]] - points[triangles[:, 0]] for k in (1, 2))
    facet = np.cross(edge, other)
    rough = np.zeros_like(points)
    for corner in range(3):
        np.add.at(rough, triangles[:, corner], facet)
    rough /= np.linalg.norm(rough, axis=1, keepdims=True)
    near = neighbours(triangles, len(points))
    return np.array([_fitted(points, rough[v], v, near[v]) for v in range(len(points))])


def neighbours(triangles: Ints, count: int) -> list[Ints]:
    """Vertices up to two edges away from each vertex, or three at a corner that has few; itself left out."""
    i, j = triangles[:, EDGES].reshape(-1, 2).T
    one = sparse.csr_matrix((np.ones(len(i)), (i, j)), shape=(count, count))
    one = one + one.T
    two = one @ one + one
    near, far = _rows(two), _rows(two @ one + two)
    return [few if len(few) >= LEAST_NEIGHBOURS else more for few, more in zip(near, far, strict=True)]


def _rows(links: sparse.csr_matrix) -> list[Ints]:
    """Columns of the entries off the diagonal in each row."""
    links = links.tocsr()
    links.setdiag(0.0)
    links.eliminate_zeros()
    links.sort_indices()
    return [np.asarray(row, dtype=np.int64) for row in np.split(links.indices, links.indptr[1:-1])]


def _fitted(points: Floats, rough: Floats, vertex: int, near: Ints) -> Floats:
    """Normal of the polynomial at one vertex; the rough one if there are too few neighbours."""
    if len(near) < LEAST_NEIGHBOURS:
        return rough
    frame = np.linalg.svd(rough[None])[2][1:]
    away = points[near] - points[vertex]
    x, y = frame @ away.T
    weight = 1.0 / np.maximum(np.hypot(x, y), 1e-300)
    scale = np.mean(np.hypot(x, y))
    x, y, z = x / scale, y / scale, away @ rough / scale
    design = np.column_stack([x, y, x * x, x * y, y * y])
    slope = np.linalg.lstsq(weight[:, None] * design, weight * z, rcond=1e-8)[0][:2]
    normal = rough - slope @ frame
    return np.asarray(normal / np.linalg.norm(normal))

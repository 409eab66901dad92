"""Closest points on a surface of quadratic facets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from pipeline.solve.articular.surface import (
    QUADRATIC_CURVATURE,
    quadratic_shape,
    quadratic_slope,
)
from pipeline.solve.level import Floats, Ints

CANDIDATES = 8
"""Facets tried for each point, those with the nearest centres."""

OUTSIDE = 0.06
"""How far a closest point may lie outside its facet, in reference coordinates: facets meet at a slight
angle, and a point over the edge would else belong to neither."""

ITERATIONS = 12
"""Newton iterations of a projection; three do on nearly flat facets."""


@dataclass(frozen=True)
class Closest:
    """Closest points of those points that have one.

    Attributes:
        point: which of the points, (m,).
        facet: the facet it falls on, (m,).
        place: where on the facet, reference coordinates, (m, 2).
        gap_mm: signed distance, negative inside, (m,).
        normal: outward unit normal at the closest point, (m, 3).
    """

    point: Ints
    facet: Ints
    place: Floats
    gap_mm: Floats
    normal: Floats


def closest(points: Floats, nodes: Floats, outward: Floats, reach_mm: float) -> Closest:
    """Closest points within reach.

    Args:
        points: places, (n, 3), mm.
        nodes: corners and mid-edge points of the facets, (f, 6, 3), mm.
        outward: 1 where the corners turn outward, else -1, (f,).
        reach_mm: largest distance that counts.
    """
    if not len(points) or not len(nodes):
        return Closest(*(np.empty(0, np.int64),) * 2, np.empty((0, 2)), np.empty(0), np.empty((0, 3)))
    count = min(CANDIDATES, len(nodes))
    facet = cKDTree(nodes[:, :3].mean(axis=1)).query(points, k=count)[1].reshape(len(points), count)
    point = np.repeat(np.arange(len(points)), count)
    facet = facet.reshape(-1)
    place = project(points[point], nodes[facet])
    normal = normals(nodes[facet], place, outward[facet])
    away = points[point] - np.einsum("nk,nki->ni", quadratic_shape(place), nodes[facet])
    gap = np.sum(away * normal, axis=1)
    inside = (place.min(axis=1) > -OUTSIDE) & (place.sum(axis=1) < 1.0 + OUTSIDE) & (np.abs(gap) < reach_mm)
    over = np.maximum(0.0, np.maximum(-place.min(axis=1), place.sum(axis=1) - 1.0))
    cost = np.where(inside, np.abs(gap) + over * reach_mm, np.inf).reshape(len(points), count)
    best = cost.argmin(axis=1)
    found = np.flatnonzero(np.isfinite(cost[np.arange(len(points)), best]))
    row = found * count + best[found]
    return Closest(found, facet[row], place[row], gap[row], normal[row])


def project(points: Floats, nodes: Floats) -> Floats:
    """Reference coordinates of the closest points, one facet for each point, (n, 2).

    Newton on the slope of half the squared distance, from the projection onto the flat facet; far outside
    the facet the result is kept near it and is not a closest point.
    """
    edge = nodes[:, 1:3] - nodes[:, :1]
    gram = edge @ edge.swapaxes(1, 2)
    start = np.linalg.solve(gram, np.einsum("nai,ni->na", edge, points - nodes[:, 0])[..., None])[..., 0]
    place = np.clip(start, -0.5, 1.5)
    second = np.einsum("kab,nki->nabi", QUADRATIC_CURVATURE, nodes)
    for _ in range(ITERATIONS):
        away = points - np.einsum("nk,nki->ni", quadratic_shape(place), nodes)
        tangent = np.einsum("nka,nki->nai", quadratic_slope(place), nodes)
        slope = -np.einsum("nai,ni->na", tangent, away)
        gram = tangent @ tangent.swapaxes(1, 2)
        bent = gram - np.einsum("nabi,ni->nab", second, away)
        sound = np.linalg.det(bent) > 0.2 * np.linalg.det(gram)
        step = -np.linalg.solve(np.where(sound[:, None, None], bent, gram), slope[..., None])[..., 0]
        place = np.clip(place + np.clip(step, -0.5, 0.5), -1.0, 2.0)
        if np.abs(step).max() < 1e-13:
            break
    return place


def normals(nodes: Floats, place: Floats, outward: Floats) -> Floats:
    """Outward unit normals at places of facets, (n, 3)."""
    tangent = np.einsum("nka,nki->nai", quadratic_slope(place), nodes)
    turn = np.cross(tangent[:, 0], tangent[:, 1]) * outward[:, None]
    return np.asarray(turn / np.linalg.norm(turn, axis=1, keepdims=True))

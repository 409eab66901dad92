"""Which master facet each slave point meets: a tree for the neighbours, then the closest point.

Of the facets onto which a point projects, the nearest is taken. Where facets meet in a convex edge the
normals leave a wedge without projection; it is bridged by letting a facet reach a little beyond its edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipeline.solve.contact.triangle import SECOND, shares, table
from pipeline.solve.level import Floats, Ints

OVERSHOOT = 0.05
"""How far a projection may lie beyond an edge, as a share of the facet."""

LOYALTY = 0.01
"""Share of the facet up to which a point stays with its last one, so that it does not swing at an edge."""

FLAT_OVERSHOOT = 0.3
"""Overshoot of the projection on the plane of the corners that is worth a closer look."""

FACING = -0.5
"""Cosine of the angle between the normals of two facets below which they face each other."""

ITERATIONS = 8
"""Newton iterations of the closest point; three do on a facet that is nearly flat."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """Slave points and the master facets they meet, one row each.

    Attributes:
        point: number of the slave point, (n,).
        facet: number of the master facet, (n,).
        xi: coordinates of the closest point, (n, 2).
    """

    point: Ints
    facet: Ints
    xi: Floats

    def where(self, keep: Bools | Ints) -> Pairs:
        """Some of the rows."""
        return Pairs(self.point[keep], self.facet[keep], self.xi[keep])


def find(points: Floats, normals: Floats, nodes: Floats, reach_mm: float, last: Ints) -> Pairs:
    """The master facet of every slave point that has one.

    Args:
        points: slave points now, (n, 3), mm.
        normals: outward normals of their facets now, (n, 3).
        nodes: nodes of the master facets now, (F, 6, 3), mm.
        reach_mm: distance on both sides of the master beyond which points are left out.
        last: facet of each point when last found, negative if none, (n,).
    """
    near = _flat(points, normals, nodes, reach_mm)
    xi = closest(points[near.point], nodes[near.facet], near.xi)
    near = Pairs(near.point, near.facet, xi)
    shape = table(2, xi)
    gap = points[near.point] - np.einsum("pn,pni->pi", shape[:, 0], nodes[near.facet])
    beyond = np.maximum(0.0, -shares(xi).min(axis=1, initial=1.0))
    distance = np.linalg.norm(gap, axis=1)
    good = (beyond <= OVERSHOOT) & (distance <= reach_mm)
    ease = np.where(near.facet == last[near.point], LOYALTY, 0.0)
    score = distance + _radius(nodes)[near.facet] * np.maximum(beyond - ease, 0.0)
    near, score = near.where(good), score[good]
    order = np.lexsort((near.facet, score, near.point))
    first = np.unique(near.point[order], return_index=True)[1]
    return near.where(order[first])


def kept(points: Floats, nodes: Floats, last: Ints) -> Pairs:
    """The pairs of the last search, at the closest point of the facet or of what continues it.

    Args:
        points: slave points now, (n, 3), mm.
        nodes: nodes of the master facets now, (F, 6, 3), mm.
        last: facet of each point, negative if none, (n,).
    """
    point = np.flatnonzero(last >= 0)
    facet = last[point]
    start = np.full((len(point), 2), 1.0 / 3.0)
    return Pairs(point, facet, closest(points[point], nodes[facet], start))


def _radius(nodes: Floats) -> Floats:
    """Radius about the centre of the corners that holds each facet, (F,)."""
    return np.linalg.norm(nodes - nodes[:, :3].mean(axis=1, keepdims=True), axis=2).max(axis=1)


def _flat(points: Floats, normals: Floats, nodes: Floats, reach_mm: float) -> Pairs:
    """Pairs within reach of each other that face, with the projection on the plane of the corners."""
    corner = nodes[:, :3]
    point, facet = _near(points, nodes, reach_mm)
    origin, edge, other = corner[:, 0], corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    normal = np.cross(edge, other)
    square = np.einsum("fi,fi->f", normal, normal)[:, None]
    dual = np.stack([np.cross(other, normal), np.cross(normal, edge)], axis=1) / square[:, None]
    xi = np.einsum("pai,pi->pa", dual[facet], points[point] - origin[facet])
    close = shares(xi).min(axis=1, initial=1.0) > -FLAT_OVERSHOOT
    point, facet, xi = point[close], facet[close], xi[close]
    size = np.linalg.norm(normals, axis=1)[point] * np.linalg.norm(normal, axis=1)[facet]
    facing = np.einsum("pi,pi->p", normals[point], normal[facet]) < FACING * size
    return Pairs(point[facing], facet[facing], xi[facing])


def _near(points: Floats, nodes: Floats, reach_mm: float) -> tuple[Ints, Ints]:
    """Points and facets that may hold the closest one.

    No facet's centre is closer than the surface, so the closest facet has its centre within the distance of
    the closest centre plus its own radius.
    """
    nothing = np.empty(0, dtype=np.int64)
    if not len(points) or not len(nodes):
        return nothing, nothing
    centre, radius = nodes[:, :3].mean(axis=1), (1.0 + OVERSHOOT) * _radius(nodes)
    tree, widest = cKDTree(centre), radius.max()
    nearest = tree.query(points)[0]
    point = np.flatnonzero(nearest <= reach_mm + widest)
    found = tree.query_ball_point(points[point], nearest[point] + widest, return_sorted=False)
    facet = np.concatenate([nothing, *(np.asarray(some, dtype=np.int64) for some in found)])
    point = np.repeat(point, [len(some) for some in found])
    away = np.linalg.norm(points[point] - centre[facet], axis=1)
    keep = away <= nearest[point] + radius[facet]
    return point[keep], facet[keep]


def closest(points: Floats, nodes: Floats, xi: Floats) -> Floats:
    """Coordinates of the closest points on quadratic facets, (n, 2).

    Solves (x - x_m(xi)) . t_a(xi) = 0 by Newton.

    Args:
        points: points, (n, 3).
        nodes: nodes of one facet for each, (n, 6, 3).
        xi: first guess, (n, 2).
    """
    xi = xi.copy()
    going: Ints = np.arange(len(points))
    for _ in range(ITERATIONS):
        field = table(2, xi[going]) @ nodes[going]
        gap, tangent = points[going] - field[:, 0], field[:, 1:3]
        residual = np.einsum("pai,pi->pa", tangent, gap)
        slope = tangent @ tangent.swapaxes(1, 2) - np.einsum("pabi,pi->pab", field[:, SECOND], gap)
        step = np.linalg.solve(_definite(slope, tangent), residual[..., None])[..., 0]
        size = np.abs(step).max(axis=1, initial=0.0)
        step *= np.minimum(1.0, 0.5 / np.maximum(size, 1e-300))[:, None]
        xi[going] += step
        going = going[size > 1e-14]
        if len(going) == 0:
            break
    return xi


def _definite(slope: Floats, tangent: Floats) -> Floats:
    """The matrix of Newton, or the metric alone where a point lies beyond the centre of curvature."""
    metric = tangent @ tangent.swapaxes(1, 2)
    bad = np.linalg.det(slope) < 0.1 * np.linalg.det(metric)
    return np.where(bad[:, None, None], metric, slope)

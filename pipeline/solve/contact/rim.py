"""The rim of a joint surface, where cartilage thins out.

A surface that ends abruptly presses with its edge, as a flat punch does, and no mesh resolves that. Cartilage
tapers towards its rim, so the surface of contact falls away there. So it does around holes that a mesh has in
it: a point that slides over an edge has let go before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from pipeline.solve.contact.surface import Surface
from pipeline.solve.level import Floats

EDGE_POINTS = np.array([0.25, 0.5, 0.75, 1.0])
"""Where the edges of the rim are sampled, as shares of their length."""


@dataclass(frozen=True)
class Taper:
    r"""How a surface falls away towards its rim, by :math:`t \, \langle 1 - s / w \rangle^2` at a distance s.

    Attributes:
        width_mm: distance w from the rim at which it begins.
        depth_mm: depth t at the rim.
    """

    width_mm: float
    depth_mm: float

    def at(self, distance_mm: Floats) -> Floats:
        """Depth at distances from the rim, same shape, mm."""
        return np.asarray(self.depth_mm * np.maximum(1.0 - distance_mm / self.width_mm, 0.0) ** 2)


def rim_distance(surface: Surface, points: Floats) -> Floats:
    """Distance of points to the nearest edge that only one facet of a surface has, mm; inf if there is none.

    Args:
        surface: the surface.
        points: points in the unloaded model, (..., 3).
    """
    _, first, count = np.unique(surface.identity[:, 3:], return_index=True, return_counts=True)
    facet, edge = np.divmod(first[count == 1], 3)
    if not len(facet):
        return np.full(points.shape[:-1], np.inf)
    start, end = surface.rest_mm[facet, edge], surface.rest_mm[facet, (edge + 1) % 3]
    sampled = start[:, None] + EDGE_POINTS[:, None] * (end - start)[:, None]
    return np.asarray(cKDTree(sampled.reshape(-1, 3)).query(points)[0])

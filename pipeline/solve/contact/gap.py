r"""Gap of a slave point over the smooth master surface, with exact first and second derivatives.

The closest point :math:`x_m(\xi)` on the quadratic facet satisfies
:math:`F_\alpha = r \cdot t_\alpha = 0` with :math:`r = x_s - x_m = d\,n` and the tangents
:math:`t_\alpha = x_{m,\alpha}`. The gap is the distance less the height b of the smooth surface above the
master facet, and a constant for that above the slave facet:

.. math:: g = d - b(\xi) - b_s

Its slope in :math:`x_s`, :math:`n - b_{,\alpha} t^\alpha` for a small d, is the normal of the smooth
surface. All derivatives are taken in the variations at the point

.. math:: v = (\delta x_s - \delta x_m, \delta t_1, \delta t_2, \delta t_{11}, \delta t_{12}, \delta t_{22})

of 3 components each, so that they hold for the nodes of any space. With :math:`A = m - d k` of metric and
curvature, :math:`P_\alpha = t_\alpha \cdot v_0`, :math:`W_\alpha = n \cdot v_\alpha`, :math:`Q = P + d W`:
:math:`\delta\xi = A^{-1} Q`, and

.. math::
    d' &= n \cdot v_0, \qquad
    d'' = -P^T m^{-1} k A^{-1} P - P^T A^{-1} W - W^T A^{-1} P - d W^T A^{-1} W \\
    b' &= \mu \cdot Q, \qquad \mu = A^{-1} b_{,\xi}

and b'' is the second derivative of the Lagrangian :math:`b + \mu \cdot F` along :math:`(v, \delta\xi)`. The
gap depends on nothing but the places of its nodes and not on the observer, so force and moment balance.

Source:
    Wriggers 2006, Computational Contact Mechanics, 2nd edition, sections 4.1 and 4.2, for d; the part of b is
    the adjoint derivation of an implicit function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.solve.contact.triangle import ROWS, SECOND, table
from pipeline.solve.level import Floats

SIZE = 3 * ROWS
"""Components of the variations at a point."""


@dataclass(frozen=True)
class Gap:
    """Gap and geometry at n pairs of a point and a facet.

    Attributes:
        value_mm: the gap, (n,).
        distance_mm: distance d to the facet, (n,).
        normal: normal n of the facet, (n, 3).
        tangent: its tangents, (n, 2, 3).
        second: its second derivatives, (n, 2, 2, 3).
        inverse: the inverse of A, (n, 2, 2).
        multiplier: the multiplier mu, (n, 2).
        bend: second derivatives of the height, (n, 2, 2).
    """

    value_mm: Floats
    distance_mm: Floats
    normal: Floats
    tangent: Floats
    second: Floats
    inverse: Floats
    multiplier: Floats
    bend: Floats

    def slope(self) -> Floats:
        """First derivative of the gap in the variations, (n, 6, 3)."""
        out = np.zeros((len(self.value_mm), ROWS, 3))
        out[:, 0] = self.direction
        out[:, 1:3] = -(self.multiplier * self.distance_mm[:, None])[..., None] * self.normal[:, None]
        return out

    @property
    def direction(self) -> Floats:
        """Derivative of the gap by the place of the slave point, (n, 3)."""
        return np.asarray(self.normal - np.einsum("pa,pai->pi", self.multiplier, self.tangent))

    def curvature(self) -> Floats:
        """Second derivative of the gap in the variations, (n, 18, 18)."""
        P, W = self._projections()
        Q = P + self.distance_mm[:, None, None] * W
        return self._of_distance(P, W) - self._of_height(self.inverse @ Q)

    def _projections(self) -> tuple[Floats, Floats]:
        P, W = (np.zeros((len(self.value_mm), 2, ROWS, 3)) for _ in range(2))
        P[:, :, 0] = self.tangent
        for a in (0, 1):
            W[:, a, 1 + a] = self.normal
        return P.reshape(-1, 2, SIZE), W.reshape(-1, 2, SIZE)

    def _of_distance(self, P: Floats, W: Floats) -> Floats:
        metric = self.tangent @ self.tangent.swapaxes(1, 2)
        bow = np.einsum("pabi,pi->pab", self.second, self.normal)
        turn = _t(P) @ np.linalg.solve(metric, bow @ self.inverse @ P)
        cross = _t(P) @ self.inverse @ W
        return -turn - cross - _t(cross) - self.distance_mm[:, None, None] * (_t(W) @ self.inverse @ W)

    def _of_height(self, xi: Floats) -> Floats:
        """Curvature of b along the variations and the change of the closest point, (n, 2, 18)."""
        mu, t, tt = self.multiplier, self.tangent, self.second
        mixed = np.zeros((len(mu), 2, ROWS, 3))
        core = np.zeros((len(mu), ROWS, 3, ROWS, 3))
        pull = np.einsum("pa,pai->pi", mu, t)
        r = self.distance_mm[:, None] * self.normal
        mixed[:, :, 0] = np.einsum("pa,pabi->pbi", mu, tt)
        for b in (0, 1):
            mixed[:, b, 1 + b] -= pull
            for a in (0, 1):
                mixed[:, b, 1 + a] -= mu[:, a, None] * t[:, b]
                mixed[:, b, SECOND[a, b]] += mu[:, a, None] * r
            core[:, 0, range(3), 1 + b, range(3)] += mu[:, b, None]
            core[:, 1 + b, range(3), 0, range(3)] += mu[:, b, None]
        inner = np.einsum("pbi,pa,paci->pbc", t, mu, tt, optimize=True)
        along = self.bend - np.einsum("pbci,pi->pbc", tt, pull) - inner - _t(inner)
        cross = _t(mixed.reshape(-1, 2, SIZE)) @ xi
        return core.reshape(-1, SIZE, SIZE) + cross + _t(cross) + _t(xi) @ along @ xi


def _t(matrix: Floats) -> Floats:
    return matrix.swapaxes(1, 2)


def gap_at(points: Floats, nodes: Floats, heights: Floats, xi: Floats, offset: Floats) -> Gap:
    """Gap at closest points.

    Args:
        points: slave points, (n, 3), mm.
        nodes: nodes of the master facet of each, (n, 6, 3), mm.
        heights: of the smooth surface at these nodes, (n, 6), mm.
        xi: coordinates of the closest points, (n, 2).
        offset: height of the smooth surface above the slave points, (n,), mm.
    """
    shape = table(2, xi)
    field = shape @ nodes
    height = np.einsum("prn,pn->pr", shape, heights)
    tangent, second = field[:, 1:3], field[:, SECOND]
    across = np.cross(tangent[:, 0], tangent[:, 1])
    normal: Floats = np.asarray(across / np.linalg.norm(across, axis=1, keepdims=True), dtype=np.float64)
    distance = np.einsum("pi,pi->p", points - field[:, 0], normal)
    bow = np.einsum("pabi,pi->pab", second, normal)
    inverse = np.linalg.inv(tangent @ _t(tangent) - distance[:, None, None] * bow)
    multiplier = np.einsum("pab,pb->pa", inverse, height[:, 1:3])
    value = distance - height[:, 0] - offset
    return Gap(value, distance, normal, tangent, second, inverse, multiplier, height[:, SECOND])

r"""Unilateral contact without friction between two surfaces of the body, sliding as far as it likes.

Every quadrature point of the slave surface looks for its closest point on the master. With the signed
distance :math:`\varphi` and the film h that the joint space keeps between them, the gap is
:math:`g = \varphi - h` and the energy, with a multiplier :math:`\lambda` that may be zero,

.. math:: E = \int \frac{\langle \lambda - \epsilon g \rangle^2 - \lambda^2}{2 \epsilon} \, dA_0

over the unloaded slave surface. Slave and master get opposite forces along one line. The second derivative
is exact and has no singularity as the distance goes to zero; but its part from the turning of the normals is
indefinite far from equilibrium, so by default the tangent has only the other part, which never is. Newton
then converges linearly, by a factor of 20 or more each time at the pressures of joints.

Source:
    Wriggers, Computational Contact Mechanics, 2nd ed. 2006, chapters 5 and 6; Simo and Laursen 1992,
    Comput. Struct. 42(1):97-116, for the multiplier.
"""

from __future__ import annotations

import numpy as np

from pipeline.solve.articular.projection import closest
from pipeline.solve.articular.surface import (
    LINEAR_SLOPE,
    QUADRATIC_CURVATURE,
    Surface,
    linear_shape,
    quadratic_shape,
    quadratic_slope,
)
from pipeline.solve.body import Body
from pipeline.solve.level import Floats, Ints, Level
from pipeline.solve.mpi import global_max, global_min, global_sum
from pipeline.solve.term import Blocks, scattered

CLOSED_MM = 1e-7
"""Gap up to which a point stiffens the tangent: surfaces that just touch must not be free to part."""


class Contact:
    """Contact of a slave with a master surface: a term of the system. Methods are collective.

    Args:
        body: the body, of quadratic displacement.
        slave: surface whose points are held off; its force is exact, so take the finer or smaller one.
        master: surface they are held off from.
        penalty_MPa_per_mm: pressure per mm of penetration.
        film_mm: distance at which the surfaces touch, for joint spaces that a mesh cannot close; a point
            that starts closer than this touches at the distance it starts with.
        reach_mm: distance within which a closest point is looked for.
        exact: whether the tangent is the whole second derivative.

    Attributes:
        slave: the slave surface.
        master: the master surface.
        multiplier_MPa: multiplier at the points of this rank, (f, points).
    """

    symmetric = True

    def __init__(
        self,
        body: Body,
        slave: Surface,
        master: Surface,
        penalty_MPa_per_mm: float,
        film_mm: float = 0.0,
        reach_mm: float = 2.0,
        *,
        exact: bool = False,
    ) -> None:
        self._body = body
        self._comm = body.domain.comm
        self.slave, self.master = slave, master
        self._penalty = penalty_MPa_per_mm
        self._reach = reach_mm
        self._exact = exact
        shape = slave.samples.weight_mm2.shape
        self.multiplier_MPa: Floats = np.zeros(shape)
        self._film: Floats = np.zeros(shape)
        self.refresh()
        start = np.full(shape, np.inf)
        start.reshape(-1)[self._found.point] = self._found.gap_mm
        self._film = np.minimum(film_mm, start)
        self._film[~np.isfinite(self._film)] = film_mm
        self.refresh()

    def refresh(self) -> None:
        """Closest points, gaps and pressures at the present displacement."""
        self._nodes = self.master.nodes_now()
        self._points = self.slave.points_now()
        shape = self._points.shape[:2]
        self._found = closest(
            self._points.reshape(-1, 3), self._nodes, self.master.whole.outward, self._reach
        )
        gap = np.full(shape, np.inf)
        gap.reshape(-1)[self._found.point] = self._found.gap_mm
        self._gap = gap - self._film
        open_ = ~np.isfinite(self._gap)
        held_off = self.multiplier_MPa - self._penalty * np.where(open_, 0.0, self._gap)
        self._pressure: Floats = np.where(open_, 0.0, np.maximum(held_off, 0.0))
        closed = (held_off > -self._penalty * CLOSED_MM) & ~open_
        self._active = np.flatnonzero(closed.reshape(-1)[self._found.point])

    @property
    def gap_mm(self) -> Floats:
        """Gap at the points of this rank, negative where they penetrate, inf out of reach, (f, points)."""
        return self._gap

    @property
    def pressure_MPa(self) -> Floats:
        """Pressure on the unloaded area at the points of this rank, (f, points)."""
        return self._pressure

    def _load_N(self) -> Floats:
        return self._pressure * self.slave.samples.weight_mm2

    def energy(self) -> float:
        """Energy, N mm."""
        density = (self._pressure**2 - self.multiplier_MPa**2) / (2.0 * self._penalty)
        return float(global_sum(self._comm, float(np.sum(density * self.slave.samples.weight_mm2))))

    def force(self) -> tuple[Ints, Floats]:
        """Slope of the energy: dofs and values, N."""
        found, active = self._found, self._active
        load = self._load_N().reshape(-1)[found.point[active], None] * found.normal[active]
        facet, place = np.divmod(found.point[active], self._pressure.shape[1])
        own = quadratic_shape(self.slave.samples.shares[place, 1:])
        other = quadratic_shape(found.place[active])
        slave = self.slave.samples.on(self._body.level).number[facet]
        master = self.master.number(self._body.level)[found.facet[active]]
        number = np.concatenate([slave, master], axis=1)
        values = np.concatenate([-own[..., None] * load[:, None], other[..., None] * load[:, None]], axis=1)
        return scattered(number, values)

    def tangent(self, level: Level) -> list[Blocks]:
        """Curvature of the energy in a space, N/mm: one block for each slave and master facet that meet."""
        found, active = self._found, self._active
        facet = found.point[active] // self._pressure.shape[1]
        slave = self.slave.samples.on(level).number
        master = self.master.number(level)
        size = 3 * (slave.shape[1] + master.shape[1])
        values = self._curvature(slave.shape[1] == 6)
        pair = facet * max(self.master.facet_count, 1) + found.facet[active]
        unique, which = np.unique(pair, return_inverse=True)
        total = np.zeros((len(unique), size, size))
        np.add.at(total, which.reshape(-1), values)
        own, other = np.divmod(unique, max(self.master.facet_count, 1))
        rows = np.concatenate([slave[own], master[other]], axis=1).reshape(len(unique), size)
        return [Blocks(rows, rows, total)]

    def _curvature(self, quadratic: bool) -> Floats:
        """Tangent of each active point, (m, size, size), N/mm."""
        found, active = self._found, self._active
        b, c = self._derivatives(quadratic)
        bn = np.einsum("mip,mi->mp", b, found.normal[active])
        weight = self.slave.samples.weight_mm2.reshape(-1)[found.point[active]]
        stiff = self._penalty * weight[:, None, None] * bn[:, :, None] * bn[:, None, :]
        if not self._exact:
            return stiff
        load = self._load_N().reshape(-1)[found.point[active]]
        return np.asarray(stiff - load[:, None, None] * self._distance_curvature(b, c))

    def _distance_curvature(self, b: Floats, c: Floats) -> Floats:
        r"""Second derivative of the distance of each active point by the dofs, (m, size, size), 1/mm.

        With r the vector from the closest point x to the slave point, B its derivative by the dofs, n the
        normal, R = -dx/dxi and C_a = (dB/dxi_a)^T n, the closest point being stationary:

        .. math:: \varphi'' = B^T S B - B^T R M^{-1} C^T - C M^{-1} R^T B - \varphi C M^{-1} C^T

        with a = R^T R, K the second derivatives of x along n, M = a - \varphi K and
        S = -R a^{-1} K M^{-1} R^T, which is what is left of (1 - n n^T - R M^{-1} R^T) / \varphi.
        """
        found, active = self._found, self._active
        nodes, at = self._nodes[found.facet[active]], found.place[active]
        normal, distance = found.normal[active], found.gap_mm[active]
        along = -np.einsum("mka,mki->mia", quadratic_slope(at), nodes)
        metric = np.einsum("mia,mib->mab", along, along)
        bend = np.einsum("kab,mki,mi->mab", QUADRATIC_CURVATURE, nodes, normal)
        inverse = np.linalg.inv(metric - distance[:, None, None] * bend)
        core = -np.linalg.inv(metric) @ bend @ inverse
        rb = np.einsum("mia,mip->map", along, b)
        mixed = np.einsum("map,mab,mbq->mpq", rb, inverse, c, optimize=True)
        second = np.einsum("map,mab,mbq->mpq", rb, core, rb, optimize=True)
        second -= np.einsum("m,map,mab,mbq->mpq", distance, c, inverse, c, optimize=True)
        return np.asarray(second - mixed - mixed.swapaxes(1, 2))

    def _derivatives(self, quadratic: bool) -> tuple[Floats, Floats]:
        """B, (m, 3, size), and C^T, (m, 2, size), of the active points."""
        found, active = self._found, self._active
        place = found.point[active] % self._pressure.shape[1]
        shares, at = self.slave.samples.shares[place, 1:], found.place[active]
        shape = quadratic_shape if quadratic else linear_shape
        own, other = shape(shares), shape(at)
        slope = quadratic_slope(at) if quadratic else np.broadcast_to(LINEAR_SLOPE, (len(at), 3, 2))
        signed = np.concatenate([own, -other], axis=1)
        b = np.einsum("mk,ij->mikj", signed, np.eye(3)).reshape(len(at), 3, 3 * signed.shape[1])
        moved = np.concatenate([np.zeros((len(at), own.shape[1], 2)), -slope], axis=1)
        c = np.einsum("mka,mj->makj", moved, found.normal[active]).reshape(len(at), 2, 3 * signed.shape[1])
        return b, c

    def largest_penetration_mm(self) -> float:
        """Depth of the deepest point, mm; zero without contact."""
        return max(0.0, -global_min(self._comm, self._gap))

    def augment(self) -> float:
        """Take the present pressures as multipliers; returns the largest penetration before, mm."""
        depth = self.largest_penetration_mm()
        self.multiplier_MPa = self._pressure.copy()
        self.refresh()
        return depth

    def result(self) -> dict[str, float | list[float]]:
        """Force on the slave side, N, where it acts, mm, area, mm^2, pressures, MPa, and penetration, mm."""
        load, found = self._load_N(), self._found
        normal = np.zeros((*load.shape, 3))
        normal.reshape(-1, 3)[found.point] = found.normal
        area = self.slave.samples.weight_mm2 * (load > 0.0)
        sums = global_sum(
            self._comm,
            np.concatenate(
                [
                    np.einsum("fq,fqi->i", load, normal),
                    np.einsum("fq,fqi->i", load, self._points),
                    [load.sum(), area.sum()],
                ]
            ),
        )
        total, touched = float(sums[6]), float(sums[7])
        return {
            "force_N": sums[:3].tolist(),
            "pressed_N": total,
            "centre_mm": (sums[3:6] / total).tolist() if total > 0.0 else [],
            "area_mm2": touched,
            "mean_pressure_MPa": total / touched if touched > 0.0 else 0.0,
            "peak_pressure_MPa": max(0.0, global_max(self._comm, self._pressure)),
            "penetration_mm": self.largest_penetration_mm(),
        }

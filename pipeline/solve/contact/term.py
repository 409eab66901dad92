r"""Unilateral contact without friction between two meshed surfaces that slide as far as they like.

Every quadrature point of the slave surface meets the master facet that is nearest now. With the gap g of the
smooth surfaces (:mod:`pipeline.solve.contact.gap`) the energy over the unloaded slave surface is

.. math:: E = \int \frac{\langle \lambda - \epsilon g \rangle^2 - \lambda^2}{2 \epsilon} \, dA_0

so the pressure is :math:`p = \langle \lambda - \epsilon g \rangle`. The multiplier is zero until
:meth:`Contact.augment` is called, which is a penalty; augmented, the same stiffness holds a smaller
penetration. Force and tangent are the derivatives, so the tangent is symmetric.

Source:
    Simo and Laursen 1992, Comput. Struct. 42(1):97-116, for the augmented Lagrangian; Puso and Laursen 2002,
    Int. J. Numer. Methods Eng. 54:1385-1407, for contact of smoothed surfaces.
"""

from __future__ import annotations

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.contact.gap import SIZE, Gap, gap_at
from pipeline.solve.contact.penalty import Cartilage
from pipeline.solve.contact.result import ContactResult, reduced
from pipeline.solve.contact.rim import Taper, rim_distance
from pipeline.solve.contact.search import Pairs, find, kept
from pipeline.solve.contact.smoothing import heights
from pipeline.solve.contact.surface import Surface
from pipeline.solve.contact.triangle import ROWS, table
from pipeline.solve.level import Floats, Int32s, Ints, Level
from pipeline.solve.mpi import gather_all, global_max, global_sum
from pipeline.solve.samples import QUADRATURE_DEGREE
from pipeline.solve.term import Blocks, Tangent, scattered

TOUCHING_MM = 1e-6
"""Gap up to which points are stiff while none is pressed: bodies that touch are not to be free."""

MODERATE = 0.1
"""Pressure over the confined modulus up to which the turning of the normals is in the tangent: its stiffness,
of the order of the pressure, is indefinite and must not outweigh that of the tissue on the way to
equilibrium. Newton then converges linearly, until it asks for the exact tangent."""


class Contact:
    """Contact of two surfaces of the body: a term of the system. Methods are collective.

    Args:
        body: the body, of quadratic displacement.
        slave: local numbers of the facets whose points are held off; the finer or softer side.
        master: local numbers of the facets they meet; neither side need have any on this rank.
        cartilage: what the penalty is chosen from.
        film_mm: see :meth:`thicken`; zero parts surfaces that overlap at the start, none leaves them.
        reach_mm: distance on both sides of the master within which a point is held, more than the film;
            by default the thickness of the cartilage.
        taper: how both surfaces fall away towards their rims; by default they do not.
        smooth: whether the gap is that of the smooth surfaces behind the facets.
        degree: quadrature degree on the slave facets.

    Attributes:
        slave: the slave surface.
        master: the master surface.
        cartilage: as given.
        multiplier_MPa: multiplier at the points of this rank, (f, points).
        frozen: keep the facet that each point meets, beyond its edges too, and let no point find or lose one.
        tangent_kind: up to what pressure the turning of the normals is in the tangent.
    """

    symmetric = True

    def __init__(
        self,
        body: Body,
        slave: Int32s,
        master: Int32s,
        cartilage: Cartilage,
        film_mm: float | None = None,
        reach_mm: float | None = None,
        taper: Taper | None = None,
        *,
        smooth: bool = True,
        degree: int = QUADRATURE_DEGREE,
    ) -> None:
        self._body = body
        self._comm = body.domain.comm
        self.cartilage = cartilage
        self._penalty = cartilage.penalty_MPa_per_mm
        self._reach = cartilage.thickness_mm if reach_mm is None else reach_mm
        self.slave, self.master = Surface(body, slave, degree), Surface(body, master, degree)
        self._trace = self.slave.samples.on(body.level)
        self._weight = self.slave.samples.weight_mm2.reshape(-1)
        self._on_facet = table(2, self.slave.samples.shares[:, 1:])
        lift = [heights(side.rest_mm, side.identity) for side in (self.slave, self.master)]
        slave_lift, self._master_lift = lift if smooth else [np.zeros_like(each) for each in lift]
        self._offset: Floats = (slave_lift[self.slave.own] @ self._on_facet[:, 0].T).reshape(-1)
        if taper is not None:
            self._offset -= taper.at(rim_distance(self.slave, self.slave.samples.place_mm).reshape(-1))
            self._master_lift = self._master_lift - taper.at(rim_distance(self.master, self.master.rest_mm))
        self._last: Ints = np.full(self._weight.size, -1)
        self.frozen, self.tangent_kind = False, Tangent.MODERATE
        self.multiplier_MPa: Floats = np.zeros_like(self.slave.samples.weight_mm2)
        self.refresh()
        if film_mm is not None:
            self.thicken(film_mm)

    def thicken(self, film_mm: float) -> None:
        """Add a film to the slave surface, for joint spaces that the mesh keeps open.

        Args:
            film_mm: distance at which the surfaces then touch; a point that is closer now, or deeper, touches
                where it is.
        """
        now = np.where(np.isfinite(self._gap), self._gap, film_mm)
        self._offset += np.minimum(film_mm, now)
        self.refresh()

    def apart_mm(self, percent: float) -> float:
        """Gap that a share of the slave points within reach is below, mm; zero if none is."""
        gap = gather_all(self._comm, self._gap[np.isfinite(self._gap)])
        return float(np.percentile(gap, percent)) if len(gap) else 0.0

    def refresh(self) -> None:
        """Search, and evaluate gap and pressure at the present displacement."""
        nodes = self.master.place()
        self._own = self.slave.own_place()
        self._place: Floats = np.einsum("qn,fni->fqi", self._on_facet[:, 0], self._own).reshape(-1, 3)
        if self.frozen:
            found = kept(self._place, nodes, self._last)
        else:
            found = find(self._place, self._facet_normals(), nodes, self._reach, self._last)
        self._last = np.full(len(self._place), -1)
        self._last[found.point] = found.facet
        gap = self._evaluate(found, nodes)
        self._gap: Floats = np.full(len(self._place), np.inf)
        self._gap[found.point] = gap.value_mm
        push = self.multiplier_MPa.reshape(-1) - self._penalty * self._gap
        self._pressure: Floats = np.maximum(push, 0.0)
        lone = global_max(self._comm, push[found.point]) <= 0.0
        found = found.where(push[found.point] > (-self._penalty * TOUCHING_MM if lone else 0.0))
        self._pairs = found.where(np.lexsort((found.facet, found.point // self._points)))
        self._closed = self._evaluate(self._pairs, nodes)
        self._shape = table(2, self._pairs.xi)

    def _evaluate(self, pairs: Pairs, nodes: Floats) -> Gap:
        facet = pairs.facet
        offset = self._offset[pairs.point]
        return gap_at(self._place[pairs.point], nodes[facet], self._master_lift[facet], pairs.xi, offset)

    def _facet_normals(self) -> Floats:
        """Normal of the corners of every slave facet now, repeated for its points, (points, 3), mm^2."""
        corner = self._own[:, :3]
        normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        return np.repeat(normal, self._points, axis=0)

    @property
    def _points(self) -> int:
        return len(self._on_facet)

    @property
    def gap_mm(self) -> Floats:
        """Gap at the points of this rank, negative where they penetrate, inf out of reach, (f, points)."""
        return self._gap.reshape(-1, self._points)

    @property
    def pressure_MPa(self) -> Floats:
        """Pressure on the unloaded area at the points of this rank, (f, points)."""
        return self._pressure.reshape(-1, self._points)

    @property
    def _load_N(self) -> Floats:
        """Force at each pair, (n,), N."""
        point = self._pairs.point
        return np.asarray(self._pressure[point] * self._weight[point])

    def energy(self) -> float:
        """Energy, N mm."""
        density = (self._pressure**2 - self.multiplier_MPa.reshape(-1) ** 2) / (2.0 * self._penalty)
        return float(global_sum(self._comm, float(np.sum(density * self._weight))))

    def force(self) -> tuple[Ints, Floats]:
        """Slope of the energy: dofs and values, N."""
        level = self._body.level
        slope = -self._load_N[:, None, None] * self._closed.slope()
        values = np.einsum("prn,pri->pni", self._variations(level), slope)
        return scattered(self._number(level), values)

    def _number(self, level: Level) -> Ints:
        """Global dofs of the slave and master nodes of each pair, (n, nodes, 3)."""
        slave = self._slave_number(level)[self._pairs.point // self._points]
        return np.concatenate([slave, self.master.number(level)[self._pairs.facet]], axis=1)

    def _slave_number(self, level: Level) -> Ints:
        return level.number.reshape(-1, 3)[self.slave.nodes(level)]

    def _variations(self, level: Level) -> Floats:
        """Variations at each pair per displacement of a node, (n, 6, nodes); see the module on the gap."""
        degree = self.slave.nodes(level).shape[1] // 3
        own = table(degree, self.slave.samples.shares[:, 1:])[:, 0]
        other = self._shape if degree == 2 else table(degree, self._pairs.xi)
        out = np.zeros((len(self._pairs.point), ROWS, own.shape[1] + other.shape[2]))
        out[:, 0, : own.shape[1]] = own[self._pairs.point % self._points]
        out[:, :, own.shape[1] :] = other
        out[:, 0, own.shape[1] :] *= -1.0
        return out

    def _core(self) -> Floats:
        """Curvature of the energy of each pair in the variations, (n, 18, 18)."""
        gap, pressed = self._closed, self._pressure[self._pairs.point]
        most = {Tangent.CONVEX: 0.0, Tangent.MODERATE: MODERATE, Tangent.EXACT: np.inf}[self.tangent_kind]
        load = np.where(pressed < most * self.cartilage.confined_MPa, self._load_N, 0.0)[:, None, None]
        slope = gap.slope().reshape(-1, SIZE)
        stiff = self._penalty * self._weight[self._pairs.point, None, None]
        return np.asarray(stiff * slope[:, :, None] * slope[:, None, :] - load * gap.curvature())

    def tangent(self, level: Level) -> list[Blocks]:
        """Curvature of the energy in a space, N/mm: one block for each pair of facets that meet."""
        pairs = self._pairs
        count = max(1, len(self.master.rest_mm))
        key = pairs.point // self._points * count + pairs.facet
        first = np.unique(key, return_index=True)[1]  # pairs are in this order
        number = self._number(level)
        size = 3 * number.shape[1]
        wide = np.einsum("prn,ij->prinj", self._variations(level), np.eye(3)).reshape(-1, SIZE, size)
        values = wide.swapaxes(1, 2) @ (self._core() @ wide)
        total = np.add.reduceat(values, first, axis=0) if len(first) else values
        rows = number[first].reshape(len(first), size)
        return [Blocks(rows, rows, total)]

    def augment(self) -> float:
        """Take the present pressure as the multiplier; returns the largest penetration before it, mm."""
        depth = self.result().penetration_mm
        self.multiplier_MPa = self.pressure_MPa.copy()
        self.refresh()
        return depth

    def _area_ratio(self) -> Floats:
        """Present over unloaded area at the points, (points of this rank,)."""
        tangent = np.einsum("qan,fni->fqai", self._on_facet[:, 1:3], self._own)
        rest = self.slave.rest_mm[self.slave.own][:, :3]
        whole = np.linalg.norm(np.cross(rest[:, 1] - rest[:, 0], rest[:, 2] - rest[:, 0]), axis=1)
        now = np.linalg.norm(np.cross(tangent[:, :, 0], tangent[:, :, 1]), axis=-1)
        return np.asarray(now / whole[:, None]).reshape(-1)

    def result(self) -> ContactResult:
        """What the joint carries."""
        load, point = self._load_N, self._pairs.point
        area = self._weight * self._area_ratio()
        mean = np.sum(self.pressure_MPa * self.slave.samples.weight_mm2, axis=1)
        mean /= area.reshape(self.pressure_MPa.shape).sum(axis=1)
        force = load[:, None] * self._closed.direction
        return reduced(self._comm, force, load, self._place[point], area[point], mean, self._gap)

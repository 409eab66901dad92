"""The floor: a rigid plane or rocker met through a penalty pressure.

In the frame of the block the floor rises by the descent d of the foot. The gap of a point of the sole now
at x is g = x_z - h(x_x) - d, and the energy of the contact k/2 int <-g>^2 over the unloaded sole; so the
pressure p = k <-g> is per unit of unloaded area, and is normal to the floor: there is no friction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.regions import Sole
from pipeline.solve.body import Body
from pipeline.solve.level import Floats, Ints, Level
from pipeline.solve.mpi import global_min, global_sum
from pipeline.solve.samples import FacetSamples
from pipeline.solve.term import Blocks, scattered

from dolfinx import mesh  # isort: skip

Bools = NDArray[np.bool_]

PAD_FOUNDATION_MPa_per_mm = 0.1
"""Foundation stiffness of a pad for the first guess only: 1 MPa over 10 mm."""


@dataclass(frozen=True)
class FloorProfile:
    r"""Height of the rigid floor: flat, or falling away distally in the arc of a rocker.

    .. math:: h(x) = h_0 - \tfrac{1}{2R} \langle x - x_a \rangle^2

    Attributes:
        height_mm: height :math:`h_0` of the flat part.
        apex_x_mm: where the arc begins, :math:`x_a`; None for a flat floor.
        radius_mm: its radius R.
    """

    height_mm: float = 0.0
    apex_x_mm: float | None = None
    radius_mm: float = 1.0

    def ahead(self, x: Floats) -> Floats:
        """Distance beyond the apex, same shape as x, mm."""
        return np.zeros_like(x) if self.apex_x_mm is None else np.maximum(x - self.apex_x_mm, 0.0)

    def at(self, x: Floats) -> Floats:
        """Height at coordinates x, same shape, mm."""
        return np.asarray(self.height_mm - self.ahead(x) ** 2 / (2.0 * self.radius_mm))

    def slope(self, x: Floats) -> Floats:
        """Derivative of the height, same shape."""
        return np.asarray(-self.ahead(x) / self.radius_mm)

    def curvature(self, x: Floats) -> Floats:
        """Second derivative of the height, same shape, 1/mm."""
        return np.asarray(np.where(self.ahead(x) > 0.0, -1.0 / self.radius_mm, 0.0))


FLAT = FloorProfile()


class Floor:
    """Contact of the sole with the floor: a term of the system and, by its descent, its driver.

    Args:
        body: the body.
        sole: its facets that can meet the floor, tagged by patch.
        stiffness_MPa_per_mm: pressure k per mm of penetration.
        profile: height of the floor.

    Attributes:
        samples: quadrature points of the facets of this rank.
        region: patch of each facet, (f,).
        value: how far the floor has risen towards the block, mm.
    """

    symmetric = True

    def __init__(
        self,
        body: Body,
        sole: mesh.MeshTags,
        stiffness_MPa_per_mm: float,
        profile: FloorProfile = FLAT,
    ) -> None:
        self._body = body
        self._comm = body.domain.comm
        self._k = stiffness_MPa_per_mm
        self._profile = profile
        self.samples = FacetSamples(body.domain, sole.indices)
        self.region = np.asarray(sole.values)
        self._trace = self.samples.on(body.level)
        self.value = 0.0
        self.refresh()

    def refresh(self) -> None:
        """Gap at the present displacement and descent."""
        self._place = self.samples.place_mm + self._trace.field(self._body.u.x.array)
        self._gap: Floats = self._place[..., 2] - self._profile.at(self._place[..., 0]) - self.value

    @property
    def gap_mm(self) -> Floats:
        """Gap at the points of this rank when last refreshed, negative in contact, (f, points), mm."""
        return self._gap

    @property
    def pressure_MPa(self) -> Floats:
        """Pressure k <-g> on the unloaded area at the points of this rank, (f, points), MPa."""
        return np.asarray(self._k * np.maximum(-self._gap, 0.0))

    def _load_N(self) -> Floats:
        return self.pressure_MPa * self.samples.weight_mm2

    def _closed_stiffness(self) -> Floats:
        """K H(-g) times the area of each point, (f, points), N/mm."""
        return np.where(self._gap < 0.0, self._k, 0.0) * self.samples.weight_mm2

    def _gradient(self) -> Floats:
        """Derivative of the gap by the place of the point, (f, points, 3)."""
        slope = self._profile.slope(self._place[..., 0])
        return np.stack([-slope, np.zeros_like(slope), np.ones_like(slope)], axis=-1)

    def energy(self) -> float:
        """Energy of the penalty, N mm. Collective."""
        local = 0.5 * float(np.sum(self._closed_stiffness() * self._gap**2))
        return float(global_sum(self._comm, local))

    def force(self) -> tuple[Ints, Floats]:
        """Slope of the energy: dofs and values, N."""
        at_points = -self._load_N()[..., None] * self._gradient()
        nodal = np.einsum("fqn,fqi->fni", self._trace.shape, at_points)
        return scattered(self._trace.number, nodal)

    def tangent(self, level: Level) -> list[Blocks]:
        """Curvature of the energy in a space, N/mm."""
        trace = self.samples.on(level)
        gradient = self._gradient()
        core = self._closed_stiffness()[..., None, None] * gradient[..., :, None] * gradient[..., None, :]
        core[..., 0, 0] += self._load_N() * self._profile.curvature(self._place[..., 0])
        touched = np.flatnonzero(np.any(self._gap < 0.0, axis=1))
        shape, core, number = trace.shape[touched], core[touched], trace.number[touched]
        values = np.einsum("fqn,fqij,fqm->fnimj", shape, core, shape, optimize=True)
        size = number.shape[1] * 3
        rows = number.reshape(-1, size)
        return [Blocks(rows, rows, values.reshape(-1, size, size), within_cells=True)]

    def pull(self) -> float:
        """Vertical floor force, upwards positive, N. Collective."""
        return float(global_sum(self._comm, float(np.sum(self._load_N()))))

    def coupling(self) -> tuple[Ints, Floats]:
        """Derivative of the force by the descent: dofs and values, N/mm."""
        at_points = -self._closed_stiffness()[..., None] * self._gradient()
        nodal = np.einsum("fqn,fqi->fni", self._trace.shape, at_points)
        return scattered(self._trace.number, nodal)

    def stiffness(self) -> float:
        """Penalty stiffness of the closed points, int k H(-g), N/mm. Collective."""
        return float(global_sum(self._comm, float(self._closed_stiffness().sum())))

    def region_forces(self) -> dict[str, float]:
        """Vertical force under every patch of the sole, N. Collective."""
        load = self._load_N().sum(axis=1)
        local = np.array([load[self.region == sole].sum() for sole in Sole])
        total = global_sum(self._comm, local)
        return {sole.label: float(force) for sole, force in zip(Sole, total, strict=True)}

    def total_force_N(self) -> Floats:
        """Force of the floor on the model, (3,), N. Collective."""
        local = np.sum(self._load_N()[..., None] * self._gradient(), axis=(0, 1))
        return np.asarray(global_sum(self._comm, local), dtype=np.float64)

    def meet(self, target_N: float) -> None:
        """Set the descent at which the present shape, on springs as soft as a pad, meets a force. Collective.

        Solves int c <d - g_0> dA = target for d by bisection. Newton starts from it: about the right points
        are closed, and the tangent is regular. The result does not depend on c.
        """
        height = self._gap + self.value
        weight = PAD_FOUNDATION_MPa_per_mm * self.samples.weight_mm2

        def answer(descent: float) -> float:
            local = float(np.sum(weight * np.maximum(descent - height, 0.0)))
            return float(global_sum(self._comm, local))

        low = global_min(self._comm, height)
        high = low + target_N / float(global_sum(self._comm, float(weight.sum())))
        while answer(high) < target_N:
            high = low + 2.0 * (high - low)
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if answer(middle) < target_N else (low, middle)
            if high - low < 1e-9 * max(1.0, abs(high)):
                break
        self.value = high
        self.refresh()

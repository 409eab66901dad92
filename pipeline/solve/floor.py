"""The floor: a rigid, frictionless plane met through a penalty pressure.

In the frame of the block the floor rises by the descent d of the foot. The gap of a point of the sole
is g = z + u_z - d, the pressure p = k <-g>. Virtual work and tangent are UFL forms. What Newton needs
often, the gap at the quadrature points of the sole, is sampled with tables instead of assembled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.regions import Sole
from pipeline.solve import compat
from pipeline.solve.elasticity import ElasticBody, Expr, assemble_force
from pipeline.solve.model import FootMesh, corner_coordinates
from pipeline.solve.mpi import any_rank, global_min, global_sum
from pipeline.tetrahedron import FACES

import basix  # isort: skip
import ufl  # isort: skip
from dolfinx import fem  # isort: skip
from petsc4py import PETSc  # isort: skip

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

QUADRATURE_DEGREE = 4
"""Exact for full contact, and all weights are positive."""

PAD_FOUNDATION_MPa_per_mm = 0.1
"""Foundation stiffness of a pad for the first guess only: 1 MPa over 10 mm."""


@dataclass(frozen=True)
class FloorProfile:
    r"""Height of the rigid floor: flat, or falling away distally in the arc of a rocker.

    .. math:: h(x) = h_0 - \tfrac{1}{2R} \langle x - x_a \rangle^2

    The slope is small (0.3 at 15 mm of a radius of 50 mm), so the pressure is taken as vertical.

    Attributes:
        height_mm: height :math:`h_0` of the flat part.
        apex_x_mm: where the arc begins, :math:`x_a`; None for a flat floor.
        radius_mm: its radius R.
    """

    height_mm: float = 0.0
    apex_x_mm: float | None = None
    radius_mm: float = 1.0

    def at(self, x: Floats) -> Floats:
        """Height at coordinates x, same shape, mm."""
        if self.apex_x_mm is None:
            return np.full_like(x, self.height_mm)
        return self.height_mm - np.maximum(x - self.apex_x_mm, 0.0) ** 2 / (2.0 * self.radius_mm)

    def form(self, x: Expr) -> Expr:
        """The same of a UFL coordinate."""
        if self.apex_x_mm is None:
            return self.height_mm
        ahead = ufl.max_value(x - self.apex_x_mm, 0.0)
        return self.height_mm - ahead**2 / (2.0 * self.radius_mm)


class SoleSamples:
    """Quadrature points of the sole facets of this rank.

    Attributes:
        weight_mm2: area that each point stands for, shape (facets, points).
        height_mm: height of each point above the floor in the mesh as built, shape (facets, points).
        region: value of :class:`Sole` of each facet, shape (facets,).
    """

    def __init__(self, foot: FootMesh, space: fem.FunctionSpace, profile: FloorProfile) -> None:
        points, weights = basix.make_quadrature(basix.CellType.triangle, QUADRATURE_DEGREE)
        cells, facets = _cells_and_facets(foot)
        corners = corner_coordinates(foot)[cells[:, None], FACES[facets]]
        shares = np.column_stack([1.0 - points.sum(axis=1), points])
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self.region = np.asarray(foot.sole.values)
        self.weight_mm2: Floats = np.linalg.norm(normal, axis=1)[:, None] * weights
        floor = profile.at(corners[:, :, 0] @ shares.T)
        self.height_mm: Floats = corners[:, :, 2] @ shares.T - floor
        self._shape = _shape_functions(space, shares)[facets]
        self._dofs = 3 * space.dofmap.list[cells] + 2

    def vertical(self, values: Floats) -> Floats:
        """Vertical component at the points of a field given by its local coefficients with ghosts."""
        return np.asarray(np.einsum("fqi,fi->fq", self._shape, values[self._dofs]), dtype=np.float64)


def _cells_and_facets(foot: FootMesh) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Cell and place in the cell of every sole facet of this rank."""
    topology = foot.domain.topology
    topology.create_connectivity(2, 3)
    topology.create_connectivity(3, 2)
    to_cell, to_facet = topology.connectivity(2, 3), topology.connectivity(3, 2)
    cells = np.array([to_cell.links(facet)[0] for facet in foot.sole.indices], dtype=np.int32)
    places = [
        np.flatnonzero(to_facet.links(c) == f)[0] for c, f in zip(cells, foot.sole.indices, strict=True)
    ]
    return cells, np.array(places, dtype=np.int64)


def _shape_functions(space: fem.FunctionSpace, shares: Floats) -> Floats:
    """Shape functions at facet points given by barycentric shares, shape (4 facets, points, functions)."""
    reference = basix.geometry(basix.CellType.tetrahedron)
    element = space.element.basix_element
    tables = [element.tabulate(0, shares @ reference[corner])[0, :, :, 0] for corner in FACES]
    return np.asarray(tables, dtype=np.float64)


FLAT = FloorProfile()


class Floor:
    """Contact of the sole with the floor. Methods are collective unless they say local.

    Args:
        body: the elastic body.
        stiffness_MPa_per_mm: pressure k per mm of penetration.
        profile: height of the floor.

    Attributes:
        descent: how far the floor has risen towards the block, mm.
    """

    def __init__(self, body: ElasticBody, stiffness_MPa_per_mm: float, profile: FloorProfile = FLAT) -> None:
        self._body = body
        self._k = stiffness_MPa_per_mm
        self._profile = profile
        self.samples = SoleSamples(body.foot, body.space, profile)
        self._comm = body.foot.comm
        self._rise = fem.Constant(body.foot.domain, 0.0)
        self._force_form = compat.compile_form(self.residual())
        v = ufl.TestFunction(body.space)
        self._unit_form = compat.compile_form(self._stiffness() * v[2] * self._ds())

    @property
    def descent(self) -> float:
        """Descent of the block towards the floor, mm."""
        return float(self._rise.value)

    @descent.setter
    def descent(self, value: float) -> None:
        self._rise.value = value

    def _gap(self) -> Expr:
        x = ufl.SpatialCoordinate(self._body.foot.domain)
        return x[2] - self._profile.form(x[0]) + self._body.u[2] - self._rise

    def _stiffness(self) -> Expr:
        return ufl.conditional(ufl.lt(self._gap(), 0.0), self._k, 0.0)

    def _ds(self) -> Any:
        measure = ufl.Measure(
            "ds",
            domain=self._body.foot.domain,
            subdomain_data=self._body.foot.sole,
            metadata={"quadrature_degree": QUADRATURE_DEGREE},
        )
        return measure(tuple(int(s) for s in Sole))

    def residual(self) -> Expr:
        """Virtual work of the floor pressure, -int k <-g> v_z ds, as a form, N mm per mm."""
        v = ufl.TestFunction(self._body.space)
        return self._stiffness() * self._gap() * v[2] * self._ds()

    def tangent(self, space: fem.FunctionSpace) -> fem.Form:
        """Derivative of the virtual work at the present displacement, on a space, compiled, N/mm."""
        v, du = ufl.TestFunction(space), ufl.TrialFunction(space)
        work = self._stiffness() * self._gap() * v[2] * self._ds()
        return compat.compile_form(ufl.derivative(work, self._body.u, du))

    def add_force(self, vector: PETSc.Vec) -> None:
        """Assemble the virtual work at the present state into a ghosted vector, N."""
        assemble_force(self._force_form, vector, self._body)

    def unit_descent_force(self, vector: PETSc.Vec) -> None:
        """Force on the body per unit of descent, int k H(-g) v_z ds, into a ghosted vector, N/mm."""
        assemble_force(self._unit_form, vector, self._body)

    def gap(self) -> Floats:
        """Gap at the points of this rank, shape (facets, points), mm. Local; ghosts of u must be current."""
        lift = self.samples.vertical(self._body.u.x.array)
        return np.asarray(self.samples.height_mm + lift - self.descent, dtype=np.float64)

    def pressure(self, gap: Floats) -> Floats:
        """Pressure k <-g>, same shape as the gap, MPa. Local."""
        return np.asarray(self._k * np.maximum(-gap, 0.0), dtype=np.float64)

    def force(self, gap: Floats) -> float:
        """Total force of the floor, upwards positive, N."""
        return float(global_sum(self._comm, float(np.sum(self.pressure(gap) * self.samples.weight_mm2))))

    def stiffness(self, closed: Bools) -> float:
        """Penalty stiffness of the closed points, int k H(-g) ds, N/mm."""
        return float(global_sum(self._comm, float(self._k * self.samples.weight_mm2[closed].sum())))

    def region_forces(self, gap: Floats) -> dict[str, float]:
        """Force under every patch of the sole, N."""
        load = np.sum(self.pressure(gap) * self.samples.weight_mm2, axis=1)
        local = np.array([load[self.samples.region == sole].sum() for sole in Sole])
        total = global_sum(self._comm, local)
        return {sole.label: float(force) for sole, force in zip(Sole, total, strict=True)}

    def work(self, gap: Floats, gap_rate: Floats) -> float:
        """Rate of the contact energy along a change of the gap, -int k <-g> dg ds, N mm."""
        local = -np.sum(self.pressure(gap) * gap_rate * self.samples.weight_mm2)
        return float(global_sum(self._comm, float(local)))

    def foundation_descent(self, target_N: float) -> float:
        """Descent at which the present shape, on springs as soft as a pad, meets the target force, mm.

        Solves int c <d - z - u_z> ds = target for d. Newton starts from it: about the right points are
        closed, and the tangent is regular. The result does not depend on c.
        """
        target_N = target_N * self._k / PAD_FOUNDATION_MPa_per_mm
        height = self.gap() + self.descent
        low = global_min(self._comm, height)
        area = float(global_sum(self._comm, float(self.samples.weight_mm2.sum())))
        high = low + target_N / (self._k * area)
        while self.force(height - high) < target_N:
            high = low + 2.0 * (high - low)
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.force(height - middle) < target_N else (low, middle)
            if high - low < 1e-9 * max(1.0, abs(high)):
                break
        return high

    def changed(self, closed: Bools, other: Bools | None) -> bool:
        """Whether the closed points differ from those of another state on any rank."""
        return any_rank(self._comm, other is None or not np.array_equal(closed, other))

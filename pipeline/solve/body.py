r"""The body: total Lagrangian finite strain, quadratic displacement.

The energy is a function of the deformation gradient :math:`F = 1 + \nabla u`; the first Piola-Kirchhoff
stress :math:`P = \partial \Psi / \partial F` and the tangent are its derivatives, taken by UFL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pipeline.solve import compat
from pipeline.solve.level import Floats, Level, Support
from pipeline.solve.mpi import global_sum, integrate

import basix  # isort: skip
import ufl  # isort: skip
from dolfinx import fem, la, mesh  # isort: skip
from petsc4py import PETSc  # isort: skip

Expr = Any
"""A UFL expression; UFL carries no types."""
Density = Callable[[Expr], Expr]
"""Strain energy per reference volume, MPa, of the deformation gradient, (3, 3)."""
Load = Callable[[Expr, Expr], ufl.Form]
"""Virtual work of a load, N mm, of the displacement and a test displacement."""

VOLUME_QUADRATURE_DEGREE = 2
"""Keeps the order of quadratic displacement on straight tetrahedra; all four weights are positive, and
the few points leave a near-incompressible element free to deform."""

LARGE_STRAIN = 0.05
"""Norm of the Green strain above which stress is no longer small against the stiffness of the tissue."""


class Body:
    """Displacement, elastic forces and stiffness of one mesh. All methods are collective.

    Args:
        domain: mesh of straight tetrahedra.
        density: strain energy density.
        supports: where the displacement is prescribed.
        loads: dead or following loads.
        degree: of the displacement.
        quadrature_degree: of the volume integrals.

    Attributes:
        domain: the mesh.
        level: displacement space with its supports.
        u: the displacement, mm.
        density: strain energy density.
    """

    def __init__(
        self,
        domain: mesh.Mesh,
        density: Density,
        supports: Sequence[Support] = (),
        loads: Sequence[Load] = (),
        degree: int = 2,
        quadrature_degree: int = VOLUME_QUADRATURE_DEGREE,
    ) -> None:
        self.domain = domain
        self.density = density
        self.supports = tuple(supports)
        self.level = Level(domain, degree, supports)
        self.u = fem.Function(self.level.space, name="displacement")
        self.dx = ufl.Measure("dx", domain=domain, metadata={"quadrature_degree": quadrature_degree})
        self._loads = tuple(loads)
        self._residual = compat.compile_form(self.residual())
        volume = ufl.det(ufl.Identity(3) + ufl.grad(self.u))
        points = basix.make_quadrature(basix.CellType.tetrahedron, quadrature_degree)[0]
        self._volume = compat.compile_expression(volume, points, domain.comm)

    @property
    def loaded(self) -> bool:
        """Whether there are loads, whose tangent may not be symmetric."""
        return bool(self._loads)

    def energy(self) -> ufl.Form:
        """Stored energy, N mm."""
        return self.density(ufl.Identity(3) + ufl.grad(self.u)) * self.dx

    def internal(self) -> ufl.Form:
        """Internal virtual work, linear in the test function, N mm per mm."""
        return ufl.derivative(self.energy(), self.u, ufl.TestFunction(self.level.space))

    def residual(self) -> ufl.Form:
        """Internal virtual work less that of the loads, N mm per mm."""
        work = self.internal()
        for load in self._loads:
            work -= load(self.u, ufl.TestFunction(self.level.space))
        return work

    def tangent(self, space: fem.FunctionSpace) -> fem.Form:
        """Derivative of the residual at ``u`` on a space, compiled, N/mm.

        On the linear space, a subspace of the quadratic one, this is the exact Galerkin coarse operator.
        """
        v, du = ufl.TestFunction(space), ufl.TrialFunction(space)
        work = ufl.derivative(self.energy(), self.u, v)
        for load in self._loads:
            work -= load(self.u, v)
        return compat.compile_form(ufl.derivative(work, self.u, du))

    def convexifier(self, space: fem.FunctionSpace) -> fem.Form:
        r"""What makes the tangent positive where strains are large, compiled, N/mm.

        .. math:: \int_{|E| > e} |\tau| \, \nabla_x \delta u : \nabla_x v \, dV, \quad \tau = P F^T, \quad
            \nabla_x = \nabla (\cdot) F^{-1}

        Stress in itself makes the second derivative of the energy smaller by at most this, so with it added
        tissue that buckles or folds on the way does not spoil the search for equilibrium.
        """
        v, du = ufl.TestFunction(space), ufl.TrialFunction(space)
        F = ufl.variable(ufl.Identity(3) + ufl.grad(self.u))
        tau = ufl.diff(self.density(F), F) * F.T
        E = (F.T * F - ufl.Identity(3)) / 2
        size = ufl.conditional(ufl.gt(ufl.inner(E, E), LARGE_STRAIN**2), ufl.sqrt(ufl.inner(tau, tau)), 0.0)
        inverse = ufl.inv(F)
        return compat.compile_form(size * ufl.inner(ufl.grad(du) * inverse, ufl.grad(v) * inverse) * self.dx)

    def add_force(self, force: PETSc.Vec) -> None:
        """Add residual of body and loads to a ghosted vector whose ghosts are then stale, N."""
        with force.localForm() as local:
            local.set(0.0)
        compat.assemble_vector(force, self._residual)
        force.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)

    def prescribe(self, share: float = 1.0) -> None:
        """Set the held dofs to a share of their prescribed displacement."""
        held = self.level.held
        self.u.x.array[held] = share * self.level.prescribed[held]

    def stored_energy(self) -> float:
        """Strain energy, N mm."""
        return integrate(self.energy())

    def turned_over(self) -> str:
        """Where det F <= 0 at a quadrature point, in words; empty if nowhere. The same on all ranks."""
        cells = np.arange(self.domain.topology.index_map(3).size_local, dtype=np.int32)
        ratio = self._volume.eval(self.domain, cells).min(axis=1, initial=np.inf)
        worst = [(float(ratio[i]), self._centre(i)) for i in np.argsort(ratio)[:1]]
        least, (x, y, z) = min(entry for found in self.domain.comm.allgather(worst) for entry in found)
        count = global_sum(self.domain.comm, int(np.count_nonzero(ratio <= 0.0)))
        if count == 0:
            return ""
        return f"{count} cells turned over, det F = {least:.2g} at ({x:.1f}, {y:.1f}, {z:.1f}) mm"

    def _centre(self, cell: int) -> list[float]:
        """Centre of a local cell in the unloaded model, mm."""
        return list(self.domain.geometry.x[self.domain.geometry.dofmap[cell]].mean(axis=0))

    def support_force_N(self) -> Floats:
        """Force of all supports on the model, shape (3,), N.

        The sum of the residual at the held dofs, assembled without the supports.
        """
        force = fem.assemble_vector(self._residual)
        force.scatter_reverse(la.InsertMode.add)
        held = self.level.held[: self.level.owned]
        local = np.where(held, force.array[: self.level.owned], 0.0).reshape(-1, 3).sum(axis=0)
        return np.asarray(global_sum(self.domain.comm, local), dtype=np.float64)

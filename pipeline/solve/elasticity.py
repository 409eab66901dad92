"""The foot as an elastic body: quadratic displacement, clamped at the proximal block.

The displacement solved for is measured in a frame that moves with the block. In it the block is at
rest and the floor rises; a rigid descent, which strains nothing, drops out, and with it the rounding
it would bring. Fields are written in the frame of the floor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.regions import Region
from pipeline.solve import compat
from pipeline.solve.model import FootMesh
from pipeline.solve.mpi import global_sum

import ufl  # isort: skip
from dolfinx import fem, la  # isort: skip
from petsc4py import PETSc  # isort: skip

Expr = Any

VOLUME_QUADRATURE_DEGREE = 2
"""Exact for the energy of quadratic displacement on straight tetrahedra; all weights positive."""


def displacement_space(foot: FootMesh, degree: int) -> fem.FunctionSpace:
    """Continuous vector space of the displacement. Collective."""
    return fem.functionspace(foot.domain, ("Lagrange", degree, (3,)))


def clamp(foot: FootMesh, space: fem.FunctionSpace) -> fem.DirichletBC:
    """No displacement in any cell of the proximal block. Collective."""
    foot.domain.topology.create_connectivity(3, 3)
    dofs = fem.locate_dofs_topological(space, 3, foot.cells_of(Region.PROXIMAL_BLOCK))
    return fem.dirichletbc(fem.Function(space), dofs)


class ElasticBody:
    """Displacement, forms and stiffness of the foot. All methods are collective.

    Attributes:
        foot: the mesh.
        u: displacement in the frame of the block, quadratic, mm.
        space: its space.
        bc: the clamp in that space.
        clamped: clamped dofs that this rank owns.
        density: strain energy density as a function of grad u, MPa.
    """

    def __init__(self, foot: FootMesh, density: Callable[[Expr], Expr], degree: int = 2) -> None:
        self.foot = foot
        self.density = density
        self.space = displacement_space(foot, degree)
        self.u = fem.Function(self.space, name="displacement")
        self.bc = clamp(foot, self.space)
        self.clamped = owned_dofs(self.space, self.bc)
        metadata = {"quadrature_degree": VOLUME_QUADRATURE_DEGREE}
        self.dx = ufl.Measure("dx", domain=foot.domain, metadata=metadata)

    def energy(self) -> Expr:
        """Stored energy as a form, N mm."""
        return self.density(ufl.grad(self.u)) * self.dx

    def residual(self) -> Expr:
        """Internal virtual work, linear in the test function, N mm per mm."""
        return ufl.derivative(self.energy(), self.u, ufl.TestFunction(self.space))

    def tangent(self, space: fem.FunctionSpace) -> fem.Form:
        """Second derivative of the energy at ``u`` on a space, compiled, N/mm.

        On the linear space, a subspace of the quadratic one, this is the exact Galerkin coarse operator.
        """
        v, du = ufl.TestFunction(space), ufl.TrialFunction(space)
        slope = ufl.derivative(self.energy(), self.u, v)
        return compat.compile_form(ufl.derivative(slope, self.u, du))

    def stress_and_strain(self) -> Expr:
        """Stress and small strain as one vector of 12: xx, yy, zz, xy, yz, xz of each; MPa and 1."""
        grad_u = ufl.variable(ufl.grad(self.u))
        stress = ufl.diff(self.density(grad_u), grad_u)
        strain = ufl.sym(ufl.grad(self.u))
        order = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))
        return ufl.as_vector([*(stress[i, j] for i, j in order), *(strain[i, j] for i, j in order)])

    def block_reaction_N(self) -> NDArray[np.float64]:
        """Force of the clamped block on the model, shape (3,), N.

        The sum of the internal forces at the clamped dofs, assembled without the clamp.
        """
        internal = fem.assemble_vector(compat.compile_form(self.residual()))
        internal.scatter_reverse(la.InsertMode.add)
        local = internal.array[self.clamped].reshape(-1, 3).sum(axis=0)
        return np.asarray(global_sum(self.foot.comm, local), dtype=np.float64)


def owned_dofs(space: fem.FunctionSpace, bc: fem.DirichletBC) -> NDArray[np.int32]:
    """Clamped dofs that this rank owns, in order, all three of each node.

    DOLFINx 0.9 gives a count of owned dofs with a condition, but for a constant value in a vector space
    that count takes in ghosts; so they are picked by their number.
    """
    dofs = np.unique(bc.dof_indices()[0])
    return np.asarray(dofs[dofs < 3 * space.dofmap.index_map.size_local], dtype=np.int32)


def zero_clamped(vector: PETSc.Vec, body: ElasticBody) -> None:
    """Set the clamped entries of a vector to zero."""
    vector.array[body.clamped] = 0.0


def assemble_force(form: fem.Form, vector: PETSc.Vec, body: ElasticBody) -> None:
    """Assemble a linear form into a ghosted vector, ghosts added up, clamped entries zero. Collective."""
    with vector.localForm() as local:
        local.set(0.0)
    compat.assemble_vector(vector, form)
    vector.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
    zero_clamped(vector, body)

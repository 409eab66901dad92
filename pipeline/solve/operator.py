"""The matrices of the foot on the floor, and when they are built again."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.solve import compat
from pipeline.solve.elasticity import ElasticBody, clamp, displacement_space
from pipeline.solve.floor import Floor
from pipeline.solve.linear import CoarseLevel, LinearSettings, LinearSolver, prolongation

from dolfinx import fem  # isort: skip
from petsc4py import PETSc  # isort: skip


class Level:
    """Stiffness on one space: the elastic part, assembled once, plus the floor part. Collective.

    Args:
        body: elastic body.
        floor: floor.
        space: space of this level.
        bc: clamp in this space.
        kind: PETSc matrix type.

    Attributes:
        elastic: elastic stiffness, N/mm, with unit diagonal at clamped dofs.
        matrix: elastic stiffness plus floor tangent.
    """

    def __init__(
        self, body: ElasticBody, floor: Floor, space: fem.FunctionSpace, bc: fem.DirichletBC, kind: str
    ) -> None:
        self._bcs = [bc]
        self._floor_form = floor.tangent(space)
        form = body.tangent(space)
        self.elastic = compat.create_matrix(form, kind)
        compat.assemble_matrix(self.elastic, form, self._bcs, diagonal=1.0)
        self.matrix = self.elastic.duplicate(copy=True)

    def update(self) -> None:
        """Add the floor tangent of the present state to the elastic part."""
        self.elastic.copy(self.matrix, structure=PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        compat.assemble_matrix(self.matrix, self._floor_form, self._bcs, diagonal=1.0)


class Operator:
    """Stiffness on all levels with its solver. Methods are collective.

    Attributes:
        solver: the linear solver.
    """

    def __init__(
        self, body: ElasticBody, floor: Floor, settings: LinearSettings, log: Callable[[str], None]
    ) -> None:
        multigrid = settings.kind == "multigrid"
        self._fine = Level(body, floor, body.space, body.bc, "baij" if multigrid else "aij")
        self._coarse: Level | None = None
        below = None
        if multigrid:
            space = displacement_space(body.foot, 1)
            bc = clamp(body.foot, space)
            self._coarse = Level(body, floor, space, bc, "aij")
            below = CoarseLevel(self._coarse.matrix, prolongation(space, body.space, bc, body.bc))
        self.solver = LinearSolver(self._fine.matrix, settings, below, log)

    @property
    def elastic(self) -> PETSc.Mat:
        """Elastic stiffness, N/mm."""
        return self._fine.elastic

    @property
    def matrix(self) -> PETSc.Mat:
        """Elastic stiffness plus floor tangent at the last update, N/mm."""
        return self._fine.matrix

    def update(self) -> None:
        """Build the matrices for the present closed points and set the solver up."""
        for level in (self._fine, self._coarse):
            if level is not None:
                level.update()
        self.solver.update()

"""Body and terms as one system of forces and stiffnesses, on all levels of the linear solver."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.solve import compat
from pipeline.solve.body import Body
from pipeline.solve.level import Floats, Ints, Level
from pipeline.solve.linear import CoarseLevel, LinearSettings, LinearSolver, prolongation
from pipeline.solve.term import Blocks, Searching, Tangent, Term

from dolfinx import fem  # isort: skip
from petsc4py import PETSc  # isort: skip

ADD = PETSc.InsertMode.ADD

DIRECT = LinearSettings("direct", 1e-8)


class Stiffness:
    """Tangent stiffness on one level. Collective.

    Attributes:
        level: the level.
        matrix: body and terms at the last update, N/mm, with unit diagonal at held dofs.
    """

    def __init__(self, body: Body, terms: Sequence[Term], level: Level, kind: str) -> None:
        self.level = level
        self._body = body
        self._terms = terms
        self._kind = kind
        self._form = body.tangent(level.space)
        self._convexifier: fem.Form | None = None
        self.matrix = compat.create_matrix(self._form, kind)

    def update(self, convex: bool = False) -> None:
        """Assemble at the present displacement; the terms have been refreshed for it.

        Args:
            convex: make it positive where strains are large; see :meth:`Body.convexifier`.
        """
        matrix, held = self.matrix, self.level.held_numbers[:, None]
        blocks = [block for term in self._terms for block in term.tangent(self.level)]
        matrix.zeroEntries()
        compat.add_form(matrix, self._form, self.level.held)
        if convex:
            self._convexifier = self._convexifier or self._body.convexifier(self.level.space)
            compat.add_form(matrix, self._convexifier, self.level.held)
        add_blocks(matrix, Blocks(held, held, np.ones((len(held), 1, 1))))
        for block in blocks:
            if block.within_cells:
                add_blocks(matrix, block)
        matrix.assemble()
        across = [block for block in blocks if not block.within_cells]
        if any(matrix.comm.tompi4py().allgather(bool(across))):
            self._add_across(across)

    def _add_across(self, blocks: list[Blocks]) -> None:
        """Add blocks that couple distant cells: a matrix of their own pattern, then the sum of both."""
        extra = PETSc.Mat().create(self.matrix.comm)
        extra.setSizes(self.matrix.getSizes(), bsize=3)
        extra.setType(self._kind)
        extra.setUp()
        for block in blocks:
            add_blocks(extra, block)
        extra.assemble()
        local_to_global = self.matrix.getLGMap()
        self.matrix.axpy(1.0, extra, PETSc.Mat.Structure.DIFFERENT_NONZERO_PATTERN)
        self.matrix.setLGMap(*local_to_global)  # PETSc 3.22 loses it on block matrices, and then misplaces
        extra.destroy()


def add_blocks(matrix: PETSc.Mat, blocks: Blocks) -> None:
    """Add dense blocks to a matrix that has their places; assembly is left to the caller."""
    if len(blocks.values):
        matrix.setValuesRCV(
            blocks.rows.astype(PETSc.IntType),
            blocks.columns.astype(PETSc.IntType),
            np.ascontiguousarray(blocks.values),
            addv=ADD,
        )


class System:
    """Equilibrium of a body and the terms that act on it. Methods are collective.

    Args:
        body: the body; its ``u`` is the state.
        terms: what else acts.
        settings: of the linear solver.
        log: receives a line when the solver changes its mind.

    Attributes:
        body: the body.
        terms: the terms.
        solver: linear solver of the last update.
        set_ups: how often it was set up.
    """

    def __init__(
        self,
        body: Body,
        terms: Sequence[Term] = (),
        settings: LinearSettings = DIRECT,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.body = body
        self.terms = tuple(terms)
        self.set_ups = 0
        self.comm = body.domain.comm
        multigrid = settings.kind == "multigrid"
        self._fine = Stiffness(body, self.terms, body.level, "baij" if multigrid else "aij")
        self._coarse: Stiffness | None = None
        below = None
        if multigrid:
            level = Level(body.domain, 1, body.supports)
            self._coarse = Stiffness(body, self.terms, level, "aij")
            below = CoarseLevel(self._coarse.matrix, prolongation(level, body.level))
        symmetric = not body.loaded and all(term.symmetric for term in self.terms)
        self.solver = LinearSolver(self._fine.matrix, settings, below, log, symmetric=symmetric)

    @property
    def matrix(self) -> PETSc.Mat:
        """Tangent stiffness at the last update, N/mm."""
        return self._fine.matrix

    def vector(self) -> PETSc.Vec:
        """A zero vector of forces or displacements, with ghosts."""
        vector = compat.petsc_vector(self.body.u).duplicate()
        vector.set(0.0)
        return vector

    def assemble(self, tangent: Tangent = Tangent.MODERATE) -> None:
        """Assemble the tangent at the state of the last force on all levels."""
        for term in self.searching:
            term.tangent_kind = tangent
        for stiffness in (self._fine, self._coarse):
            if stiffness is not None:
                stiffness.update(convex=tangent is Tangent.CONVEX)

    def update(self, tangent: Tangent = Tangent.MODERATE) -> None:
        """Assemble the tangent at the state of the last force, and set the solver up."""
        self.assemble(tangent)
        self.solver.update()
        self.set_ups += 1

    def force(self, out: PETSc.Vec) -> None:
        """Slope of the potential at the present displacement into a ghosted vector, held entries zero, N."""
        self.body.u.x.scatter_forward()
        self.body.add_force(out)
        for term in self.terms:
            term.refresh()
            out.setValues(*indexed(*term.force()), addv=ADD)
        out.assemble()
        self.zero_held(out)

    @property
    def searching(self) -> list[Searching]:
        """The terms that search for partners."""
        return [term for term in self.terms if isinstance(term, Searching)]

    def freeze(self, frozen: bool) -> None:
        """Let the terms that search keep what they have found, or search again."""
        for term in self.searching:
            term.frozen = frozen

    def zero_held(self, vector: PETSc.Vec) -> None:
        """Set the entries of the held dofs to zero."""
        vector.array[self.body.level.held_here] = 0.0

    def energy(self) -> float:
        """Energy of body and terms, without the work of loads, N mm; terms refreshed."""
        return self.body.stored_energy() + sum(term.energy() for term in self.terms)


def indexed(number: Ints, values: Floats) -> tuple[NDArray[np.int32], Floats]:
    """Global dofs in PETSc's integers, and their values, without those of held dofs."""
    free = number >= 0
    return number[free].astype(PETSc.IntType), values[free]

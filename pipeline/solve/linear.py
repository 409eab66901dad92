"""Linear solvers: conjugate gradients with a two-level multigrid, or with a full factorisation.

Both work in the true residual norm, so that a tolerance means the same for both.

Multigrid goes from quadratic to linear displacement on the same mesh. Smoother: Chebyshev of degree 4
over 3 x 3 point blocks. Coarse level: MUMPS Cholesky of the linear-displacement operator, assembled
directly; it equals the Galerkin product because linear displacement is a subspace. Tissue contrast
does not hurt it, since the coarse level is solved exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.errors import LinearSolverError
from pipeline.solve import compat
from pipeline.solve.level import Level

from petsc4py import PETSc  # isort: skip

_count = itertools.count()

FIRST_WORKSPACE_PERCENT = 30
"""MUMPS workspace beyond its own estimate at the first try, its ICNTL(14)."""

MUMPS_WORKSPACE_TOO_SMALL = (-8, -9)
"""Values of MUMPS INFOG(1) that a larger ICNTL(14) cures."""

MUMPS_NOT_DEFINITE = -10
"""Value of MUMPS INFOG(1) where a pivot is zero, or negative in a Cholesky factorisation."""

REASONS = {code: name for name, code in vars(PETSc.KSP.ConvergedReason).items() if isinstance(code, int)}
"""Names of PETSc's reasons, from PETSc itself."""


INDEFINITE = (
    PETSc.KSP.ConvergedReason.DIVERGED_INDEFINITE_MAT,
    PETSc.KSP.ConvergedReason.DIVERGED_INDEFINITE_PC,
)


class IndefiniteError(LinearSolverError):
    """The matrix is not positive definite: along some direction the energy does not curve up."""


@dataclass(frozen=True)
class LinearSettings:
    """Typed settings of the linear solver.

    Attributes:
        kind: ``multigrid`` or ``direct``.
        rtol: fraction of the right-hand side at which the true residual stops.
        max_iterations: of conjugate gradients.
        smoothing: degree of the Chebyshev smoother.
        workspace_percent: first ICNTL(14) of MUMPS; doubled when it was too small.
        workspace_tries: how often it is tried.
    """

    kind: Literal["multigrid", "direct"]
    rtol: float
    max_iterations: int = 400
    smoothing: int = 4
    workspace_percent: int = FIRST_WORKSPACE_PERCENT
    workspace_tries: int = 5


@dataclass(frozen=True)
class CoarseLevel:
    """Linear-displacement level: its matrix and the prolongation to quadratic displacement."""

    matrix: PETSc.Mat
    prolongation: PETSc.Mat


class LinearSolver:
    """Solver for one matrix whose values change now and then. Methods are collective.

    Args:
        matrix: matrix of the quadratic displacement, N/mm.
        settings: typed settings.
        coarse: the coarse level, for multigrid only.
        log: receives a line when MUMPS is given more memory.
        symmetric: the matrix is symmetric and positive definite; else flexible GMRES and LU are taken.
    """

    def __init__(
        self,
        matrix: PETSc.Mat,
        settings: LinearSettings,
        coarse: CoarseLevel | None,
        log: Callable[[str], None],
        *,
        symmetric: bool = True,
    ) -> None:
        self.settings = settings
        self._log = log
        self._matrix = matrix
        self.ksp = PETSc.KSP().create(matrix.comm)
        self.ksp.setOptionsPrefix(f"firstray_{settings.kind}_{next(_count)}_")
        self._symmetric = symmetric
        self.ksp.setType(PETSc.KSP.Type.CG if symmetric else PETSc.KSP.Type.FGMRES)
        self.ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        self.ksp.setInitialGuessNonzero(True)
        self.ksp.setOperators(matrix)
        self.ksp.setMonitor(_let_signals_in)
        if settings.kind == "multigrid":
            if coarse is None:
                raise ValueError("multigrid needs a coarse level")
            self._factored, self._factor_matrix = self._set_up_levels(coarse), coarse.matrix
        else:
            self._factored, self._factor_matrix = self.ksp, matrix
        self._workspace = settings.workspace_percent
        self._prepared, self._places = False, -1.0

    def _set_up_levels(self, coarse: CoarseLevel) -> PETSc.KSP:
        """Multigrid with the given coarse level; returns the solver of that level."""
        pc = self.ksp.getPC()
        pc.setType(PETSc.PC.Type.MG)
        pc.setMGLevels(2)
        pc.setMGInterpolation(1, coarse.prolongation)
        smoother = pc.getMGSmoother(1)
        smoother.setType(PETSc.KSP.Type.CHEBYSHEV)
        smoother.getPC().setType(PETSc.PC.Type.PBJACOBI)
        smoother.setTolerances(max_it=self.settings.smoothing)
        smoother.setOperators(self._matrix)
        solver = pc.getMGCoarseSolve()
        solver.setType(PETSc.KSP.Type.PREONLY)
        solver.setOperators(coarse.matrix)
        return solver

    def update(self) -> None:
        """Factorise and set up anew after the matrix has changed.

        Raises:
            IndefiniteError: the matrix is not positive definite, as where a body can move freely.
            LinearSolverError: the factorisation failed otherwise, as for lack of memory.
        """
        for attempt in range(self.settings.workspace_tries):
            error = self._factorise()
            if error == 0:
                self.ksp.setUp()
                return
            if error not in MUMPS_WORKSPACE_TOO_SMALL:
                break
            if attempt + 1 < self.settings.workspace_tries:
                self._workspace *= 2
                self._log(
                    f"MUMPS error {error}: workspace too small; again with ICNTL(14) = {self._workspace} %"
                )
                self._prepared = False
        advice = _factor_advice(error, self._workspace)
        raise IndefiniteError(advice) if error == MUMPS_NOT_DEFINITE else LinearSolverError(advice)

    def _factorise(self) -> int:
        """Numeric factorisation; returns MUMPS's INFOG(1), zero if all is well."""
        pc = self._factored.getPC()
        if self._symmetric:
            self._factor_matrix.setOption(PETSc.Mat.Option.SPD, True)  # forgotten at every assembly
        places = self._factor_matrix.getInfo(PETSc.Mat.InfoType.GLOBAL_SUM)["nz_used"]
        if places != self._places:
            self._prepared, self._places = False, places
        if not self._prepared:
            pc.reset()
            self._factored.setOperators(self._factor_matrix)
            pc.setType(PETSc.PC.Type.CHOLESKY if self._symmetric else PETSc.PC.Type.LU)
            pc.setFactorSolverType(PETSc.Mat.SolverType.MUMPS)
            pc.setFactorSetUpSolverType()
            pc.getFactorMatrix().setMumpsIcntl(14, self._workspace)
            self._prepared = True
        self._factored.setUp()
        error = int(pc.getFactorMatrix().getMumpsInfog(1))
        return min(error, 0)

    def solve(self, force: PETSc.Vec, x: PETSc.Vec, atol: float = 0.0, rtol: float | None = None) -> int:
        """Solve for x, starting from what it holds.

        Args:
            force: right-hand side, N.
            x: first guess in, solution out, mm.
            atol: residual norm that is good enough whatever the relative one, N.
            rtol: relative tolerance in place of the one of the settings.

        Returns:
            Iterations.

        Raises:
            IndefiniteError: the energy curves down along some direction.
            LinearSolverError: PETSc reports otherwise that the solve did not converge.
        """
        rtol = self.settings.rtol if rtol is None else rtol
        self.ksp.setTolerances(rtol=rtol, atol=atol, max_it=self.settings.max_iterations)
        self.ksp.solve(force, x)
        reason = self.ksp.getConvergedReason()
        done = int(self.ksp.getIterationNumber())
        if reason <= 0:
            norm, goal = self.ksp.getResidualNorm(), max(rtol * force.norm(), atol)
            words = (
                f"{self.settings.kind} solver stopped with {REASONS.get(reason, str(reason))} after "
                f"{done} iterations, residual {norm:.2e} N, wanted {goal:.2e} N; try solver.linear: direct"
            )
            if reason in INDEFINITE:
                raise IndefiniteError(words)
            raise LinearSolverError(words)
        return done


def _let_signals_in(_ksp: PETSc.KSP, _iteration: int, _norm: float) -> None:
    """Run a line of Python in every iteration, so that a signal is served within one, not after the solve."""


def _factor_advice(error: int, workspace: int) -> str:
    if error in MUMPS_WORKSPACE_TOO_SMALL:
        return f"MUMPS error {error}: workspace too small even with ICNTL(14) = {workspace} %; use more ranks"
    if error == MUMPS_NOT_DEFINITE:
        return "MUMPS error -10: the stiffness is not positive definite; a body is free to move"
    if error == -13:
        return "MUMPS error -13: memory could not be allocated; take linear: multigrid or a coarser mesh"
    return f"MUMPS error {error} (INFOG(1)) while factorising; see the MUMPS guide, section on error codes"


def prolongation(coarse: Level, fine: Level) -> PETSc.Mat:
    """Interpolation from linear to quadratic displacement that keeps the supports. Collective.

    Free fine dofs take nothing from held coarse dofs, and held fine dofs take nothing at all: a correction
    never moves a support.
    """
    full = compat.interpolation_matrix(coarse.space, fine.space)
    free_coarse, free_fine = full.createVecRight(), full.createVecLeft()
    free_coarse.array[:] = ~coarse.held[: coarse.owned]
    free_fine.array[:] = ~fine.held[: fine.owned]
    full.diagonalScale(free_fine, free_coarse)
    start, columns, values = full.getValuesCSR()
    keep = np.abs(values) > 1e-12
    rows = np.repeat(np.arange(len(start) - 1), np.diff(start))[keep]
    lengths = np.bincount(rows, minlength=len(start) - 1)
    begin = np.concatenate([[0], np.cumsum(lengths)]).astype(start.dtype)
    lean = PETSc.Mat().createAIJ(full.getSizes(), csr=(begin, columns[keep], values[keep]), comm=full.comm)
    lean.assemble()
    full.destroy()
    return lean

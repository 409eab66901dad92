r"""Equilibrium at one load: Newton on the displacement and, if there is one, the driving scalar together.

The state makes the potential

.. math:: \Phi(u, d) = W(u) + \sum_\text{terms} E(u, d) - T d

stationary: its slope in u is the equilibrium of forces, its slope in the scalar d (the descent of the
foot) is the answer of the loaded side less its target T. Each iteration solves with one matrix K for

    K a = -r        (what the residual asks for at fixed d)
    K w = -c        (what a unit of d does; c is the derivative of r by d)

and takes du = a + w dd with dd from the slope in d. Newton goes on until the true residual is small, so
the linear tolerance sets the pace, not the result. A line search on the slope of the potential along the
step damps it where contact closes or a cell would turn over.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.errors import LinearSolverError
from pipeline.solve import compat
from pipeline.solve.linear import IndefiniteError
from pipeline.solve.system import System, indexed
from pipeline.solve.term import Driver, Tangent

from petsc4py import PETSc  # isort: skip

PATIENCE, STILL_MM = 2, 0.15
"""Iterations without progress after which contacts keep the partners they have found, and the largest
displacement in the last one with which they do."""

EXACT_MM = 0.01
"""Largest displacement in the last iteration with kept partners below which the tangent is exact."""

MILD_ITERATIONS = 4
"""Iterations with the convex tangent after one in which the tangent was indefinite."""

LARGEST_CHANGE_MM = 0.6
"""Largest growth of the driver in one iteration: on the way to the load the contacts can follow."""

SEARCHES = 3
"""Equilibria with kept partners after which a new search must change little; see `NewtonSettings`."""

STALL_LENGTH = 6
"""Iterations without progress after which Newton gives up."""

FALL = 0.7
"""Share of the first slope along a step that is good enough."""

TIGHTEST = 1e-6
"""Least relative tolerance of a linear solve."""

HALVINGS = 6
"""Times a step is halved that turns cells over, before Newton gives up."""


@dataclass(frozen=True)
class NewtonSettings:
    """Tolerances of the equilibrium.

    Attributes:
        tolerance_N: norm of the residual over the free dofs, and error of the driven force.
        max_iterations: iterations to one equilibrium.
        largest_jump_N: residual above the tolerance that a new search of the contacts may leave in the end.
    """

    tolerance_N: float
    max_iterations: int = 30
    largest_jump_N: float = 0.0


@dataclass
class NewtonReport:
    """What one equilibrium took; forces in N, norms of the residual at the start and after each iteration.

    ``jump_N`` is the residual that the last search of the contacts left at the equilibrium found before it.
    """

    iterations: int = 0
    linear_iterations: int = 0
    residual_N: float = math.inf
    norms: list[float] = field(default_factory=list)
    jump_N: float = 0.0


class NewtonFailureError(Exception):
    """One Newton run stopped without equilibrium; raised on all ranks."""


class Newton:
    """Newton iterations of a system. Methods are collective.

    Args:
        system: the system; its body holds the state.
        settings: tolerances.
        driver: the scalar that is solved for along with the displacement, if any.
        log: receives one line per iteration.
    """

    def __init__(
        self,
        system: System,
        settings: NewtonSettings,
        driver: Driver | None = None,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.system = system
        self.settings = settings
        self.driver = driver
        self._log = log
        self._u = compat.petsc_vector(system.body.u)
        self._r, self._c, self._a, self._w, self._step, self._start, self._work = (
            self._u.duplicate() for _ in range(7)
        )
        self._w.set(0.0)
        self._asked_mm, self._mild = 0.0, 0
        self._exact, self._exact_below_mm = False, EXACT_MM

    def solve(self, target_N: float = 0.0) -> NewtonReport:
        """Find the equilibrium from the present state, which changes in place.

        Args:
            target_N: what the driver is to pull; without a driver it has no meaning.

        Raises:
            NewtonFailureError: no equilibrium was found, or a cell of the result is turned over.
        """
        report = NewtonReport()
        self.system.freeze(False)
        worst = self._measure(target_N, report)
        report.norms.append(report.residual_N)
        searches = self._converge(target_N, report, worst, patience=PATIENCE)
        while searches:
            reached = report.residual_N
            self.system.freeze(False)
            worst = self._measure(target_N, report)
            report.norms.append(report.residual_N)
            report.residual_N, report.jump_N = reached, worst
            if worst <= self.settings.tolerance_N:
                break
            self._log(f"  partners of contact found again: residual {worst:.2e} N")
            if searches == SEARCHES:
                self._require_settled(worst)
                break
            searches += self._converge(target_N, report, worst, patience=0)
        if fault := self.system.body.turned_over():
            raise NewtonFailureError(fault)
        return report

    def _require_settled(self, jump_N: float) -> None:
        if jump_N > self.settings.largest_jump_N:
            raise NewtonFailureError(
                f"contact does not settle: after {SEARCHES} equilibria a new search still changes "
                f"{jump_N:.2e} N, {self.settings.largest_jump_N:.2e} N are allowed; joint surfaces may be "
                "too ragged for sliding (mesh.level)"
            )

    def _converge(self, target_N: float, report: NewtonReport, worst: float, patience: int) -> int:
        """Iterate to equilibrium; contacts stop to search after ``patience`` iterations without progress.

        Returns:
            Whether they did, as a number.
        """
        best, stalled, frozen, begin = math.inf, 0, False, report.iterations
        self._exact, self._exact_below_mm = False, EXACT_MM
        while worst > self.settings.tolerance_N:
            if not math.isfinite(worst):
                raise NewtonFailureError("the residual is not a number at the start")
            stalled = stalled + 1 if worst > 0.9 * best else 0
            best = min(best, worst)
            still = stalled >= patience and self._asked_mm < STILL_MM
            if still and not frozen and self.system.searching:
                self.system.freeze(True)
                frozen, stalled = True, 0
            if stalled == STALL_LENGTH:
                raise NewtonFailureError(f"the residual is flat: {STALL_LENGTH} iterations without progress")
            if report.iterations - begin >= self.settings.max_iterations:
                raise NewtonFailureError(
                    f"no equilibrium after {report.iterations} iterations (solver.max_newton)"
                )
            worst = self._iterate(target_N, report, worst)
            self._exact = frozen and self._asked_mm < self._exact_below_mm
        return int(frozen)

    def _measure(self, target_N: float, report: NewtonReport) -> float:
        """Residual at the present state; returns the larger of its norm and the error of the driver, N."""
        self.system.force(self._r)
        norm = float(self._r.norm())
        report.residual_N = norm
        off = abs(self.driver.pull() - target_N) if self.driver is not None else 0.0
        return norm + off if not math.isfinite(norm + off) else max(norm, off)

    def _iterate(self, target_N: float, report: NewtonReport, worst: float) -> float:
        """One Newton step with its line search; returns the new residual, N."""
        change = self._linear_step(target_N, report)
        self._a.copy(self._step)
        if change:
            self._step.axpy(change, self._w)
        self.system.zero_held(self._step)
        factor, after = self._search(target_N, change, report)
        self._asked_mm = float(self._step.norm(PETSc.NormType.NORM_INFINITY))
        report.iterations += 1
        report.norms.append(report.residual_N)
        self._log(
            f"  newton {report.iterations}  residual {worst:.2e} to {after:.2e} N  step {factor:.3f} of "
            f"{self._asked_mm:.1e} mm  mild {self._mild}  linear {report.linear_iterations}"
        )
        return after

    def _linear_step(self, target_N: float, report: NewtonReport) -> float:
        """Displacement and change of the driver that the tangent asks for; returns the latter.

        Where the potential curves down, the exact tangent is given up for a milder one, and that for one that
        is positive definite by its making, which is then kept for some iterations.
        """
        while True:
            tangent = Tangent.EXACT if self._exact else Tangent.CONVEX if self._mild else Tangent.MODERATE
            try:
                self.system.update(tangent)
                report.linear_iterations += self._solve_at_fixed_driver(report.norms)
                change = self._driver_change(target_N, report)
            except LinearSolverError as fault:
                self._w.set(0.0)  # what a failed solve left is no guess for the next
                if self._exact:
                    self._exact, self._exact_below_mm = False, 0.1 * self._asked_mm
                elif isinstance(fault, IndefiniteError) and not self._mild:
                    self._mild = MILD_ITERATIONS
                else:
                    raise NewtonFailureError(str(fault)) from None
            else:
                self._mild = max(0, self._mild - 1)
                return change

    def _solve_at_fixed_driver(self, norms: list[float]) -> int:
        """Solve K a = -r; returns the iterations."""
        self._r.copy(self._work)
        self._work.scale(-1.0)
        self._a.set(0.0)
        rtol = forcing(norms, self.system.solver.settings.rtol)
        done = self.system.solver.solve(self._work, self._a, 0.1 * self.settings.tolerance_N, rtol)
        if self._work.dot(self._a) < 0.0:
            raise LinearSolverError("the tangent is indefinite: its step leads uphill")
        return done

    def _driver_change(self, target_N: float, report: NewtonReport) -> float:
        """Solve K w = -c and return the change of the driving scalar."""
        if self.driver is None:
            return 0.0
        self._c.set(0.0)
        self._c.setValues(*indexed(*self.driver.coupling()), addv=PETSc.InsertMode.ADD)
        self._c.assemble()
        self._c.copy(self._work)
        self._work.scale(-1.0)
        report.linear_iterations += self.system.solver.solve(self._work, self._w)
        stiffness = self._condensed_stiffness()
        if not stiffness > 0.0:  # of the convex tangent this is no matter of curvature
            raise IndefiniteError("nothing resists the load: no point is in contact")
        change = (target_N - self.driver.pull() - self._c.dot(self._a)) / stiffness
        return min(change, LARGEST_CHANGE_MM)

    def _condensed_stiffness(self) -> float:
        """Second derivative of the potential by the scalar with u in equilibrium, N/mm.

        As e + 2 c.w + w.K w its error is the square of that of w.
        """
        assert self.driver is not None
        self.system.matrix.mult(self._w, self._work)
        return float(self.driver.stiffness() + 2.0 * self._c.dot(self._w) + self._w.dot(self._work))

    def _slope(self, target_N: float, change: float) -> float:
        """Slope of the potential along the step at the state last measured, N mm."""
        rate = float(self._r.dot(self._step))
        return rate + (self.driver.pull() - target_N) * change if self.driver is not None else rate

    def _search(self, target_N: float, change: float, report: NewtonReport) -> tuple[float, float]:
        """Move along the step as far as is good; returns the factor and the residual there."""
        first = self._slope(target_N, change)
        self._u.copy(self._start)
        begin = self.driver.value if self.driver is not None else 0.0
        after = math.inf

        def slope(factor: float) -> float:
            nonlocal after
            self._start.copy(self._u)
            self._u.axpy(factor, self._step)
            if self.driver is not None:
                self.driver.value = begin + factor * change
            after = self._measure(target_N, report)
            return self._slope(target_N, change) if math.isfinite(after) else math.nan

        return search(slope, first), after


def forcing(norms: list[float], loosest: float) -> float:
    """Relative tolerance of the next linear solve from the residual norms so far.

    Loose while the residual falls slowly, and tight once Newton converges fast, so that the linear error
    never costs an iteration: 0.9 times the square of the last fall, never looser than the setting.

    Source:
        Eisenstat and Walker 1996, SIAM J. Sci. Comput. 17(1):16-32, choice 2.
    """
    if len(norms) < 2 or norms[-2] == 0.0:
        return loosest
    return min(loosest, max(TIGHTEST, 0.9 * (norms[-1] / norms[-2]) ** 2))


def search(slope: Callable[[float], float], first: float) -> float:
    """Factor of a step at which the slope of the potential has fallen far enough.

    Args:
        slope: slope of the potential at a factor, which moves the state there; NaN where there is none.
        first: slope at zero.

    Returns:
        The last factor tried. One if that is good enough; else the step is halved until the slope exists,
        and then brought by regula falsi to where the slope is at most a share `FALL` of the first.

    Raises:
        NewtonFailureError: the slope does not exist even on a short step.
    """
    factor, value = 1.0, slope(1.0)
    for _ in range(HALVINGS):
        if math.isfinite(value):
            break
        factor *= 0.5
        value = slope(factor)
    if not math.isfinite(value):
        raise NewtonFailureError("cells turn over even on a short step")
    goal = FALL * abs(first)
    if first >= 0.0 or abs(value) <= goal or value < 0.0:
        return factor
    low, f_low, high, f_high = 0.0, first, factor, value
    for _ in range(8):
        factor = low - f_low * (high - low) / (f_high - f_low)
        value = slope(factor)
        if abs(value) <= goal:
            break
        if value < 0.0:
            low, f_low, f_high = factor, value, 0.5 * f_high
        else:
            high, f_high, f_low = factor, value, 0.5 * f_low
    return factor

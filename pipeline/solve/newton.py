"""Equilibrium at a given floor force: Newton on displacement and descent together.

The unknowns u (in the frame of the block) and d minimise one convex function,

    Phi(u, d) = W(u) + k/2 int <d - z - u_z>^2 ds - T d,

whose slope in u is the equilibrium of forces and whose slope in d is floor force minus target T. Each
iteration solves with the same matrix K = W'' + floor tangent for

    K a = -r        (what the residual asks for at fixed descent)
    K w = b         (what a unit of descent does; b is the force it brings)

and takes du = a + w dd with dd from the force equation. With small strain, K changes only with the
closed points of the floor: as long as they stay, the factors and w are used again. Newton goes on
until the true residual is small, so the linear tolerance sets the pace, not the result: loose solves
are cheapest, as what they find is lost anyway while the contact still moves. Since Phi is convex, a
line search on its slope along the step converges from anywhere, and needs only the gap at the sole.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pipeline.errors import ConvergenceError
from pipeline.solve import compat
from pipeline.solve.elasticity import ElasticBody, zero_clamped
from pipeline.solve.floor import Bools, Floats, Floor
from pipeline.solve.operator import Operator

from dolfinx import fem  # isort: skip

MAX_CUTS = 4
"""A load step is halved at most this often."""

STALL_LENGTH = 5
"""Iterations on the same closed points without progress after which Newton gives up."""


@dataclass(frozen=True)
class NewtonSettings:
    """Tolerances of the equilibrium, as fractions of the target force of the step."""

    rtol: float
    max_iterations: int


@dataclass
class StepReport:
    """What happened in one load step; forces in N, lengths in mm."""

    target_N: float
    force_N: float = 0.0
    descent_mm: float = 0.0
    newton_iterations: int = 0
    linear_iterations: int = 0
    set_ups: int = 0
    cuts: int = 0
    residual_N: float = math.inf
    seconds: float = 0.0
    residual_norms: list[float] = field(default_factory=list)


class NewtonFailureError(Exception):
    """One Newton run stopped without equilibrium; raised on all ranks."""


class ForceControl:
    """Brings the floor force to a target. Methods are collective.

    Args:
        body: elastic body; its ``u`` is the state.
        floor: floor; its ``descent`` is the state.
        operator: matrices and linear solver.
        settings: tolerances.
        log: receives one line per Newton iteration.
    """

    def __init__(
        self,
        body: ElasticBody,
        floor: Floor,
        operator: Operator,
        settings: NewtonSettings,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._body = body
        self._floor = floor
        self._operator = operator
        self._settings = settings
        self._log = log
        self._u = compat.petsc_vector(body.u)
        self._step = fem.Function(body.space)
        self._r, self._b, self._a, self._w, self._elastic, self._work = (
            self._u.duplicate() for _ in range(6)
        )
        for vector in (self._a, self._w):
            vector.set(0.0)
        self._closed: Bools | None = None

    def advance(self, target_N: float) -> StepReport:
        """Find the equilibrium at a floor force; halve the step where Newton fails.

        Raises:
            ConvergenceError: no equilibrium even with the smallest step; the state is the last good one.
            LinearSolverError: a linear solve failed.
        """
        begin = time.perf_counter()
        report = StepReport(target_N)
        good_force, stack = self._floor.force(self._floor.gap()), [target_N]
        good_u, good_descent = self._u.copy(), self._floor.descent
        while stack:
            try:
                self._newton(stack[-1], report)
            except NewtonFailureError as fault:
                good_u.copy(self._u)
                self._body.u.x.scatter_forward()
                self._floor.descent = good_descent
                if report.cuts == MAX_CUTS:
                    raise ConvergenceError(self._diagnosis(report, good_force, fault)) from None
                report.cuts += 1
                stack.append(0.5 * (good_force + stack[-1]))
                self._log(f"  {fault}; step halved, next target {stack[-1]:.4g} N")
            else:
                good_force = stack.pop()
                self._u.copy(good_u)
                good_descent = self._floor.descent
        report.force_N = self._floor.force(self._floor.gap())
        report.descent_mm = self._floor.descent
        report.seconds = time.perf_counter() - begin
        return report

    def _newton(self, target: float, report: StepReport) -> None:
        """Newton iterations at one target force; the state is changed in place."""
        tolerance = self._settings.rtol * target
        if self._closed is None or self._floor.force(self._floor.gap()) <= 0.0:
            self._floor.descent = self._floor.foundation_descent(target)
        best, stalled = math.inf, 0
        for iteration in range(self._settings.max_iterations + 1):
            gap = self._floor.gap()
            force = self._floor.force(gap)
            residual = self._residual()
            report.residual_norms.append(residual)
            report.residual_N = residual
            worst = max(residual, abs(force - target))
            if not math.isfinite(worst):
                raise NewtonFailureError("the residual is not a number")
            if worst <= tolerance:
                return
            same = not self._floor.changed(gap < 0.0, self._closed)
            stalled = stalled + 1 if same and worst > 0.5 * best else 0
            best = min(best, worst)
            if stalled == STALL_LENGTH:
                raise NewtonFailureError(f"the residual is flat: {STALL_LENGTH} iterations without progress")
            if iteration == self._settings.max_iterations:
                raise NewtonFailureError(f"no equilibrium after {iteration} iterations (solver.max_newton)")
            if not same:
                self._refresh(gap < 0.0, report)
            report.linear_iterations += self._solve_residual(0.1 * tolerance)
            factor = self._take_step(gap, force, target)
            report.newton_iterations += 1
            self._log(
                f"  newton {iteration + 1}  force {force:.4f} N  residual {residual:.2e} N  "
                f"{'same' if same else 'new'} contact  step {factor:.3f}"
            )

    def _residual(self) -> float:
        """Assemble the residual into ``_r`` and return its norm over the free dofs, N."""
        self._operator.elastic.mult(self._u, self._elastic)
        self._floor.add_force(self._r)
        self._r.axpy(1.0, self._elastic)
        return float(self._r.norm())

    def _refresh(self, closed: Bools, report: StepReport) -> None:
        """New matrix for new closed points, and the response w to a unit of descent."""
        self._closed = closed
        self._operator.update()
        self._floor.unit_descent_force(self._b)
        report.linear_iterations += self._operator.solver.solve(self._b, self._w)
        report.set_ups += 1

    def _solve_residual(self, atol: float) -> int:
        """Solve K a = -r; returns the iterations."""
        self._r.scale(-1.0)
        self._a.set(0.0)
        return self._operator.solver.solve(self._r, self._a, atol)

    def _take_step(self, gap: Floats, force: float, target: float) -> float:
        """Put the step together, search along it, move the state; returns the step factor."""
        rate = self._structural_stiffness(gap < 0.0)
        if not rate > 0.0:
            raise NewtonFailureError("the sole does not resist the descent: no point is in contact")
        descent = (target - force + self._b.dot(self._a)) / rate
        step = compat.petsc_vector(self._step)
        self._a.copy(step)
        step.axpy(descent, self._w)
        zero_clamped(step, self._body)
        self._step.x.scatter_forward()
        factor = self._line_search(gap, descent, target)
        self._u.axpy(factor, step)
        self._body.u.x.scatter_forward()
        self._floor.descent += factor * descent
        return factor

    def _structural_stiffness(self, closed: Bools) -> float:
        """Change of floor force per unit of descent, beta - 2 b.w + w.K w, N/mm.

        For the exact w this is beta - b.w; in this form an error of w enters squared.
        """
        self._operator.matrix.mult(self._w, self._work)
        return float(self._floor.stiffness(closed) - 2.0 * self._b.dot(self._w) + self._w.dot(self._work))

    def _line_search(self, gap: Floats, descent: float, target: float) -> float:
        """Factor along the step at which the slope of Phi has fallen enough; 1 wherever it may be."""
        step = compat.petsc_vector(self._step)
        self._operator.elastic.mult(step, self._work)
        first, second = self._elastic.dot(step) - target * descent, self._work.dot(step)
        rate = self._floor.samples.vertical(self._step.x.array) - descent
        return line_search(lambda s: float(first + s * second + self._floor.work(gap + s * rate, rate)))

    def _diagnosis(self, report: StepReport, good_force: float, fault: NewtonFailureError) -> str:
        norms = ", ".join(f"{norm:.2e}" for norm in report.residual_norms[-4:])
        return (
            f"floor force {report.target_N:.4g} N not reached: {fault}, {report.newton_iterations} Newton "
            f"iterations, {report.cuts} halvings of the step; last residual norms (N): {norms}; tolerance "
            f"{self._settings.rtol * report.target_N:.1e} N; last good force {good_force:.4g} N. A residual "
            "that is still falling: raise solver.max_newton or load.steps. One that is flat and small: "
            "solver.newton_rtol asks for more than rounding allows. One that is flat and large: a body "
            "is free to move, check its attachment."
        )


def line_search(slope: Callable[[float], float], fall: float = 0.5, most: float = 8.0) -> float:
    """Step factor at which a rising slope has fallen to a share of what it was at zero.

    Args:
        slope: derivative of a convex function along the step; the same on all ranks.
        fall: share of the first slope, in magnitude, that is good enough.
        most: largest factor.

    Returns:
        One if it is good enough, else a factor found by regula falsi (Illinois variant).
    """
    start, full = slope(0.0), slope(1.0)
    goal = fall * abs(start)
    if start >= 0.0 or abs(full) <= goal:
        return 1.0
    low, f_low, high, f_high = 0.0, start, 1.0, full
    while f_high < 0.0 and high < most:
        low, f_low, high = high, f_high, 2.0 * high
        f_high = slope(high)
    if f_high < 0.0:
        return high
    factor = high
    for _ in range(60):
        factor = low - f_low * (high - low) / (f_high - f_low)
        value = slope(factor)
        if abs(value) <= 0.1 * goal:
            break
        if value < 0.0:
            low, f_low, f_high = factor, value, 0.5 * f_high
        else:
            high, f_high, f_low = factor, value, 0.5 * f_low
    return float(np.clip(factor, 0.0, most))

"""The way to the full load: steps that are cut where Newton fails and grow where it is easy."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.errors import ConvergenceError
from pipeline.solve import compat
from pipeline.solve.newton import Newton, NewtonFailureError, NewtonReport

from petsc4py import PETSc  # isort: skip

SHORTEST = 1.0 / 64.0
"""Length of the shortest step, as a share of the first one."""

EASY_ITERATIONS = 5
"""Newton iterations up to which the next step grows."""

GROWTH = 1.5
"""Factor by which it grows."""


@dataclass(frozen=True)
class Step:
    """One converged load step.

    Attributes:
        share: share of the full load, up to 1.
        newton: what Newton needed in the try that converged.
        cuts: halvings before it.
        seconds: wall time, failed tries included, s.
    """

    share: float
    newton: NewtonReport
    cuts: int
    seconds: float


@dataclass
class March:
    """Brings a system to its full load. Methods are collective.

    Attributes:
        newton: Newton iterations of the system.
        load: sets what the loads of a share of the full load are, and returns the target of the driver, N.
        first_share: share of the first step; later ones may be longer.
        on_step: called after every converged step; where it fails, the step has.
        log: receives a line at every cut.
    """

    newton: Newton
    load: Callable[[float], float]
    first_share: float = 1.0
    on_step: Callable[[Step], None] = lambda _: None
    log: Callable[[str], None] = lambda _: None
    steps: list[Step] = field(default_factory=list)

    def run(self) -> list[Step]:
        """All steps up to the full load.

        Raises:
            ConvergenceError: no equilibrium even with the shortest step; the state is the last good one.
        """
        done, length, cuts = 0.0, self.first_share, 0
        begin = time.perf_counter()
        good = self._state()
        while done < 1.0:
            share = 1.0 if done + length > 1.0 - 1e-9 else done + length
            try:
                report = self.newton.solve(self.load(share))
                step = Step(share, report, cuts, time.perf_counter() - begin)
                self.on_step(step)
            except ConvergenceError:
                self._restore(good)
                raise
            except NewtonFailureError as fault:
                self._restore(good)
                if length < 1.9 * SHORTEST * self.first_share:
                    raise ConvergenceError(self._diagnosis(share, done, fault)) from None
                cuts, length = cuts + 1, 0.5 * length
                self.log(f"  {fault}; step halved")
                continue
            self.steps.append(step)
            if report.iterations <= EASY_ITERATIONS and cuts == 0:
                length *= GROWTH
            done, cuts, good = share, 0, self._state()
            begin = time.perf_counter()
        return self.steps

    def _state(self) -> tuple[PETSc.Vec, float]:
        driver = self.newton.driver
        u = compat.petsc_vector(self.newton.system.body.u)
        return u.copy(), driver.value if driver is not None else 0.0

    def _restore(self, state: tuple[PETSc.Vec, float]) -> None:
        body = self.newton.system.body
        state[0].copy(compat.petsc_vector(body.u))
        body.u.x.scatter_forward()
        if self.newton.driver is not None:
            self.newton.driver.value = state[1]

    def _diagnosis(self, share: float, done: float, fault: NewtonFailureError) -> str:
        return (
            f"no equilibrium at {100 * share:.4g} % of the load, even with steps of "
            f"{100 * (share - done):.2g} %: {fault}; last good state at {100 * done:.4g} %, tolerance "
            f"{self.newton.settings.tolerance_N:.1e} N. A residual that still falls: raise "
            "solver.max_newton or load.steps. Flat and small: solver.newton_rtol asks for more than rounding "
            "allows. Flat and large, or a stiffness that is not positive definite: a body is free to move, "
            "or pads and toes have lost the floor. Cells that turn over: a tissue is too soft for this load, "
            "or the mesh too coarse"
        )

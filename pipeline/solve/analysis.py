"""One case from mesh file to fields: the physics of the stage without its files."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.regions import Region
from pipeline.solve.body import Body
from pipeline.solve.cable import Cable
from pipeline.solve.contact import Contact, tighten
from pipeline.solve.floor import FLAT, Floor, FloorProfile
from pipeline.solve.joint_spring import JointSpring
from pipeline.solve.laws import energy_density
from pipeline.solve.level import Support
from pipeline.solve.linear import LinearSettings
from pipeline.solve.march import March, Step
from pipeline.solve.mesh_file import MeshFile
from pipeline.solve.model import FootMesh, distribute
from pipeline.solve.mpi import global_sum
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.system import System
from pipeline.solve.tendons import attached_report

from dolfinx import fem  # isort: skip
from mpi4py import MPI  # isort: skip

LARGEST_JUMP = 0.01
"""Residual that a new search of the contacts may leave in the end, as a share of the target force."""

PASSING_RTOL = 1e-3
"""Residual over the target force at which a step on the way to the full load is good enough."""


@dataclass(frozen=True)
class Problem:
    """What is solved, apart from the mesh.

    Attributes:
        materials: material of every region of the mesh.
        penalty_MPa_per_mm: floor pressure per mm of penetration.
        target_force_N: vertical floor force to reach.
        steps: number of equal load steps up to it; where they are easy, fewer and longer ones are taken.
        linear: settings of the linear solver.
        newton_rtol: residual at which the full load is in equilibrium, as a share of the target force.
        max_newton: Newton iterations of a step.
        profile: height of the floor.
        fibres: makes the directions of the fibres, None if no law takes them.
        contacts: makes the contacts of open joints, by name.
        attached: makes cables and joint springs, whose ``share`` grows with the load.
    """

    materials: Mapping[Region, Any]
    penalty_MPa_per_mm: float
    target_force_N: float
    steps: int
    linear: LinearSettings
    newton_rtol: float
    max_newton: int
    profile: FloorProfile = FLAT
    fibres: Callable[[FootMesh], fem.Function | None] = lambda foot: None
    contacts: Callable[[FootMesh, Body], dict[str, Contact]] = lambda foot, body: {}
    attached: Callable[[FootMesh, Body], list[Cable | JointSpring]] = lambda foot, body: []


@dataclass
class Analysis:
    """State and history of a solve, alike on all ranks."""

    foot: FootMesh
    body: Body
    floor: Floor
    system: System
    contacts: dict[str, Contact]
    attached: list[Cable | JointSpring]
    steps: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def dofs(self) -> int:
        """Degrees of freedom of the displacement, over all ranks."""
        return self.body.level.size

    def reaction_N(self) -> NDArray[np.float64]:
        """Force of the clamped block on the model, shape (3,), N. Collective."""
        return self.body.support_force_N()


def set_up(
    comm: MPI.Comm, file: MeshFile | None, problem: Problem, detail: Callable[[str], None]
) -> Analysis:
    """Spread the mesh and compile the forms. Collective.

    Args:
        comm: communicator.
        file: the checked mesh on rank 0, None elsewhere.
        problem: what is solved.
        detail: receives lines for the log.
    """
    clock = Clock()
    foot = distribute(comm, file)
    clock.lap("distribute")
    body = foot_body(foot, problem.materials, problem.fibres(foot))
    floor = Floor(body, foot.sole, problem.penalty_MPa_per_mm, problem.profile)
    contacts = problem.contacts(foot, body)
    attached = problem.attached(foot, body)
    system = System(body, [floor, *contacts.values(), *attached], problem.linear, detail)
    clock.lap("forms")
    analysis = Analysis(foot, body, floor, system, contacts, attached)
    analysis.seconds = clock.laps
    detail(
        f"{analysis.dofs} dofs, {foot.totals[1]} cells, {foot.totals[2]} sole facets; {cells_per_rank(foot)}"
    )
    detail(
        f"linear solver {problem.linear.kind}; {', '.join(f'{k} {v:.1f} s' for k, v in clock.laps.items())}"
    )
    return analysis


def foot_body(
    foot: FootMesh, materials: Mapping[Region, Any], fibres: fem.Function | None = None, degree: int = 2
) -> Body:
    """The foot as a body that is clamped at the proximal block. Collective."""
    clamp = Support(3, foot.cells_of(Region.PROXIMAL_BLOCK))
    density = energy_density(foot.domain, foot.region, materials, fibres)
    return Body(foot.domain, density, [clamp], degree=degree)


def run_steps(
    analysis: Analysis,
    problem: Problem,
    line: Callable[[str], None],
    detail: Callable[[str], None] = lambda _: None,
) -> None:
    """Raise the floor force to its target. Collective.

    Args:
        analysis: what :func:`set_up` made; its steps are appended to.
        problem: what is solved.
        line: receives one line per load step.
        detail: receives one line per Newton iteration.

    Raises:
        ConvergenceError: a step found no equilibrium; the state is the last good one.
    """
    begin = time.perf_counter()
    floor = analysis.floor
    target = problem.target_force_N
    settings = NewtonSettings(problem.newton_rtol * target, problem.max_newton, LARGEST_JUMP * target)
    passing = replace(settings, tolerance_N=max(problem.newton_rtol, PASSING_RTOL) * target)
    newton = Newton(analysis.system, settings, driver=floor, log=detail)

    def load(share: float) -> float:
        newton.settings = settings if share == 1.0 else passing
        for term in analysis.attached:
            term.share = share
        target = share * problem.target_force_N
        if share > 0.0 and floor.value == 0.0:  # the sole is built on the floor, so rounding may touch
            floor.meet(target)
        return target

    def keep(step: Step) -> None:
        if step.share == 1.0:
            tighten(list(analysis.contacts.values()), lambda: newton.solve(target), log=detail)
        entry = _entry(step, analysis, problem)
        analysis.steps.append(entry)
        line(
            f"step {entry['step']}  load {100 * step.share:.1f} %  force {entry['force_N']:.1f} N  descent "
            f"{entry['descent_mm']:.3f} mm  newton {entry['newton_iterations']}  linear "
            f"{entry['linear_iterations']}  residual {entry['residual_N']:.1e} N  {step.seconds:.1f} s"
        )

    March(newton, load, 1.0 / problem.steps, keep, detail).run()
    analysis.seconds["steps"] = time.perf_counter() - begin


def _entry(step: Step, analysis: Analysis, problem: Problem) -> dict[str, Any]:
    floor = analysis.floor
    return {
        "step": len(analysis.steps) + 1,
        "share": step.share,
        "target_N": step.share * problem.target_force_N,
        "force_N": floor.pull(),
        "descent_mm": floor.value,
        "newton_iterations": step.newton.iterations,
        "linear_iterations": step.newton.linear_iterations,
        "set_ups": analysis.system.set_ups,
        "cuts": step.cuts,
        "residual_N": step.newton.residual_N,
        "search_jump_N": step.newton.jump_N,
        "seconds": round(step.seconds, 3),
        "region_force_N": floor.region_forces(),
        "contacts": {name: contact.result().summary() for name, contact in analysis.contacts.items()},
        "attached": attached_report(analysis.attached),
    }


def cells_per_rank(foot: FootMesh) -> str:
    """Cells of each rank, for the log. Collective."""
    counts = np.zeros(foot.comm.size, dtype=np.int64)
    counts[foot.comm.rank] = len(foot.cell_number)
    return f"cells per rank {', '.join(str(n) for n in global_sum(foot.comm, counts))}"


def peak_memory_GB(comm: MPI.Comm) -> float:
    """Sum over ranks of the most memory each has held, GB. Collective."""
    return float(global_sum(comm, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)) * 1024 / 1e9


class Clock:
    """Wall time of consecutive parts, s."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a part and start the next."""
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 3)
        self._last = now

"""One case from mesh file to fields: the physics of the stage without its files."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.regions import Region
from pipeline.solve.elasticity import ElasticBody
from pipeline.solve.floor import FLAT, Floor, FloorProfile
from pipeline.solve.laws import energy_density
from pipeline.solve.linear import LinearSettings
from pipeline.solve.mesh_file import MeshFile
from pipeline.solve.model import FootMesh, distribute
from pipeline.solve.mpi import global_sum
from pipeline.solve.newton import ForceControl, NewtonSettings, StepReport
from pipeline.solve.operator import Operator

from mpi4py import MPI  # isort: skip


@dataclass(frozen=True)
class Problem:
    """What is solved, apart from the mesh.

    Attributes:
        materials: material of every region of the mesh.
        penalty_MPa_per_mm: floor pressure per mm of penetration.
        target_force_N: vertical floor force to reach.
        steps: equal load steps up to it.
        linear: settings of the linear solver.
        newton: settings of the nonlinear solver.
        profile: height of the floor.
    """

    materials: Mapping[Region, Any]
    penalty_MPa_per_mm: float
    target_force_N: float
    steps: int
    linear: LinearSettings
    newton: NewtonSettings
    profile: FloorProfile = FLAT


@dataclass
class Analysis:
    """State and history of a solve, alike on all ranks."""

    body: ElasticBody
    floor: Floor
    control: ForceControl
    steps: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def dofs(self) -> int:
        """Degrees of freedom of the displacement, over all ranks."""
        return int(self.body.space.dofmap.index_map.size_global) * 3

    def reaction_N(self) -> NDArray[np.float64]:
        """Force of the clamped block on the model, shape (3,), N. Collective."""
        return self.body.block_reaction_N()


def set_up(
    comm: MPI.Comm, file: MeshFile | None, problem: Problem, detail: Callable[[str], None]
) -> Analysis:
    """Spread the mesh, compile the forms and assemble the elastic stiffness. Collective.

    Args:
        comm: communicator.
        file: the checked mesh on rank 0, None elsewhere.
        problem: what is solved.
        detail: receives lines for the log.
    """
    clock = Clock()
    foot = distribute(comm, file)
    clock.lap("distribute")
    body = ElasticBody(foot, energy_density(foot, problem.materials))
    floor = Floor(body, problem.penalty_MPa_per_mm, problem.profile)
    clock.lap("forms")
    operator = Operator(body, floor, problem.linear, detail)
    clock.lap("assemble")
    analysis = Analysis(body, floor, ForceControl(body, floor, operator, problem.newton, detail))
    analysis.seconds = clock.laps
    detail(
        f"{analysis.dofs} dofs, {foot.totals[1]} cells, {foot.totals[2]} sole facets; {cells_per_rank(foot)}"
    )
    detail(
        f"linear solver {problem.linear.kind}; {', '.join(f'{k} {v:.1f} s' for k, v in clock.laps.items())}"
    )
    return analysis


def run_steps(analysis: Analysis, problem: Problem, line: Callable[[str], None]) -> None:
    """Raise the floor force to its target in equal steps. Collective.

    Args:
        analysis: what :func:`set_up` made; its steps are appended to.
        problem: what is solved.
        line: receives one line per load step.

    Raises:
        ConvergenceError: a step found no equilibrium.
        LinearSolverError: a linear solve failed.
    """
    begin = time.perf_counter()
    for number in range(1, problem.steps + 1):
        report = analysis.control.advance(problem.target_force_N * number / problem.steps)
        analysis.steps.append(_entry(number, problem.steps, report, analysis.floor))
        line(
            f"step {number}/{problem.steps}  force {report.force_N:.1f} N  "
            f"descent {report.descent_mm:.3f} mm  newton {report.newton_iterations}  "
            f"linear {report.linear_iterations}  residual {report.residual_N:.1e} N  {report.seconds:.1f} s"
        )
    analysis.seconds["steps"] = time.perf_counter() - begin


def _entry(number: int, of: int, report: StepReport, floor: Floor) -> dict[str, Any]:
    return {
        "step": number,
        "of": of,
        "target_N": report.target_N,
        "force_N": report.force_N,
        "descent_mm": report.descent_mm,
        "newton_iterations": report.newton_iterations,
        "linear_iterations": report.linear_iterations,
        "set_ups": report.set_ups,
        "cuts": report.cuts,
        "residual_N": report.residual_N,
        "seconds": round(report.seconds, 3),
        "region_force_N": floor.region_forces(floor.gap()),
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

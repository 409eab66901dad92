"""The line for one case or several: mesh -> solve -> measure -> report, each stage skipped if up to date."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import errors
from pipeline.config import Case, dump_yaml
from pipeline.console import Console
from pipeline.machine import follow, mpi_command
from pipeline.measure import measure, measure_key
from pipeline.mesh.build import make_mesh, mesh_folder
from pipeline.report import make_report, report_key
from pipeline.solve.key import solve_key
from pipeline.stage import (
    Manifest,
    begin,
    up_to_date,
    write_text,
)

KINDS = {
    kind.exit_code: kind for kind in (errors.ConfigError, errors.ConvergenceError, errors.LinearSolverError)
}


@dataclass(frozen=True)
class Job:
    """One case and where its files go."""

    case: Case
    output: Path
    meshes: Path

    @property
    def folder(self) -> Path:
        """Folder of the case's results."""
        return self.output / self.case.name

    @property
    def mesh(self) -> Path:
        """Folder of the case's mesh."""
        return mesh_folder(self.case, self.meshes)


@contextmanager
def timed(console: Console, stage: str, name: str) -> Iterator[None]:
    """Say when a stage starts and how long it took."""
    console.begin(stage, name)
    start = time.perf_counter()
    yield
    console.done(stage, name, time.perf_counter() - start)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _mesh_from_data(data: dict[str, Any], meshes: Path, force: bool) -> None:
    """Build a mesh in another process, which gets the case as plain data."""
    make_mesh(Case.model_validate(data), meshes, force=force)


def mesh_all(jobs: Sequence[Job], workers: int, console: Console, *, force: bool = False) -> None:
    """Build the meshes that are missing, several at a time; cases of equal geometry share one."""
    wanted = {job.mesh: job for job in jobs}
    fresh = {folder: job for folder, job in wanted.items() if force or not _mesh_is_there(job)}
    for job in jobs:
        if job.mesh not in fresh:
            console.skipped("mesh", job.case.name)
    if not fresh:
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(fresh)), context, _leave_interrupts_to_parent)
    try:
        with pool:
            running = [
                (job, pool.submit(_mesh_from_data, job.case.resolved(), job.meshes, force))
                for job in fresh.values()
            ]
            for job, _ in running:
                console.begin("mesh", job.case.name)
            for job, future in running:
                future.result()
                manifest = Manifest.read(job.mesh, "mesh")
                console.done("mesh", job.case.name, manifest.seconds if manifest else 0.0)
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise


def _mesh_is_there(job: Job) -> bool:
    manifest = Manifest.read(job.mesh, "mesh")
    return manifest is not None and up_to_date(job.mesh, "mesh", manifest.key)


def solve(job: Job, ranks: int, console: Console, *, force: bool = False) -> None:
    """Solve one case on a number of ranks.

    Raises:
        FirstRayError: what the solver reported, with its exit code.
    """
    key = solve_key(job.case, job.mesh)
    if not force and up_to_date(job.folder, "solve", key):
        console.skipped("solve", job.case.name)
        return
    begin(job.folder, "solve")
    write_text(job.folder / "case.yaml", dump_yaml(job.case))
    program = ["-m", "mpi4py", "-m", "pipeline.solve", "--case", str(job.folder / "case.yaml")]
    program += ["--mesh", str(job.mesh), "--out", str(job.folder), "--ranks", str(ranks)]
    with timed(console, "solve", job.case.name), console.steps(job.case.name) as show:
        code = follow(mpi_command(ranks, program), show)
        if code != 0:
            raise solver_error(job, code)


def solver_error(job: Job, code: int) -> errors.FirstRayError:
    """The error a solve ended with, from its status file; the process's exit code if it left none."""
    try:
        status = json.loads((job.folder / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        status = {}
    if status.get("state") == "failed":
        kind = KINDS.get(status.get("exit_code"), errors.FirstRayError)
        return kind(f"{job.case.name}: {status['message']}")
    return errors.FirstRayError(
        f"{job.case.name}: the solver ended with code {code} before it could say why; "
        f"see {job.folder / 'solve.log'}"
    )


def measure_case(job: Job, console: Console, *, force: bool = False) -> None:
    """Compute the quantities of a solved case."""
    key = measure_key(job.folder, job.mesh, job.case)
    if not force and up_to_date(job.folder, "measure", key):
        console.skipped("measure", job.case.name)
        return
    with timed(console, "measure", job.case.name):
        measure(job.folder, job.mesh, job.case)


def report_folder(jobs: Sequence[Job]) -> Path:
    """Where the report of one case, or of several side by side, goes."""
    return jobs[0].folder / "report" if len(jobs) == 1 else jobs[0].output / "report"


def report(jobs: Sequence[Job], console: Console, *, force: bool = False) -> Path:
    """Write the report of all cases together; returns the page."""
    out = report_folder(jobs)
    folders, meshes = [job.folder for job in jobs], [job.mesh for job in jobs]
    name = ", ".join(job.case.name for job in jobs)
    if not force and up_to_date(out, "report", report_key(folders, meshes)):
        console.skipped("report", name)
        return out / "index.html"
    with timed(console, "report", name):
        return make_report(folders, meshes, out)


def run_line(jobs: Sequence[Job], ranks: int, console: Console, *, force: bool = False) -> Path:
    """All stages for all cases; returns the report page."""
    mesh_all(jobs, ranks, console, force=force)
    for job in jobs:
        solve(job, ranks, console, force=force)
        measure_case(job, console, force=force)
    return report(jobs, console, force=force)

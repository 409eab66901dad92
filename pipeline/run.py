"""The line for one case or several: mesh -> solve -> measure -> report, each stage skipped if up to date."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline import errors
from pipeline.config import Case, dump_yaml
from pipeline.console import Console
from pipeline.machine import follow, mpi_command
from pipeline.measure import measure, measure_key
from pipeline.mesh.build import forget_shared, make_mesh, mesh_folder, mesh_key
from pipeline.mesh.family import Family
from pipeline.report import make_report, report_key
from pipeline.solve.key import solve_key
from pipeline.stage import (
    Manifest,
    begin,
    up_to_date,
    write_text,
)

KINDS = {
    kind.exit_code: kind
    for kind in (
        errors.ConfigError,
        errors.ConvergenceError,
        errors.LinearSolverError,
        errors.StoppedError,
        errors.QualityError,
    )
}

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SOLVER_ERRORS = "solve.errors.log"
"""What the solver and mpirun wrote to standard error; there only if they did."""


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

    @cached_property
    def mesh(self) -> Path:
        """Folder of the case's mesh; the same to the end of the run even if the sources change meanwhile."""
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


def in_rounds(jobs: Iterable[Job]) -> list[list[Job]]:
    """Jobs in the order their meshes are built: one of each family, whose mesh the others then find."""
    first: dict[str, Job] = {}
    later = [job for job in jobs if first.setdefault(Family.of(job.case).key, job) is not job]
    return [list(first.values()), *([later] if later else [])]


def mesh_all(jobs: Sequence[Job], workers: int, console: Console, *, force: bool = False) -> None:
    """Build the meshes that are missing, several at a time; cases of equal geometry have one mesh."""
    wanted = {job.mesh: job for job in jobs}
    fresh = {folder: job for folder, job in wanted.items() if force or not _mesh_is_there(job)}
    for job in jobs:
        if job.mesh not in fresh:
            console.skipped("mesh", job.case.name)
    if not fresh:
        return
    if force:
        for job in fresh.values():
            forget_shared(job.case, job.meshes)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(fresh)), context, _leave_interrupts_to_parent)
    try:
        for batch in in_rounds(fresh.values()):
            _mesh_batch(pool, batch, console, force)
    except BaseException:  # a mesh cannot be asked to stop: do not wait for the others
        for process in multiprocessing.active_children():
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _mesh_batch(pool: ProcessPoolExecutor, jobs: Sequence[Job], console: Console, force: bool) -> None:
    """Build meshes that do not wait for each other."""
    running = {pool.submit(_mesh_from_data, job.case.resolved(), job.meshes, force): job for job in jobs}
    for job in jobs:
        console.begin("mesh", job.case.name)
    for future in as_completed(running):
        future.result()
        job = running[future]
        manifest = Manifest.read(job.mesh, "mesh")
        console.done("mesh", job.case.name, manifest.seconds if manifest else 0.0)


def _mesh_is_there(job: Job) -> bool:
    return up_to_date(job.mesh, "mesh", mesh_key(job.case))


def write_case(job: Job) -> None:
    """Put the case beside its results; its title may be new although no number is."""
    path, text = job.folder / "case.yaml", dump_yaml(job.case)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        job.folder.mkdir(parents=True, exist_ok=True)
        write_text(path, text)


def solve(job: Job, ranks: int, console: Console, *, force: bool = False) -> None:
    """Solve one case on a number of ranks.

    Raises:
        FirstRayError: what the solver reported, with its exit code.
    """
    write_case(job)
    if not force and up_to_date(job.folder, "solve", solve_key(job.case, job.mesh)):
        console.skipped("solve", job.case.name)
        return
    for stage in ("measure", "solve"):
        begin(job.folder, stage)
    (job.folder / "status.json").unlink(missing_ok=True)
    program = ["-m", "mpi4py", "-m", "pipeline.solve", "--case", str(job.folder / "case.yaml")]
    program += ["--mesh", str(job.mesh), "--out", str(job.folder), "--ranks", str(ranks)]
    with timed(console, "solve", job.case.name), console.steps(job.case.name) as show:
        words = job.folder / SOLVER_ERRORS
        with words.open("w", encoding="utf-8") as stream:
            code = follow(mpi_command(ranks, program), show, stream)
        if code != 0:
            raise solver_error(job, code)
        if words.stat().st_size == 0:
            words.unlink()


def solver_error(job: Job, code: int) -> errors.FirstRayError:
    """The error a solve ended with: from its status file, else from its exit code and last words.

    A rank that is killed makes mpirun end the others, whose status then says that they were stopped;
    the exit code of mpirun is the first rank's and goes before that.
    """
    name, words = job.case.name, job.folder / SOLVER_ERRORS
    try:
        status = json.loads((job.folder / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        status = {}
    known = status.get("exit_code")
    if status.get("state") == "failed" and (known != errors.INTERRUPTED or code == known):
        kind = KINDS.get(known, errors.FirstRayError)
        more = f"; see {words}" if kind is errors.FirstRayError else ""
        return kind(f"{name}: {status['message']}{more}")
    ended_by = -code if code < 0 else code - 128
    if ended_by == signal.SIGKILL:
        return errors.LinearSolverError(
            f"{name}: the solver was killed, most likely as {errors.OUT_OF_MEMORY}"
        )
    if ended_by in STOPPING:
        return errors.StoppedError(f"{name}: the solver was stopped by {signal.Signals(ended_by).name}")
    kind = KINDS.get(code, errors.FirstRayError)
    said = f":\n{last_words(words)}" if last_words(words) else ""
    return kind(
        f"{name}: the solver ended with code {code} before it could say why; "
        f"see {job.folder / 'solve.log'}{said}"
    )


def last_words(path: Path, lines: int = 12) -> str:
    """Last lines of a text file; empty if there is none."""
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def measure_case(job: Job, console: Console, *, force: bool = False) -> None:
    """Compute the quantities of a solved case."""
    key = measure_key(job.folder, job.mesh, job.case)
    if not force and up_to_date(job.folder, "measure", key):
        console.skipped("measure", job.case.name)
        return
    with timed(console, "measure", job.case.name):
        measure(job.folder, job.mesh, job.case)


def require_results(jobs: Sequence[Job]) -> None:
    """Check that every case is solved and measured, as it is configured now and with this program.

    Raises:
        ConfigError: one line per case that is not.
    """
    faults = [
        f"{job.folder}: holds no results of case {job.case.name} as it is configured now; "
        f"run: firstray run {job.case.name}"
        for job in jobs
        if not _is_measured(job)
    ]
    if faults:
        raise errors.ConfigError("\n".join(faults))


def _is_measured(job: Job) -> bool:
    try:
        return up_to_date(job.folder, "solve", solve_key(job.case, job.mesh)) and up_to_date(
            job.folder, "measure", measure_key(job.folder, job.mesh, job.case)
        )
    except (errors.FirstRayError, OSError):
        return False


def report_folder(jobs: Sequence[Job]) -> Path:
    """Where the report of one case, or of several side by side, goes."""
    return jobs[0].folder / "report" if len(jobs) == 1 else jobs[0].output / "report"


def report(jobs: Sequence[Job], console: Console, *, force: bool = False) -> Path:
    """Write the report of all cases together; returns the page."""
    for job in jobs:
        write_case(job)
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

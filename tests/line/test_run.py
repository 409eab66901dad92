"""Stages are started, stopped and skipped as they should be; no real mesh or solve is made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from pipeline import cli, errors, machine, run, stage
from pipeline.config import load_case
from pipeline.console import Console
from pipeline.errors import OUT_OF_MEMORY, ConfigError, LinearSolverError, StoppedError
from pipeline.machine import child_environment
from pipeline.measure import measure_key
from pipeline.run import Job, mesh_all, require_results, solver_error
from pipeline.solve.key import solve_key
from pipeline.stage import Manifest, write_json
from tests.line.conftest import CASES


def slow_mesh(_data: dict[str, Any], meshes: Path, _force: bool) -> None:
    """Stand-in for a mesh that takes a minute: notes its process and waits."""
    stage.write_text(meshes / f"{os.getpid()}.pid", "")
    time.sleep(60.0)


def one_fails(data: dict[str, Any], meshes: Path, force: bool) -> None:
    """The second case fails at once, the first takes a minute."""
    if data["name"] == "fused":
        raise errors.QualityError("too flat")
    slow_mesh(data, meshes, force)


def alive(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def job_of(name: str, folder: Path) -> Job:
    """A shipped case with its files in a folder."""
    return Job(load_case(CASES / f"{name}.yaml"), folder / "results", folder / "meshes")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A case whose mesh folder holds something to hash, and which is not solved."""
    made = job_of("normal", tmp_path)
    for folder in (made.folder, made.mesh):
        folder.mkdir(parents=True)
    for name in ("mesh.msh", "geometry.json"):
        (made.mesh / name).write_text("{}")
    return made


def finish_stages(job: Job) -> None:
    """Leave what a solved and measured case leaves, with empty files."""
    for name in ("fields.h5", "steps.json", "quantities.json"):
        (job.folder / name).write_text("{}")
    stage.finish(job.folder, "solve", solve_key(job.case, job.mesh), ["fields.h5", "steps.json"])
    key = measure_key(job.folder, job.mesh, job.case)
    stage.finish(job.folder, "measure", key, ["quantities.json"])


def retitled(job: Job) -> Job:
    """The same job under another title."""
    return Job(job.case.model_copy(update={"title": "Another title"}), job.output, job.meshes)


def test_an_interrupt_does_not_wait_for_the_meshes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_mesh_from_data", slow_mesh)
    jobs = [job_of(name, tmp_path) for name in ("normal", "fused")]
    jobs[0].meshes.mkdir()
    pids: list[int] = []
    sent: list[float] = []

    def interrupt_once_both_run() -> None:
        wait_until(lambda: len(list(jobs[0].meshes.glob("*.pid"))) == 2)
        pids.extend(int(path.stem) for path in jobs[0].meshes.glob("*.pid"))
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt_once_both_run, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        mesh_all(jobs, 2, Console())
    assert time.monotonic() - sent[0] < 2.0
    assert len(pids) == 2
    assert wait_until(lambda: not any(map(alive, pids)), 2.0)


def test_a_failed_mesh_ends_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_mesh_from_data", one_fails)
    jobs = [job_of(name, tmp_path) for name in ("normal", "fused")]
    jobs[0].meshes.mkdir()
    start = time.monotonic()
    with pytest.raises(errors.QualityError, match="too flat"):
        mesh_all(jobs, 2, Console())
    assert time.monotonic() - start < 30.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_the_command_and_what_it_started(number: signal.Signals) -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    program = (
        "import sys\n"
        "from pipeline import cli, machine\n"
        "def long(_):\n"
        f"    command = [sys.executable, '-c', {child!r}]\n"
        "    return machine.follow(command, lambda line: print(line, flush=True))\n"
        "cli.run_check = long\n"
        "sys.exit(cli.main(['check', 'normal']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment(),
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.send_signal(number)
        _, words = process.communicate(timeout=20)
    assert process.returncode == 5
    assert "interrupted" in words
    assert "Traceback" not in words
    assert not alive(pid)


def test_handlers_are_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert cli.main(["check", "normal"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
    assert "in order" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("known", "code", "kind"),
    [
        (5, 5, StoppedError),  # stopped, and it says so
        (5, 137, LinearSolverError),  # one rank killed for memory, the others then stopped by mpirun
        (None, 137, LinearSolverError),
        (None, -9, LinearSolverError),
        (None, -15, StoppedError),
        (None, 4, LinearSolverError),
        (4, 1, LinearSolverError),
        (70, 70, errors.FirstRayError),
    ],
)
def test_exit_code_of_a_solve_is_kept(job: Job, known: int | None, code: int, kind: type[Exception]) -> None:
    state = "running" if known is None else "failed"
    write_json(job.folder / "status.json", {"state": state, "exit_code": known, "message": "reason"})
    error = solver_error(job, code)
    assert type(error) is kind
    assert (OUT_OF_MEMORY in str(error)) == (code in (137, -9))


@pytest.mark.parametrize(
    ("fault", "code"), [("MemoryError()", 4), ("PETSc.Error(55)", 4), ("PETSc.Error(77)", 70)]
)
def test_lack_of_memory_on_one_rank_ends_all_with_four(tmp_path: Path, fault: str, code: int) -> None:
    script = tmp_path / "fault.py"
    script.write_text(
        "import sys\n"
        "import pipeline.solve.__main__ as entry\n"
        "from mpi4py import MPI\n"
        "from petsc4py import PETSc\n"
        "def run_job(comm, job):\n"
        "    if comm.rank == 1:\n"
        f"        raise {fault}\n"
        "    comm.Barrier()\n"
        "entry.run_job = run_job\n"
        "entry.leave_together(MPI.COMM_WORLD, entry.main(sys.argv[1:]))\n"
    )
    options = ["--case", "x", "--mesh", "x", "--out", str(tmp_path), "--ranks", "2"]
    with (tmp_path / "words").open("w") as words:
        assert machine.follow(machine.mpi_command(2, [str(script), *options]), print, words) == code
    status = json.loads((tmp_path / "status.json").read_text(encoding="utf-8"))
    assert (status["state"], status["exit_code"]) == ("failed", code)
    assert (OUT_OF_MEMORY in status["message"]) == (code == 4)


def test_words_of_a_silent_death_are_shown(job: Job) -> None:
    (job.folder / run.SOLVER_ERRORS).write_text("early line\nno such library\n")
    assert str(solver_error(job, 1)).endswith("no such library")


def test_a_new_solve_takes_old_results_out_of_use(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Manifests and status of the earlier solve are gone when it starts; its words are kept, not shown."""
    finish_stages(job)
    write_json(job.folder / "status.json", {"state": "failed", "exit_code": 3, "message": "of last week"})

    def die(_command: Sequence[str], _on_line: Callable[[str], None], words: IO[str]) -> int:
        assert Manifest.read(job.folder, "solve") is None
        assert Manifest.read(job.folder, "measure") is None
        words.write("last words\n")
        return 1

    monkeypatch.setattr(run, "follow", die)
    with pytest.raises(errors.FirstRayError, match="code 1") as caught:
        run.solve(job, 1, Console(), force=True)
    assert "of last week" not in str(caught.value)
    assert "last words" in str(caught.value)


def test_a_new_title_reaches_the_results_without_a_solve(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    finish_stages(job)
    monkeypatch.setattr(run, "follow", None)
    run.solve(retitled(job), 1, Console())
    assert load_case(job.folder / "case.yaml").title == "Another title"


def test_a_report_needs_results_of_the_case_as_it_is_now(job: Job) -> None:
    with pytest.raises(ConfigError, match="firstray run normal"):
        require_results([job])
    finish_stages(job)
    require_results([job])
    require_results([retitled(job)])
    (job.folder / "quantities.json").write_text("[]")
    with pytest.raises(ConfigError, match="firstray run normal"):
        require_results([job])
    finish_stages(job)
    (job.mesh / "mesh.msh").write_text("another mesh")
    with pytest.raises(ConfigError, match="firstray run normal"):
        require_results([job])


def test_mesh_folder_stays_the_same_during_a_run(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    before = job.mesh
    monkeypatch.setattr(run, "mesh_folder", lambda *_: Path("of other sources"))
    assert job.mesh == before


def test_solve_key_sees_the_versions(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    before = solve_key(job.case, job.mesh)
    monkeypatch.setattr("pipeline.solve.key.versions", lambda *names: dict.fromkeys(names, "99.0"))
    assert solve_key(job.case, job.mesh) != before


def test_a_folder_of_the_name_does_not_hide_a_shipped_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "normal").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli.case_path("normal") == CASES / "normal.yaml"

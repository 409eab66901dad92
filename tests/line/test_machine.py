"""Cores are counted, and programs started are followed and ended."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline import machine
from pipeline.errors import MachineError


def test_hyperthreads_of_one_core_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "allowed_cpus", lambda: {0, 1, 2, 3})
    for cpu, core in enumerate((0, 1, 0, 1)):
        place = tmp_path / f"cpu{cpu}" / "topology"
        place.mkdir(parents=True)
        (place / "physical_package_id").write_text("0\n")
        (place / "core_id").write_text(f"{core}\n")
    assert machine.physical_cores(tmp_path) == 2


def test_without_topology_the_allowed_processors_count(tmp_path: Path) -> None:
    assert machine.physical_cores(tmp_path) == len(machine.allowed_cpus())


def test_one_rank_needs_no_mpirun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert machine.mpi_command(1, ["-c", "pass"]) == [sys.executable, "-c", "pass"]
    with pytest.raises(MachineError, match="mpirun"):
        machine.mpi_command(2, ["-c", "pass"])


def test_output_and_exit_code_are_handed_over() -> None:
    lines: list[str] = []
    code = machine.follow(
        [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(7)"], lines.append
    )
    assert (lines, code) == (["one", "two"], 7)


def test_an_interrupt_ends_the_program() -> None:
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    found: list[int] = []

    def interrupt_soon(line: str) -> None:
        found.append(int(line))
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        machine.follow([sys.executable, "-c", program], interrupt_soon)
    assert time.monotonic() - start < 10.0
    with pytest.raises(ProcessLookupError):
        os.kill(found[0], 0)

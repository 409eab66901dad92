"""What this machine offers: physical cores, and MPI programs started and watched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from pipeline.errors import MachineError

GRACE_SECONDS = 20.0
"""Time a started program gets to end by itself after being asked to."""


def allowed_cpus() -> set[int]:
    """Logical processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def physical_cores(topology: Path = Path("/sys/devices/system/cpu")) -> int:
    """Number of physical cores this process may use; hyper-threads of one core count once."""
    cores = set()
    for cpu in allowed_cpus():
        place = topology / f"cpu{cpu}" / "topology"
        try:
            package = (place / "physical_package_id").read_text().strip()
            cores.add((package, (place / "core_id").read_text().strip()))
        except OSError:
            return len(allowed_cpus())
    return len(cores)


def mpi_command(ranks: int, program: Sequence[str]) -> list[str]:
    """Command line that starts a Python program on a number of ranks.

    Raises:
        MachineError: more than one rank is wanted and there is no `mpirun`.
    """
    python = [sys.executable, *program]
    if ranks == 1:
        return python
    launcher = shutil.which("mpirun") or shutil.which("mpiexec")
    if launcher is None:
        raise MachineError("mpirun: not found; start through ./firstray, or use -n 1")
    return [launcher, "-n", str(ranks), *python]


def child_environment() -> dict[str, str]:
    """Environment in which a started Python finds this package, wherever it is started."""
    here = str(Path(__file__).parent.parent)
    known = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{known}" if known else here}


def follow(command: Sequence[str], on_line: Callable[[str], None], errors: IO[str] | None = None) -> int:
    """Run a program, hand over its output line by line, and return its exit code.

    On Ctrl-C the program is asked to end, given some seconds, then killed; KeyboardInterrupt goes on.
    A second Ctrl-C kills it at once.

    Args:
        command: the program and its arguments.
        on_line: receives each line of standard output.
        errors: file for standard error; None leaves it to the terminal.
    """
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        bufsize=1,
        start_new_session=True,
        env=child_environment(),
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                on_line(line.rstrip("\n"))
            return process.wait()
        except BaseException:
            _end(process)
            raise


def _end(process: subprocess.Popen[str]) -> None:
    """Ask a program's whole group to end, then make it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

"""Entry of the parallel solve: ``mpirun -n N python -m mpi4py -m pipeline.solve --case ... --ranks N``.

However it ends, all ranks end, with an exit code of :mod:`pipeline.errors`:

- a :class:`FirstRayError` is raised on all ranks alike: one line on standard error, no traceback;
- no memory left, on any rank: all ranks are aborted with 4;
- any other exception on any rank: its traceback, and all ranks are aborted with 70;
- SIGINT or SIGTERM: the status says failed, half-written files are removed, 5.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # one thread a rank, before any library reads it

from pipeline.errors import (  # noqa: E402
    INTERRUPTED,
    OUT_OF_MEMORY,
    FirstRayError,
    LinearSolverError,
)
from pipeline.solve import compat  # noqa: E402, F401  (starts PETSc)
from pipeline.solve.job import Job, run_job  # noqa: E402
from pipeline.solve.output import STATUS, Status, remove_parts  # noqa: E402

from mpi4py import MPI  # noqa: E402  # isort: skip
from petsc4py import PETSc  # noqa: E402  # isort: skip

PETSC_OUT_OF_MEMORY = 55
"""PETSC_ERR_MEM of petscerror.h."""


def parse(arguments: list[str]) -> Job:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.solve", description="Solve one case in parallel."
    )
    parser.add_argument("--case", type=Path, required=True, help="case file, YAML")
    parser.add_argument("--mesh", type=Path, required=True, help="mesh folder with mesh.msh")
    parser.add_argument("--out", type=Path, required=True, help="result folder")
    parser.add_argument("--ranks", type=int, required=True, help="number of MPI ranks that must be there")
    found = parser.parse_args(arguments)
    return Job(case=found.case, mesh=found.mesh, out=found.out, ranks=found.ranks)


def end_on_signals(comm: MPI.Comm, folder: Path) -> None:
    """On SIGINT or SIGTERM leave at once with 5, on rank 0 with a status and no half-written file."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        if comm.rank == 0:
            message = f"stopped by {signal.Signals(number).name}"
            try:
                remove_parts(folder)
                if not has_failed(folder):
                    Status(folder).set("failed", INTERRUPTED, message)
            finally:
                sys.stderr.write(f"{message}; run the command again to start this stage anew\n")
                sys.stderr.flush()
                os._exit(INTERRUPTED)
        os._exit(INTERRUPTED)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, leave)


def has_failed(folder: Path) -> bool:
    """Whether the status holds a failure already: the signal then only follows from it."""
    try:
        return bool(json.loads((folder / STATUS).read_text(encoding="utf-8"))["state"] == "failed")
    except (OSError, ValueError, KeyError):
        return False


def as_reported(fault: Exception) -> FirstRayError:
    """What an exception that no stage raised on purpose is to the user."""
    if isinstance(fault, MemoryError) or (
        isinstance(fault, PETSc.Error) and fault.ierr == PETSC_OUT_OF_MEMORY
    ):
        return LinearSolverError(OUT_OF_MEMORY)
    return FirstRayError(f"internal error: {fault!r}")


def report_failure(folder: Path, exit_code: int, message: str) -> None:
    """Put the failure into the status, if the folder can take it."""
    try:
        remove_parts(folder)
        Status(folder).set("failed", exit_code, message)
    except OSError as fault:
        sys.stderr.write(f"{folder}: no status written ({fault.strerror})\n")


def main(arguments: list[str]) -> int:
    """Run the stage and turn however it ends into an exit code."""
    comm = MPI.COMM_WORLD
    job = parse(arguments)
    end_on_signals(comm, job.out)
    try:
        run_job(comm, job)
    except FirstRayError as fault:
        if comm.rank == 0:
            message = " ".join(str(fault).split("\n"))
            report_failure(job.out, fault.exit_code, message)
            sys.stderr.write(f"{message}\n")
            sys.stderr.flush()
        return fault.exit_code
    except Exception as fault:
        traceback.print_exc()
        sys.stderr.flush()
        error = as_reported(fault)
        report_failure(job.out, error.exit_code, f"rank {comm.rank}: {error}")
        comm.Abort(error.exit_code)
    return 0


def leave_together(comm: MPI.Comm, exit_code: int) -> NoReturn:
    """End this process with an exit code once all ranks are done. Collective.

    ``sys.exit`` with a code other than zero would make mpi4py abort the job, with a page of words.
    """
    sys.stdout.flush()
    comm.Barrier()
    MPI.Finalize()
    os._exit(exit_code)


if __name__ == "__main__":
    leave_together(MPI.COMM_WORLD, main(sys.argv[1:]))

"""The table of benchmarks: ``mpirun -n N python -m mpi4py -m pipeline.solve.verification [--only LIN-5]``.

Ends with 0 if all are within tolerance, else with 6; a fault on any rank ends all ranks.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # one thread a rank, before any library reads it

from pipeline.errors import FirstRayError, QualityError  # noqa: E402
from pipeline.solve.__main__ import leave_together  # noqa: E402
from pipeline.solve.verification import table  # noqa: E402

from mpi4py import MPI  # noqa: E402  # isort: skip


def main(comm: MPI.Comm, arguments: list[str]) -> int:
    """Run the chosen benchmarks; returns the exit code, the same on all ranks. Collective."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.solve.verification")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="benchmarks to run")
    parser.add_argument("--out", type=Path, help="JSON file of the table")
    wanted = parser.parse_args(arguments)

    def say(text: str) -> None:
        if comm.rank == 0:
            print(text, flush=True)

    try:
        lines = table.run(comm, table.chosen(wanted.only), say)
    except FirstRayError as fault:
        if comm.rank == 0:
            print(fault, file=sys.stderr, flush=True)
        return fault.exit_code
    if wanted.out is not None and comm.rank == 0:
        wanted.out.write_text(json.dumps(table.as_data(lines), indent=2) + "\n", encoding="utf-8")
    failed = sum(not line.passed for line in lines)
    say(f"{len(lines)} quantities on {comm.size} ranks, {failed} out of tolerance")
    return QualityError.exit_code if failed else 0


if __name__ == "__main__":
    leave_together(MPI.COMM_WORLD, main(MPI.COMM_WORLD, sys.argv[1:]))

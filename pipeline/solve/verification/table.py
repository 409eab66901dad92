"""The table of all benchmarks: run, compared, written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from pipeline.errors import ConfigError
from pipeline.solve.verification import (
    articular,
    contact,
    finite,
    homogeneous,
    invariants,
    linear,
    manufactured,
    spheres,
)
from pipeline.solve.verification.benchmark import Benchmark, Line, measured_lines

from mpi4py import MPI  # isort: skip

BENCHMARKS: tuple[Benchmark, ...] = (
    *homogeneous.BENCHMARKS,
    *linear.BENCHMARKS,
    *finite.BENCHMARKS,
    *contact.BENCHMARKS,
    *articular.BENCHMARKS,
    *spheres.BENCHMARKS,
    *manufactured.BENCHMARKS,
    *invariants.BENCHMARKS,
)


def chosen(names: Sequence[str]) -> list[Benchmark]:
    """Benchmarks by name, in the order of the table; all if there are no names.

    Raises:
        ConfigError: a name is not known.
    """
    known = [benchmark.id for benchmark in BENCHMARKS]
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    return [benchmark for benchmark in BENCHMARKS if not names or benchmark.id in names]


def run(comm: MPI.Comm, benchmarks: Sequence[Benchmark], say: Callable[[str], None]) -> list[Line]:
    """Run benchmarks one after the other, saying each line as it is known. Collective."""
    lines = []
    say(HEAD)
    for benchmark in benchmarks:
        begin = time.perf_counter()
        found = measured_lines(benchmark, comm)
        say(f"{benchmark.id}  {benchmark.title} ({time.perf_counter() - begin:.1f} s)")
        for line in found:
            say(as_text(line))
        lines += found
    return lines


HEAD = f"{'case':46s} {'reference':>13s} {'ours':>13s} {'error':>9s} {'tolerance':>9s} ranks"


def as_text(line: Line) -> str:
    """One line of the printed table."""
    quantity = line.quantity
    bound = ">= " if quantity.kind == "at least" else ""
    reference = f"{bound}{quantity.reference:.7g}"
    mark = "" if line.passed else "  OUT OF TOLERANCE"
    return (
        f"  {quantity.name:44s} {reference:>13s} {line.measured:13.7g} {line.error:9.1e} "
        f"{quantity.tolerance:9.1e} {line.ranks:5d}{mark}"
    )


def as_data(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The table as plain data, for JSON."""
    sources = {benchmark.id: (benchmark.title, benchmark.source) for benchmark in BENCHMARKS}
    return [
        {
            "id": line.id,
            "title": sources[line.id][0],
            "source": sources[line.id][1],
            **asdict(line.quantity),
            "measured": line.measured,
            "error": line.error,
            "passed": line.passed,
            "ranks": line.ranks,
        }
        for line in lines
    ]

"""The table of benchmarks on 1, 2 and 3 ranks, every line of it; the command; the example of the docs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.errors import QualityError
from pipeline.machine import child_environment, mpi_command
from pipeline.solve.verification import table
from pipeline.solve.verification.benchmark import Benchmark, Line, Quantity, measured_lines

from mpi4py import MPI  # isort: skip

ROOT = Path(__file__).parent.parent.parent
MODULE = ["-m", "mpi4py", "-m", "pipeline.solve.verification"]
TIMEOUT_s = 1200
_tables: dict[int, dict[tuple[str, str], dict[str, Any]]] = {}


def run(ranks: int, program: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a Python program on some ranks."""
    return subprocess.run(
        mpi_command(ranks, program),
        cwd=ROOT,
        env={**child_environment(), "OMPI_MCA_mpi_yield_when_idle": "1"},  # ranks share busy cores
        capture_output=True,
        text=True,
        timeout=TIMEOUT_s,
        check=False,
    )


def solved(ranks: int, folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The whole table on some ranks, run once."""
    if ranks not in _tables:
        _tables[ranks] = {}  # a run that fails is not repeated
        out = folder / "table.json"
        done = run(ranks, [*MODULE, "--out", str(out)])
        assert out.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
        lines = json.loads(out.read_text(encoding="utf-8"))
        _tables[ranks] = {(line["id"], line["name"]): line for line in lines}
    assert _tables[ranks], "the run on these ranks has failed before"
    return _tables[ranks]


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("benchmark", table.BENCHMARKS, ids=lambda benchmark: benchmark.id)
def test_benchmark_is_within_tolerance(benchmark: Benchmark, ranks: int, tmp_path: Path) -> None:
    """Every quantity of every benchmark, on every number of ranks, against its own reference."""
    found = solved(ranks, tmp_path)
    for quantity in benchmark.quantities:
        line = found[benchmark.id, quantity.name]
        assert line["ranks"] == ranks
        error = quantity.error(line["measured"])
        assert error <= quantity.tolerance, f"{quantity.name}: {line['measured']}, not {quantity.reference}"


@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_do_not_matter(ranks: int, tmp_path: Path) -> None:
    """What is measured is the same on 1, 2 and 3 ranks: to 1e-6, or 1 % of a tolerance about zero."""
    one, many = solved(1, tmp_path), solved(ranks, tmp_path)
    for key, line in one.items():
        allowed = 1e-6 * abs(line["reference"]) or 0.01 * line["tolerance"]
        assert many[key]["measured"] == pytest.approx(line["measured"], abs=allowed), key


def test_no_two_quantities_share_a_name() -> None:
    """The table can be looked up by benchmark and name."""
    names = [(b.id, q.name) for b in table.BENCHMARKS for q in b.quantities]
    assert len(set(names)) == len(names)


def test_the_document_is_covered() -> None:
    """Every benchmark that is asked for is in the table."""
    wanted = {
        "MAT": range(1, 6),
        "LIN": (1, 2, 3, 5, 6, 7, 8),
        "FIN": range(1, 6),
        "CON": range(1, 8),
        "INV": range(1, 6),
    }
    asked = {f"{group}-{number}" for group, numbers in wanted.items() for number in numbers} | {"MMS-1"}
    assert asked <= {benchmark.id for benchmark in table.BENCHMARKS}


def test_errors_are_what_they_say() -> None:
    """Relative, absolute, short of a bound; a value that is not a number passes nothing."""
    assert Quantity("q", -2.0, 0.1).error(-2.1) == pytest.approx(0.05)
    assert Quantity("q", 0.0, 0.1, "absolute").error(-0.2) == pytest.approx(0.2)
    bound = Quantity("q", 0.5, 0.0, "at least")
    assert bound.error(0.7) == 0.0
    assert bound.error(0.4) == pytest.approx(0.1)
    for quantity in (bound, Quantity("q", 1.0, 1e9), Quantity("q", 0.0, 1e9, "absolute")):
        assert not Line("X", quantity, float("nan"), 1).passed


def test_a_misnamed_quantity_is_a_fault() -> None:
    """What is measured and what is compared must be the same names."""
    wrong = Benchmark("X", "t", "s", (Quantity("a", 1.0, 1.0),), lambda _: {"b": 1.0})
    with pytest.raises(ValueError, match=r"X measures \['b'\], its quantities are \['a'\]"):
        measured_lines(wrong, MPI.COMM_WORLD)


def test_command_prints_and_writes_the_table(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """``firstray verify`` runs what is named on the ranks that are asked for."""
    out = tmp_path / "t.json"
    assert main(["verify", "--ranks", "2", "--only", "LIN-1", "--out", str(out)]) == 0
    assert "error of stress, nu = 0.3" in capfd.readouterr().out
    lines = json.loads(out.read_text(encoding="utf-8"))
    assert [(line["id"], line["ranks"], line["passed"]) for line in lines] == [("LIN-1", 2, True)] * 4


def test_unknown_benchmark_is_bad_input(capfd: pytest.CaptureFixture[str]) -> None:
    """A misspelt name ends the command with 2 and says what there is."""
    assert main(["verify", "--ranks", "2", "--only", "LIN-99"]) == 2
    assert "no benchmark LIN-99; there are MAT-1, MAT-2" in capfd.readouterr().err


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_benchmark_out_of_tolerance_ends_with_6(ranks: int, tmp_path: Path) -> None:
    """The gate is what the exit code says, on any number of ranks."""
    spoiled = tmp_path / "spoiled.py"
    spoiled.write_text(
        "from dataclasses import replace\n"
        "from mpi4py import MPI\n"
        "from pipeline.solve.__main__ import leave_together\n"
        "from pipeline.solve.verification import __main__, table\n"
        "first = table.BENCHMARKS[0]\n"
        "wrong = tuple(replace(q, reference=1.0) for q in first.quantities)\n"
        "table.BENCHMARKS = (replace(first, quantities=wrong),)\n"
        "leave_together(MPI.COMM_WORLD, __main__.main(MPI.COMM_WORLD, []))\n",
        encoding="utf-8",
    )
    done = run(ranks, ["-m", "mpi4py", str(spoiled)])
    assert (done.returncode, "OUT OF TOLERANCE" in done.stdout) == (QualityError.exit_code, True), done.stderr


@pytest.mark.parametrize("ranks", [1, 2])
def test_example_of_the_docs_runs(ranks: int) -> None:
    """A benchmark made with the public functions only."""
    done = run(ranks, ["-m", "mpi4py", "docs/benchmark_of_your_own.py"])
    assert done.returncode == 0, done.stderr[-3000:]
    assert "lower end, mm" in done.stdout

"""The doctor finds what is wrong and says what to do."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import doctor


def test_this_environment_is_sound() -> None:
    """All checks pass where the tests run."""
    out = io.StringIO()
    assert doctor.run_doctor(2, out) == 0, out.getvalue()
    assert "2 of 2 started together" in out.getvalue()
    assert out.getvalue().endswith("all 8 checks passed\n")


def test_a_crash_is_a_failed_check() -> None:
    """A library that kills its process does not kill the doctor."""
    good, text = doctor.run_program("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert (good, text) == (False, "died of signal 11")


def test_a_missing_solver_that_is_not_needed_is_a_note() -> None:
    """Without hypre the check passes and says so; without MUMPS it fails."""
    good, text = doctor.run_program(doctor.SOLVERS.replace('("cg", "hypre"', '("cg", "none_such"'))
    assert (good, text.partition("; ")[2]) == (True, "not here and not needed: hypre"), text
    good, text = doctor.run_program(doctor.SOLVERS.replace('"cholesky"', '"none_such"'))
    assert (good, text.partition(" or ")[0]) == (False, "MUMPS is missing"), text


def test_the_last_line_of_an_error_is_shown() -> None:
    """A missing module is named."""
    good, text = doctor.run_program("import no_such_module")
    assert (good, text) == (False, "ModuleNotFoundError: No module named 'no_such_module'")


def test_single_rank_programs_are_not_taken_for_a_parallel_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that each believe to be alone are a failure."""
    monkeypatch.setattr(doctor, "run_program", lambda *_: (True, "1 Some MPI 1.0"))
    finding = doctor.check_ranks(2)
    assert not finding.good
    assert finding.text == "1 of 2 started together, Some MPI 1.0"


def test_reference_blas_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """One library from the reference BLAS is enough to fail."""
    both = "/usr/lib/blas/libblas.so.3, /usr/lib/openblas-pthread/libopenblas.so.0"
    monkeypatch.setattr(doctor, "run_program", lambda *_: (True, both))
    assert not doctor.check_blas().good


def test_a_full_disk_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Free space is taken from the nearest folder that exists."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    finding = doctor.check_disk("disk", tmp_path / "not" / "there")
    assert not finding.good
    assert finding.text == f"0.0 GB free in {tmp_path}"


def test_a_failed_check_gives_exit_code_2_and_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each failed line is followed by what to do."""
    monkeypatch.setattr(doctor, "run_program", lambda *_: (False, "broken"))
    out = io.StringIO()
    assert doctor.run_doctor(2, out) == 2
    text = out.getvalue()
    assert text.count("FAIL") == text.count("what to do: ") == 6
    assert text.endswith("6 of 8 checks failed\n")

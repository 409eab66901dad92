"""A program that draws may hang, fail or die; the caller gets one line and goes on."""

from __future__ import annotations

from pipeline.picture_program import run_apart


def test_program_that_hangs_is_stopped() -> None:
    """A program without end is ended, and the reason given."""
    assert "stopped after" in run_apart(["-c", "import time; time.sleep(60)"], 0.5)


def test_program_that_fails_gives_its_last_line() -> None:
    """An exception in the program shows as its message; a clean end as nothing."""
    assert run_apart(["-c", "raise ValueError('no such region')"], 60.0).endswith("no such region")
    assert run_apart(["-c", ""], 60.0) == ""


def test_program_that_dies_is_named_by_its_signal() -> None:
    """The way a broken OpenGL library ends a process is told, not raised."""
    assert "died of SIGSEGV" in run_apart(["-c", "import os; os.kill(os.getpid(), 11)"], 60.0)

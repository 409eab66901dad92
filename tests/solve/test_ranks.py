"""The parallel tests again on 2 and 3 ranks."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.machine import child_environment, mpi_command

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@pytest.mark.parametrize("ranks", [2, 3])
def test_properties_hold_on_more_ranks(ranks: int, tmp_path: Path) -> None:
    """Every test of ``tests/solve/parallel`` passes on this number of ranks."""
    program = ["-m", "mpi4py", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(HERE / "parallel")]
    environment = {**child_environment(), "PYTEST_DEBUG_TEMPROOT": str(tmp_path)}
    done = subprocess.run(
        mpi_command(ranks, program),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

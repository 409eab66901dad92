"""A folder shared by all ranks."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.solve import compat  # noqa: F401  (starts PETSc)

from mpi4py import MPI  # isort: skip


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """One temporary folder for all ranks; pytest gives each rank its own."""
    return Path(MPI.COMM_WORLD.bcast(tmp_path, root=0))

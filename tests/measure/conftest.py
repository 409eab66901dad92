"""The brick foot, and a case to go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Case, load_case
from tests.measure.bricks import Bricks, brick_foot

CASES = Path(__file__).parents[2] / "configs" / "cases"


@pytest.fixture(scope="session")
def bricks() -> Bricks:
    return brick_foot()


@pytest.fixture(scope="session")
def case() -> Case:
    return load_case(CASES / "normal.yaml")

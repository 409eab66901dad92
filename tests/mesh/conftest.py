"""The shipped cases, and variations of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Case, load_case

CASES = Path(__file__).parents[2] / "configs" / "cases"


@pytest.fixture(scope="session")
def normal() -> Case:
    """The shipped foot with a normal joint."""
    return load_case(CASES / "normal.yaml")


@pytest.fixture(scope="session")
def stiff() -> Case:
    """The shipped foot with a stiff joint."""
    return load_case(CASES / "stiff.yaml")


@pytest.fixture(scope="session")
def fused() -> Case:
    """The shipped foot with a fused joint."""
    return load_case(CASES / "fused.yaml")

"""Three measured brick feet whose stresses and toe pressures stand as 1 to 1.5 to 2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_case
from pipeline.measure import measure
from pipeline.report.results import CaseResult, read_results
from tests.measure.bricks import Floats, brick_foot, uniaxial_stress, write_case

CASES = Path(__file__).parents[2] / "configs" / "cases"
FACTORS = {"normal": 1.0, "stiff": 1.5, "fused": 2.0}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Result and mesh folder of each case by name."""
    root, bricks, found = tmp_path_factory.mktemp("report"), brick_foot(), {}
    for name, factor in FACTORS.items():

        def stress(x: Floats, factor: float = factor) -> Floats:
            return factor * uniaxial_stress(x)

        def pressure(x: Floats, factor: float = factor) -> Floats:
            return np.where(x[:, 0] > 60.0, 0.1 * factor, 0.1)

        case = load_case(CASES / f"{name}.yaml")
        found[name] = write_case(root, case, bricks, stress=stress, pressure=pressure)
        measure(*found[name], case)
    return found


@pytest.fixture(scope="session")
def results(folders: dict[str, tuple[Path, Path]]) -> list[CaseResult]:
    """The three cases, given in another order than they are shown."""
    order = [folders[name] for name in ("fused", "normal", "stiff")]
    return read_results([case for case, _ in order], [mesh for _, mesh in order])

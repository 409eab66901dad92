"""Measured brick feet whose stresses and toe pressures stand as 1 to 1.5 to 2 to 1.2."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_case
from pipeline.measure import measure
from pipeline.regions import Region
from pipeline.report.results import CaseResult, read_results
from tests.measure.bricks import Bricks, Floats, brick_foot, uniaxial_stress, write_case

CASES = Path(__file__).parents[2] / "configs" / "cases"
FACTORS = {"normal": 1.0, "stiff": 1.5, "fused": 2.0, "implant": 1.2}


def shod(bricks: Bricks) -> Bricks:
    """The foot with an implant, a skin of its own and a shoe: everything optional that pictures may meet."""
    region = bricks.region.copy()
    height = bricks.points[bricks.cells].mean(axis=1)[:, 2]
    soft = region == Region.SOFT_TISSUE
    region[soft & (height < 8.0)] = Region.SKIN
    region[soft & (height < 4.0)] = Region.SHOE_OUTSOLE
    region[region == Region.MTP1_CARTILAGE_MT1] = Region.IMPLANT
    return replace(bricks, region=region)


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
        own = shod(bricks) if name == "implant" else bricks
        found[name] = write_case(root, case, own, stress=stress, pressure=pressure)
        measure(*found[name], case)
    return found


@pytest.fixture(scope="session")
def results(folders: dict[str, tuple[Path, Path]]) -> list[CaseResult]:
    """The three cases, given in another order than they are shown."""
    order = [folders[name] for name in ("fused", "normal", "stiff")]
    return read_results([case for case, _ in order], [mesh for _, mesh in order])

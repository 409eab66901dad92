"""Paths of the cables: where they run, what they hold on to, which way they bend the toe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config import Case, load_case, sized
from pipeline.config.write import CONFIGS
from pipeline.mesh.cables import Route, routes
from pipeline.mesh.posture import Posture, stand

CASES = ("normal", "stiff", "stiff_grade4", "fused", "implant", "elevated", "shortened")


def built(name: str) -> tuple[Case, Posture, dict[str, Route]]:
    case = sized(load_case(Path(CONFIGS / "cases" / f"{name}.yaml")))
    posture = stand(case)
    return case, posture, routes(case, posture)


@pytest.mark.parametrize("name", CASES)
def test_every_cable_of_the_configuration_has_a_path(name: str) -> None:
    """Distinct points, and a drum never holds one of the points beside it."""
    case, _, found = built(name)
    assert case.cables is not None
    assert set(found) == set(type(case.cables).model_fields)
    for route in found.values():
        places = np.array([knot.place for knot in route.knots])
        assert np.linalg.norm(np.diff(places, axis=0), axis=1).min() > 1.0
        for roller in route.rollers:
            for knot in route.knots[roller.before : roller.before + 2]:
                away = knot.place - roller.centre
                away = away - (away @ roller.axis) * roller.axis
                assert np.linalg.norm(away) > roller.radius_mm


@pytest.mark.parametrize("name", CASES)
def test_flexors_run_below_and_the_extensor_above_the_joint(name: str) -> None:
    _, posture, found = built(name)
    for label, sign in (("fhl", -1.0), ("fascia_1", -1.0), ("fhb_medial", -1.0), ("ehl", 1.0)):
        knots = [knot.place for knot in found[label].knots if knot.on is not None]
        height = [(place - posture.mtp1) @ posture.mt1.dorsal for place in knots[:1]]
        assert np.all(sign * np.array(height) > 8.0), label


def test_fascia_is_as_long_as_in_the_foot() -> None:
    """About 150 mm from heel to toe; flexors come from behind the ankle."""
    found = built("normal")[2]

    def length(route: Route) -> float:
        places = np.array([knot.place for knot in route.knots])
        return float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())

    assert 140.0 < length(found["fascia_1"]) < 175.0
    assert 140.0 < length(found["fascia_2"]) < 175.0
    assert 180.0 < length(found["fhl"]) < 240.0
    assert 10.0 < length(found["collateral_lateral_1"]) < 19.0


def test_origins_turn_with_the_heel_and_grow_with_the_foot() -> None:
    """From the first base they lie as far away at every instant; a foot of 0.9 has them at 0.9."""
    case = load_case(CONFIGS / "cases" / "normal.yaml")
    away = []
    for path, value in (("instant", "midstance"), ("instant", "push_off"), ("factor", 0.9)):
        data = case.resolved()
        if path == "instant":
            data["posture"]["instant"] = value
        else:
            data["patient"]["foot_length_factor"]["value"] = value
        other = sized(Case.model_validate(data))
        posture = stand(other)
        away.append(
            float(np.linalg.norm(routes(other, posture)["fascia_1"].knots[0].place - posture.mt1.origin))
        )
    assert away[1] == pytest.approx(away[0], rel=1e-12)
    assert away[2] == pytest.approx(0.9 * away[0], rel=1e-12)

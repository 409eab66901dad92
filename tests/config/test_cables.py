"""Cables and joint laws in a case: one key takes each up, and wrong ones are refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Case, load_case
from pipeline.config.cables import ElasticCable, TensionCable
from pipeline.config.write import CONFIGS
from tests.config.conftest import HEAD, Refusal

GIVEN = 'source: "A test", status: assumed'
NAMES = (
    "fhl", "fhb_medial", "fhb_lateral", "ehl", "fdl", "fascia_1", "fascia_2", "deep_transverse",
    "plantar_plate_2", "collateral_medial_1", "collateral_lateral_1", "collateral_medial_2",
    "collateral_lateral_2",
)  # fmt: skip
SLIP = f"law: elastic, released: false, young_MPa: {{value: 100, {GIVEN}}}, area_mm2: {{value: 9, {GIVEN}}}"


def case_of(text: str) -> Case:
    Path("case.yaml").write_text(HEAD + text, encoding="utf-8")
    return load_case(Path("case.yaml"))


def test_every_cable_is_shipped_and_released() -> None:
    """No shipped case has a cable or a joint law that acts."""
    for path in sorted((CONFIGS / "cases").glob("*.yaml")):
        case = load_case(path)
        assert case.cables is not None
        assert tuple(type(case.cables).model_fields) == NAMES
        assert all(getattr(case.cables, name) is not None for name in NAMES)
        assert case.cables.acting() == {}
        assert case.tmt1_law is not None
        assert case.tmt1_law.released
        law = getattr(case.joint, "moment_law", None)
        assert law is None or law.released
        assert (law is None) == (case.joint.kind == "fused")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", NAMES)
def test_one_key_takes_a_cable_up(name: str) -> None:
    case = case_of(f"cables: {{{name}: {{released: false}}}}\n")
    assert case.cables is not None
    assert list(case.cables.acting()) == [name]


@pytest.mark.usefixtures("folder")
def test_one_key_takes_a_joint_law_up() -> None:
    case = case_of("joint: {moment_law: {released: false}}\ntmt1_law: {released: false}\n")
    assert not case.joint.moment_law.released  # type: ignore[union-attr]
    assert case.joint.moment_law.stiffness_Nmm_per_deg.value == 14.9  # type: ignore[union-attr]
    assert case.tmt1_law is not None
    assert not case.tmt1_law.released


def test_stiffer_by_grade() -> None:
    laws = [
        load_case(CONFIGS / "cases" / f"{name}.yaml").joint.moment_law  # type: ignore[union-attr]
        for name in ("normal", "stiff_grade1", "stiff", "stiff_grade3", "stiff_grade4")
    ]
    values = [law.stiffness_Nmm_per_deg.value for law in laws if law is not None]
    assert values == [14.9, 30.0, 45.0, 75.0, 150.0]


@pytest.mark.parametrize(
    ("instant", "tension", "strain"),
    [
        ("midstance", 29.42, 0.01),
        ("late_midstance", 191.23, 0.015),
        ("heel_rise", 353.04, 0.02),
        ("propulsion", 386.14, 0.025),
        ("push_off", 419.23, 0.03),
    ],
)
def test_values_follow_the_instant(instant: str, tension: float, strain: float) -> None:
    """FHL of a foot of 75 kg: 4, 48 and 57 % of 735.5 N."""
    cables = load_case(CONFIGS / "cases" / "normal.yaml").cables
    assert cables is not None
    assert isinstance(cables.fhl, TensionCable)
    assert isinstance(cables.fascia_1, ElasticCable)
    assert isinstance(cables.ehl, TensionCable)
    assert cables.fhl.tension_at(instant, 735.5) == pytest.approx(tension, abs=0.02)
    assert cables.ehl.tension_at(instant, 735.5) == 10.0
    assert cables.fascia_1.prestrain_at(instant) == strain


@pytest.mark.usefixtures("folder")
def test_another_law_replaces_the_inherited_one() -> None:
    cables = case_of(f"cables: {{fhl: {{{SLIP}}}}}\n").cables
    assert cables is not None
    assert isinstance(cables.fhl, ElasticCable)
    assert cables.fhl.prestrain_at("push_off") == 0.0


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (
            "cables: {fhl: {release: true}}\n",
            "3:16: cables.fhl.release: no such key; did you mean 'released'?",
        ),
        ("cables: {fhk: {released: true}}\n", "3:10: cables.fhk: no such key; did you mean 'fhl'?"),
        (
            "cables: {fascia_1: {young: 3}}\n",
            "3:21: cables.fascia_1.young: has no unit; write 'young_MPa'",
        ),
        (
            "joint: {moment_law: {stiffness: 3}}\n",
            "3:22: joint.moment_law.stiffness: has no unit; write 'stiffness_Nmm_per_deg'",
        ),
        (
            f"cables: {{fascia_2: {{area_mm2: {{value: -1, {GIVEN}}}}}}}\n",
            "3:32: cables.fascia_2.area_mm2.value: -1 is not allowed; must be above 0 and at most 2000",
        ),
        (
            "cables: {fascia_1: {law: rubber}}\n",
            "3:21: cables.fascia_1.law: 'rubber' is not allowed; one of elastic, tension",
        ),
        (
            "cables: {fhl: {law: tension, released: false}}\n",
            "3:10: cables.fhl: give one of tension_bodyweight_percent and tension_N, not both or none",
        ),
        (
            f"tmt1_law: {{neutral_deg: {{value: 120, {GIVEN}}}}}\n",
            "3:26: tmt1_law.neutral_deg.value: 120 is not allowed; must be at least -90 and at most 90",
        ),
        (
            f"anatomy: {{routes: {{fascia: {{behind_mm: {{value: -4, {GIVEN}}}}}}}}}\n",
            "3:41: anatomy.routes.fascia.behind_mm.value: -4 is not allowed; "
            "must be at least 0 and at most 500",
        ),
    ],
)
def test_wrong_cables_are_refused(refused: Refusal, body: str, line: str) -> None:
    assert refused(HEAD + body) == [f"case.yaml:{line}"]

"""What a loaded case offers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.config import Case, dump_yaml, load_case
from pipeline.config.write import CONFIGS, inline
from pipeline.regions import MTP1_REGIONS, Region

VARIANTS = ("normal", "stiff", "fused")


@pytest.fixture(params=VARIANTS)
def case(request: pytest.FixtureRequest) -> Case:
    """Each shipped case in turn."""
    return load_case(CONFIGS / "cases" / f"{request.param}.yaml")


def test_target_force_is_the_share_of_body_weight(case: Case) -> None:
    """63 percent of 75 kg under standard gravity."""
    assert case.target_force_N == pytest.approx(0.63 * 75 * 9.80665, rel=1e-14)


def test_every_region_of_the_variant_has_its_material(case: Case) -> None:
    absent = {
        "normal": {Region.OSTEOPHYTE},
        "stiff": set(),
        "fused": {Region.OSTEOPHYTE, Region.MTP1_CARTILAGE_MT1, Region.MTP1_CARTILAGE_PP1},
    }[case.joint.kind]
    table = case.materials_by_region()
    assert list(table) == [region for region in Region if region not in absent]
    assert table[Region.MT2_CORTEX] is case.materials["cortical"]
    filling = "mature_callus" if case.joint.kind == "fused" else "synovial_layer"
    assert table[Region.MTP1_GAP] is case.materials[filling]


def test_variants_share_every_material_outside_the_joint() -> None:
    tables = [load_case(CONFIGS / "cases" / f"{name}.yaml").materials_by_region() for name in VARIANTS]
    for region in set(Region) - set(MTP1_REGIONS):
        assert tables[0][region] == tables[1][region] == tables[2][region]


def test_case_cannot_be_changed(case: Case) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        case.patient.body_mass_kg.value = 80.0


def test_dumped_case_loads_back_equal(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.yaml"
    path.write_text(dump_yaml(case), encoding="utf-8")
    assert load_case(path) == case


@pytest.mark.parametrize(
    "title", ["Null", "yes", "1e4", "a: b # c", '"quoted" \\n', "Zürich 右足 🦶", "- a", "{x}", " x "]
)
def test_any_title_survives_the_dump(title: str, tmp_path: Path) -> None:
    """Text that YAML could take for something else is quoted."""
    normal = load_case(CONFIGS / "cases" / "normal.yaml")
    path = tmp_path / "a.yaml"
    case = normal.model_copy(update={"title": title})
    path.write_text(dump_yaml(case), encoding="utf-8")
    assert load_case(path) == case


def test_small_numbers_are_written_so_that_every_reader_takes_them_for_numbers() -> None:
    """YAML 1.1 readers take 1e-10 for text."""
    assert [inline(x) for x in (1e-10, 1.5e-10, 1e22, 3.0, 3)] == [
        "1.0e-10",
        "1.5e-10",
        "1.0e+22",
        "3.0",
        "3",
    ]


def test_resolved_case_is_plain_data_that_validates_again(case: Case) -> None:
    data = json.loads(json.dumps(case.resolved(), allow_nan=False))
    assert Case.model_validate(data) == case

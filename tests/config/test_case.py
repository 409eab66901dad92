"""What a loaded case offers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.config import Case, dump_yaml, load_case, sized
from pipeline.config.joint import FusedJoint
from pipeline.config.write import CONFIGS, inline
from pipeline.regions import MTP1_REGIONS, OPTIONAL_REGIONS, Region

VARIANTS = ("normal", "stiff", "fused")


@pytest.fixture(params=VARIANTS)
def case(request: pytest.FixtureRequest) -> Case:
    """Each shipped case in turn."""
    return load_case(CONFIGS / "cases" / f"{request.param}.yaml")


def test_target_force_is_the_share_of_body_weight(case: Case) -> None:
    """63 percent of 75 kg under standard gravity."""
    assert case.target_force_N == pytest.approx(0.63 * 75 * 9.80665, rel=1e-14)


LAYERS = {Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1, Region.MTP1_CAPSULE}
FUSED = {Region.MTP1_GAP, Region.MTP1_CAPSULE}
JOINTS = {
    "normal": LAYERS,
    "stiff_grade1": LAYERS | {Region.OSTEOPHYTE, Region.SCLEROSIS},
    "stiff": LAYERS | {Region.OSTEOPHYTE, Region.SCLEROSIS},
    "stiff_grade3": FUSED | {Region.OSTEOPHYTE, Region.SCLEROSIS},
    "stiff_grade4": FUSED | {Region.OSTEOPHYTE, Region.SCLEROSIS},
    "fused": FUSED,
    "fused_screws": FUSED | {Region.SCREWS},
    "fused_plate": FUSED | {Region.SCREWS, Region.PLATE},
    "implant": LAYERS | {Region.IMPLANT},
    "implant_hemi": LAYERS - {Region.MTP1_CARTILAGE_PP1} | {Region.IMPLANT},
    "elevated": LAYERS,
    "shortened": LAYERS,
    "compare_normal": LAYERS,
    "compare_stiff": LAYERS | {Region.OSTEOPHYTE, Region.SCLEROSIS},
    "compare_fused": FUSED,
}
"""Regions of the joint in every shipped case."""


def case_named(name: str) -> Case:
    return load_case(CONFIGS / "cases" / f"{name}.yaml")


def test_every_shipped_case_is_listed_here() -> None:
    assert {path.stem for path in (CONFIGS / "cases").glob("*.yaml")} == set(JOINTS)


@pytest.mark.parametrize("name", JOINTS)
def test_every_region_of_the_variant_has_its_material(name: str) -> None:
    case = case_named(name)
    common = set(Region) - set(MTP1_REGIONS) - set(OPTIONAL_REGIONS)
    table = case.materials_by_region()
    assert list(table) == [region for region in Region if region in common | JOINTS[name]]
    assert table[Region.MT2_CORTEX] is case.materials["cortical"]


def test_callus_is_of_the_stage_of_healing() -> None:
    for name, stage in (("fused", "mature_bone"), ("fused_plate", "fibrous")):
        case = case_named(name)
        assert case.materials_by_region()[Region.MTP1_GAP] is case.materials[f"callus_{stage}"]


def test_variants_share_every_material_outside_the_joint() -> None:
    tables = [case_named(name).materials_by_region() for name in JOINTS]
    for region in set(Region) - set(MTP1_REGIONS) - set(OPTIONAL_REGIONS):
        assert all(table[region] == tables[0][region] for table in tables)


@pytest.mark.parametrize("name", JOINTS)
def test_every_shipped_case_survives_the_dump(name: str, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.yaml"
    path.write_text(dump_yaml(case_named(name)), encoding="utf-8")
    assert load_case(path) == case_named(name)


def test_size_factor_scales_the_foot_and_not_the_operation() -> None:
    data = case_named("fused_screws").resolved()
    data["patient"]["foot_length_factor"]["value"] = 1.1
    data["anatomy"]["mt1_length_change_mm"]["value"] = -8.0
    before = Case.model_validate(data)
    after = sized(before)
    assert after.patient.foot_length_factor.value == 1.0
    assert after.anatomy.mt1.length_mm.value == pytest.approx(1.1 * 65)
    assert after.anatomy.mt2.sections.dorsoplantar_mm[3] == pytest.approx(1.1 * 10.1)
    assert after.anatomy.sesamoid_medial.width_mm.value == pytest.approx(11.0)
    assert after.anatomy.plantar_band_1_area_mm2.value == pytest.approx(1.21 * 20)
    assert after.anatomy.mt1_length_change_mm.value == -8.0
    assert after.anatomy.mt1.sections.fraction == before.anatomy.mt1.sections.fraction
    assert after.joint.joint_space_mm.value == pytest.approx(2.2)
    assert after.joint.capsule_thickness_mm.value == pytest.approx(1.1)
    assert isinstance(after.joint, FusedJoint)
    assert isinstance(before.joint, FusedJoint)
    assert after.joint.hardware == before.joint.hardware
    assert after.joint.shortening_mm == before.joint.shortening_mm
    assert after.posture == before.posture


def test_findings_and_devices_keep_their_size_in_another_foot() -> None:
    """Only the natural lengths of a joint grow; an area grows by the square everywhere."""
    for name in ("stiff", "implant", "implant_hemi", "fused_plate"):
        data = case_named(name).resolved()
        data["patient"]["foot_length_factor"]["value"] = 1.1
        before = Case.model_validate(data)
        after = sized(before)
        grown = {
            key
            for key in type(before.joint).model_fields
            if getattr(after.joint, key) != getattr(before.joint, key)
        }
        natural = {"joint_space_mm", "capsule_thickness_mm", "cartilage_mt1_mm", "cartilage_pp1_mm"}
        assert grown == {key for key in natural if getattr(before.joint, key, None) is not None}
        for key in grown:
            assert getattr(after.joint, key).value == pytest.approx(1.1 * getattr(before.joint, key).value)
    areas = [key for key in type(before.anatomy).model_fields if key.endswith("_mm2")]
    assert len(areas) == 3
    for key in areas:
        assert getattr(after.anatomy, key).value == pytest.approx(1.21 * getattr(before.anatomy, key).value)


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

"""What ``base:`` does: the including file wins, nothing stale survives, faults keep their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Case, load_case
from pipeline.config.elastic import NeoHookean
from pipeline.config.joint import FusedJoint, NormalJoint
from pipeline.errors import ConfigError
from tests.config.conftest import HEAD, Refusal

GIVEN = 'source: "A test", status: assumed'


def loaded(text: str, name: str = "case.yaml") -> Case:
    Path(name).write_text(text, encoding="utf-8")
    return load_case(Path(name))


def spoil_steps(path: Path) -> int:
    """Set the number of load steps to 0; the line where it stands."""
    lines = path.read_text(encoding="utf-8").split("\n")
    index = lines.index("  steps: 1")
    lines[index] = "  steps: 0"
    path.write_text("\n".join(lines), encoding="utf-8")
    return index + 1


@pytest.mark.usefixtures("folder")
def test_single_value_replaces_the_inherited_one_with_its_source() -> None:
    case = loaded(HEAD + f"patient: {{body_mass_kg: {{value: 60, {GIVEN}}}}}\n")
    mass = case.patient.body_mass_kg
    assert (mass.value, mass.source, mass.status) == (60.0, "A test", "assumed")
    assert case.anatomy == load_case(Path("normal.yaml")).anatomy


@pytest.mark.usefixtures("folder")
def test_no_note_is_left_behind_by_a_replaced_value() -> None:
    normal = load_case(Path("normal.yaml"))
    case = loaded(HEAD + f"joint: {{joint_space_mm: {{value: 2.1, {GIVEN}}}}}\n")
    assert normal.joint.joint_space_mm.note is not None
    assert case.joint.joint_space_mm.note is None


def test_value_without_its_own_source_is_refused(refused: Refusal) -> None:
    assert refused(HEAD + "patient: {body_mass_kg: {value: 60}}\n") == [
        "case.yaml:3:11: patient.body_mass_kg.source: missing "
        "(author year, DOI or report; for a derived value, how)",
        "case.yaml:3:11: patient.body_mass_kg.status: missing; "
        "one of published, measured, derived, unverified, assumed",
    ]


def test_sections_are_replaced_whole(refused: Refusal) -> None:
    """New widths alone would stand under the old table's source."""
    lines = refused(HEAD + "anatomy: {mt2: {sections: {mediolateral_mm: [8, 8, 8, 8, 8, 8, 8]}}}\n")
    assert [line.split(": ")[1].rsplit(".", 1)[1] for line in lines] == [
        "dorsoplantar_mm", "fraction", "source", "status",
    ]  # fmt: skip


@pytest.mark.usefixtures("folder")
def test_joint_without_kind_changes_the_inherited_joint() -> None:
    case = loaded(HEAD + f"joint: {{max_dorsiflexion_deg: {{value: 50, {GIVEN}}}}}\n")
    joint, before = case.joint, load_case(Path("normal.yaml")).joint
    assert isinstance(joint, NormalJoint)
    assert joint.max_dorsiflexion_deg.value == 50.0
    assert joint.joint_space_mm == before.joint_space_mm


@pytest.mark.usefixtures("folder")
def test_joint_with_kind_replaces_the_inherited_joint() -> None:
    joint = f"""\
joint:
  kind: fused
  joint_space_mm: {{value: 2, {GIVEN}}}
  capsule_thickness_mm: {{value: 1, {GIVEN}}}
  dorsiflexion_to_mt1_deg: {{value: 20, {GIVEN}}}
  valgus_deg: {{value: 12, {GIVEN}}}
  rotation_deg: {{value: 0, {GIVEN}}}
  shortening_mm: {{value: 0, {GIVEN}}}
  resection: flat
  callus_margin_mm: {{value: 3, {GIVEN}}}
  healing: fibrous
  tissues: {{mtp1_capsule: capsule}}
"""
    assert isinstance(loaded(HEAD + joint).joint, FusedJoint)


@pytest.mark.usefixtures("folder")
def test_material_with_law_replaces_and_without_law_changes() -> None:
    case = loaded(HEAD + f"materials: {{cartilage: {{young_MPa: {{value: 5, {GIVEN}}}}}}}\n")
    cartilage = case.materials["cartilage"]
    assert isinstance(cartilage, NeoHookean)
    assert cartilage.initial_young_modulus_MPa == 5.0
    assert cartilage.poisson.value == 0.45
    anew = f"{{law: linear_elastic, young_MPa: {{value: 5, {GIVEN}}}}}"
    with pytest.raises(ConfigError, match=r"materials\.cartilage\.poisson: missing"):
        loaded(HEAD + f"materials: {{cartilage: {anew}}}\n")


@pytest.mark.usefixtures("folder")
def test_name_is_the_files_and_never_inherited() -> None:
    """Two cases of one name would write into one folder."""
    assert load_case(Path("normal.yaml")).name == "normal"
    assert loaded(HEAD, "my-foot.yaml").name == "my-foot"
    assert loaded(HEAD + "name: other_foot\n", "my-foot.yaml").name == "other_foot"


def test_fault_in_the_base_is_reported_in_the_base(refused: Refusal, folder: Path) -> None:
    line = spoil_steps(folder / "base.yaml")
    assert refused(HEAD + "mesh: {level: rough}\n") == [
        f"base.yaml:{line}:3: load.steps: 0 is not allowed; must be at least 1 and at most 1000",
        "case.yaml:3:8: mesh.level: 'rough' is not allowed; one of coarse, medium, fine, xfine",
    ]


def test_fault_of_the_base_that_is_overridden_is_none(folder: Path) -> None:
    spoil_steps(folder / "base.yaml")
    assert loaded(HEAD + "load: {steps: 2}\n").load.steps == 2


def test_base_is_relative_to_the_including_file(folder: Path) -> None:
    below = folder / "mine" / "deep"
    below.mkdir(parents=True)
    (below / "foot.yaml").write_text(HEAD.replace("normal", "../../normal"), encoding="utf-8")
    assert load_case(Path("mine/deep/foot.yaml")).name == "foot"


def test_missing_base(refused: Refusal) -> None:
    assert refused("base: gone.yaml\n") == [
        "case.yaml:1:1: base: no file 'gone.yaml' beside case.yaml (looked for gone.yaml)"
    ]


def test_base_that_is_no_path(refused: Refusal) -> None:
    text = "base: must be the path of another case file, such as ../base.yaml, or a list of such paths"
    assert refused("title: a\nbase: 3\n") == [f"case.yaml:2:1: {text}"]
    assert refused("title: a\nbase: [normal.yaml, 3]\n") == [f"case.yaml:2:21: {text}"]


@pytest.mark.usefixtures("folder")
def test_later_bases_win_over_earlier_ones() -> None:
    """Each of a list of bases is laid over the one before it, and the file over all of them."""
    for name, steps, level in (("one", 3, "fine"), ("two", 5, "")):
        mesh = f"mesh: {{level: {level}}}\n" if level else ""
        Path(f"{name}.yaml").write_text(f"load: {{steps: {steps}}}\n{mesh}", encoding="utf-8")
    case = loaded("base: [normal.yaml, one.yaml, two.yaml]\nsolver: {max_newton: 7}\n")
    assert (case.load.steps, case.mesh.level, case.solver.max_newton) == (5, "fine", 7)
    swapped = loaded("base: [normal.yaml, two.yaml, one.yaml]\n")
    assert swapped.load.steps == 3


def test_cycle(refused: Refusal, folder: Path) -> None:
    (folder / "other.yaml").write_text("title: a\nbase: case.yaml\n", encoding="utf-8")
    assert refused("base: other.yaml\n") == [
        "other.yaml:2:1: base: 'case.yaml' leads back to itself: case.yaml -> other.yaml -> case.yaml"
    ]

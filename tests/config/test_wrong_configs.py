"""A wrong configuration is refused with one clear line at the right place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import check_output_folder, load_case
from pipeline.errors import ConfigError
from tests.config.conftest import HEAD, Refusal

GIVEN = 'source: "A test", status: assumed'
BONE = f"""\
materials:
  bone:
    law: linear_elastic
    young_MPa: {{value: 1e4, {GIVEN}}}
    poisson: {{value: 0.3, {GIVEN}}}
"""


def test_misspelt_key(refused: Refusal) -> None:
    assert refused(HEAD + BONE.replace("poisson", "poison")) == [
        "case.yaml:7:5: materials.bone.poison: no such key; did you mean 'poisson'?"
    ]


def test_negative_modulus(refused: Refusal) -> None:
    assert refused(HEAD + BONE.replace("1e4", "-1e4")) == [
        "case.yaml:6:17: materials.bone.young_MPa.value: -10000 is not allowed; "
        "must be above 0 and at most 1000000"
    ]


def test_poisson_ratio_of_an_incompressible_material(refused: Refusal) -> None:
    assert refused(HEAD + BONE.replace("0.3", "0.5")) == [
        "case.yaml:7:15: materials.bone.poisson.value: 0.5 is not allowed; must be above -1 and below 0.5 "
        "(at 0.5 this law divides by zero; soft tissue has 0.4 to 0.49)"
    ]


def test_missing_unit(refused: Refusal) -> None:
    assert refused(HEAD + BONE.replace("young_MPa", "young")) == [
        "case.yaml:6:5: materials.bone.young: has no unit; write 'young_MPa'"
    ]


def test_missing_unit_of_an_inherited_key(refused: Refusal) -> None:
    assert refused(HEAD + f"patient:\n  body_mass: {{value: 80, {GIVEN}}}\n") == [
        "case.yaml:4:3: patient.body_mass: has no unit; write 'body_mass_kg'"
    ]


def test_nan(refused: Refusal) -> None:
    assert refused(HEAD + f"patient:\n  body_mass_kg: {{value: .nan, {GIVEN}}}\n") == [
        "case.yaml:4:18: patient.body_mass_kg.value: nan is no usable number; must be above 0 and at most 300"
    ]


def test_infinity(refused: Refusal) -> None:
    assert refused(HEAD + "mesh:\n  size_bone_mm: .inf\n") == [
        "case.yaml:4:3: mesh.size_bone_mm: inf is no usable number; must be above 0 and at most 500"
    ]


def test_unknown_joint(refused: Refusal) -> None:
    assert refused(HEAD + "joint:\n  kind: frozen\n") == [
        "case.yaml:4:3: joint.kind: 'frozen' is not allowed; one of fused, implant, normal, stiff"
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_empty_file(refused: Refusal, text: str) -> None:
    assert refused(text) == ["case.yaml:1:1: the file is empty; a case needs at least base, title and joint"]


@pytest.mark.parametrize(("line", "column"), [("\tsteps: 3", 1), ("  \tsteps: 3", 3)])
def test_tab_indentation(refused: Refusal, line: str, column: int) -> None:
    assert refused(HEAD + f"load:\n{line}\n") == [
        f"case.yaml:4:{column}: indented with a tab; YAML allows only spaces, write two for each level"
    ]


def test_duplicate_key(refused: Refusal) -> None:
    assert refused(HEAD + BONE + "    law: linear_elastic\n") == [
        "case.yaml:8:5: materials.bone.law: given twice; first on line 5"
    ]


def test_output_folder_below_a_file(tmp_path: Path) -> None:
    """A file in the way is named, also for root, who may write anywhere else."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"file' is a file, not a folder; choose another") as caught:
        check_output_folder(tmp_path / "file" / "results")
    assert caught.value.exit_code == 2
    assert len(str(caught.value).splitlines()) == 1


def test_output_folder_where_nothing_can_be_made() -> None:
    """The kernel's process folder takes no new folder from anybody, as a read-only mount would not."""
    with pytest.raises(ConfigError, match=r"^output folder '/proc/results' cannot be written: "):
        check_output_folder(Path("/proc/results"))


def test_output_folder_that_exists_but_takes_no_file() -> None:
    with pytest.raises(ConfigError, match=r"^output folder '/proc/self' cannot be written: "):
        check_output_folder(Path("/proc/self"))


def test_good_output_folder_is_left_as_it_was(tmp_path: Path) -> None:
    check_output_folder(tmp_path / "new" / "results")
    check_output_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_all_faults_are_reported_together_in_order(refused: Refusal) -> None:
    """Duplicate keys, types, ranges, choices and undefined materials, whichever check finds them."""
    wrong = (
        "load: {steps: 0}\n"
        "solver: {linear: mumps, max_newton: 2.5}\n"
        "tissues: {soft_tissue: fat}\n"
        "mesh: {level: corse}\n"
        "title: Again\n"
    )
    assert refused(HEAD + wrong) == [
        "case.yaml:3:8: load.steps: 0 is not allowed; must be at least 1 and at most 1000",
        "case.yaml:4:10: solver.linear: 'mumps' is not allowed; one of multigrid, direct",
        "case.yaml:4:25: solver.max_newton: a whole number is needed, not 2.5",
        "case.yaml:5:11: tissues.soft_tissue: names material 'fat'; materials are: "
        f"{', '.join(sorted(load_case(Path('normal.yaml')).materials))}",
        "case.yaml:6:8: mesh.level: 'corse' is not allowed; one of coarse, medium, fine, xfine; "
        "did you mean 'coarse'?",
        "case.yaml:7:1: title: given twice; first on line 2",
    ]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (
            "patient: {body_mass_kg: 70}\n",
            "3:11: patient.body_mass_kg: 70 stands alone, without source; "
            'write {value: 70, source: "Author year, DOI", status: published}',
        ),
        (
            "patient: {body_mass_kg: 70 kg}\n",
            "3:11: patient.body_mass_kg: '70 kg' is no sourced value; "
            'write {value: ..., source: "Author year, DOI", status: published}',
        ),
        ("patient:\n", "3:1: patient: is empty; its keys are: body_mass_kg, side, foot_length_factor"),
        (
            "patient: 70\n",
            "3:1: patient: a block of keys is needed, not 70; "
            "its keys are: body_mass_kg, side, foot_length_factor",
        ),
        (
            f'patient: {{body_mass_kg: {{value: "70", {GIVEN}}}}}\n',
            "3:26: patient.body_mass_kg.value: a number is needed, not '70'; "
            "write the number alone, without quotes or unit",
        ),
        (
            f'patient: {{body_mass_kg: {{value: "70,5", {GIVEN}}}}}\n',
            "3:26: patient.body_mass_kg.value: a number is needed, not '70,5'; write 70.5, with a point",
        ),
        (
            f"patient: {{body_mass_kg: {{value: true, {GIVEN}}}}}\n",
            "3:26: patient.body_mass_kg.value: a number is needed, not true",
        ),
        (
            f"patient: {{body_mass_kg: {{value:, {GIVEN}}}}}\n",
            "3:26: patient.body_mass_kg.value: has no value; must be above 0 and at most 300",
        ),
        (
            "patient: {body_mass_kg: {value: 70, source: A test, status: publishd}}\n",
            "3:53: patient.body_mass_kg.status: 'publishd' is not allowed; one of published, measured, "
            "derived, unverified, assumed; did you mean 'published'?",
        ),
        (
            "patient: {body_mass_kg: {value: 70, status: assumed}}\n",
            "3:11: patient.body_mass_kg.source: missing "
            "(author year, DOI or report; for a derived value, how)",
        ),
        (
            'patient: {body_mass_kg: {value: 70, source: "", status: assumed}}\n',
            "3:37: patient.body_mass_kg.source: '' is too short; at least 6 characters",
        ),
        ("joint:\n", "3:1: joint: is empty; a block of keys is needed"),
        ("joint: stiff\n", "3:1: joint: a block of keys is needed, not 'stiff'"),
        (
            "joint: {kind: [stiff]}\n",
            "3:9: joint.kind: '['stiff']' is not allowed; one of fused, implant, normal, stiff; "
            "did you mean 'stiff'?",
        ),
        ("floor: {penalty: 3}\n", "3:9: floor.penalty: has no unit; write 'penalty_MPa_per_mm'"),
        (
            "load: {vertical_force: 3}\n",
            "3:8: load.vertical_force: has no unit; write 'vertical_force_bodyweight_percent'",
        ),
        ("titel: Again\n", "3:1: titel: no such key; did you mean 'title'?"),
        (
            "tissues: {soft_tisue: soft_tissue}\n",
            "3:11: tissues.soft_tisue: no such region; did you mean 'soft_tissue'?",
        ),
        ("output: {folder: 3}\n", "3:10: output.folder: text is needed, not 3; put it in quotes"),
        (
            "name: My Foot\n",
            "3:1: name: 'My Foot' is not allowed; write name: with only a to z, 0 to 9, _ and -",
        ),
        (
            f"anatomy: {{mt2: {{cortex_shaft_mm: {{value: 3.5, {GIVEN}}}}}}}\n",
            "3:35: anatomy.mt2.cortex_shaft_mm.value: 3.5 leaves no core in the smallest section, 7 mm; "
            "must be below 3.5",
        ),
        (
            f"anatomy: {{ip_joint_space_mm: {{value: 1.4, {GIVEN}}}}}\n",
            "3:31: anatomy.ip_joint_space_mm.value: 1.4 mm leaves a gap of 0.2 mm between cartilages of 0.6 "
            "and 0.6 mm; the gap must be at least 0.3 mm, so the joint space at least 1.5 mm",
        ),
        (
            f"joint: {{joint_space_mm: {{value: 1.7, {GIVEN}}}}}\n",
            "3:26: joint.joint_space_mm.value: 1.7 mm leaves a gap of 0.2 mm between cartilages of 0.8 "
            "and 0.7 mm; the gap must be at least 0.3 mm, so the joint space at least 1.8 mm",
        ),
    ],
)
def test_other_wrong_values(refused: Refusal, body: str, line: str) -> None:
    assert refused(HEAD + body) == [f"case.yaml:{line}"]


@pytest.mark.parametrize(
    ("fraction", "dorsoplantar", "line"),
    [
        ([0.1, 0.3, 0.2, 0.9], [8, 8, 8, 8], "5:7: {0}.fraction: 0.2 follows 0.3; fractions must increase"),
        (
            [0.1, 0.3, 0.5, 1.9],
            [8, 8, 8, 8],
            "5:33: {0}.fraction[3]: 1.9 is not allowed; must be at least 0 and at most 1",
        ),
        (
            [0.1, 0.3, 0.5, 0.9],
            [8, 8, 8, 8, 8],
            "7:7: {0}.dorsoplantar_mm: has 5 numbers but fraction has 4; one for each position",
        ),
        (
            [0.1, 0.3, 0.5, 0.9],
            [8, 8, -8, 8],
            "7:31: {0}.dorsoplantar_mm[2]: -8 is not allowed; must be above 0 and at most 500",
        ),
        (
            [0.1, 0.3, 0.5, 0.9],
            8,
            "7:7: {0}.dorsoplantar_mm: a list such as [0.1, 0.5, 0.9] is needed, not 8",
        ),
        (
            [0.1, 0.3, 0.5, 0.9],
            [8],
            "7:7: {0}.dorsoplantar_mm: has 1 numbers but fraction has 4; one for each position",
        ),
    ],
    ids=["order", "range", "count", "negative", "number", "short"],
)
def test_wrong_section_tables(
    refused: Refusal, fraction: list[float], dorsoplantar: object, line: str
) -> None:
    text = f"""\
anatomy:
  mt2: {{sections: {{
      fraction: {fraction},
      mediolateral_mm: [8, 8, 8, 8],
      dorsoplantar_mm: {dorsoplantar},
      {GIVEN}}}}}
"""
    assert refused(HEAD + text) == [f"case.yaml:{line.format('anatomy.mt2.sections')}"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("- a\n- b\n", "case.yaml:1:1: a case is a mapping of keys ('title: ...'), this is a list"),
        ("just words\n", "case.yaml:1:1: a case is a mapping of keys ('title: ...'), this is a single value"),
        (HEAD.encode("utf-16"), "case.yaml:1:1: is encoded in UTF-16; save it as UTF-8"),
        (
            HEAD.encode() + "# Zürich\n".encode("latin-1"),
            "case.yaml:3:4: byte 0xfc is not UTF-8; save the file as UTF-8",
        ),
        (HEAD + "x: \0\n", "case.yaml:3:4: character '\\x00' is not allowed in YAML"),
        (
            "#" * 1_000_001,
            "case.yaml: is 1000001 bytes; a case has at most 1000000: is it the right file?",
        ),
        ("[" * 5000, "case.yaml:1:1: nested too deeply to be a case"),
        (
            "title: Normal: joint\n",
            "case.yaml:1:14: ':' is not allowed here; check the indentation, "
            "and put text that holds ': ' in quotes",
        ),
        (HEAD + "---\ntitle: b\n", "case.yaml:3:1: a second document starts here; a file holds one case"),
        (
            HEAD + "mesh: &m {level: coarse}\nfloor: *m\n",
            "case.yaml:4:8: alias *m is not supported; write the value out, or inherit with base:",
        ),
        (
            HEAD + "mesh: {level: coarse\n",
            "case.yaml:4:1: expected ',' or '}', but got '<stream end>' "
            "(while parsing a flow mapping, begun on line 3)",
        ),
        (
            HEAD + "mesh: !!python/object:os.system {level: coarse}\n",
            "case.yaml:3:1: mesh: tag tag:yaml.org,2002:python/object:os.system is not allowed",
        ),
    ],
    ids=[
        "list",
        "words",
        "utf-16",
        "latin-1",
        "nul",
        "large",
        "deep",
        "colon",
        "two",
        "alias",
        "open",
        "tag",
    ],
)
def test_files_that_are_no_case(refused: Refusal, content: str | bytes, line: str) -> None:
    assert refused(content) == [line]


def test_a_file_without_base_says_what_is_missing(refused: Refusal) -> None:
    lines = refused("title: Alone\n")
    assert lines[0] == "case.yaml:1:1: anatomy: missing (shape of bones and soft parts)"
    assert [line.split(": ")[1] for line in lines] == [
        "anatomy", "articulation", "floor", "joint", "load", "materials", "mesh", "patient", "posture",
        "solver", "tissues",
    ]  # fmt: skip


def test_missing_value_of_a_new_material(refused: Refusal) -> None:
    assert refused(HEAD + BONE.replace("    poisson", "    # poisson")) == [
        "case.yaml:4:3: materials.bone.poisson: missing (poisson's ratio, above -1 and below 0.5); "
        'write {value: ..., source: "Author year, DOI", status: published}',
    ]


def test_missing_kind_of_joint(refused: Refusal, folder: Path) -> None:
    text = (folder / "normal.yaml").read_text(encoding="utf-8").replace("  kind: normal\n", "")
    (folder / "normal.yaml").write_text(text, encoding="utf-8")
    assert refused(HEAD) == ["normal.yaml:6:1: joint.kind: missing; one of fused, implant, normal, stiff"]


def test_file_that_does_not_exist_and_folder(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^gone.yaml: no such file; give a case such as"):
        load_case(Path("gone.yaml"))
    with pytest.raises(ConfigError, match=r"is a folder; a case is a YAML file"):
        load_case(folder)


def test_file_name_that_is_no_case_name(folder: Path) -> None:
    Path("My foot.yaml").write_text(HEAD, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^My foot.yaml:1:1: name: 'My foot' is not allowed; write"):
        load_case(Path("My foot.yaml"))

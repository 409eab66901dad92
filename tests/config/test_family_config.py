"""The key ``mesh: shared_with:``: whole paths, and faults of the files it names at the place of the name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import dump_yaml, load_case
from tests.config.conftest import HEAD, Refusal

SHARED = "mesh: {shared_with: [%s]}\n"


@pytest.mark.usefixtures("folder")
def test_paths_start_at_the_file_that_names_them(folder: Path) -> None:
    below = folder / "deep"
    below.mkdir()
    base = below / "family.yaml"
    base.write_text("base: ../normal.yaml\ntitle: A\n" + SHARED % "../normal.yaml, family.yaml", "utf-8")
    Path("case.yaml").write_text("base: deep/family.yaml\ntitle: B\n", "utf-8")
    whole = (str(folder.resolve() / "normal.yaml"), str(base.resolve()))
    assert load_case(base).mesh.shared_with == whole
    assert load_case(Path("case.yaml")).mesh.shared_with == whole


def test_case_written_out_loads_to_the_same(folder: Path) -> None:
    Path("case.yaml").write_text(HEAD + SHARED % "normal.yaml, case.yaml", "utf-8")
    case = load_case(Path("case.yaml"))
    (folder / "copy.yaml").write_text(dump_yaml(case), "utf-8")
    assert load_case(folder / "copy.yaml") == case


def test_cases_may_name_each_other(folder: Path) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        (folder / f"{name}.yaml").write_text(HEAD + SHARED % f"{other}.yaml", "utf-8")
    assert load_case(folder / "one.yaml").mesh.shared_with == (str(folder.resolve() / "two.yaml"),)


def test_missing_file(refused: Refusal, folder: Path) -> None:
    assert refused(HEAD + SHARED % "normal.yaml, gone.yaml") == [
        f"case.yaml:3:35: mesh.shared_with[1]: {folder.resolve() / 'gone.yaml'}: no such file; "
        "give a case such as configs/cases/normal.yaml"
    ]


def test_file_that_names_itself_only(refused: Refusal) -> None:
    assert refused(HEAD + SHARED % "case.yaml, ./case.yaml") == [
        "case.yaml:3:8: mesh.shared_with: names this file alone; name the other variants or leave the key out"
    ]


def test_fault_in_a_named_file(refused: Refusal, folder: Path) -> None:
    (folder / "bad.yaml").write_text(HEAD + "load: {steps: 0}\nmesh: {level: rough}\n", "utf-8")
    (line,) = refused(HEAD + SHARED % "bad.yaml")
    place = folder.resolve() / "bad.yaml"
    assert line.startswith(f"case.yaml:3:22: mesh.shared_with[0]: {place}:3:8: load.steps: 0 is not allowed")
    assert f"; {place}:4:8: mesh.level: 'rough' is not allowed" in line


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("normal.yaml", "mesh.shared_with: a list such as [a.yaml, b.yaml] is needed, not 'normal.yaml'"),
        ("[a, b, c, d, e, f, g, h, i]", "mesh.shared_with: has 9 entries; at most 8 are allowed"),
        ("[1]", "mesh.shared_with[0]: text is needed, not 1; put it in quotes"),
    ],
)
def test_other_things_than_a_list_of_files(refused: Refusal, value: str, said: str) -> None:
    (line,) = refused(HEAD + f"mesh: {{shared_with: {value}}}\n")
    assert said in line

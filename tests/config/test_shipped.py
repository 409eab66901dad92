"""The shipped files: variants differ in the joint alone, numbers have sources, generated files fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from pipeline.config import Case, load_case, write_default_files
from pipeline.config.sourced import Status
from pipeline.config.write import CONFIGS
from pipeline.config.yaml_tree import read_tree

VARIANTS = ("normal", "stiff", "fused")


def shipped(name: str) -> Case:
    return load_case(CONFIGS / "cases" / f"{name}.yaml")


def sourced_blocks(data: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and block of everything that has a value or a status."""
    if isinstance(data, dict):
        if "value" in data or "status" in data:
            yield path, data
        else:
            for key, below in data.items():
                yield from sourced_blocks(below, f"{path}.{key}")


def numbers_without_source(data: Any, path: str = "") -> Iterator[str]:
    """Paths of numbers that stand outside any sourced block."""
    if isinstance(data, dict) and "source" not in data:
        for key, below in data.items():
            yield from numbers_without_source(below, f"{path}.{key}")
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield path


@pytest.mark.parametrize("name", VARIANTS)
def test_case_file_holds_nothing_but_its_joint(name: str) -> None:
    tree, faults = read_tree(CONFIGS / "cases" / f"{name}.yaml")
    assert faults == []
    assert set(tree.children) == {"base", "name", "title", "joint"}
    assert tree.children["base"].value == "../base.yaml"
    assert "joint" not in read_tree(CONFIGS / "base.yaml")[0].children


def test_variants_differ_in_joint_name_and_title_only() -> None:
    first, *others = [shipped(name).resolved() for name in VARIANTS]
    for other in others:
        assert {key for key in first if first[key] != other[key]} == {"joint", "name", "title"}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_value_has_source_and_legal_status(name: str) -> None:
    blocks = list(sourced_blocks(shipped(name).resolved()))
    assert len(blocks) > 70
    for path, block in blocks:
        assert block["source"].strip(), path
        assert block["status"] in get_args(Status), path


@pytest.mark.parametrize("name", VARIANTS)
def test_only_numerical_settings_stand_without_source(name: str) -> None:
    allowed = ("mesh", "solver", "load.steps", "joint.grade")
    loose = [path.lstrip(".") for path in numbers_without_source(shipped(name).resolved())]
    assert [path for path in loose if not path.startswith(allowed)] == []


def test_last_phalanges_of_the_second_toe_are_set_end_to_end() -> None:
    """Sections of two bones of 15 and 11 mm at seven fractions each become fractions of 26 mm."""
    stations = (0.10, 0.25, 0.35, 0.50, 0.65, 0.75, 0.90)
    expected = [(start + s * length) / 26 for start, length in ((0, 15), (15, 11)) for s in stations]
    toe = shipped("normal").anatomy.dp2
    assert toe.length_mm.value == 26.0
    assert toe.sections.fraction == pytest.approx(expected, abs=5e-5)


def test_generated_files_are_in_step_with_the_types(tmp_path: Path) -> None:
    for path in write_default_files(tmp_path):
        kept = CONFIGS / path.name
        assert kept.is_file(), f"configs/{path.name} is missing: run ./firstray schema --write and commit it"
        assert path.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), (
            f"configs/{path.name} is out of date: run ./firstray schema --write and commit it"
        )


def test_default_file_is_the_normal_case() -> None:
    assert load_case(CONFIGS / "default.yaml") == shipped("normal")


def test_schema_describes_every_key_and_resolves() -> None:
    """Each property has a description and each reference a definition, under readable names."""
    schema = json.loads((CONFIGS / "schema.json").read_text(encoding="utf-8"))
    text = json.dumps(schema)
    assert "FieldInfo" not in text
    for part in (schema, *schema["$defs"].values()):
        for key, entry in part["properties"].items():
            assert entry.get("description"), f"{part['title']}.{key}"
    references = {piece.split('"', 1)[0] for piece in text.split('"$ref": "#/$defs/')[1:]}
    assert references == set(schema["$defs"])


def test_schema_asks_a_partial_file_for_nothing_but_complete_sources() -> None:
    """A case that inherits holds only some keys; a value must still carry its source."""
    schema = json.loads((CONFIGS / "schema.json").read_text(encoding="utf-8"))
    assert "required" not in schema
    for title, part in schema["$defs"].items():
        assert ("required" in part) == ("source" in part["properties"]), title

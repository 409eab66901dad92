"""Cases written out: YAML that loads back to the same case, the default file and the JSON schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pipeline.config.case import Case
from pipeline.config.load import load_case
from pipeline.config.sourced import Sourced
from pipeline.stage import write_text

CONFIGS = Path(__file__).parents[2] / "configs"
YAML_WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
"""Words that some YAML reader takes for something else than text."""
FIRST_KEYS = ("kind", "law")

DEFAULT_HEAD = """\
# yaml-language-server: $schema=schema.json
# Every key of a case, with the values of the normal case. Written by ./firstray schema --write; do not edit.
# To make a case of your own, copy one of configs/cases and change what differs: see base: there.
"""

MATERIAL_SET = {
    "properties": {
        "set": {
            "type": "string",
            "pattern": r"^[a-z0-9_]+\.[a-z0-9_]+$",
            "description": "Material of a file of sets, such as sun_2011.plantar_pad",
        }
    },
    "required": ["set"],
    "title": "MaterialSet",
    "type": "object",
}
"""Schema of a material taken from a file; it is put in place when a case is read."""

SCHEMA_TEXT = (
    "Keys, units and ranges of a case, for editors. A file that inherits with base: holds only some of "
    "the keys, so none is required here; ./firstray check finds what is missing."
)


def dump_yaml(case: Case) -> str:
    """The whole case as YAML with a comment above each key; loading it gives an equal case."""
    return "\n".join(lines_of_block(case, 0)) + "\n"


def lines_of_block(block: BaseModel, depth: int) -> list[str]:
    """Lines of one block, the word that names its variant first."""
    fields = type(block).model_fields
    lines: list[str] = []
    for key in sorted(fields, key=lambda name: name not in FIRST_KEYS):
        if getattr(block, key) is None:
            continue
        if depth == 0 and lines:
            lines.append("")
        if fields[key].description:
            lines.append(f"{'  ' * depth}# {fields[key].description}")
        lines += lines_of_entry(key, getattr(block, key), depth)
    return lines


def lines_of_entry(key: str, value: Any, depth: int) -> list[str]:
    """Lines of one key and its value."""
    pad = "  " * depth
    if isinstance(value, Sourced):
        given = {name: each for name, each in value if each is not None}
        return [f"{pad}{key}: {{{', '.join(f'{name}: {inline(each)}' for name, each in given.items())}}}"]
    if isinstance(value, BaseModel):
        return [f"{pad}{key}:", *lines_of_block(value, depth + 1)]
    if isinstance(value, tuple) and any(isinstance(each, BaseModel) for each in value):
        items = [line for each in value for line in (f"{pad}  -", *lines_of_block(each, depth + 2))]
        return [f"{pad}{key}:", *items]
    if isinstance(value, dict):
        return [f"{pad}{key}:"] + [
            line for name, each in value.items() for line in lines_of_entry(name, each, depth + 1)
        ]
    return [f"{pad}{key}: {inline(value)}"]


def inline(value: Any) -> str:
    """A number, text or list on one line."""
    if isinstance(value, tuple):
        return f"[{', '.join(inline(each) for each in value)}]"
    if isinstance(value, float):
        text = repr(value)
        mantissa, exponent, power = text.partition("e")
        return text if "." in mantissa or not exponent else f"{mantissa}.0e{power}"
    if isinstance(value, str) and value.isidentifier() and value.lower() not in YAML_WORDS:
        return value
    return json.dumps(value, ensure_ascii=not (isinstance(value, str) and value.isprintable()))


def json_schema() -> dict[str, Any]:
    """JSON schema of a case file for editors."""
    schema = Case.model_json_schema()
    base = {
        "type": "string",
        "description": "Case file to inherit from, relative to this one",
        "title": "Base",
    }
    schema["properties"] = {"base": base, **schema["properties"]}
    loosen(schema)
    (materials,) = schema["properties"]["materials"]["patternProperties"].values()
    materials["anyOf"].append(MATERIAL_SET)
    schema = with_titles_as_names(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "description": SCHEMA_TEXT}


def with_titles_as_names(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with every definition under its title, in place of pydantic's name for a generic."""
    text = json.dumps(schema)
    for name, part in schema["$defs"].items():
        text = text.replace(json.dumps(name), json.dumps(part["title"]))
        text = text.replace(f'#/$defs/{name}"', f'#/$defs/{part["title"]}"')
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def loosen(part: Any) -> None:
    """Drop what a partial file would break: required keys outside sourced values, one-and-only-one unions."""
    if isinstance(part, list):
        for each in part:
            loosen(each)
    elif isinstance(part, dict):
        if "source" not in part.get("properties", {}):
            part.pop("required", None)
        if "oneOf" in part:
            part["anyOf"] = part.pop("oneOf")
            part.pop("discriminator", None)
        for each in list(part.values()):
            loosen(each)


def write_default_files(folder: Path) -> list[Path]:
    """Write ``default.yaml`` (the normal case in full) and ``schema.json`` into a folder.

    Returns:
        The files written.
    """
    case = load_case(CONFIGS / "cases" / "normal.yaml")
    default, schema = folder / "default.yaml", folder / "schema.json"
    write_text(default, DEFAULT_HEAD + "\n" + dump_yaml(case))
    write_text(schema, json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return [default, schema]

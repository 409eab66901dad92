"""FaultsError that pydantic finds, said in the words of the configuration and at their place in the file."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from pipeline.config.case import Case, material_faults
from pipeline.config.sourced import ADVICE, FaultsError
from pipeline.config.yaml_tree import Fault, Tree

KeyPath = tuple[str | int, ...]
Schema = dict[str, Any]

UNITS = (
    "mm", "mm2", "deg", "MPa", "MPa_per_mm", "kg", "N", "percent", "bodyweight_percent", "Nmm_per_deg",
    "g_per_cm3",
)  # fmt: skip
DISCRIMINATORS = ("kind", "law")
SOURCED_EXAMPLE = '{value: %s, source: "Author year, DOI", status: published}'


def faults_of(error: ValidationError, tree: Tree) -> list[Fault]:
    """Every fault of a failed validation, at its place in the tree."""
    schema = Case.model_json_schema()
    found: list[tuple[KeyPath, str]] = []
    guessed: set[KeyPath] = set()
    for detail in error.errors(include_url=False):
        path = true_path(detail["loc"], tree)
        for place, text in explain(detail, path, tree, schema, guessed):
            found.append((place, text))
    raw = tree.plain()
    joint = raw.get("joint")
    joint_tissues = joint.get("tissues") if isinstance(joint, dict) else None
    found += material_faults(raw.get("tissues"), joint_tissues, raw.get("materials"))
    return [fault_at(tree, path, text) for path, text in found if path not in guessed]


def true_path(loc: KeyPath, tree: Tree) -> KeyPath:
    """KeyPath in the file of a pydantic location, which also holds union names and ``[key]``."""
    path: list[str | int] = []
    here: Tree | None = tree
    for step in loc:
        below = child_of(here, step)
        if below is None and (step == "[key]" or is_tag(here, step)):
            continue
        path.append(step)
        here = below
    return tuple(path)


def child_of(tree: Tree | None, step: str | int) -> Tree | None:
    """Child of a tree by key or index, or None."""
    if tree is None:
        return None
    if isinstance(step, str):
        return tree.children.get(step)
    return tree.value[step] if isinstance(tree.value, list) and step < len(tree.value) else None


def is_tag(tree: Tree | None, step: str | int) -> bool:
    """Whether a step is the name of the variant that the block at hand says it is."""
    return any((tag := child_of(tree, key)) is not None and tag.value == step for key in DISCRIMINATORS)


def fault_at(tree: Tree, path: KeyPath, text: str) -> Fault:
    """Fault at a path; a missing key is reported at the block that should hold it."""
    here = tree
    for step in path:
        below = child_of(here, step)
        if below is None:
            break
        here = below
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return Fault(here.mark, words, text)


def explain(
    detail: Any, path: KeyPath, tree: Tree, schema: Schema, guessed: set[KeyPath]
) -> Iterator[tuple[KeyPath, str]]:
    """KeyPath and text of each fault behind one pydantic error.

    Args:
        detail: entry of ``ValidationError.errors()``.
        path: its path in the file.
        tree: the file.
        schema: JSON schema of a case.
        guessed: paths of absent keys that a misspelt key was probably meant to be; extended here.
    """
    kind, value = detail["type"], detail["input"]
    carried = detail.get("ctx", {}).get("error")
    if isinstance(carried, FaultsError):
        yield from (((*path, *below), text) for below, text in carried.faults)
    elif kind == "extra_forbidden":
        keys = allowed_keys(schema, path[:-1], tree)
        advice, meant = unknown_key(str(path[-1]), keys)
        if meant and child_of(subtree(tree, path[:-1]), meant) is None:
            guessed.add((*path[:-1], meant))
        yield path, advice
    elif kind == "missing":
        yield path, missing(path, tree, schema)
    elif kind == "union_tag_not_found":
        union = schema_at(schema, path, tree)["discriminator"]
        yield (*path, union["propertyName"]), f"missing; one of {', '.join(union['mapping'])}"
    elif kind == "union_tag_invalid":
        union = schema_at(schema, path, tree)["discriminator"]
        yield (*path, union["propertyName"]), choice(detail["ctx"]["tag"], list(union["mapping"]))
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        yield path, block_wanted(value, schema_at(schema, path, tree))
    else:
        yield path, wrong_value(kind, value, detail, schema_at(schema, path, tree))


def wrong_value(kind: str, value: Any, detail: Any, schema: Schema) -> str:
    """Text for a single value of the wrong type or outside its range."""
    if value is None:
        return f"has no value; {bounds(schema) or 'write one'}"
    if kind in ("float_type", "int_type"):
        return number_wanted(value, "whole number" if kind == "int_type" else "number")
    if kind == "finite_number":
        return f"{value} is no usable number; {bounds(schema) or 'write a finite number'}"
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return f"{shown(value)} is not allowed; {bounds(schema)}"
    if kind == "literal_error":
        return choice(value, words_of(schema))
    if kind == "string_type":
        return f"text is needed, not {shown(value)}; put it in quotes"
    if kind == "string_too_short":
        return f"{shown(value)} is too short; at least {detail['ctx']['min_length']} characters"
    if kind == "string_too_long":
        return f"is {len(value)} characters long; at most {detail['ctx']['max_length']}"
    if kind == "string_pattern_mismatch":
        return f"{shown(value)} is not allowed; {schema.get(ADVICE, 'write only a to z, 0 to 9 and _')}"
    if kind == "too_short":
        return (
            f"has {detail['ctx']['actual_length']} entries; at least {detail['ctx']['min_length']} are needed"
        )
    if kind == "too_long":
        return (
            f"has {detail['ctx']['actual_length']} entries; at most {detail['ctx']['max_length']} are allowed"
        )
    if kind == "tuple_type":
        example = "[a.yaml, b.yaml]" if schema["items"]["type"] == "string" else "[0.1, 0.5, 0.9]"
        return f"a list such as {example} is needed, not {shown(value)}"
    return f"{detail['msg']}, not {shown(value)}"


def choice(value: Any, allowed: list[str]) -> str:
    """Text for a word outside its choices."""
    near = difflib.get_close_matches(str(value), allowed, n=1)
    advice = f"; did you mean '{near[0]}'?" if near else ""
    return f"'{value}' is not allowed; one of {', '.join(allowed)}{advice}"


def number_wanted(value: Any, what: str) -> str:
    """Text for something that is not a number."""
    if isinstance(value, str):
        if re.fullmatch(r"[-+]?\d+,\d+", value):
            return f"a {what} is needed, not {shown(value)}; write {value.replace(',', '.')}, with a point"
        number = re.match(r"\s*([-+]?\d[\d.]*(?:[eE][-+]?\d+)?)", value)
        if number:
            return f"a {what} is needed, not {shown(value)}; write the number alone, without quotes or unit"
    return f"a {what} is needed, not {shown(value)}"


def block_wanted(value: Any, schema: Schema) -> str:
    """Text where a block of keys should stand."""
    keys = ", ".join(schema.get("properties", {}))
    if value is None:
        return f"is empty; its keys are: {keys}" if keys else "is empty; a block of keys is needed"
    if "value" in schema.get("properties", {}):
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return f"{shown(value)} stands alone, without source; write {SOURCED_EXAMPLE % shown(value)}"
        return f"{shown(value)} is no sourced value; write {SOURCED_EXAMPLE % '...'}"
    return f"a block of keys is needed, not {shown(value)}" + (f"; its keys are: {keys}" if keys else "")


def missing(path: KeyPath, tree: Tree, schema: Schema) -> str:
    """Text for an absent key: what it is and, for a sourced value, how to write it."""
    words = words_of(schema_at(schema, path, tree))
    if words:
        return f"missing; one of {', '.join(words)}"
    entry = schema_at(schema, path[:-1], tree).get("properties", {}).get(path[-1], {})
    description = entry.get("description", "")
    below = schema_at(schema, path, tree)
    how = f"; write {SOURCED_EXAMPLE % '...'}" if "value" in below.get("properties", {}) else ""
    meaning = f" ({description[0].lower() + description[1:]})" if description else ""
    return f"missing{meaning}{how}"


def unknown_key(key: str, allowed: list[str]) -> tuple[str, str | None]:
    """Text for an unknown key, and the key that was probably meant."""
    for known in allowed:
        if any(f"{key}_{unit}" == known for unit in UNITS):
            return f"has no unit; write '{known}'", known
    near = difflib.get_close_matches(key, allowed, n=1)
    if near:
        return f"no such key; did you mean '{near[0]}'?", near[0]
    return f"no such key; keys here are: {', '.join(sorted(allowed))}", None


def bounds(schema: Schema) -> str:
    """Allowed range of a number in words, from its schema."""
    parts = [
        f"{words} {shown(schema[key])}"
        for key, words in (
            ("exclusiveMinimum", "above"),
            ("minimum", "at least"),
            ("exclusiveMaximum", "below"),
            ("maximum", "at most"),
        )
        if key in schema
    ]
    hint = f" ({schema[ADVICE]})" if ADVICE in schema else ""
    return f"must be {' and '.join(parts)}{hint}" if parts else ""


def words_of(schema: Schema) -> list[str]:
    """The words a text may be, if only some are allowed."""
    return [str(word) for word in schema.get("enum", [schema["const"]] if "const" in schema else [])]


def shown(value: Any) -> str:
    """A value as the user would recognise it, cut if long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value).removesuffix(".0")
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "...'"


def subtree(tree: Tree, path: KeyPath) -> Tree | None:
    """Tree below a path, or None."""
    here: Tree | None = tree
    for step in path:
        here = child_of(here, step)
    return here


def allowed_keys(schema: Schema, path: KeyPath, tree: Tree) -> list[str]:
    """Keys a block may hold."""
    keys = list(schema_at(schema, path, tree).get("properties", {}))
    return keys if path else ["base", *keys]


def schema_at(schema: Schema, path: KeyPath, tree: Tree) -> Schema:
    """JSON schema of what stands at a path; empty if the path leads nowhere."""
    here = dereference(schema, schema, tree)
    below: Tree | None = tree
    for step in path:
        below = child_of(below, step)
        if isinstance(step, int):
            following = here.get("items", {})
        else:
            following = here.get("properties", {}).get(step) or any_key(here)
        here = dereference(following, schema, below)
    return here


def any_key(schema: Schema) -> Schema:
    """Schema of the entries of a table with free keys, such as the materials; empty if keys are fixed."""
    patterned = list(schema.get("patternProperties", {}).values())
    extra = schema.get("additionalProperties")
    return patterned[0] if patterned else extra if isinstance(extra, dict) else {}


def dereference(part: Schema, schema: Schema, tree: Tree | None) -> Schema:
    """Follow references, and a union to the variant that the file names if it names one."""
    if "$ref" in part:
        return dereference(schema["$defs"][part["$ref"].rsplit("/", 1)[1]], schema, tree)
    if "anyOf" in part:
        present = [each for each in part["anyOf"] if each.get("type") != "null"]
        return dereference(present[0], schema, tree)
    if "discriminator" in part:
        tag = child_of(tree, part["discriminator"]["propertyName"])
        name = part["discriminator"]["mapping"].get(str(tag.value) if tag else None)
        return dereference({"$ref": name}, schema, tree) if name else part
    return part

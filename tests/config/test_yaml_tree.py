"""Scalars mean what they look like, and every key knows its place."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.yaml_tree import Mark, read_tree, scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e4", 1e4), ("1.0e4", 1e4), ("1E+4", 1e4), ("1.e-3", 1e-3), (".5", 0.5),
        ("-3", -3), ("+3", 3), ("010", 10), ("0", 0),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("1_000", "1_000"), ("0x1F", "0x1F"),
        ("1,5", "1,5"), ("2026-11-22", "2026-11-22"), ("1.2.3", "1.2.3"), ("e4", "e4"), (".", "."),
        ("inf", "inf"), ("nan", "nan"), (".inf", math.inf), ("-.inf", -math.inf), ("1e999", math.inf),
    ],
)  # fmt: skip
def test_scalar(text: str, value: Any) -> None:
    """YAML 1.2: a power of ten needs no point, and yes, times, dates and octals are text or decimal."""
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_scalar_nan() -> None:
    found = scalar(".NaN")
    assert isinstance(found, float)
    assert math.isnan(found)


def test_quoted_number_is_text(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: '1'\nb: \"true\"\nc: |\n  2\n", encoding="utf-8")
    assert read_tree(path)[0].plain() == {"a": "1", "b": "true", "c": "2\n"}


def test_every_key_and_list_item_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("\ufeff# head\na:\n  b: {c: 1, d: [2,\n    3]}\n", encoding="utf-8")
    tree, faults = read_tree(path)
    assert faults == []
    inner = tree.children["a"].children["b"]
    items = inner.children["d"].value
    assert isinstance(items, list)
    places = [tree.children["a"], inner, inner.children["c"], inner.children["d"], *items]
    expected = [(2, 1), (3, 3), (3, 7), (3, 13), (3, 17), (4, 5)]
    assert [place.mark for place in places] == [Mark(str(path), *at) for at in expected]

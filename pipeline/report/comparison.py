"""The side-by-side table: every quantity of every case, and percent of the normal case."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.measure.quantity import NOT_MODELLED
from pipeline.report.results import CaseResult
from pipeline.stage import write_json, write_text

_NO_RATIO_STATISTICS = ("as built", "centre", "check")
"""Angles, places and checks: a percentage of them means nothing."""


@dataclass(frozen=True)
class Row:
    """One quantity over all cases.

    ``entry`` is its row in ``quantities.json`` of the first case; ``values`` and ``percent_of_normal`` have
    one entry a case; a percentage is None for the normal case itself, without a normal case, where the
    normal value is zero, and where a ratio means nothing.
    """

    entry: dict[str, Any]
    values: list[float]
    percent_of_normal: list[float | None]
    notes: list[str]


def reference(results: Sequence[CaseResult]) -> CaseResult | None:
    """The case the others are compared with: the first of kind normal."""
    return next((result for result in results if result.kind == "normal"), None)


def compare(results: Sequence[CaseResult]) -> list[Row]:
    """Table rows in the order of the registry, without those that no case models."""
    base = reference(results)
    rows = [_row(name, entry, results, base) for name, entry in results[0].quantities.items()]
    return [row for row in rows if any(note != NOT_MODELLED for note in row.notes)]


def _row(name: str, entry: dict[str, Any], results: Sequence[CaseResult], base: CaseResult | None) -> Row:
    values = [result.value(name) for result in results]
    percent: list[float | None] = [None] * len(values)
    if base is not None and entry["statistic"] not in _NO_RATIO_STATISTICS and base.value(name) != 0.0:
        percent = [
            None if result is base else 100.0 * value / base.value(name)
            for result, value in zip(results, values, strict=True)
        ]
    notes = [str(result.quantities[name]["note"]) for result in results]
    return Row(entry, values, percent, notes)


def write_comparison(out: Path, results: Sequence[CaseResult], rows: Sequence[Row]) -> None:
    """Write ``comparison.json`` and ``comparison.csv`` into a folder."""
    names = [result.name for result in results]
    base = reference(results)
    keys = ("name", "symbol", "region", "label", "statistic", "unit", "definition")
    table = [
        {key: row.entry[key] for key in keys}
        | {
            "values": dict(zip(names, row.values, strict=True)),
            "percent_of_normal": dict(zip(names, row.percent_of_normal, strict=True)),
        }
        for row in rows
    ]
    cases = [{"name": result.name, "kind": result.kind, "title": result.case.title} for result in results]
    data = {"cases": cases, "reference": base.name if base else None, "quantities": table}
    write_json(out / "comparison.json", data)
    write_text(out / "comparison.csv", _csv(names, rows))


def _csv(names: Sequence[str], rows: Sequence[Row]) -> str:
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    percent_columns = [f"{name}_percent_of_normal" for name in names]
    sheet.writerow(["name", "region", "label", "unit", *names, *percent_columns])
    for row in rows:
        entry = row.entry
        percent = ["" if p is None else repr(p) for p in row.percent_of_normal]
        sheet.writerow(
            [entry["name"], entry["region"], entry["label"], entry["unit"], *map(repr, row.values), *percent]
        )
    return text.getvalue()

"""Every input of every case with its source and status, laid flat for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.report.results import CaseResult

_SKIP = ("name", "title", "output")
_ABOUT = ("source", "status", "note")


@dataclass(frozen=True)
class Input:
    """One value of a configuration: text of the value, where it comes from, how far it can be trusted."""

    value: str
    source: str = ""
    status: str = ""
    note: str = ""


@dataclass(frozen=True)
class InputRow:
    """One key over all cases; ``inputs`` holds None where a case has no such key."""

    key: str
    inputs: list[Input | None]

    @property
    def shared(self) -> Input | None:
        """The input if it is the same in all cases, else None."""
        first = self.inputs[0]
        return first if all(entry == first for entry in self.inputs) else None


def input_rows(results: Sequence[CaseResult]) -> list[InputRow]:
    """Rows for every key of any case, in the order of the first case that has it."""
    tables = [dict(_walk(result.case.resolved())) for result in results]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    return [InputRow(key, [table.get(key) for table in tables]) for key in keys]


def status_counts(rows: Sequence[InputRow]) -> list[tuple[str, int]]:
    """How many sourced inputs have which status, the most frequent first; each key and value counts once."""
    counts = Counter(entry.status for row in rows for entry in set(row.inputs) if entry and entry.status)
    return counts.most_common()


def _walk(data: dict[str, Any], path: str = "") -> Iterator[tuple[str, Input]]:
    for name, entry in data.items():
        key = f"{path}{name}"
        if key in _SKIP:
            continue
        if isinstance(entry, dict) and "source" in entry:
            yield key, _sourced(entry)
        elif isinstance(entry, dict):
            yield from _walk(entry, f"{key}.")
        else:
            yield key, Input(str(entry))


def _sourced(entry: dict[str, Any]) -> Input:
    values = {name: value for name, value in entry.items() if name not in _ABOUT}
    text = (
        str(values["value"])
        if list(values) == ["value"]
        else "; ".join(f"{k} {v}" for k, v in values.items())
    )
    return Input(text, entry["source"], entry["status"], entry.get("note") or "")

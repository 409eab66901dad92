"""The few numbers a run prints at its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

HEADLINE = (
    "hallux_force",
    "mt1_head_force",
    "mt2_head_force",
    "ip_von_mises_p95",
    "mt2_von_mises_p99",
    "mt2_strain_dorsal",
)
"""Quantities printed, by name in the registry of the measure stage."""


WIDTH = 72
"""Columns for the label of a quantity."""


def headline(folders: Sequence[Path]) -> str:
    """Table of the headline quantities of several cases, one line a quantity."""
    results = [json.loads((folder / "quantities.json").read_text(encoding="utf-8")) for folder in folders]
    tables = [{row["name"]: row for row in result["quantities"]} for result in results]
    columns = [max(12, len(result["case"]) + 2) for result in results]
    names = [f"{result['case']:>{width}s}" for result, width in zip(results, columns, strict=True)]
    lines = [" " * WIDTH + "".join(names)]
    for name in HEADLINE:
        row = tables[0][name]
        label = f"{row['region']}: {row['label']} ({row['unit']})"
        values = [f"{t[name]['value']:{width}.4g}" for t, width in zip(tables, columns, strict=True)]
        lines.append(f"{label:{WIDTH}s}" + "".join(values))
    return "\n".join(lines)

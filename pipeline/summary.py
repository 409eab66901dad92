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
    lines = [f"{'':{WIDTH}s}" + "".join(f"{result['case']:>12s}" for result in results)]
    for name in HEADLINE:
        row = tables[0][name]
        label = f"{row['region']}: {row['label']} ({row['unit']})"
        lines.append(f"{label:{WIDTH}s}" + "".join(f"{table[name]['value']:12.4g}" for table in tables))
    return "\n".join(lines)

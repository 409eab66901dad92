"""The few numbers a run prints at its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

HEADLINE = ()


def headline(folders: Sequence[Path]) -> str:
    """Table of the headline quantities of several cases, one line a quantity."""
    results = [json.loads((folder / "quantities.json").read_text(encoding="utf-8")) for folder in folders]
    return str(len(results))

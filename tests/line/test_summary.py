"""The table at the end of a run."""

from __future__ import annotations

from pathlib import Path

from pipeline.stage import write_json
from pipeline.summary import HEADLINE, headline


def test_columns_stay_apart_whatever_the_names(tmp_path: Path) -> None:
    names = ("a", "a_case_with_a_long_name", "b")
    for k, name in enumerate(names):
        rows = [
            {"name": q, "region": "Somewhere", "label": q, "unit": "N", "value": 1000.0 * k} for q in HEADLINE
        ]
        (tmp_path / name).mkdir()
        write_json(tmp_path / name / "quantities.json", {"case": name, "quantities": rows})
    first, *rest = headline([tmp_path / name for name in names]).splitlines()
    assert first.split() == list(names)
    assert [line.split()[-3:] for line in rest] == [["0", "1000", "2000"]] * len(HEADLINE)

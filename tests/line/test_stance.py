"""Stance: cases at instants, and the table of them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from pipeline import stance
from pipeline.cli import main
from pipeline.config import load_case
from pipeline.config.instants import STANCE_PERCENT
from pipeline.errors import ConvergenceError
from pipeline.run import Job

CASES = Path(__file__).parents[2] / "configs" / "cases"


def fake_line(monkeypatch: pytest.MonkeyPatch, failing: str) -> list[str]:
    """Put quantities in place of mesh, solve and measure; one case fails. Returns the names in order."""
    seen: list[str] = []

    def solve(job: Job, ranks: int, *_args: object, **_more: object) -> None:
        seen.append(job.case.name)
        if job.case.name == failing:
            raise ConvergenceError("no equilibrium")
        job.folder.mkdir(parents=True)
        value = job.case.target_force_N
        data = {"quantities": [{"name": "hallux_force", "unit": "N", "value": value}]}
        (job.folder / "quantities.json").write_text(json.dumps(data), encoding="utf-8")

    monkeypatch.setattr(stance, "mesh_all", lambda *_args, **_more: None)
    monkeypatch.setattr(stance, "solve", solve)
    monkeypatch.setattr(stance, "measure_case", lambda *_args, **_more: None)
    return seen


def test_load_and_heel_rise_grow_over_stance() -> None:
    """Five instants: the floor force and the heel rise grow, and each case is named after its instant."""
    case = load_case(CASES / "normal.yaml")
    timed = [stance.at_instant(case, instant) for instant in STANCE_PERCENT]
    force = [each.target_force_N for each in timed]
    tilt = [each.posture.tilt_deg for each in timed]
    assert force == sorted(force)
    assert tilt == [5.0, 15.0, 25.0, 30.0, 35.0]
    assert [each.name for each in timed][::4] == ["normal_midstance", "normal_push_off"]


def test_one_failure_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All others are in the table, the one that failed is named with its reason, the exit code is 3."""
    seen = fake_line(monkeypatch, "stiff_heel_rise")
    arguments = ["stance", "normal", "stiff", "--instants", "midstance", "heel_rise", "--out", str(tmp_path)]
    assert main(arguments) == 3
    assert seen == ["normal_midstance", "normal_heel_rise", "stiff_midstance", "stiff_heel_rise"]
    said = capsys.readouterr()
    assert "stiff at heel_rise: no equilibrium" in said.err
    assert "hallux_force, N" in said.out
    with (tmp_path / "stance" / "stance.csv").open(encoding="utf-8") as sheet:
        rows = list(csv.DictReader(sheet))
    assert [row["hallux_force [N]"] == "" for row in rows] == [False, False, False, True]
    assert float(rows[0]["hallux_force [N]"]) == pytest.approx(0.26 * 75 * 9.80665)
    assert [row["stance_percent"] for row in rows] == ["45.0", "60.0"] * 2

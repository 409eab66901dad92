"""The whole line on a very coarse foot: end to end, again, interrupted, and on 1, 2 and 3 ranks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.machine import child_environment
from tests.line.conftest import Firstray

TIMEOUT = 600.0


def quantities(folder: Path) -> dict[str, float]:
    """Value of every quantity of a case by name."""
    data: dict[str, Any] = json.loads((folder / "quantities.json").read_text(encoding="utf-8"))
    return {row["name"]: row["value"] for row in data["quantities"]}


def stages(output: str) -> dict[str, str]:
    """Last word on each stage in what a run printed: `done` or `up to date`."""
    last = {}
    for line in output.splitlines():
        stage, _, rest = line.partition(" ")
        if stage in ("mesh", "solve", "measure", "report") and "started" not in line:
            last[stage] = "up to date" if "up to date" in rest else "done"
    return last


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("line")


def arguments(place: Path, ranks: int) -> list[str]:
    return ["-n", str(ranks), "--meshes", str(place / "meshes"), "--out", str(place / f"ranks{ranks}")]


@pytest.fixture(scope="module")
def two_ranks(tiny_case: Path, place: Path) -> str:
    """Output of a run on two ranks that was interrupted in its solve and then started again."""
    command = [sys.executable, "-m", "pipeline", "run", str(tiny_case), *arguments(place, 2)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=child_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if "step 1" in line:
                break
        os.kill(process.pid, signal.SIGINT)
        error = process.stderr.read()
        assert process.wait(60.0) == 5, error
    assert "Traceback" not in error
    case = place / "ranks2" / "tiny"
    assert not (case / "solve.manifest.json").exists()
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT, check=False, env=child_environment()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_after_an_interrupt_the_same_command_goes_on(two_ranks: str) -> None:
    assert stages(two_ranks) == {"mesh": "up to date", "solve": "done", "measure": "done", "report": "done"}
    assert "load 100.0 %" in two_ranks


def test_every_stage_left_its_files(two_ranks: str, place: Path) -> None:
    case = place / "ranks2" / "tiny"
    for name in ("fields.h5", "steps.json", "quantities.json", "quantities.csv", "fields.vtu"):
        assert (case / name).stat().st_size > 0
    for stage in ("solve", "measure"):
        assert (case / f"{stage}.manifest.json").is_file()
    assert "<html" in (case / "report" / "index.html").read_text(encoding="utf-8").lower()
    assert list((case / "report").glob("*.png"))


def test_forces_balance_and_reach_their_target(two_ranks: str, place: Path) -> None:
    steps = json.loads((place / "ranks2" / "tiny" / "steps.json").read_text(encoding="utf-8"))
    last = steps["steps"][-1]
    assert last["force_N"] == pytest.approx(last["target_N"], rel=1e-8)
    assert sum(last["region_force_N"].values()) == pytest.approx(last["force_N"], rel=1e-9)
    assert -steps["reaction_N"][2] == pytest.approx(last["force_N"], rel=1e-7)


def test_second_run_does_nothing(two_ranks: str, tiny_case: Path, place: Path, firstray: Firstray) -> None:
    start = time.monotonic()
    done = firstray("run", str(tiny_case), *arguments(place, 2))
    assert set(stages(done.stdout).values()) == {"up to date"}
    assert time.monotonic() - start < 30.0


def test_other_load_keeps_the_mesh(two_ranks: str, tiny_case: Path, place: Path, firstray: Firstray) -> None:
    heavier = tiny_case.with_name("heavier.yaml")
    text = tiny_case.read_text(encoding="utf-8").replace("name: tiny", "name: heavier")
    heavier.write_text(text.replace("steps: 2", "steps: 1"), encoding="utf-8")
    done = firstray("solve", str(heavier), *arguments(place, 2), timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    assert stages(done.stdout) == {"mesh": "up to date", "solve": "done"}


@pytest.mark.parametrize("ranks", [1, 3])
def test_numbers_do_not_depend_on_ranks(
    ranks: int, two_ranks: str, tiny_case: Path, place: Path, firstray: Firstray
) -> None:
    done = firstray("run", str(tiny_case), *arguments(place, ranks), timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    want, got = (quantities(place / f"ranks{n}" / "tiny") for n in (2, ranks))
    assert want.keys() == got.keys()
    off = {
        name: (value, got[name])
        for name, value in want.items()
        if name != "force_imbalance" and value is not None and got[name] != pytest.approx(value, rel=1e-8)
    }
    assert not off

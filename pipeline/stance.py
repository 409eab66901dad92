"""Stance: cases at several instants from midstance to push-off, and a table of quantities against stance."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import Case
from pipeline.config.instants import STANCE_PERCENT
from pipeline.console import Console
from pipeline.errors import FirstRayError, StoppedError
from pipeline.run import Job, measure_case, mesh_all, solve
from pipeline.stage import write_json, write_text

TABLE = (
    "ip_floor_moment",
    "ip_contact_force",
    "ip_contact_mean_pressure",
    "ip_von_mises_p95",
    "mtp1_contact_force",
    "mtp1_floor_moment",
    "sesamoids_contact_force",
    "mt2_strain_dorsal",
    "hallux_force",
    "mt1_head_force",
    "mt2_head_force",
    "toe2_force",
    "tension_fhl",
    "tension_fascia_1",
    "tension_fascia_2",
)
"""Quantities of the printed table; the files hold all of them."""


@dataclass(frozen=True)
class Outcome:
    """One case at one instant: its quantities by name, or why there are none."""

    case: str
    kind: str
    instant: str
    quantities: dict[str, dict[str, Any]]
    fault: str = ""

    def value(self, name: str) -> float | None:
        """A quantity; None if it is not there."""
        entry = self.quantities.get(name)
        return None if entry is None else entry["value"]


def at_instant(case: Case, instant: str) -> Case:
    """The case at an instant of stance, named after both."""
    posture = case.posture.model_copy(update={"instant": instant})
    return case.model_copy(update={"posture": posture, "name": f"{case.name}_{instant}"})


def run_stance(
    jobs: Sequence[Job], instants: Sequence[str], ranks: int, console: Console, *, force: bool = False
) -> list[Outcome]:
    """Mesh, solve and measure every case at every instant; one that fails does not stop the others.

    Raises:
        StoppedError: the run was stopped.
    """
    timed = [
        (job.case, instant, Job(at_instant(job.case, instant), job.output, job.meshes))
        for job in jobs
        for instant in instants
    ]
    with suppress(FirstRayError):  # told of below, at the case that it concerns
        mesh_all([each for _, _, each in timed], ranks, console, force=force)
    found = []
    for case, instant, job in timed:
        fault, entries = "", {}
        try:
            mesh_all([job], 1, console)
            solve(job, ranks, console, force=force)
            measure_case(job, console, force=force)
            entries = read_quantities(job.folder)
        except StoppedError:
            raise
        except FirstRayError as error:
            fault = str(error)
            console.say(f"{job.case.name}: {fault}")
        found.append(Outcome(case.name, case.joint.kind, instant, entries, fault))
    return found


def read_quantities(folder: Path) -> dict[str, dict[str, Any]]:
    """Measured quantities of a case by name."""
    data = json.loads((folder / "quantities.json").read_text(encoding="utf-8"))
    return {entry["name"]: entry for entry in data["quantities"]}


def write_stance(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Write ``stance.json`` and ``stance.csv``: a row a case and instant, a column a quantity with unit."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "case": each.case,
            "kind": each.kind,
            "instant": each.instant,
            "stance_percent": STANCE_PERCENT[each.instant],
            "fault": each.fault,
            "quantities": {name: entry["value"] for name, entry in each.quantities.items()},
        }
        for each in outcomes
    ]
    write_json(folder / "stance.json", {"units": units(outcomes), "rows": rows})
    write_text(folder / "stance.csv", as_csv(rows, units(outcomes)))


def units(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Unit of every quantity that any of them has."""
    return {name: entry["unit"] for each in outcomes for name, entry in each.quantities.items()}


def as_csv(rows: Sequence[dict[str, Any]], units: dict[str, str]) -> str:
    """The rows with a column for each quantity; empty where there is none."""
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    first = ["case", "kind", "instant", "stance_percent", "fault"]
    sheet.writerow([*first, *(f"{name} [{unit}]" if unit else name for name, unit in units.items())])
    for row in rows:
        values = (row["quantities"].get(name) for name in units)
        sheet.writerow([*(row[key] for key in first), *("" if v is None else repr(v) for v in values)])
    return text.getvalue()


def as_text(outcomes: Sequence[Outcome]) -> str:
    """The table for the terminal: a block a quantity, a line a case, a column an instant."""
    instants = list(dict.fromkeys(each.instant for each in outcomes))
    cases = list(dict.fromkeys(each.case for each in outcomes))
    known = {(each.case, each.instant): each for each in outcomes}
    unit = units(outcomes)
    width = max(len(case) for case in cases)
    lines = [f"{'':{width}}  " + "".join(f"{instant:>16}" for instant in instants)]
    for name in (name for name in TABLE if name in unit):
        lines.append(f"{name}, {unit[name]}" if unit[name] else name)
        for case in cases:
            values = [known[case, instant].value(name) for instant in instants]
            lines.append(f"{case:{width}}  " + "".join(f"{_digits(value):>16}" for value in values))
    return "\n".join(lines)


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

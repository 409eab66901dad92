"""Our numbers beside published measurements, each marked for what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.results import CaseResult


@dataclass(frozen=True)
class Held:
    """One computed value held against one published statement.

    ``verdict`` is in words; ``state`` is inside, near, outside, open or prediction, for colouring.
    """

    case: str
    quantity: str
    unit: str
    value: float
    published: float | None
    sd: float | None
    source: str
    condition: str
    verdict: str
    state: str


def hold(results: Sequence[CaseResult]) -> list[Held]:
    """Every quantity of every case that has a published measurement to be held against."""
    return [
        _held(result, row["name"])
        for result in results
        for row in result.quantities.values()
        if row["compare"] and row["compare"]["kind"] == "compare"
    ]


def predictions(results: Sequence[CaseResult]) -> list[tuple[str, str]]:
    """What has no published counterpart: (regions and cases in words, the statement), each once."""
    found: dict[str, dict[str, list[str]]] = {}
    for result in results:
        for row in result.quantities.values():
            if row["compare"] and row["compare"]["kind"] == "prediction":
                regions = found.setdefault(row["compare"]["source"], {})
                cases = regions.setdefault(row["region"], [])
                if result.short_title not in cases:
                    cases.append(result.short_title)
    return [
        ("; ".join(f"{region} ({', '.join(cases)})" for region, cases in regions.items()), source)
        for source, regions in found.items()
    ]


def _held(result: CaseResult, name: str) -> Held:
    row = result.quantities[name]
    against = row["compare"]
    value, published, sd = float(row["value"]), float(against["value"]), against["sd"]
    verdict, state = judge(value, published, sd)
    return Held(
        case=result.case.title,
        quantity=f"{row['region']}: {row['label']}",
        unit=row["unit"],
        value=value,
        published=published,
        sd=sd,
        source=against["source"],
        condition=against["condition"],
        verdict=verdict,
        state=state,
    )


def judge(value: float, mean: float, sd: float | None) -> tuple[str, str]:
    """Verdict and state of a value against a published mean and standard deviation, all in one unit.

    Without a standard deviation only the difference in percent is stated.
    """
    if sd is None:
        return f"{100.0 * (value / mean - 1.0):+.0f} % of the mean; no spread published", "open"
    away = (value - mean) / sd
    if abs(away) <= 2.0:
        return f"inside ±2 SD ({away:+.1f} SD)", "inside" if abs(away) <= 1.0 else "near"
    return f"outside ±2 SD ({away:+.1f} SD)", "outside"

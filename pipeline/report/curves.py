"""Charts of the report, drawn by matplotlib as SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.colours import FAINT, INK, KINDS
from pipeline.regions import Sole
from pipeline.report.results import CaseResult
from pipeline.report.words import number as digits

SOLES = {
    Sole.SOLE_HALLUX: ("hallux", "hallux", "#882255"),
    Sole.SOLE_MT1_HEAD: ("mt1_head", "first head", "#DDAA33"),
    Sole.SOLE_MT2_HEAD: ("mt2_head", "second head", "#004488"),
    Sole.SOLE_TOE2: ("toe2", "second toe", "#66AADD"),
}
_STRESSES = (
    ("ip_von_mises_p95", "IP joint cartilage\nvon Mises, 95th percentile", "MPa"),
    ("mt2_von_mises_p99", "Second metatarsal cortex\nvon Mises, 99th percentile", "MPa"),
    ("mt2_strain_dorsal", "Second metatarsal, dorsal\nmid-shaft axial strain", "microstrain"),
)


def charts(results: Sequence[CaseResult]) -> dict[str, str]:
    """All charts as SVG text by name: forces, stresses, loading."""
    return {"forces": _forces(results), "stresses": _stresses(results), "loading": _loading(results)}


def _forces(results: Sequence[CaseResult]) -> str:
    """Grouped bars: floor force under each region, one bar a case."""
    figure = Figure(figsize=(8.4, 3.1), layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / max(len(results), 2)
    for number, result in enumerate(results):
        values = [result.value(f"{key}_force") for key, _, _ in SOLES.values()]
        places = np.arange(len(values)) + (number - (len(results) - 1) / 2) * width
        bars = axes.bar(places, values, 0.92 * width, color=KINDS[result.kind], label=result.short_title)
        axes.bar_label(bars, fmt="%.0f", fontsize=8.5, color=INK, padding=2)
    axes.set_xticks(range(len(SOLES)), [words for _, words, _ in SOLES.values()])
    axes.set_ylabel("floor force, N")
    axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=len(results))
    _quiet(axes)
    return _svg(figure)


def _stresses(results: Sequence[CaseResult]) -> str:
    """Three small bar charts: IP stress, second-metatarsal stress and strain."""
    figure = Figure(figsize=(8.4, 2.9), layout="constrained")
    for axes, (name, title, unit) in zip(figure.subplots(1, len(_STRESSES)), _STRESSES, strict=True):
        values = [result.value(name) for result in results]
        bars = axes.bar(range(len(results)), values, 0.62, color=[KINDS[result.kind] for result in results])
        axes.bar_label(bars, [digits(value) for value in values], fontsize=9, color=INK, padding=2)
        axes.set_xlim(-0.9, len(results) - 0.1)
        axes.set_xticks(
            range(len(results)), [result.short_title.removesuffix(" joint") for result in results]
        )
        axes.set_title(title, fontsize=9.5, color=INK)
        axes.set_ylabel(unit)
        axes.margins(y=0.16)
        axes.axhline(0.0, color=INK, lw=0.8)
        _quiet(axes)
    return _svg(figure)


def _loading(results: Sequence[CaseResult]) -> str:
    """Force against descent for all cases, and the share of each region over the load steps for each."""
    figure = Figure(figsize=(2.9 * (len(results) + 1), 2.9), layout="constrained")
    first, *others = figure.subplots(1, len(results) + 1, squeeze=False)[0]
    for result in results:
        steps = result.steps["steps"]
        descent, force = ([0.0, *(step[key] for step in steps)] for key in ("descent_mm", "force_N"))
        first.plot(descent, force, "o-", ms=3.5, lw=1.6, color=KINDS[result.kind], label=result.short_title)
    first.set(xlabel="descent of the block, mm", ylabel="floor force, N")
    first.set_title("Floor force while lowering", fontsize=9.5, color=INK)
    first.legend(frameon=False, fontsize=8)
    _quiet(first)
    for number, (axes, result) in enumerate(zip(others, results, strict=True)):
        _shares(axes, result)
        axes.set_ylabel("share of the floor force, %" if number == 0 else "")
    others[-1].legend(frameon=False, fontsize=8)
    return _svg(figure)


def _shares(axes: Axes, result: CaseResult) -> None:
    steps = result.steps["steps"]
    total = [sum(step["region_force_N"].values()) for step in steps]
    for sole, (_, words, colour) in SOLES.items():
        share = [
            100.0 * step["region_force_N"][sole.label] / all_ for step, all_ in zip(steps, total, strict=True)
        ]
        axes.plot(total, share, "o-", ms=3.5, lw=1.6, color=colour, label=words)
    axes.set(ylim=(0, 100), xlabel="floor force, N")
    axes.set_title(result.short_title, fontsize=9.5, color=INK)
    _quiet(axes)


def _quiet(axes: Axes) -> None:
    """Only the lines that carry meaning."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(labelsize=8.5, colors=INK, length=3)
    axes.xaxis.label.set(fontsize=9, color=INK)
    axes.yaxis.label.set(fontsize=9, color=INK)


def _svg(figure: Figure) -> str:
    """SVG text that is the same for the same numbers: fixed identifiers, no date."""
    text = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "firstray"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()

"""The page: what the template needs, put together, and the template filled."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from pipeline import __version__
from pipeline.colours import INK, KINDS
from pipeline.config import Case
from pipeline.measure.registry import LARGE_STRAIN
from pipeline.report import curves, inputs, published
from pipeline.report.comparison import Row, reference
from pipeline.report.drawing import Picture
from pipeline.report.results import CaseResult
from pipeline.report.words import SAME_PERCENT, number, summary

BONDED = (
    "Joints are soft layers bonded to the bones on both sides: they can pull as well as push, and "
    "surfaces do not slide. Joint stress is therefore less concentrated, and shear higher, than in true "
    "contact."
)
SLIDING = (
    "Joint surfaces touch and slide without friction. Their cartilage is elastic; its fluid is not modelled."
)
PASSIVE = (
    "Plantar fascia and flexors are passive elastic bands; no muscle pulls. Measured walking needs both."
)
PULLED = (
    "Muscles pull with given tensions, the same for every joint; how a patient's muscles answer a stiff or "
    "fused toe is not modelled."
)
KINEMATIC = (
    "The posture of each joint follows a kinematic rule (heel rise, limit of the joint, toe above the "
    "floor); the moment stored in reaching it is not in the model."
)
BALANCED = (
    "The posture each joint starts from is an equilibrium of rigid links, joints and pads; the moments "
    "stored in reaching it act on."
)
LIMITS = (
    "The midfoot is one rigid block that only moves down, and the tarsometatarsal joints are elastic beds "
    "whose stiffness is assumed. For how the two rays share the load this is the largest assumption of "
    "all; a first ray that gives more would pass load on to the second.",
    "One foot, two rays, one instant of stance, the same force for every joint: patients change how "
    "they walk, the model does not.",
    "The floor is rigid and without friction.",
)
_COARSE = {
    "coarse": "coarse mesh, meant for a look: stresses move when it is refined, so read directions and sizes",
    "medium": "medium mesh, no convergence study attached: read small differences with care",
    "fine": "fine mesh, no convergence study attached",
    "xfine": "very fine mesh, no convergence study attached",
}
_INSTANTS = {
    "midstance": "mid-stance",
    "late_midstance": "late mid-stance",
    "heel_rise": "heel rise",
    "propulsion": "propulsion",
    "push_off": "push-off",
}


def render(
    results: Sequence[CaseResult], rows: Sequence[Row], pictures: Sequence[Picture], commit: str, made: str
) -> str:
    """The whole page as text.

    Args:
        results: the cases in display order.
        rows: the side-by-side table.
        pictures: what the picture program drew, or why it did not.
        commit: code version the report was made with.
        made: date of the report, in words.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    page = environment.get_template("page.html.jinja")
    return page.render(
        version=__version__,
        commit=commit,
        made=made,
        ink=INK,
        kinds=KINDS,
        results=results,
        pictures=[_embedded(picture) for picture in pictures],
        charts={name: embed(svg.encode(), "svg+xml") for name, svg in curves.charts(results).items()},
        foot=_foot(results),
        **_texts(results),
        **_table(results, rows),
        **_inputs(results),
        solver=[_solver(result) for result in results],
        provenance=[
            {"case": result.name, "stage": stage, "manifest": manifest}
            for result in results
            for stage, manifest in result.manifests.items()
        ],
    )


def embed(data: bytes, kind: str) -> str:
    """A picture as a data address, so that the page stands alone."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _embedded(picture: Picture) -> dict[str, Any]:
    data = picture.path.read_bytes() if picture.path else b""
    return {
        "title": picture.title,
        "caption": picture.caption,
        "source": embed(data, "png") if data else "",
        "width": int.from_bytes(data[16:20], "big")
        // 2,  # the header of a PNG holds its width; two pixels a dot
        "missing": picture.missing,
    }


def _texts(results: Sequence[CaseResult]) -> dict[str, Any]:
    kinds = {result.case.title: result.kind for result in results}
    titles = [result.short_title[:1].lower() + result.short_title[1:] for result in results]
    joined = titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
    return {
        "title": f"Where the load goes: {joined}",
        "summary": [(heading, kinds[heading], sentences) for heading, sentences in summary(results)],
        "caution": "Read this as a model's predictions for one generic foot, not as a finding in patients. "
        f"{_mesh_levels(results)} Differences below {SAME_PERCENT:g} % are called about the same.",
        "held": published.hold(results),
        "predictions": published.predictions(results),
        "limits": (_large_strain(results), *_limits(results), *LIMITS),
    }


def _foot(results: Sequence[CaseResult]) -> str:
    """Which foot, and at which instant of stance, as far as the cases agree."""
    sides = {result.case.patient.side for result in results}
    instants = {result.case.posture.instant for result in results}
    foot = f"one {sides.pop()} foot" if len(sides) == 1 else "feet of both sides"
    when = _INSTANTS[instants.pop()] if len(instants) == 1 else "different instants of stance"
    return f"{foot} at {when}"


def _limits(results: Sequence[CaseResult]) -> list[str]:
    """What joints, tendons and postures of these cases leave out."""
    modes = {result.case.articulation.mode for result in results}
    pulled = {bool(result.case.cables and result.case.cables.acting()) for result in results}
    rules = {result.case.posture.rule for result in results}
    joints = [text for mode, text in (("bonded", BONDED), ("sliding", SLIDING)) if mode in modes]
    cables = [text for acts, text in ((False, PASSIVE), (True, PULLED)) if acts in pulled]
    postures = [text for rule, text in (("kinematic", KINEMATIC), ("equilibrium", BALANCED)) if rule in rules]
    return joints + cables + postures


def _fineness(case: Case) -> str:
    """What the fineness of a mesh means for the reader."""
    wanted = case.mesh.target_dofs
    if wanted is None:
        return _COARSE[case.mesh.level]
    return f"mesh made for {number(wanted)} unknowns, no convergence study attached"


def _mesh_levels(results: Sequence[CaseResult]) -> str:
    """The same for all cases: once if they share it, else case by case."""
    words = [_fineness(result.case) for result in results]
    if len(set(words)) == 1:
        return f"It is a {words[0]}."
    each = "; ".join(f"{result.short_title}: {word}" for result, word in zip(results, words, strict=True))
    return f"The cases do not share a mesh level, so part of what differs is the mesh. {each}."


def _large_strain(results: Sequence[CaseResult]) -> str:
    """The limit of the tissue laws, with how far each case is beyond it."""
    shares = [
        f"{number(result.value('soft_crushed_share'))} % ({result.short_title.lower()})" for result in results
    ]
    listed = shares[0] if len(shares) == 1 else f"{', '.join(shares[:-1])} and {shares[-1]}"
    return (
        "Displacements and strains may be large, but every tissue is neo-Hookean with the modulus it has at "
        "small strain; the soft tissue is pressed by "
        f"more than {-LARGE_STRAIN:.0%}".replace("%", " %")
        + f" over {listed} of its volume. Real pads stiffen as they are pressed; these do not."
    )


def _table(results: Sequence[CaseResult], rows: Sequence[Row]) -> dict[str, Any]:
    base = reference(results)
    show_percent = base is not None and len(results) > 1
    return {
        "base": base,
        "show_percent": show_percent,
        "columns": 2 + len(results) + (len(results) - 1 if show_percent else 0),
        "rows": rows,
        "groups": [(region, list(group)) for region, group in groupby(rows, lambda row: row.entry["region"])],
    }


def _inputs(results: Sequence[CaseResult]) -> dict[str, Any]:
    rows = inputs.input_rows(results)
    return {
        "shared": [(row.key, row.shared) for row in rows if row.shared],
        "varied": [row for row in rows if not row.shared],
        "statuses": inputs.status_counts(rows),
    }


def _solver(result: CaseResult) -> dict[str, Any]:
    steps = result.steps["steps"]
    manifest = result.manifests["solve"]
    return {
        "title": result.short_title,
        "cells": result.steps["cells"],
        "dofs": result.steps["dofs"],
        "linear_solver": result.steps["linear_solver"],
        "ranks": result.steps["ranks"],
        "steps": len(steps),
        "newton": sum(step["newton_iterations"] for step in steps),
        "linear": sum(step["linear_iterations"] for step in steps),
        "residual": steps[-1]["residual_N"],
        "imbalance": result.value("force_imbalance"),
        "seconds": manifest.seconds if manifest else sum(step["seconds"] for step in steps),
    }

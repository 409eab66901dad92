"""The page on which a mesh is judged by eye: four pictures, what the colours mean, how good the cells are."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pipeline.colours import FAINT, INK
from pipeline.mesh.picture import panels
from pipeline.mesh.picture.look import Look, legend
from pipeline.mesh.picture.panels import Panel
from pipeline.mesh.picture.scene import Scene
from pipeline.mesh.picture.views import Landmarks
from pipeline.panel import save

WIDTH_IN, GAP_IN = 1600 / 150, 0.12
COLUMN_IN = (WIDTH_IN - 3 * GAP_IN) / 2
NUMBERS_IN, LINE_IN, CAPTION_IN, LEGEND_ROW_IN = 0.46, 0.28, 0.3, 0.24
TITLE_CHARACTERS = 85
LEGEND_COLUMNS = 5
LOWER_IN = 3.3
"""Least height of the lower row, so that the sesamoids are large enough to judge."""


def draw(scene: Scene, title: str, out: Path) -> None:
    """Draw the page; the pictures of the whole foot share one scale, the frontal cut has its own."""
    marks = Landmarks.of(scene)
    whole = [make(scene, marks) for make in (panels.medial, panels.along, panels.dorsal)]
    width_mm = max(panel.width_mm for panel in whole)
    medial, along, dorsal = (panel.widened(width_mm) for panel in whole)
    front = panels.front(scene, marks)
    scale = COLUMN_IN / width_mm
    looks = legend(scene.names.values())
    lower_at = GAP_IN + LEGEND_ROW_IN * math.ceil(len(looks) / LEGEND_COLUMNS) + GAP_IN
    lower = max(scale * dorsal.height_mm, LOWER_IN)
    upper_at = lower_at + lower + GAP_IN + CAPTION_IN
    upper = scale * max(medial.height_mm, along.height_mm)
    lines = textwrap.wrap(title, TITLE_CHARACTERS)
    above = NUMBERS_IN + len(lines) * LINE_IN
    figure = Figure(figsize=(WIDTH_IN, upper_at + upper + CAPTION_IN + above))
    _place(figure, medial, (0, upper_at, upper), scale)
    _place(figure, along, (1, upper_at, upper), scale)
    _place(figure, dorsal, (0, lower_at, lower), scale)
    _place(figure, front, (1, lower_at, lower), min(COLUMN_IN / front.width_mm, lower / front.height_mm))
    _title(figure, lines, scene.geometry["quality"])
    _legend(figure, looks)
    save(figure, out)


def _place(figure: Figure, panel: Panel, cell: tuple[int, float, float], scale: float) -> None:
    """Put a panel at the top of a cell of the page, its caption above.

    Args:
        figure: the page.
        panel: what to draw.
        cell: column, bottom (inches) and height (inches).
        scale: inches on the page for each mm.
    """
    column, bottom, height = cell
    width_in, height_in = figure.get_size_inches()
    width, tall = panel.width_mm * scale, panel.height_mm * scale
    middle = GAP_IN + column * (COLUMN_IN + GAP_IN) + COLUMN_IN / 2
    corner = (middle - width / 2) / width_in, (bottom + height - tall) / height_in
    panel.draw(figure.add_axes((*corner, width / width_in, tall / height_in)), panel.view)
    above = (bottom + height + 0.08) / height_in
    figure.text(middle / width_in, above, panel.caption, ha="center", va="bottom", fontsize=10, color=INK)


def _title(figure: Figure, lines: Sequence[str], quality: Mapping[str, float]) -> None:
    """The title, and below it the mesh in numbers."""
    top = figure.get_size_inches()[1]
    style: dict[str, Any] = {"ha": "center", "va": "top", "color": INK, "parse_math": False}
    for number, line in enumerate(lines):
        figure.text(0.5, 1 - (0.12 + number * LINE_IN) / top, line, fontsize=14, weight="bold", **style)
    words = (
        f"{quality['cells']:,} cells; their shape from 0 (flat) to 1 (regular): "
        f"worst {quality['worst_mean_ratio']:.2f}, "
        f"1st percentile {quality['first_percentile_mean_ratio']:.2f}; "
        f"smallest dihedral angle {quality['smallest_dihedral_deg']:.1f}°"
    )
    figure.text(0.5, 1 - (0.18 + len(lines) * LINE_IN) / top, words, fontsize=10, **style)


def _legend(figure: Figure, looks: Sequence[Look]) -> None:
    """The tissues in the mesh, in words."""
    handles = [Patch(facecolor=look.colour, edgecolor=FAINT, lw=0.5, label=look.words) for look in looks]
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=LEGEND_COLUMNS,
        frameon=False,
        fontsize=9.5,
        labelcolor=INK,
        handlelength=1.3,
        columnspacing=1.6,
    )

"""Pressure under the foot, seen from below, as on a pedobarograph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyvista as pv
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.tri import Triangulation

from pipeline.colours import INK
from pipeline.measure.floor import CONTACT_kPa
from pipeline.measure.solution import Ints
from pipeline.measure.statistics import Floats
from pipeline.panel import View, bare, heading, save, scale_bar
from pipeline.regions import Region, Sole
from pipeline.report.pictures.scene import Scene

MAP = "viridis"
_LABELS = {
    Sole.SOLE_HALLUX: ("hallux", "hallux"),
    Sole.SOLE_MT1_HEAD: ("mt1_head", "1st head"),
    Sole.SOLE_MT2_HEAD: ("mt2_head", "2nd head"),
    Sole.SOLE_TOE2: ("toe2", "2nd toe"),
}


OUTSIDE = (Region.SOFT_TISSUE, Region.SKIN, Region.SHOE_OUTSOLE)
"""What is seen from below."""


def draw(scenes: Sequence[Scene], out: Path) -> None:
    """Draw the cases side by side on one colour scale, toes up."""
    view = _view(scenes)
    left, right, bottom, top = view.window
    height, above, aside = 4.9, 0.62, 1.0
    width = height * (right - left) / (top - bottom)
    size = (len(scenes) * (width + 0.25) + aside, height + above + 0.1)
    figure = Figure(figsize=size)
    norm = Normalize(0.0, _scale_end(scenes))
    for column, scene in enumerate(scenes):
        place = (column * (width + 0.25) + 0.12) / size[0]
        axes = figure.add_axes((place, 0.1 / size[1], width / size[0], height / size[1]))
        _footprint(axes, view, scene, norm)
        heading(axes, scene.files.title.replace(" (", "\n("))
    scale_bar(figure.axes[-1], view)
    bar = figure.add_axes((1 - 0.85 / size[0], 0.2, 0.17 / size[0], 0.55))
    figure.colorbar(ScalarMappable(norm, MAP), cax=bar, extend="max")
    bar.set_title("pressure\nkPa", fontsize=9.5, color=INK, loc="left", pad=12)
    bar.tick_params(labelsize=9, colors=INK)
    save(figure, out)


def _scale_end(scenes: Sequence[Scene]) -> float:
    """End of the colour scale, kPa: the largest 8 mm average of all cases, rounded up to a step of 50."""
    keys = [f"{key}_pressure_8mm" for key, _ in _LABELS.values()]
    largest = max(scene.files.quantities[key] for scene in scenes for key in keys)
    return float(max(50.0, 50.0 * np.ceil(largest / 50.0)))


def _view(scenes: Sequence[Scene]) -> View:
    """From below: toes up, a right foot's medial side to the right; only what is near the floor."""
    bounds = np.array([scene.sole.bounds for scene in scenes])
    window = (
        bounds[:, 2].min() - 17,
        bounds[:, 3].max() + 17,
        bounds[:, 0].min() - 9,
        bounds[:, 1].max() + 5,
    )
    return View(np.zeros(3), np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0]), window)


def _footprint(axes: Axes, view: View, scene: Scene, norm: Normalize) -> None:
    skin = scene.part(OUTSIDE).extract_surface(algorithm="dataset_surface").triangulate()
    faces = skin.regular_faces
    outline = Triangulation(skin.points[:, 1], skin.points[:, 0], faces)
    axes.tripcolor(outline, np.zeros(len(skin.points)), cmap="Greys", vmin=-1, vmax=7)
    points, triangles, pressure = _smooth(scene.sole)
    if pressure.max() > CONTACT_kPa:
        levels = np.linspace(CONTACT_kPa, float(norm.vmax or 0.0), 25)
        plane = Triangulation(points[:, 1], points[:, 0], triangles)
        axes.tricontourf(plane, pressure, levels, cmap=MAP, norm=norm, extend="max")
    for sole, (key, words) in _LABELS.items():
        _label(axes, view, scene, sole, f"{words}\n{scene.files.quantities[f'{key}_force']:.0f} N")
    bare(axes, view)


def _smooth(sole: pv.UnstructuredGrid) -> tuple[Floats, Ints, Floats]:
    """Points, triangles and pressure at the points (kPa): means of the facets around, by area."""
    triangles: Ints = sole.cells_dict[pv.CellType.TRIANGLE]
    area, pressure = np.asarray(sole["area_mm2"]), np.asarray(sole["pressure_kPa"])
    around = np.bincount(triangles.ravel(), np.repeat(area, 3), len(sole.points))
    total = np.bincount(triangles.ravel(), np.repeat(area * pressure, 3), len(sole.points))
    return (
        np.asarray(sole.points),
        triangles,
        np.divide(total, around, out=np.zeros_like(total), where=around > 0),
    )


def _label(axes: Axes, view: View, scene: Scene, sole: Sole, words: str) -> None:
    """Force of a patch beside it, on the side of its ray."""
    patch = scene.sole.extract_cells(np.asarray(scene.sole["sole_region"]) == int(sole))
    if not patch.n_cells:
        return
    left, right, _, _ = view.window
    on_right = (sole in (Sole.SOLE_HALLUX, Sole.SOLE_MT1_HEAD)) == (scene.medial > 0.0)
    place, side = (right - 0.5, "right") if on_right else (left + 0.5, "left")
    text = axes.text(place, patch.center[0], words, ha=side, va="center", fontsize=9, color=INK, zorder=5)
    text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])

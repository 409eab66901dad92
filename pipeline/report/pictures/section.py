"""A cut along the first ray, coloured by von Mises stress, with the IP joint enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
import pyvista as pv
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import LogNorm, Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from pipeline.colours import FAINT, INK
from pipeline.cut import Polygons, borders, cut_cells
from pipeline.panel import View, bare, heading, save, scale_bar
from pipeline.regions import Region
from pipeline.report.pictures.scene import IP_LAYERS, Scene

MAP = "viridis"
WHOLE = LogNorm(0.01, 100.0)
ZOOM_MM = 20.0
_QUIET = {True: "#ece7dc", False: "#f6e4da"}
_BONES = [int(region) for region in Region if region.label.endswith(("_core", "_cortex"))]


def draw(scenes: Sequence[Scene], out: Path) -> None:
    """Draw one column a case: the whole cut above on a logarithmic scale, the IP joint below."""
    views = [_view(scene) for scene in scenes]
    windows = np.array([view.window for view in views])
    low, high = windows.min(axis=0), windows.max(axis=0)
    window = (float(low[0]), float(high[1]), float(low[2]), float(high[3]))
    width = 4.2
    height = width * (window[3] - window[2]) / (window[1] - window[0])
    size = (width * len(scenes) + 1.1, height + 0.62 * width + 0.95)
    figure = Figure(figsize=size)
    grid = figure.add_gridspec(
        2, len(scenes), left=0.01, right=1 - 1.1 / size[0], bottom=0.02, top=1 - 0.4 / size[1],
        height_ratios=(height, 0.62 * width), wspace=0.03, hspace=0.1,
    )  # fmt: skip
    zoom_norm = Normalize(0.0, _zoom_end(scenes))
    for column, (scene, view) in enumerate(zip(scenes, views, strict=True)):
        view = View(view.origin, view.right, view.up, window)
        polygons, cells = cut_cells(scene.body, view)
        loaded = np.asarray(cells["region"]) != int(Region.PROXIMAL_BLOCK)
        upper, lower = (figure.add_subplot(grid[row, column]) for row in (0, 1))
        heading(upper, scene.files.title)
        _paint(upper, polygons, cells, WHOLE, loaded)
        bare(upper, view)
        closer = _zoom_view(scene, view)
        layers = np.isin(cells["region"], [int(region) for region in IP_LAYERS])
        _paint(lower, polygons, cells, zoom_norm, layers, outline=1.1)
        bare(lower, closer)
        _frame(upper, lower, closer)
        if column == 0:
            lower.set_title("IP joint enlarged", fontsize=10, color=INK, loc="left", pad=3)
    scale_bar(figure.axes[-2], View(views[-1].origin, views[-1].right, views[-1].up, window))
    scale_bar(figure.axes[-1], closer, 5.0)
    _bars(figure, zoom_norm, size)
    save(figure, out)


def _zoom_end(scenes: Sequence[Scene]) -> float:
    """End of the colour scale of the enlarged joint, MPa: the largest 95th percentile, rounded up."""
    largest = max(scene.files.quantities["ip_von_mises_p95"] for scene in scenes)
    step = 10.0 ** np.floor(np.log10(max(largest, 1e-6)))
    return float(step * np.ceil(largest / step))


def _view(scene: Scene) -> View:
    """Across the first ray's upright plane, toes left; the window holds the first ray."""
    heel, toe = scene.bone("mt1").at(0.0), scene.bone("dp1").at(1.0)
    distal = (toe - heel) * np.array([1.0, 1.0, 0.0])
    distal /= np.linalg.norm(distal)
    view = View(scene.middle(IP_LAYERS), -distal, np.array([0.0, 0.0, 1.0]), (0.0, 1.0, 0.0, 1.0))
    points = np.asarray(scene.body.points) - view.origin
    near = np.abs(points @ view.towards_eye) < 4.0
    across, up = points[near] @ view.right, points[near] @ view.up
    return View(
        view.origin, view.right, view.up, (across.min() - 2, across.max() + 2, up.min() - 2, up.max() + 2)
    )


def _zoom_view(scene: Scene, view: View) -> View:
    half, low = ZOOM_MM / 2, 0.62 * ZOOM_MM / 2
    x, y = view.project(scene.middle(IP_LAYERS))
    return View(view.origin, view.right, view.up, (x - half, x + half, y - low, y + low))


def _paint(
    axes: Axes,
    polygons: Polygons,
    cut: pv.PolyData,
    norm: Normalize,
    coloured: NDArray[np.bool_],
    outline: float = 0.6,
) -> None:
    """Colour the chosen cells by stress, the others by tissue in pale colours; outline the tissues."""
    colours = matplotlib.colormaps[MAP](norm(np.asarray(cut["von_mises_MPa"])))
    bones = np.isin(cut["region"], _BONES)
    for bone, colour in _QUIET.items():
        colours[~coloured & (bones == bone)] = to_rgba(colour)
    axes.add_collection(PolyCollection(polygons, facecolors=colours, edgecolors=colours, linewidths=0.3))
    axes.add_collection(LineCollection(borders(cut, polygons), colors=INK, linewidths=outline))


def _frame(upper: Axes, lower: Axes, closer: View) -> None:
    """Outline of the enlarged part in the whole cut, and around the enlargement."""
    left, right, bottom, top = closer.window
    upper.add_patch(
        Rectangle((left, bottom), right - left, top - bottom, fill=False, ec=INK, lw=1.0, zorder=5)
    )
    lower.add_patch(
        Rectangle((left, bottom), right - left, top - bottom, fill=False, ec=FAINT, lw=2.0, zorder=5)
    )


def _bars(figure: Figure, zoom: Normalize, size: tuple[float, float]) -> None:
    for norm, place, extend in ((WHOLE, 0.5, "both"), (zoom, 0.05, "max")):
        axes = figure.add_axes((1 - 0.95 / size[0], place, 0.16 / size[0], 0.36))
        bar = figure.colorbar(ScalarMappable(norm, MAP), cax=axes, extend=extend)
        bar.ax.set_title("von Mises\nMPa", fontsize=9, color=INK, loc="left")
        bar.ax.tick_params(labelsize=9, colors=INK)

"""The second metatarsal on its own: stress along the bone on the surface of its cortex."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyvista as pv
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.colours import INK
from pipeline.measure import gauge, tensors
from pipeline.measure.solution import Bone
from pipeline.panel import View, render, save, scale_bar, show
from pipeline.regions import Region
from pipeline.report.pictures.scene import Scene

MAP = "PuOr_r"
BONE = (Region.MT2_CORTEX, Region.MT2_CORE)


def draw(scenes: Sequence[Scene], out: Path) -> None:
    """Draw one row a case: the bone from its back and from below, toes left, one colour scale."""
    limit = _limit(scenes)
    first = _view(scenes[0].bone("mt2"), 1.0)
    left, right, low, high = first.window
    width = 5.2
    height = width * (high - low) / (right - left)
    size = (2 * width + 1.5, len(scenes) * (height + 0.42) + 0.5)
    figure = Figure(figsize=size)
    for row, scene in enumerate(scenes):
        surface = _stress_surface(scene)
        bottom = size[1] - 0.35 - (row + 1) * (height + 0.42)
        for column, side in enumerate((1.0, -1.0)):
            view = _view(scene.bone("mt2"), side)
            place = (0.1 + column * (width + 0.1)) / size[0], bottom / size[1]
            axes = figure.add_axes((*place, width / size[0], height / size[1]))
            show(axes, view, render(view, partial(_add, surface=surface, limit=limit)))
            _gauge(axes, view, scene.bone("mt2"))
        middle = (0.15 + width) / size[0]
        top = (bottom + height + 0.05) / size[1]
        figure.text(middle, top, scene.files.title, ha="center", fontsize=12.5, color=INK, weight="bold")
    for column, words in enumerate(("dorsal surface", "plantar surface")):
        centre = (0.1 + (column + 0.5) * (width + 0.1)) / size[0]
        figure.text(centre, 1 - 0.25 / size[1], words, ha="center", fontsize=11, color=INK)
    scale_bar(figure.axes[-1], first, 10.0)
    bar = figure.add_axes((1 - 1.0 / size[0], 0.14, 0.17 / size[0], 0.58))
    figure.colorbar(ScalarMappable(Normalize(-limit, limit), MAP), cax=bar, extend="both")
    bar.set_title("stress along\nthe bone, MPa\n(< 0 pressed)", fontsize=9, color=INK, loc="left", pad=14)
    bar.tick_params(labelsize=9, colors=INK)
    save(figure, out)


def _limit(scenes: Sequence[Scene]) -> float:
    """Half width of the colour scale, MPa: above every case's 99th percentile, in steps of 10."""
    keys = ("mt2_tension_p99", "mt2_compression_p99")
    largest = max(scene.files.quantities[key] for scene in scenes for key in keys)
    return float(max(10.0, 10.0 * np.ceil(largest / 10.0)))


def _view(bone: Bone, side: float) -> View:
    """Square onto the bone's back (side +1) or sole (-1), distal end to the left."""
    half = bone.length_mm / 2
    right = -bone.axis
    return View(bone.at(0.5), right, side * np.cross(bone.dorsal, right), (-half - 2, half + 2, -12.0, 12.0))


def _stress_surface(scene: Scene) -> pv.PolyData:
    """Surface of the bone with the stress along its axis averaged to the points, MPa."""
    part = scene.part(BONE)
    cortex = np.asarray(part["region"]) == int(Region.MT2_CORTEX)
    stress = np.column_stack([part[f"stress_{component}_MPa"] for component in tensors.COMPONENTS])
    part["axial"] = tensors.along(stress.astype(np.float64), scene.bone("mt2").axis)
    points = part.extract_cells(cortex).cell_data_to_point_data()
    surface = part.extract_surface(algorithm="dataset_surface")
    return surface.sample(points, snap_to_closest_point=True)


def _add(plotter: pv.Plotter, surface: pv.PolyData, limit: float) -> None:
    plotter.add_mesh(
        surface,
        scalars="axial",
        cmap=MAP,
        clim=(-limit, limit),
        show_scalar_bar=False,
        smooth_shading=True,
        ambient=0.45,
    )


def _gauge(axes: Axes, view: View, bone: Bone) -> None:
    """Outline of the strain gauge at mid-shaft."""
    x, y = view.project(bone.at(0.5))
    length, width = gauge.LENGTH_MM, gauge.WIDTH_MM
    axes.add_patch(
        Rectangle((x - length / 2, y - width / 2), length, width, fill=False, ec=INK, lw=1.3, zorder=5)
    )

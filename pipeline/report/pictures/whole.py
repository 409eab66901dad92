"""The whole model from the medial side: how the bones stand, tissue by tissue."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyvista as pv
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from pipeline.colours import BAND, BLOCK, BONE, CARTILAGE, FAINT, INK, METAL, RAY2, SKIN, SPUR
from pipeline.panel import View, heading, render, save, scale_bar, show
from pipeline.regions import Region
from pipeline.report.pictures.scene import IP_LAYERS, MTP1_LAYERS, Scene

FIRST_RAY: tuple[tuple[Region, ...], ...] = (
    (Region.MT1_CORE, Region.MT1_CORTEX),
    (Region.PP1_CORE, Region.PP1_CORTEX),
    (Region.DP1_CORE, Region.DP1_CORTEX),
    (Region.SESAMOID_MEDIAL,),
    (Region.SESAMOID_LATERAL,),
)
SECOND_RAY: tuple[tuple[Region, ...], ...] = (
    (Region.MT2_CORE, Region.MT2_CORTEX),
    (Region.PP2_CORE, Region.PP2_CORTEX),
    (Region.DP2_CORE, Region.DP2_CORTEX),
)
SMALL_JOINTS = (
    Region.MTP2_CARTILAGE_MT2,
    Region.MTP2_GAP,
    Region.MTP2_CARTILAGE_PP2,
    Region.PIP2_JOINT,
    Region.SESAMOID_CARTILAGE,
    Region.SESAMOID_GAP,
)
BANDS = (
    Region.PLANTAR_BAND_1,
    Region.PLANTAR_BAND_2,
    Region.FLEXOR_BAND_1,
    Region.SESAMOID_LIGAMENTS,
    Region.PLANTAR_PLATE_2,
    Region.DEEP_TRANSVERSE_LIGAMENT,
)
HARDWARE = (Region.SCREWS, Region.PLATE, Region.IMPLANT)
SHOE = (Region.SHOE_INSOLE, Region.SHOE_PLATE, Region.SHOE_OUTSOLE)


def draw(scenes: Sequence[Scene], out: Path) -> None:
    """Draw the cases side by side at one scale, toes to the left in a right foot."""
    views = _views(scenes)
    left, right, bottom, top = views[0].window
    width, above, below = 4.6, 0.73, 0.42 if len(scenes) > 1 else 0.75
    height = width * (top - bottom) / (right - left)
    size = (width * len(scenes) + 0.2, height + above + below)
    figure = Figure(figsize=size)
    inside = {"left": 0.01, "right": 0.99, "bottom": below / size[1], "top": 1 - above / size[1]}
    grid = figure.add_gridspec(1, len(scenes), wspace=0.02, **inside)
    for column, (scene, view) in enumerate(zip(scenes, views, strict=True)):
        axes = figure.add_subplot(grid[0, column])
        show(axes, view, render(view, partial(_add, scene=scene)))
        _annotate(axes, view, scene)
    scale_bar(figure.axes[-1], views[-1])
    _legend(figure, scenes)
    save(figure, out)


def _views(scenes: Sequence[Scene]) -> list[View]:
    """From the medial side of each foot, its back up; windows of one size hold every case above its floor."""
    bounds = np.array([scene.body.bounds for scene in scenes])
    right = [np.array([-scene.medial, 0.0, 0.0]) for scene in scenes]
    ends = bounds[:, :2] * np.array([way[0] for way in right])[:, None]
    window = (ends.min() - 3, ends.max() + 3, bounds[:, 4].min() - 9, bounds[:, 5].max() + 3)
    return [View(np.zeros(3), way, np.array([0.0, 0.0, 1.0]), window) for way in right]


def _add(plotter: pv.Plotter, scene: Scene) -> None:
    def put(regions: Sequence[Region], colour: str, smooth: int = 0, **look: float | bool) -> None:
        surface = scene.surface(regions, smooth)
        if surface.n_cells:
            surface = surface.compute_normals(feature_angle=60.0, split_vertices=True)
            plotter.add_mesh(surface, color=colour, smooth_shading=True, ambient=0.25, **look)

    for bone in SECOND_RAY:
        put(bone, RAY2, 30, specular=0.1)
    for bone in FIRST_RAY:
        put(bone, BONE, 30, specular=0.15)
    put(IP_LAYERS, CARTILAGE)
    put(MTP1_LAYERS, SPUR if scene.files.kind == "fused" else CARTILAGE)
    put(SMALL_JOINTS, CARTILAGE, opacity=0.6)
    put((Region.OSTEOPHYTE,), SPUR, 10)
    put(BANDS, BAND, 10)
    put(HARDWARE, METAL)
    put((Region.PROXIMAL_BLOCK,), BLOCK, 60, opacity=0.35)
    put(SHOE, FAINT, opacity=0.3)
    put(tuple(region for region in Region if region not in SHOE), SKIN, 20, opacity=0.2)
    plotter.enable_depth_peeling(8)


def _annotate(axes: Axes, view: View, scene: Scene) -> None:
    left, right, bottom, _ = view.window
    floor = view.project(np.array([0.0, 0.0, scene.floor_mm]))[1]
    axes.add_patch(Rectangle((left, bottom), right - left, floor - bottom, color="#eceff2", zorder=3, lw=0))
    axes.plot([left, right], [floor, floor], color=FAINT, lw=1.2, zorder=4)
    heading(axes, scene.files.title, 1.115)
    posture = scene.geometry["posture"]
    words = f"big-toe joint bent up {posture['mtp1_dorsiflexion_deg']:.0f}°, "
    lifted = posture["first_ray_elevation_deg"]
    words += f"first ray lifted {lifted:.0f}°" if lifted >= 0.5 else "first ray down"
    axes.text(0.5, 1.045, words, transform=axes.transAxes, ha="center", fontsize=10.5, color=INK)
    for layers, words in ((IP_LAYERS, "IP joint"), (MTP1_LAYERS, "big-toe joint")):
        place = view.project(scene.middle(layers))
        label = (place[0] - 6.0, place[1] + 24.0)
        line = {"arrowstyle": "-", "color": FAINT, "lw": 0.9, "shrinkB": 0}
        axes.annotate(words, place, label, ha="center", va="bottom", fontsize=9, color=INK, arrowprops=line)


def _legend(figure: Figure, scenes: Sequence[Scene]) -> None:
    kinds = {scene.files.kind for scene in scenes}
    entries = [
        (BONE, "first-ray bones"),
        (RAY2, "second-ray bones"),
        (CARTILAGE, "joint layers"),
        (BAND, "plantar bands"),
    ]
    if "stiff" in kinds:
        entries.append((SPUR, "osteophyte" + (" / fusion bone" if "fused" in kinds else "")))
    elif "fused" in kinds:
        entries.append((SPUR, "fusion bone"))
    for colour, words, regions in (
        (METAL, "hardware", (Region.SCREWS, Region.PLATE)),
        (METAL, "implant", (Region.IMPLANT,)),
        (FAINT, "shoe", SHOE),
    ):
        if any(scene.part(regions).n_cells for scene in scenes):
            entries.append((colour, words))
    entries.append((SKIN, "soft tissue"))
    handles = [Patch(facecolor=colour, edgecolor=FAINT, lw=0.5, label=label) for colour, label in entries]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=len(handles) if len(scenes) > 1 else 3,
        frameon=False,
        fontsize=10,
        labelcolor=INK,
        handlelength=1.2,
    )

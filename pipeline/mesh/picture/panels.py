"""The four pictures of the page: what each shows, what is said above it, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from pipeline.colours import FAINT, INK
from pipeline.mesh.picture import section, solid, views
from pipeline.mesh.picture.scene import Scene
from pipeline.panel import View, bare, render, scale_bar, show

BELOW_FLOOR_MM, BELOW_CUT_MM = 7.0, 2.5
"""Room for the scale bar below the floor, and below the frontal cut."""

FRONT_REACH_MM = 38.0
"""How far the frontal cut is shown around the first metatarsal: its head, its sesamoids, the second ray."""

WITHOUT_SESAMOIDS_MM = -1.0
"""Where the frontal cut lies along the metatarsal if there are none, from the centre of its head."""


@dataclass(frozen=True)
class Panel:
    """One picture of the page; ``draw`` fills axes that show the window of a view."""

    view: View
    caption: str
    draw: Callable[[Axes, View], None]

    @property
    def width_mm(self) -> float:
        """Width of the window."""
        return self.view.window[1] - self.view.window[0]

    @property
    def height_mm(self) -> float:
        """Height of the window."""
        return self.view.window[3] - self.view.window[2]

    def widened(self, width_mm: float) -> Panel:
        """The same panel with a window of this width about the same middle."""
        left, right, bottom, top = self.view.window
        low = (left + right - width_mm) / 2
        return replace(self, view=replace(self.view, window=(low, low + width_mm, bottom, top)))


def medial(scene: Scene, marks: views.Landmarks) -> Panel:
    """The whole model in three dimensions."""
    points = np.vstack([scene.hull.surface.points, solid.floor_corners(scene, marks)])
    view = views.fit(views.medial_view(marks), points)
    return Panel(view, "From the medial side", partial(_draw_medial, scene, marks))


def along(scene: Scene, marks: views.Landmarks) -> Panel:
    """The upright cut along the first ray."""
    cut = section.bent_section(scene, marks)
    left, right, bottom, top = cut.window
    floor = marks.floor_mm - cut.view.origin[2]
    view = replace(cut.view, window=(left, right, min(bottom, floor) - BELOW_FLOOR_MM, top))
    words = "Cut upright along the first ray (bent at the big-toe joint to follow it)"
    return Panel(view, words, partial(_draw_along, scene, cut, floor))


def dorsal(scene: Scene, marks: views.Landmarks) -> Panel:
    """Both rays from above."""
    view = views.fit(views.dorsal_view(marks), scene.hull.surface.points, margin=4.0)
    words = "From above, square to the big-toe joint"
    words += "; bones as glass" if solid.has_hardware(scene) else ""
    return Panel(view, words, partial(_draw_dorsal, scene, marks))


def front(scene: Scene, marks: views.Landmarks) -> Panel:
    """The cut across the metatarsal at its sesamoids."""
    centres = (scene.centre(f"sesamoid_{side}") for side in ("medial", "lateral"))
    shifts = [float((centre - marks.mtp1) @ marks.mt1_axis) for centre in centres if centre is not None]
    shift = sum(shifts) / len(shifts) if shifts else WITHOUT_SESAMOIDS_MM
    cut = section.plane_section(scene, views.frontal_cut(marks, shift))
    left, right, bottom, top = map(float, np.clip(cut.window, -FRONT_REACH_MM, FRONT_REACH_MM))
    view = replace(cut.view, window=(left, right, bottom - BELOW_CUT_MM, top))
    words = "Cut across the metatarsal" + (" at its sesamoids" if shifts else " head") + ", from the front"
    return Panel(view, words, partial(_draw_front, scene, marks, cut))


def _draw_medial(scene: Scene, marks: views.Landmarks, axes: Axes, view: View) -> None:
    show(axes, view, render(view, partial(solid.add_medial, scene=scene, marks=marks)))
    x, y = min(view.project(corner) for corner in solid.floor_corners(scene, marks))
    _note(axes, x, y, "floor", ha="left", va="bottom")
    scale_bar(axes, view)


def _draw_along(scene: Scene, cut: section.Section, floor: float, axes: Axes, view: View) -> None:
    section.paint(axes, scene, cut)
    left, right, _, _ = view.window
    axes.plot([left, right], [floor, floor], color=FAINT, lw=1.2, zorder=0)
    _note(axes, left + 1.0, floor - 1.0, "floor", ha="left", va="top")
    bare(axes, view)
    scale_bar(axes, view)


def _draw_dorsal(scene: Scene, marks: views.Landmarks, axes: Axes, view: View) -> None:
    show(axes, view, render(view, partial(solid.add_dorsal, scene=scene)))
    left, _, bottom, top = view.window
    _note(axes, left + 1.0, top - 1.0, "lateral", ha="left", va="top")
    _note(axes, left + 1.0, bottom + 1.0, "medial", ha="left", va="bottom")
    scale_bar(axes, view)


def _draw_front(scene: Scene, marks: views.Landmarks, cut: section.Section, axes: Axes, view: View) -> None:
    section.paint(axes, scene, cut, edge=0.35, border=0.9)
    left, right, _, top = view.window
    sides = ("lateral", "medial") if marks.medial @ view.right > 0 else ("medial", "lateral")
    for place, words, align in ((left + 0.5, sides[0], "left"), (right - 0.5, sides[1], "right")):
        _note(axes, place, top - 0.5, words, ha=align, va="top")
    bare(axes, view)
    scale_bar(axes, view, 10.0)


def _note(axes: Axes, x: float, y: float, words: str, **align: Any) -> None:
    """A small word on a picture, readable on any ground; place in mm."""
    text = axes.text(x, y, words, fontsize=8.5, color=INK, zorder=6, **align)
    text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])

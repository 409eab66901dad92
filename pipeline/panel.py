"""A rendered panel with millimetre coordinates, and the page furniture around it.

Every 3D panel is rendered in parallel projection, so a pixel has a known place in millimetres; titles,
scale bars and labels are then set by matplotlib on the same coordinates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pyvista as pv
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from pipeline.colours import INK

matplotlib.use("Agg")
Floats = NDArray[np.float64]
Image = NDArray[np.uint8]
PIXELS_PER_MM = 8.0


@dataclass(frozen=True)
class View:
    """Direction of sight, mm: what is right and up on the page, and the window in those coordinates.

    ``window`` is (left, right, bottom, top) relative to ``origin``.
    """

    origin: Floats
    right: Floats
    up: Floats
    window: tuple[float, float, float, float]

    @property
    def towards_eye(self) -> Floats:
        """Unit vector from the scene to the eye."""
        return np.cross(self.right, self.up).astype(np.float64)

    def project(self, place: Floats) -> tuple[float, float]:
        """Page coordinates of a place, mm."""
        offset = np.asarray(place) - self.origin
        return float(offset @ self.right), float(offset @ self.up)


def render(view: View, add: Callable[[pv.Plotter], None]) -> Image:
    """Image of what ``add`` puts into the plotter, RGB, shape (height, width, 3), values 0 to 255."""
    left, right, bottom, top = view.window
    size = (round((right - left) * PIXELS_PER_MM), round((top - bottom) * PIXELS_PER_MM))
    plotter = pv.Plotter(off_screen=True, window_size=size, lighting="none")
    plotter.set_background("white")
    add(plotter)
    aim(plotter, view)
    plotter.enable_anti_aliasing("ssaa")
    image = np.asarray(plotter.screenshot(return_img=True), dtype=np.uint8)
    plotter.close()
    return image


def aim(plotter: pv.Plotter, view: View) -> None:
    """Light the scene from the eye and show the window of the view in parallel projection."""
    left, right, bottom, top = view.window
    centre = view.origin + (left + right) / 2 * view.right + (bottom + top) / 2 * view.up
    _light(plotter, view, centre)
    plotter.enable_parallel_projection()
    plotter.camera.focal_point = centre
    plotter.camera.position = centre + 400.0 * view.towards_eye
    plotter.camera.up = view.up
    plotter.camera.parallel_scale = (top - bottom) / 2
    plotter.camera.clipping_range = (1.0, 1000.0)


def _light(plotter: pv.Plotter, view: View, centre: Floats) -> None:
    """A main light from the upper left of the eye and a weak one from the other side."""
    eye, up, right = view.towards_eye, view.up, view.right
    for direction, strength in ((eye + 0.7 * up - 0.6 * right, 0.85), (eye - 0.4 * up + 0.9 * right, 0.35)):
        light = pv.Light(position=centre + 400.0 * direction, focal_point=centre, intensity=strength)
        light.positional = False
        plotter.add_light(light)


def show(axes: Axes, view: View, image: Image) -> None:
    """Put a rendered image on axes that count in mm, without a frame."""
    left, right, bottom, top = view.window
    axes.imshow(image, extent=(left, right, bottom, top), interpolation="lanczos")
    bare(axes, view)


def bare(axes: Axes, view: View) -> None:
    """Equal scales, the window of the view, no frame and no ticks."""
    left, right, bottom, top = view.window
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    axes.axis("off")


def heading(axes: Axes, title: str, height: float = 1.02) -> None:
    """Title of a case above its panel, in bold."""
    axes.text(
        0.5,
        height,
        title,
        transform=axes.transAxes,
        ha="center",
        va="bottom",
        fontsize=12.5,
        color=INK,
        weight="bold",
    )


def scale_bar(axes: Axes, view: View, length_mm: float = 20.0) -> None:
    """A bar of known length in the lower right corner."""
    _, right, bottom, top = view.window
    end, height = right - 2.0, bottom + 0.035 * (top - bottom)
    axes.plot([end - length_mm, end], [height, height], color=INK, lw=2.0, solid_capstyle="butt", zorder=6)
    middle = end - length_mm / 2
    text = axes.text(
        middle,
        height,
        f"{length_mm:g} mm\n",
        ha="center",
        va="center",
        fontsize=8,
        color=INK,
        zorder=6,
        linespacing=1.3,
    )
    text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG on white."""
    figure.savefig(path, dpi=150, facecolor="white")

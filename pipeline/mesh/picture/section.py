"""Cuts through the cells: tissues in their colours, cell edges thin, borders between tissues dark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba
from numpy.typing import NDArray

from pipeline.colours import INK
from pipeline.cut import Polygons, borders, cut_cells
from pipeline.mesh.picture.scene import Scene
from pipeline.mesh.picture.views import Landmarks, upright_cuts
from pipeline.panel import Floats, View

ON_FOLD_MM = 1e-6
MARGIN_MM = 2.0


@dataclass(frozen=True)
class Section:
    """A cut in the page coordinates of ``view``: polygons, the region of each, and tissue borders, mm."""

    view: View
    polygons: Polygons
    region: NDArray[np.int64]
    borders: Polygons

    @property
    def window(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of all there is, with a margin, mm."""
        corners = np.vstack(self.polygons)
        (left, bottom), (right, top) = corners.min(axis=0) - MARGIN_MM, corners.max(axis=0) + MARGIN_MM
        return float(left), float(right), float(bottom), float(top)


def bent_section(scene: Scene, marks: Landmarks) -> Section:
    """Cut along two upright planes, of the metatarsal and of the toe, laid flat on one page.

    A great toe that points aside has no plane in common with its metatarsal; this cut follows both.
    """
    behind, ahead = upright_cuts(marks)
    toes = np.sign((marks.toe_tip - marks.mtp1) @ behind.right)
    back = plane_section(scene, behind, cast_off=toes * behind.right)
    front = plane_section(scene, ahead, cast_off=-toes * ahead.right)
    edges = [line for line in back.borders + front.borders if np.abs(line[:, 0]).max() > ON_FOLD_MM]
    region = np.concatenate([back.region, front.region])
    return Section(behind, back.polygons + front.polygons, region, edges)


def plane_section(scene: Scene, view: View, cast_off: Floats | None = None) -> Section:
    """Cut across a view, without the half of the model in direction ``cast_off`` of its origin, if given."""
    body = scene.body if cast_off is None else scene.body.clip(normal=cast_off, origin=view.origin)
    polygons, cut = cut_cells(body, view)
    return Section(view, polygons, np.asarray(cut["region"], dtype=np.int64), borders(cut, polygons))


def paint(axes: Axes, scene: Scene, section: Section, *, edge: float = 0.2, border: float = 0.55) -> None:
    """Fill the cells, draw their edges and the borders of tissues; line widths in points."""
    fill = {tag: to_rgba(look.colour) for tag, look in scene.looks.items()}
    colours = [fill[int(tag)] for tag in section.region]
    axes.add_collection(
        PolyCollection(section.polygons, facecolors=colours, edgecolors=to_rgba(INK, 0.3), linewidths=edge)
    )
    axes.add_collection(
        LineCollection(section.borders, colors=INK, linewidths=border, capstyle="round", joinstyle="round")
    )

"""The foot in three dimensions, from the medial side and from above."""

from __future__ import annotations

import numpy as np
import pyvista as pv

from pipeline.mesh.picture.look import Kind
from pipeline.mesh.picture.scene import Scene, Solid
from pipeline.mesh.picture.views import Landmarks
from pipeline.panel import Floats

FLOOR_COLOUR = "#e6eaee"
FLOOR_MARGIN_MM = 6.0
GLASS = 0.45
SHINE = {Kind.HARDWARE: 0.6, Kind.PLATE: 0.6, Kind.BONE: 0.15}
OUTSIDE = (Kind.BLOCK, Kind.SHOE, Kind.SOFT)
INNER = tuple(kind for kind in Kind if kind not in OUTSIDE)
X_RAY = {Kind.HARDWARE: 1.0, Kind.PLATE: 0.6, Kind.BAND: 0.0}
"""Share of its opacity that a tissue keeps from above if there is hardware to be seen; others are glass."""


def add_medial(plotter: pv.Plotter, scene: Scene, marks: Landmarks) -> None:
    """Everything, outside translucent, on its floor."""
    for solid in (*scene.solids((*INNER, Kind.BLOCK, Kind.SHOE)), scene.hull):
        put(plotter, solid)
    plotter.add_mesh(_floor(scene, marks), color=FLOOR_COLOUR, ambient=1.0, diffuse=0.0)
    plotter.enable_depth_peeling(8)


def add_dorsal(plotter: pv.Plotter, scene: Scene) -> None:
    """Bones, joints and bands from outside, or as glass around hardware."""
    hardware = has_hardware(scene)
    for solid in scene.solids((*INNER, Kind.BLOCK)):
        share = X_RAY.get(solid.look.kind, GLASS) if hardware else 1.0
        if share > 0.0:
            put(plotter, solid, share)
    put(plotter, scene.hull, 0.5)
    plotter.enable_depth_peeling(12)


def has_hardware(scene: Scene) -> bool:
    """Whether there are screws, a plate or an implant."""
    return any(look.kind in (Kind.HARDWARE, Kind.PLATE) for look in scene.looks.values())


def put(plotter: pv.Plotter, solid: Solid, share: float = 1.0) -> pv.Actor:
    """Add one solid, with a share of the opacity it has by its look."""
    opacity = share * solid.look.opacity
    return plotter.add_mesh(
        solid.surface,
        color=solid.look.colour,
        opacity=opacity,
        culling="back" if opacity < 1.0 else None,  # the far wall of a translucent skin only muddies it
        smooth_shading=True,
        ambient=0.25,
        specular=SHINE.get(solid.look.kind, 0.0),
    )


def floor_corners(scene: Scene, marks: Landmarks) -> Floats:
    """Corners of the piece of floor that is drawn, shape (4, 3), mm."""
    x0, x1, y0, y1, _, _ = scene.body.bounds
    x, y = (x0 - FLOOR_MARGIN_MM, x1 + FLOOR_MARGIN_MM), (y0 - FLOOR_MARGIN_MM, y1 + FLOOR_MARGIN_MM)
    corners = ((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]))
    return np.array([(*corner, marks.floor_mm) for corner in corners])


def _floor(scene: Scene, marks: Landmarks) -> pv.PolyData:
    return pv.PolyData(floor_corners(scene, marks), faces=[4, 0, 1, 2, 3])

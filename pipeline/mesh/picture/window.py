"""A window to turn and cut a mesh in; each tissue has a box that names its colour and shows or hides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pyvista as pv
from matplotlib.colors import to_rgb
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkInteractionWidgets import vtkImplicitPlaneWidget

from pipeline.colours import FAINT, INK
from pipeline.errors import MachineError
from pipeline.mesh.picture.look import Kind, Look, legend
from pipeline.mesh.picture.scene import Scene
from pipeline.mesh.picture.solid import INNER, put
from pipeline.mesh.picture.views import Landmarks, fit, medial_view, upright_cuts
from pipeline.panel import aim

SIZE = (1500, 950)
BOX, ROW, LEFT = 18, 27, 15
"""Size of a box to tick, distance of two rows, and place of their left edge, pixels."""

UNSEEN = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")
"""What VTK falls back to without a screen."""

CUT = "cut"
HELP = "cut (drag the middle ball to move it, an end ball to tilt it)"


class Window:
    """The foot, the plane that can cut it, and which tissues are hidden."""

    def __init__(self, scene: Scene, title: str, *, off_screen: bool = False) -> None:
        self.scene = scene
        self.marks = Landmarks.of(scene)
        self.plotter = pv.Plotter(title=title, off_screen=off_screen, window_size=SIZE, lighting="none")
        self.plotter.set_background("white")
        solids = [*scene.solids((*INNER, Kind.BLOCK, Kind.SHOE)), scene.hull]
        self.actors = [(solid.look, put(self.plotter, solid)) for solid in solids]
        self.plane = vtkPlane()
        self.plane.SetOrigin(*map(float, self.marks.mtp1))
        self.plane.SetNormal(*map(float, -upright_cuts(self.marks)[0].towards_eye))
        self.widget = self._add_plane()
        self.cutting = False
        self.hidden: set[Look] = set()
        self._add_boxes()
        aim(self.plotter, fit(medial_view(self.marks), scene.hull.surface.points, margin=12.0))

    def open(self) -> None:
        """Open the window and wait until it is closed.

        Raises:
            MachineError: the screen does not answer, and VTK would draw where nobody sees it.
        """
        kind = self.plotter.render_window.GetClassName()
        if kind in UNSEEN:
            raise MachineError("the screen does not answer, or its OpenGL cannot be used")
        self.plotter.show()

    def cut(self, on: bool) -> None:
        """Cut the model at the plane, or make it whole."""
        self.cutting = on
        for _, actor in self.actors:
            actor.mapper.RemoveAllClippingPlanes()
            if on:
                actor.mapper.AddClippingPlane(self.plane)
        self.widget.SetEnabled(on)
        self._fill()

    def move(self, normal: Sequence[float], origin: Sequence[float]) -> None:
        """Put the plane elsewhere; the side its normal points to stays. Origin in mm."""
        self.plane.SetNormal(*normal)
        self.plane.SetOrigin(*origin)
        self._fill()

    def show_tissue(self, on: bool, look: Look) -> None:
        """Show or hide a tissue."""
        self.hidden = self.hidden - {look} if on else self.hidden | {look}
        for known, actor in self.actors:
            actor.visibility = known not in self.hidden
        self._fill()

    def _fill(self) -> None:
        """Show the cells in the plane in the colours of their tissues."""
        self.plotter.remove_actor(CUT, render=False)
        if not self.cutting:
            return
        plane = {"normal": self.plane.GetNormal(), "origin": self.plane.GetOrigin()}
        cut = self.scene.body.slice(**plane, generate_triangles=False)
        if not cut.n_cells:
            return
        shown = [tag for tag, look in self.scene.looks.items() if look not in self.hidden]
        cut = cut.extract_cells(np.isin(cut["region"], shown))
        if not cut.n_cells:
            return
        colour = {tag: to_rgb(look.colour) for tag, look in self.scene.looks.items()}
        cut["colour"] = np.array([colour[int(tag)] for tag in cut["region"]])
        self.plotter.add_mesh(
            cut,
            scalars="colour",
            rgb=True,
            show_edges=True,
            edge_opacity=0.3,
            lighting=False,
            name=CUT,
            reset_camera=False,
        )

    def _add_plane(self) -> vtkImplicitPlaneWidget:
        """The plane to drag, switched off."""
        widget = self.plotter.add_plane_widget(
            self.move,
            normal=self.plane.GetNormal(),
            origin=self.plane.GetOrigin(),
            bounds=self.scene.body.bounds,
            outline_translation=False,
            outline_opacity=0.0,
            test_callback=False,
        )
        widget.SetEnabled(False)
        return widget

    def _add_boxes(self) -> None:
        """A box for the cut at the bottom, and one for each tissue above it."""
        self._add_box(0, HELP, INK, self.cut, on=False)
        looks = legend(self.scene.names.values())
        for row, look in enumerate(reversed(looks), start=2):
            self._add_box(row, look.words, look.colour, partial(self.show_tissue, look=look), on=True)

    def _add_box(self, row: int, words: str, colour: str, call: Callable[[bool], None], *, on: bool) -> None:
        height = LEFT + row * ROW
        self.plotter.add_checkbox_button_widget(
            call,
            value=on,
            position=(LEFT, height),
            size=BOX,
            border_size=2,
            color_on=colour,
            color_off="white",
            background_color=FAINT,
        )
        self.plotter.add_text(words, position=(LEFT + BOX + 8, height - 2), font_size=9, color=INK)

"""Directions of sight, from the landmarks of a mesh; right for a left foot too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.mesh.picture.scene import Scene
from pipeline.panel import Floats, View

UP = np.array([0.0, 0.0, 1.0])
OPEN_WINDOW = (-1.0, 1.0, -1.0, 1.0)


@dataclass(frozen=True)
class Landmarks:
    """Places (mm) and unit vectors the views are built on."""

    mt1_base: Floats
    mt1_axis: Floats
    mt1_dorsal: Floats
    pp1_dorsal: Floats
    mtp1: Floats
    toe_tip: Floats
    medial: Floats
    """Horizontal, away from the second ray."""

    floor_mm: float

    @classmethod
    def of(cls, scene: Scene) -> Landmarks:
        """Landmarks of a scene."""
        bones, joints = scene.geometry["bones"], scene.geometry["joints"]
        mt1, dp1 = bones["mt1"], bones["dp1"]
        base = np.array(mt1["base"])
        tip = np.array(dp1["base"]) + dp1["length_mm"] * np.array(dp1["axis"])
        across = _unit(np.cross(UP, tip - base))
        side = np.sign((base - np.array(bones["mt2"]["base"])) @ across) or 1.0
        return cls(
            mt1_base=base,
            mt1_axis=np.array(mt1["axis"]),
            mt1_dorsal=np.array(mt1["dorsal"]),
            pp1_dorsal=np.array(bones["pp1"]["dorsal"]),
            mtp1=np.array(joints["mtp1"]["centre"]),
            toe_tip=tip,
            medial=side * across,
            floor_mm=float(scene.geometry["floor_z_mm"]),
        )


def medial_view(marks: Landmarks) -> View:
    """The whole foot from its medial side, a little from the front and from above."""
    forward = _unit(_level(marks.toe_tip - marks.mt1_base))
    return _towards(marks.medial + 0.22 * forward + 0.16 * UP, UP, marks.mtp1)


def upright_cuts(marks: Landmarks) -> tuple[View, View]:
    """Upright planes along the metatarsal and along the toe, which meet at the centre of the joint."""
    behind, ahead = marks.mtp1 - marks.mt1_base, marks.toe_tip - marks.mtp1
    first, second = (_towards(_across(_level(d), marks), UP, marks.mtp1) for d in (behind, ahead))
    return first, second


def frontal_cut(marks: Landmarks, shift_mm: float) -> View:
    """Plane across the metatarsal, this far ahead of the centre of its head, from the front; up is dorsal."""
    return _towards(marks.mt1_axis, marks.mt1_dorsal, marks.mtp1 + shift_mm * marks.mt1_axis)


def dorsal_view(marks: Landmarks) -> View:
    """From above, square to the big-toe joint; toes to the same side as seen from the medial side."""
    return _towards(marks.mt1_dorsal + marks.pp1_dorsal, -marks.medial, marks.mtp1)


def fit(view: View, points: Floats, margin: float = 2.0) -> View:
    """The view with a window that holds some points, shape (n, 3), mm."""
    offset = points - view.origin
    across, up = offset @ view.right, offset @ view.up
    left, right = float(across.min()) - margin, float(across.max()) + margin
    bottom, top = float(up.min()) - margin, float(up.max()) + margin
    return replace(view, window=(left, right, bottom, top))


def _towards(eye: Floats, up: Floats, origin: Floats) -> View:
    """View with the eye in a direction, and ``up`` as nearly up as that allows."""
    eye = _unit(eye)
    up = _unit(up - (up @ eye) * eye)
    return View(origin, _unit(np.cross(up, eye)), up, OPEN_WINDOW)


def _across(direction: Floats, marks: Landmarks) -> Floats:
    """Horizontal unit vector square to a direction, on the medial side."""
    across = _unit(np.cross(UP, direction))
    return across if across @ marks.medial > 0 else -across


def _level(vector: Floats) -> Floats:
    return vector * np.array([1.0, 1.0, 0.0])


def _unit(vector: NDArray[np.floating[Any]]) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)

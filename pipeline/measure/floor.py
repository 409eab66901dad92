"""What is under the foot: force, share, pressure, area and centre of pressure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.measure.quantity import Measured, Place
from pipeline.measure.solution import Solution
from pipeline.measure.statistics import Floats, disc_means, weighted_percentile
from pipeline.regions import Sole
from pipeline.tetrahedron import FACES, outer_faces

CONTACT_kPa = 10.0
"""A facet counts as in contact above this mean pressure: a choice of this project."""
SENSOR_MM = 8.0
"""Diameter of the disc over which the averaged pressure is taken, about a pressure-mat sensor's width."""
MPA_TO_KPA = 1000.0


def force(sole: Sole) -> Callable[[Solution], Measured]:
    """Evaluator of the vertical floor force under one patch, N."""
    return lambda solution: Measured(solution.sole_force(sole))


def force_bodyweight(sole: Sole) -> Callable[[Solution], Measured]:
    """Evaluator of the same in percent of body weight."""
    return lambda solution: Measured(100.0 * solution.sole_force(sole) / solution.body_weight_N)


def share(sole: Sole) -> Callable[[Solution], Measured]:
    """Evaluator of the patch's share of the whole floor force, percent."""
    return lambda solution: Measured(100.0 * solution.sole_force(sole) / solution.total_force)


def peak_pressure(sole: Sole) -> Callable[[Solution], Measured]:
    """Evaluator of the largest facet pressure, kPa, with its place."""

    def evaluate(solution: Solution) -> Measured:
        return _largest(solution, solution.sole_pressure, solution.facets_of(sole))

    return evaluate


def sensor_pressure(sole: Sole) -> Callable[[Solution], Measured]:
    """Evaluator of the largest mean pressure over a disc of 8 mm, kPa, with its place."""

    def evaluate(solution: Solution) -> Measured:
        centres = solution.sole_centres[:, :2]
        means = disc_means(centres, solution.sole_pressure, solution.sole_area, SENSOR_MM / 2)
        return _largest(solution, means, solution.facets_of(sole))

    return evaluate


def pressure_p95(sole: Sole) -> Callable[[Solution], Measured]:
    """Evaluator of the 95th percentile of pressure by area in contact, kPa; 0 without contact."""

    def evaluate(solution: Solution) -> Measured:
        touching = solution.facets_of(sole) & _in_contact(solution)
        if not touching.any():
            return Measured(0.0, note="no contact")
        pressure, area = solution.sole_pressure[touching], solution.sole_area[touching]
        return Measured(MPA_TO_KPA * weighted_percentile(pressure, area, 95.0))

    return evaluate


def contact_area(sole: Sole) -> Callable[[Solution], Measured]:
    """Evaluator of the area of the facets in contact, mm^2."""

    def evaluate(solution: Solution) -> Measured:
        touching = solution.facets_of(sole) & _in_contact(solution)
        return Measured(float(solution.sole_area[touching].sum()))

    return evaluate


def centre_of_pressure(solution: Solution) -> Place:
    """Centre of all floor pressure in the unloaded model, mm; its height is that of the floor."""
    weight = solution.sole_pressure * solution.sole_area
    x, y = weight @ solution.sole_centres[:, :2] / weight.sum()
    return float(x), float(y), float(solution.geometry["floor_z_mm"])


def centre_from_joint(component: int, sign: float) -> Callable[[Solution], Measured]:
    """Evaluator of the centre of pressure relative to the centre of the big-toe joint, mm.

    Args:
        component: 0 along the foot (distal), 1 across it (medial, whichever foot it is).
        sign: +1 to count in that direction, -1 against it.
    """

    def evaluate(solution: Solution) -> Measured:
        place = centre_of_pressure(solution)
        joint = solution.landmark("joints", "mtp1")["centre"]
        ahead = sign * (solution.medial if component == 1 else 1.0)
        return Measured(ahead * (place[component] - float(joint[component])), where=place)

    return evaluate


def unseen_penetration(solution: Solution) -> Measured:
    """How deep the skin outside all sole patches ends below the floor, mm, with its place; 0 if nowhere.

    Contact is looked for on the sole patches only, so this skin would pass through the floor unhindered.
    """
    owner, local = outer_faces(solution.cells)
    surface = np.unique(solution.cells[owner[:, None], FACES[local]])
    unseen = np.setdiff1d(surface, solution.sole_facets)
    height = solution.points[unseen, 2] + solution.displacement[unseen, 2]
    depth = _floor_height(solution, solution.points[unseen, 0]) - height
    if depth.max(initial=0.0) <= 0.0:
        return Measured(0.0)
    deepest = int(np.argmax(depth))
    x, y, z = solution.points[unseen[deepest]]
    return Measured(float(depth[deepest]), where=(float(x), float(y), float(z)))


def _floor_height(solution: Solution, x: Floats) -> Floats:
    """Height of the floor, flat or a rocker's arc, at coordinates x, mm."""
    height = np.full(len(x), float(solution.geometry["floor_z_mm"]))
    rocker = solution.geometry.get("rocker")
    if rocker:
        height -= np.maximum(x - rocker["apex_x_mm"], 0.0) ** 2 / (2.0 * rocker["radius_mm"])
    return height


def _in_contact(solution: Solution) -> NDArray[np.bool_]:
    return np.asarray(solution.sole_pressure * MPA_TO_KPA > CONTACT_kPa)


def _largest(solution: Solution, pressure: Floats, mask: NDArray[np.bool_]) -> Measured:
    if not mask.any():
        return Measured(0.0, note="no sole facet here")
    highest = int(np.argmax(np.where(mask, pressure, -np.inf)))
    x, y, z = solution.sole_centres[highest]
    return Measured(MPA_TO_KPA * float(pressure[highest]), where=(float(x), float(y), float(z)))

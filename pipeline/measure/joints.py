"""What the joints of the first ray carry: moments of the floor about them, contact, tensions of cables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.measure.quantity import NOT_MODELLED, Measured
from pipeline.measure.solution import Solution
from pipeline.measure.statistics import Floats
from pipeline.regions import Region, Sole

NEAR_MM = 8.0
"""Radius about a joint within which its bones say how far it has moved."""


@dataclass(frozen=True)
class Hinge:
    """A joint of the first ray as the floor turns it.

    Attributes:
        joint: its name among the landmarks.
        distal: the bone beyond it, by its name among the landmarks.
        bones: regions of the bones on both sides.
        patches: parts of the sole that may lie beyond it.
    """

    joint: str
    distal: str
    bones: tuple[Region, ...]
    patches: tuple[Sole, ...]


IP = Hinge("ip", "dp1", (Region.PP1_CORTEX, Region.DP1_CORTEX), (Sole.SOLE_HALLUX,))
MTP1 = Hinge("mtp1", "pp1", (Region.MT1_CORTEX, Region.PP1_CORTEX), (Sole.SOLE_HALLUX, Sole.SOLE_MT1_HEAD))


def floor_moment(hinge: Hinge) -> Callable[[Solution], Measured]:
    r"""Evaluator of the moment of the floor about a joint, N mm, positive into extension.

    .. math:: M = \sum_f p_f A_f \, \langle (x_f - c) \cdot a \rangle

    over the facets of the patches beyond the joint, with the present centres of facets x and joint c and the
    horizontal direction a of the bone beyond it.
    """

    def evaluate(solution: Solution) -> Measured:
        ahead = solution.bone(hinge.distal).axis * [1.0, 1.0, 0.0]
        ahead = ahead / np.linalg.norm(ahead)
        place = (solution.points + solution.displacement)[solution.sole_facets].mean(axis=1)
        lever = (place - joint_centre(solution, hinge)) @ ahead
        beyond = (lever > 0.0) & np.isin(solution.sole_region, [int(patch) for patch in hinge.patches])
        force = solution.sole_pressure * solution.sole_area
        return Measured(float(force[beyond] @ lever[beyond]))

    return evaluate


def joint_centre(solution: Solution, hinge: Hinge) -> Floats:
    """Centre of a joint in the deformed model, (3,), mm: it moves with the mean of the bone around it."""
    centre = np.asarray(solution.landmark("joints", hinge.joint)["centre"], dtype=np.float64)
    vertices = np.unique(solution.cells[solution.cells_of(hinge.bones)])
    near = vertices[np.linalg.norm(solution.points[vertices] - centre, axis=1) < NEAR_MM]
    moved = solution.displacement[near].mean(axis=0) if len(near) else np.zeros(3)
    return np.asarray(centre + moved)


def contact_force(joint: str) -> Callable[[Solution], Measured]:
    """Evaluator of the size of the contact force of a joint whose surfaces slide, N."""
    return _contact(joint, lambda entry: float(np.linalg.norm(entry["force_N"])))


def contact_value(joint: str, key: str) -> Callable[[Solution], Measured]:
    """Evaluator of another figure of a joint's contact, in the unit of its key in ``steps.json``."""
    return _contact(joint, lambda entry: float(entry[key]))


def _contact(joint: str, take: Callable[[dict[str, float]], float]) -> Callable[[Solution], Measured]:
    def evaluate(solution: Solution) -> Measured:
        entry = solution.last_step.get("contacts", {}).get(joint)
        return Measured(0.0, note=NOT_MODELLED) if entry is None else Measured(take(entry))

    return evaluate


def tension(cable: str) -> Callable[[Solution], Measured]:
    """Evaluator of the tension of a cable, N."""

    def evaluate(solution: Solution) -> Measured:
        entry = solution.last_step.get("attached", {}).get(cable)
        return Measured(0.0, note=NOT_MODELLED) if entry is None else Measured(float(entry["tension_N"]))

    return evaluate


def spring_moment(joint: str) -> Callable[[Solution], Measured]:
    """Evaluator of the moment of a joint law, N mm."""

    def evaluate(solution: Solution) -> Measured:
        entry = solution.last_step.get("attached", {}).get(joint)
        return Measured(0.0, note=NOT_MODELLED) if entry is None else Measured(float(entry["moment_Nmm"]))

    return evaluate

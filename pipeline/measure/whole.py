"""Quantities of the whole model: total force, descent, balance of forces, posture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.measure.quantity import Measured
from pipeline.measure.solution import Solution


def total_force(solution: Solution) -> Measured:
    """Vertical floor force on both rays, N."""
    return Measured(solution.total_force)


def total_force_bodyweight(solution: Solution) -> Measured:
    """The same in percent of body weight."""
    return Measured(100.0 * solution.total_force / solution.body_weight_N)


def descent(solution: Solution) -> Measured:
    """How far the proximal block came down to reach the target force, mm."""
    return Measured(float(solution.last_step["descent_mm"]))


def imbalance(solution: Solution) -> Measured:
    """Length of (floor force + reaction of the block) over the target force, no unit; 0 in exact balance."""
    rest = np.array(solution.steps["reaction_N"], dtype=np.float64) + np.array(
        [0.0, 0.0, solution.total_force]
    )
    return Measured(float(np.linalg.norm(rest)) / float(solution.last_step["target_N"]))


def posture(key: str) -> Callable[[Solution], Measured]:
    """Evaluator of one angle of the as-built posture in ``geometry.json``, degrees."""
    return lambda solution: Measured(float(solution.landmark("posture", key)))

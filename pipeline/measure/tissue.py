"""Stress statistics of a tissue: one value a stress point, each with a quarter of its cell's volume."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MeshError
from pipeline.measure.quantity import NOT_MODELLED, Measured
from pipeline.measure.solution import Solution
from pipeline.measure.statistics import Floats, weighted_mean, weighted_percentile
from pipeline.regions import Region

Scalar = Callable[[Solution], Floats]
Choice = Callable[[Solution], NDArray[np.bool_]]
SHAFT = (0.2, 0.8)
"""Part of a bone's length that counts as its shaft, as fractions from the base."""


def equivalent(solution: Solution) -> Floats:
    """Von Mises stress, shape (nc, 4), MPa."""
    return solution.von_mises


def compression(solution: Solution) -> Floats:
    """Largest compressive principal stress, positive in compression, shape (nc, 4), MPa."""
    return -solution.principal_stress[..., 0]


def tension(solution: Solution) -> Floats:
    """Largest tensile principal stress, shape (nc, 4), MPa."""
    return solution.principal_stress[..., 2]


def inside(*regions: Region) -> Choice:
    """Choose every stress point of the regions the variant has."""

    def choose(solution: Solution) -> NDArray[np.bool_]:
        return np.repeat(solution.cells_of(regions)[:, None], 4, axis=1)

    return choose


def shaft(bone: str, *regions: Region) -> Choice:
    """Choose the stress points of the regions between 20 and 80 % of the bone's length from its base."""

    def choose(solution: Solution) -> NDArray[np.bool_]:
        frame = solution.bone(bone)
        fraction = (solution.stress_points - frame.base) @ frame.axis / frame.length_mm
        return inside(*regions)(solution) & (fraction >= SHAFT[0]) & (fraction <= SHAFT[1])

    return choose


def points_of(solution: Solution, choose: Choice, regions: Iterable[Region]) -> NDArray[np.bool_]:
    """Mask of the chosen stress points, shape (nc, 4).

    Raises:
        MeshError: nothing was chosen; a statistic over nothing would be a number without meaning.
    """
    mask = choose(solution)
    if not mask.any():
        names = ", ".join(region.label for region in regions)
        raise MeshError(
            f"fields.h5: no stress point in {names}. The mesh lacks the region, or its landmarks are wrong."
        )
    return mask


def mean_of(scalar: Scalar, choose: Choice, regions: tuple[Region, ...]) -> Callable[[Solution], Measured]:
    """Evaluator of the mean by volume."""

    def evaluate(solution: Solution) -> Measured:
        mask = points_of(solution, choose, regions)
        return Measured(weighted_mean(scalar(solution)[mask], _volumes(solution)[mask]))

    return evaluate


def percentile_of(
    scalar: Scalar, choose: Choice, regions: tuple[Region, ...], percent: float
) -> Callable[[Solution], Measured]:
    """Evaluator of a percentile by volume."""

    def evaluate(solution: Solution) -> Measured:
        mask = points_of(solution, choose, regions)
        return Measured(weighted_percentile(scalar(solution)[mask], _volumes(solution)[mask], percent))

    return evaluate


def peak_of(scalar: Scalar, choose: Choice, regions: tuple[Region, ...]) -> Callable[[Solution], Measured]:
    """Evaluator of the largest value at a stress point, with its place."""

    def evaluate(solution: Solution) -> Measured:
        mask = points_of(solution, choose, regions)
        values = scalar(solution)[mask]
        highest = int(np.argmax(values))
        x, y, z = solution.stress_points[mask][highest]
        return Measured(float(values[highest]), where=(float(x), float(y), float(z)))

    return evaluate


def crushed_share(regions: tuple[Region, ...], strain: float) -> Callable[[Solution], Measured]:
    """Evaluator of the share of the regions' volume with a smallest principal strain below a limit, percent.

    Args:
        regions: where to look.
        strain: the limit, negative in compression, no unit.
    """

    def evaluate(solution: Solution) -> Measured:
        mask = points_of(solution, inside(*regions), regions)
        beyond = solution.principal_strain[..., 0][mask] < strain
        return Measured(100.0 * weighted_mean(beyond.astype(np.float64), _volumes(solution)[mask]))

    return evaluate


def yielded_share(solution: Solution) -> Measured:
    """Share of the volume of all regions with a yield stress where von Mises stress exceeds it, percent."""
    regions = tuple(solution.yield_MPa)
    if not regions:
        return Measured(0.0, note=NOT_MODELLED)
    mask = points_of(solution, inside(*regions), regions)
    limit = np.full(len(solution.region), np.inf)
    for region, value in solution.yield_MPa.items():
        limit[solution.cells_of([region])] = value
    beyond = (solution.von_mises > limit[:, None])[mask]
    return Measured(100.0 * weighted_mean(beyond.astype(np.float64), _volumes(solution)[mask]))


def yield_ratio_p99(solution: Solution) -> Measured:
    """Largest 99th percentile by volume of von Mises over yield stress of a region that has one, no unit."""
    if not solution.yield_MPa:
        return Measured(0.0, note=NOT_MODELLED)
    ratios = [
        percentile_of(equivalent, inside(region), (region,), 99.0)(solution).value / limit
        for region, limit in solution.yield_MPa.items()
    ]
    return Measured(max(ratios))


def _volumes(solution: Solution) -> Floats:
    return np.repeat(solution.volume[:, None] / 4.0, 4, axis=1)

"""Weighted statistics: plain numbers from arrays, independent of mesh order and of the number of ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def weighted_mean(values: Floats, weights: Floats) -> float:
    """Mean sum(w v) / sum(w).

    Args:
        values: shape (n,), any unit.
        weights: shape (n,), not negative, with a positive sum.

    Returns:
        The mean in the unit of ``values``.
    """
    return float(np.average(values, weights=weights))


def weighted_percentile(values: Floats, weights: Floats, percent: float) -> float:
    r"""Inverse of the weighted distribution function, the lower value where it jumps.

    .. math:: Q(p) = \min\{v : \sum_{v_i \le v} w_i \ge p \sum_i w_i\}

    The result is always one of the values: the 95th percentile by volume is the stress that 95 % of the
    volume does not exceed. Nothing is interpolated, so the order of the points does not matter.

    Args:
        values: shape (n,), n >= 1, any unit.
        weights: shape (n,), not negative, with a positive sum (volumes mm^3 or areas mm^2).
        percent: 0 < percent <= 100.

    Returns:
        The percentile in the unit of ``values``.

    Source:
        Hyndman and Fan 1996, Am Stat 50:361, 10.1080/00031305.1996.10473566, definition 1, with weights
        in place of counts.
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    wanted = percent / 100.0 * reached[-1] * (1.0 - 1e-12)  # a share met up to rounding counts as met
    return float(values[order[int(np.searchsorted(reached, wanted, side="left"))]])


def disc_means(centres: Floats, values: Floats, weights: Floats, radius: float) -> Floats:
    """Weighted mean of ``values`` over the points within ``radius`` of each point.

    Args:
        centres: shape (n, d), positions in mm.
        values: shape (n,), any unit.
        weights: shape (n,), positive.
        radius: mm.

    Returns:
        Means, shape (n,), in the unit of ``values``.
    """
    means = np.empty(len(values))
    for start in range(0, len(values), 512):
        block = slice(start, start + 512)
        apart = np.linalg.norm(centres[block, None, :] - centres[None, :, :], axis=2)
        near = np.where(apart <= radius, weights, 0.0)
        means[block] = near @ values / near.sum(axis=1)
    return means

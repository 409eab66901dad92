"""Weighted statistics against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.measure.statistics import disc_means, weighted_mean, weighted_percentile


@pytest.mark.parametrize(("percent", "expected"), [(10.0, 1.0), (50.0, 5.0), (95.0, 10.0), (100.0, 10.0)])
def test_equal_weights_give_the_rank(percent: float, expected: float) -> None:
    """With ten equal weights the p-th percentile is value number ceil(p/10)."""
    values = np.array([*range(1, 11)], dtype=np.float64)
    assert weighted_percentile(values, np.ones(10), percent) == expected


def test_a_weight_counts_as_copies() -> None:
    """A value of weight 3 is three values of weight 1."""
    values, weights = np.array([4.0, 1.0, 7.0]), np.array([3.0, 1.0, 2.0])
    copies = np.repeat(values, weights.astype(int))
    for percent in (5.0, 16.0, 17.0, 66.0, 67.0, 99.0):
        assert weighted_percentile(values, weights, percent) == weighted_percentile(
            copies, np.ones(6), percent
        )


def test_percentile_of_a_linear_field() -> None:
    """Where a value grows linearly over a volume, 95 % of the volume lies below 95 % of its range."""
    position = (np.arange(20000) + 0.5) / 20000
    assert weighted_percentile(3.0 + 2.0 * position, np.full(20000, 0.1), 95.0) == pytest.approx(
        4.9, abs=1e-4
    )


def test_order_and_empty_weights_do_not_matter() -> None:
    """Shuffling changes no bit, and points without volume have no say."""
    rng = np.random.default_rng(1)
    values, weights = rng.normal(size=500), rng.uniform(0.1, 2.0, size=500)
    shuffled = rng.permutation(500)
    expected = weighted_percentile(values, weights, 99.0)
    assert weighted_percentile(values[shuffled], weights[shuffled], 99.0) == expected
    assert weighted_percentile(np.append(values, 1e9), np.append(weights, 0.0), 100.0) == values.max()


def test_mean_by_weight() -> None:
    """Two volumes, 1 and 3: the mean leans to the larger."""
    assert weighted_mean(np.array([0.0, 8.0]), np.array([1.0, 3.0])) == 6.0


def test_disc_mean_of_a_linear_field_is_its_centre_value() -> None:
    """On a symmetric grid the mean of a linear field over a disc is the value at its centre."""
    x, y = np.meshgrid(np.arange(-20.0, 21.0), np.arange(-20.0, 21.0))
    centres = np.column_stack([x.ravel(), y.ravel()])
    values = 5.0 + 0.3 * centres[:, 0] - 0.2 * centres[:, 1]
    means = disc_means(centres, values, np.ones(len(values)), radius=4.0)
    inner = np.abs(centres).max(axis=1) < 15
    np.testing.assert_allclose(means[inner], values[inner], atol=1e-12)

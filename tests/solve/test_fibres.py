"""Directions along polylines, and what the tables of configuration and solve say about fibres."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.config.materials import FIBRE_LAWS
from pipeline.solve.fibres import directions
from pipeline.solve.laws import LAWS
from tests.solve.boxes import Floats

STRAIGHT = np.array([[1.0, 2.0, 0.0], [3.0, 1.0, 2.0]])
BENT = np.array([[-5.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 5.0, 0.0]])
"""Along x, then along y."""


def scattered(low: float, high: float) -> Floats:
    """Two hundred places in a cube."""
    return np.random.default_rng(5).uniform(low, high, (200, 3))


def test_configuration_and_solve_name_the_same_laws() -> None:
    assert set(FIBRE_LAWS) == {name for name, law in LAWS.items() if law.needs_fibre}


@pytest.mark.parametrize("points", [2, 4])
def test_straight_line_has_one_direction(points: int) -> None:
    """A unit vector from its first to its last point, everywhere, also beyond its ends."""
    line = STRAIGHT[0] + np.linspace(0.0, 1.0, points)[:, None] * (STRAIGHT[1] - STRAIGHT[0])
    found = directions([line], scattered(-9.0, 9.0))
    np.testing.assert_allclose(found, np.tile([2.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0], (200, 1)), atol=1e-14)


def test_direction_turns_with_a_bend() -> None:
    """Inside the bend each place has the direction of the leg it is nearer to."""
    places = scattered(-4.0, 4.0) * [1.0, 1.0, 0.1] + [-4.5, 4.5, 0.0]
    first = places[:, 1] < -places[:, 0]
    assert 20 < first.sum() < 180
    wanted = np.where(first[:, None], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    np.testing.assert_allclose(directions([BENT], places), wanted, atol=1e-14)


@pytest.mark.parametrize("height", [0.0, 0.7])
def test_direction_turns_steadily_outside_a_bend(height: float) -> None:
    """There it is the tangent of a circle about the vertex, at any distance, and no leg's own."""
    angle = np.linspace(0.0, np.pi / 2.0, 19)
    places = np.column_stack([2.0 * np.sin(angle), -2.0 * np.cos(angle), np.full(19, height)])
    tangents = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(19)])
    found = directions([BENT], places)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-14)
    np.testing.assert_allclose(np.sum(found * places, axis=1), 0.0, atol=1e-12)
    if height == 0.0:
        np.testing.assert_allclose(found, tangents, atol=1e-12)


def test_middle_of_a_bend_has_the_direction_between_its_legs() -> None:
    """At the vertex, and where both legs are equally far."""
    places = np.array([[0.0, 0.0, 0.0], [-1.0, 1.0, 0.0]])
    np.testing.assert_allclose(directions([BENT], places), np.full((2, 3), [0.5**0.5, 0.5**0.5, 0.0]))


def test_nearest_of_several_lines_counts() -> None:
    """Two lines side by side, of different directions."""
    lines = [np.array([[0.0, y, 0.0], [1.0, y + rise, 0.0]]) for y, rise in ((0.0, 0.0), (9.0, 1.0))]
    found = directions(lines, np.array([[0.5, 1.0, 1.0], [0.5, 8.0, 1.0]]))
    np.testing.assert_allclose(found, [[1.0, 0.0, 0.0], [0.5**0.5, 0.5**0.5, 0.0]], atol=1e-14)


def test_direction_turns_with_the_foot() -> None:
    """Mirrored lines and places have mirrored directions."""
    places, side = scattered(-4.0, 4.0), np.array([1.0, -1.0, 1.0])
    np.testing.assert_allclose(directions([BENT * side], places * side), directions([BENT], places) * side)

"""Tensor scalars against textbook states."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.measure import tensors


def test_von_mises_of_textbook_states() -> None:
    """Uniaxial: the stress itself; hydrostatic: nothing; pure shear: sqrt(3) times the shear."""
    states = np.array([[7.0, 0, 0, 0, 0, 0], [4.0, 4.0, 4.0, 0, 0, 0], [0, 0, 0, 2.0, 0, 0]])
    np.testing.assert_allclose(tensors.von_mises(states), [7.0, 0.0, 2.0 * np.sqrt(3.0)])


def test_principals_of_a_turned_state() -> None:
    """Principal values do not see the turn; they come in rising order."""
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    matrix = turn @ np.diag([3.0, -5.0, 1.0]) @ turn.T
    packed = matrix[[0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2]]
    np.testing.assert_allclose(tensors.full(packed), matrix)
    np.testing.assert_allclose(tensors.principal(packed), [-5.0, 1.0, 3.0])


@pytest.mark.parametrize("column", [0, 1, 2])
def test_normal_component_is_n_t_n(column: int) -> None:
    """The component along a direction is n . T n."""
    packed = np.array([1.0, 2.0, 3.0, 0.5, -0.25, 0.75])
    direction = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0][:, column]
    np.testing.assert_allclose(tensors.along(packed, direction), direction @ tensors.full(packed) @ direction)

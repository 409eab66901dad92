"""Scalars of symmetric tensors stored as xx, yy, zz, xy, yz, xz (tensor shear, not engineering shear)."""

from __future__ import annotations

import numpy as np

from pipeline.measure.statistics import Floats

COMPONENTS = ("xx", "yy", "zz", "xy", "yz", "xz")
_FULL = [0, 3, 5, 3, 1, 4, 5, 4, 2]


def full(tensor: Floats) -> Floats:
    """The 3 x 3 matrices of packed tensors, shape (..., 6) to (..., 3, 3), same unit."""
    return tensor[..., _FULL].reshape(*tensor.shape[:-1], 3, 3)


def von_mises(stress: Floats) -> Floats:
    r"""Equivalent stress :math:`\sqrt{\tfrac32\, s : s}` with s the deviator of the stress.

    Args:
        stress: shape (..., 6), MPa.

    Returns:
        Shape (...), MPa, not negative.
    """
    xx, yy, zz, xy, yz, xz = np.moveaxis(stress, -1, 0)
    normal = 0.5 * ((xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2)
    return np.asarray(np.sqrt(normal + 3.0 * (xy**2 + yz**2 + xz**2)))


def principal(tensor: Floats) -> Floats:
    """Principal values in rising order, shape (..., 6) to (..., 3), same unit."""
    return np.asarray(np.linalg.eigvalsh(full(tensor)))


def along(tensor: Floats, direction: Floats) -> Floats:
    """Normal component n . T n, shape (..., 6) to (...), same unit.

    Args:
        tensor: shape (..., 6).
        direction: unit vector n, shape (3,).
    """
    a, b, c = direction
    return np.asarray(tensor @ np.array([a * a, b * b, c * c, 2 * a * b, 2 * b * c, 2 * a * c]))

"""Numbers that carry their first and second derivatives, for terms of a few unknowns.

The length of a cable and the angle of a joint are functions of a few mean points. Written in jets, their
slopes and curvatures follow by the chain rule, exact to rounding and without a formula to get wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.solve.level import Floats


class Jet:
    """A number with its derivatives in n variables.

    Attributes:
        value: the number.
        slope: first derivatives, (n,).
        curvature: second derivatives, symmetric, (n, n).
    """

    __slots__ = ("curvature", "slope", "value")

    def __init__(self, value: float, slope: Floats, curvature: Floats) -> None:
        self.value = value
        self.slope = slope
        self.curvature = curvature

    def __add__(self, other: Jet | float) -> Jet:
        if isinstance(other, Jet):
            return Jet(self.value + other.value, self.slope + other.slope, self.curvature + other.curvature)
        return Jet(self.value + other, self.slope, self.curvature)

    def __neg__(self) -> Jet:
        return Jet(-self.value, -self.slope, -self.curvature)

    def __sub__(self, other: Jet | float) -> Jet:
        return self + (-other)

    def __mul__(self, other: Jet | float) -> Jet:
        if not isinstance(other, Jet):
            return Jet(self.value * other, self.slope * other, self.curvature * other)
        cross = np.outer(self.slope, other.slope)
        curvature = self.value * other.curvature + other.value * self.curvature + cross + cross.T
        return Jet(self.value * other.value, self.value * other.slope + other.value * self.slope, curvature)

    __radd__ = __add__
    __rmul__ = __mul__

    def through(self, value: float, first: float, second: float) -> Jet:
        """A function of this jet, from its value and its first and second derivative there."""
        curvature = first * self.curvature + second * np.outer(self.slope, self.slope)
        return Jet(value, first * self.slope, curvature)

    def sqrt(self) -> Jet:
        """Square root; of a positive number."""
        root = float(np.sqrt(self.value))
        return self.through(root, 0.5 / root, -0.25 / root**3)

    def reciprocal(self) -> Jet:
        """One over the number."""
        one = 1.0 / self.value
        return self.through(one, -(one**2), 2.0 * one**3)


Vector = tuple[Jet, Jet, Jet]
"""A point or a direction in space."""


def vectors(values: Floats) -> list[Vector]:
    """Points as independent variables.

    Args:
        values: coordinates, (m, 3); the variables are numbered in this order.
    """
    size = values.size
    unit, flat = np.eye(size), np.zeros((size, size))
    jets = [Jet(float(value), row, flat) for value, row in zip(values.reshape(-1), unit, strict=True)]
    return [(jets[i], jets[i + 1], jets[i + 2]) for i in range(0, size, 3)]


def constants(values: Floats) -> list[Vector]:
    """Points that do not vary, (m, 3)."""
    none = np.zeros(0), np.zeros((0, 0))
    return [(Jet(float(x), *none), Jet(float(y), *none), Jet(float(z), *none)) for x, y, z in values]


def plus(a: Vector, b: Vector) -> Vector:
    """Sum of two vectors."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def minus(a: Vector, b: Vector) -> Vector:
    """Difference of two vectors."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def scaled(a: Vector, factor: Jet) -> Vector:
    """A vector times a number."""
    return (a[0] * factor, a[1] * factor, a[2] * factor)


def dot(a: Sequence[Jet], b: Sequence[Jet]) -> Jet:
    """Scalar product of two vectors."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Vector product."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def norm(a: Vector) -> Jet:
    """Length of a vector that is not zero."""
    return dot(a, a).sqrt()


def unit(a: Vector) -> Vector:
    """A vector brought to length one."""
    return scaled(a, norm(a).reciprocal())


def angle(sine: Jet, cosine: Jet) -> Jet:
    r"""Angle of a vector in the plane, atan2(s, c), between -pi and pi.

    .. math:: d\alpha = (c\, ds - s\, dc) / (s^2 + c^2)
    """
    s, c = sine.value, cosine.value
    q = s * s + c * c
    slope = (c * sine.slope - s * cosine.slope) / q
    both = np.outer(sine.slope, cosine.slope)
    ss, cc = np.outer(sine.slope, sine.slope), np.outer(cosine.slope, cosine.slope)
    curvature = (c * sine.curvature - s * cosine.curvature) / q
    curvature = curvature + ((s * s - c * c) * (both + both.T) + 2.0 * s * c * (cc - ss)) / q**2
    return Jet(float(np.arctan2(s, c)), np.asarray(slope), np.asarray(curvature))

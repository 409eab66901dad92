"""Shapes as implicit functions: negative inside, positive outside, close to a distance near the surface.

Every shape is a function of points ``x`` of shape (n, 3) in mm that returns (n,) in mm. Shapes are
combined by minimum (union) and maximum (intersection), sharp or rounded.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Shape = Callable[[Array], Array]


def length_of(vectors: Array) -> Array:
    """Length of each row of (n, 3), (n,)."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)))


@dataclass(frozen=True)
class Frame:
    """Right-handed frame of a bone: origin at its base, unit vectors distal and dorsal (right foot)."""

    origin: Array
    axis: Array
    dorsal: Array

    @classmethod
    def declined(cls, origin: Array, declination_deg: float, yaw_deg: float) -> Frame:
        """Frame whose axis is turned from the x axis: down by the declination, medially by the yaw."""
        down, yaw = np.radians([declination_deg, yaw_deg])
        ahead = np.array([np.cos(yaw), np.sin(yaw), 0.0])
        up = np.array([0.0, 0.0, 1.0])
        return cls(
            origin=np.asarray(origin, float),
            axis=np.cos(down) * ahead - np.sin(down) * up,
            dorsal=np.sin(down) * ahead + np.cos(down) * up,
        )

    def rolled(self, pronation_deg: float) -> Frame:
        """The frame turned about its axis, the dorsum towards the medial side."""
        angle = np.radians(pronation_deg)
        return Frame(self.origin, self.axis, np.cos(angle) * self.dorsal + np.sin(angle) * self.medial)

    def moved(self, origin: Array) -> Frame:
        """The same directions at another origin."""
        return Frame(origin, self.axis, self.dorsal)

    @cached_property
    def medial(self) -> Array:
        """Unit vector to the medial side of a right foot."""
        return np.cross(self.dorsal, self.axis)

    def at(self, along: float, dorsal: float = 0.0, medial: float = 0.0) -> Array:
        """Point with the given local coordinates, (3,), mm."""
        return self.origin + along * self.axis + dorsal * self.dorsal + medial * self.medial

    def local(self, x: Array) -> tuple[Array, Array, Array]:
        """Coordinates of points along the axis, dorsally and medially, each (n,), mm."""
        d = x - self.origin
        return d @ self.axis, d @ self.dorsal, d @ self.medial


def rounded_min(a: Array, b: Array, radius: float) -> Array:
    """Union of two shapes with a fillet about as wide as ``radius`` mm (polynomial smooth minimum)."""
    blend = np.maximum(radius - np.abs(a - b), 0.0)
    return np.minimum(a, b) - blend**2 / (4.0 * radius)


def rounded_max(a: Array, b: Array, radius: float) -> Array:
    """Intersection of two shapes with an edge rounded over about ``radius`` mm."""
    return -rounded_min(-a, -b, radius)


def capsule(start: Array, end: Array, radius: float, end_radius: float | None = None) -> Shape:
    """Points closer than ``radius`` to a segment; the radius may change linearly along it."""
    direction = end - start
    length2 = float(direction @ direction)
    growth = 0.0 if end_radius is None else end_radius - radius

    def shape(x: Array) -> Array:
        along = np.clip((x - start) @ direction / length2, 0.0, 1.0) if length2 else np.zeros(len(x))
        return length_of(x - start - along[:, None] * direction) - radius - growth * along

    return shape


def polyline(points: Array, radius: float) -> Shape:
    """Tube of constant radius along a chain of points (m, 3)."""
    return union(*(capsule(a, b, radius) for a, b in itertools.pairwise(points)))


def ball(centre: Array, radius: float) -> Shape:
    """Sphere."""
    return lambda x: length_of(x - centre) - radius


def roller(centre: Array, medial: Array, half_width: float, radius: float) -> Shape:
    """Ball stretched sideways by +-half_width along ``medial``: the trochlea of a hinge joint."""
    if half_width <= 0.0:
        return ball(centre, radius)
    return capsule(centre - half_width * medial, centre + half_width * medial, radius)


def barrel(centre: Array, medial: Array, sagittal: float, transverse: float) -> Shape:
    r"""Articular head with one radius about the medial axis and another across it, exact distance.

    With :math:`\rho` the distance from the medial axis through the centre and m the coordinate along it,
    the surface is :math:`(\rho + R_t - R_s)^2 + m^2 = R_t^2`: a circle of radius :math:`R_s` in the
    sagittal plane, swept by an arc of radius :math:`R_t`.

    Args:
        centre: centre of the sagittal circle, (3,), mm.
        medial: unit vector of the axis the joint turns about.
        sagittal: radius :math:`R_s`, mm.
        transverse: radius :math:`R_t`, mm.
    """

    def shape(x: Array) -> Array:
        d = x - centre
        m = d @ medial
        rho = np.sqrt(np.maximum(np.einsum("ij,ij->i", d, d) - m * m, 0.0))
        radial = rho + (transverse - sagittal)
        if transverse < sagittal:
            radial = np.maximum(radial, 0.0)
        return np.hypot(radial, m) - transverse

    return shape


def half_space(point: Array, outward: Array) -> Shape:
    """Everything behind a plane through ``point`` whose unit normal points out of it."""
    return lambda x: (x - point) @ outward


def cylinder(start: Array, end: Array, radius: float) -> Shape:
    """Solid cylinder between two points, cut flat at both."""
    length = float(np.linalg.norm(end - start))
    axis = (end - start) / length

    def shape(x: Array) -> Array:
        along = (x - start) @ axis
        across = np.sqrt(np.maximum(np.sum((x - start) ** 2, axis=1) - along**2, 0.0))
        return np.maximum(across - radius, np.maximum(-along, along - length))

    return shape


def pillar(frame: Frame, half_axial: float, half_medial: float) -> Shape:
    """Endless elliptical cylinder along the frame's dorsal axis, first-order distance."""

    def shape(x: Array) -> Array:
        t, _, m = frame.local(x)
        level = np.hypot(t / half_axial, m / half_medial)
        slope = np.hypot(t / half_axial**2, m / half_medial**2)
        inside = -min(half_axial, half_medial)
        return np.where(level > 1e-6, level * (level - 1.0) / np.maximum(slope, 1e-9), inside)

    return shape


def elliptic_cone(frame: Frame, dorsal_deg: float, medial_deg: float) -> Shape:
    """Cone along the frame's axis from its origin, opening by different angles; first-order distance."""
    dorsal, medial = np.tan(np.radians([dorsal_deg, medial_deg]))
    scale = float(np.cos(np.radians(min(dorsal_deg, medial_deg))) * min(dorsal, medial))

    def shape(x: Array) -> Array:
        t, d, m = frame.local(x)
        return scale * (np.hypot(d / dorsal, m / medial) - t)

    return shape


def ellipsoid(frame: Frame, along: float, dorsal: float, medial: float) -> Shape:
    """Ellipsoid with the given half axes about the frame's origin, first-order distance."""
    half = np.array([along, dorsal, medial])

    def shape(x: Array) -> Array:
        scaled = np.stack(frame.local(x), axis=1) / half
        level, slope = length_of(scaled), length_of(scaled / half)
        return level * (level - 1.0) / np.maximum(slope, 1e-9)

    return shape


def box(frame: Frame, low: Array, high: Array, rounding: float) -> Shape:
    """Box with rounded edges between two corners given in the frame (along, dorsal, medial)."""
    centre, half = (low + high) / 2.0, (high - low) / 2.0 - rounding

    def shape(x: Array) -> Array:
        q = np.abs(np.stack(frame.local(x), axis=1) - centre) - half
        outside = length_of(np.maximum(q, 0.0))
        return outside + np.minimum(q.max(axis=1), 0.0) - rounding

    return shape


def loft(
    frame: Frame,
    stations: Array,
    half_medial: Array,
    half_dorsal: Array,
    rise: Array | float = 0.0,
    edge: float = 2.0,
) -> Shape:
    r"""Solid with elliptical sections along a frame's axis, cut flat at the first and last station.

    With half axes a(t), b(t) and local coordinates (m, d) of a section, the level is
    :math:`g = \sqrt{(m/a)^2 + (d/b)^2}` and the shape is :math:`(g - 1)\, g / |\nabla g^2/2|`, the
    distance to first order.

    Args:
        frame: frame of the bone; the axis passes through the section centres of a straight bone.
        stations: positions along the axis, (k,), mm, increasing.
        half_medial: half width at each station, (k,), mm.
        half_dorsal: half height at each station, (k,), mm.
        rise: dorsal offset of the centre line at each station, (k,), mm.
        edge: rounding of the two cut ends, mm.
    """
    start, end = float(stations[0]), float(stations[-1])
    rises = np.broadcast_to(rise, stations.shape)

    def shape(x: Array) -> Array:
        t, d, m = frame.local(x)
        d = d - np.interp(t, stations, rises)
        a, b = np.interp(t, stations, half_medial), np.interp(t, stations, half_dorsal)
        level = np.sqrt((m / a) ** 2 + (d / b) ** 2)
        slope = np.sqrt((m / a**2) ** 2 + (d / b**2) ** 2)
        side = np.where(level > 1e-6, level * (level - 1.0) / np.maximum(slope, 1e-9), -np.minimum(a, b))
        return rounded_max(side, np.maximum(start - t, t - end), edge)

    return shape


def union(*shapes: Shape, rounding: float = 0.0) -> Shape:
    """Union of shapes, with fillets if a rounding is given."""

    def shape(x: Array) -> Array:
        value = shapes[0](x)
        for other in shapes[1:]:
            value = rounded_min(value, other(x), rounding) if rounding else np.minimum(value, other(x))
        return value

    return shape


def common(*shapes: Shape) -> Shape:
    """Intersection of shapes."""

    def shape(x: Array) -> Array:
        value = shapes[0](x)
        for other in shapes[1:]:
            value = np.maximum(value, other(x))
        return value

    return shape


def rounded_common(first: Shape, second: Shape, rounding: float) -> Shape:
    """Intersection of two shapes with the edge between them rounded, mm."""
    return lambda x: rounded_max(first(x), second(x), rounding)


def nearby(shape: Shape, bound: Shape, reach: float) -> Shape:
    """A costly shape, looked at only within ``reach`` mm of a cheap one that contains it.

    Farther away the distance to the bound stands in: smaller than the true one, but no less than ``reach``.
    """

    def quick(x: Array) -> Array:
        value = np.asarray(bound(x))
        near = np.flatnonzero(value < reach)
        value[near] = shape(x[near])
        return value

    return quick


def outside(shape: Shape) -> Shape:
    """Complement of a shape."""
    return lambda x: -shape(x)


def grown(shape: Shape, distance: float) -> Shape:
    """Shape with its surface moved outwards by ``distance`` mm."""
    return lambda x: shape(x) - distance

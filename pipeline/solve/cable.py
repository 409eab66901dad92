r"""Cables: tendons, fascia slips and ligaments as lines that slide freely through points of the bones.

A cable runs through points, each fixed in space or moving with a patch of the body, and has one tension
all along:

.. math:: l = \sum_i |x_{i+1} - x_i|, \qquad
    E = T l \quad \text{or} \quad E = \frac{E A}{2 l_0} \langle l - l_0 \rangle^2

Between two points it may meet a drum, a cylinder that moves with a patch, on which it lies without friction
and without weight, as a fascia slip lies under the head of a metatarsal. There the straight piece is replaced
by the shortest way around: two tangents and an arc, a straight line once the cylinder is rolled out. When
the toe turns by an angle about the axis of a drum of radius r, the cable is drawn in by r times that angle:
the windlass (Hicks 1954, J Anat 88:25-30).

The energy contains the path only, so it is that of the block at rest, the frame of the floor's descent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.solve.attachments import Patch
from pipeline.solve.body import Body
from pipeline.solve.jet import Jet, Vector, angle, constants, cross, dot, minus, norm, scaled, unit
from pipeline.solve.level import Floats
from pipeline.solve.means import MeanTerm, Row


@dataclass(frozen=True)
class Point:
    """A point that a cable runs through.

    Attributes:
        place_mm: in the unloaded model, (3,).
        patch: what it moves with; None where it is fixed in space.
    """

    place_mm: Floats
    patch: Patch | None = None

    def row(self) -> Row:
        """The point as a weighted sum of nodal positions."""
        return self.place_mm if self.patch is None else (self.patch, self.patch.point(self.place_mm))


@dataclass(frozen=True)
class Drum:
    """A cylinder that a cable lies on, or may come to lie on, between two of its points.

    Attributes:
        before: number of the point before it; the other is the next.
        centre_mm: a point of the axis in the unloaded model, (3,).
        axis: direction of the axis, of either sign, (3,).
        side: direction from the axis to where the cable lies, (3,).
        radius_mm: radius.
        patch: what the drum moves with; None where it is fixed in space.
    """

    before: int
    centre_mm: Floats
    axis: Floats
    side: Floats
    radius_mm: float
    patch: Patch | None = None

    def rows(self) -> list[Row]:
        """Centre, unit axis and unit side as weighted sums of nodal positions."""
        axis = self.axis / np.linalg.norm(self.axis)
        side = self.side - (self.side @ axis) * axis
        side = side / np.linalg.norm(side)
        if self.patch is None:
            return [self.centre_mm, axis, side]
        turning = [(self.patch, self.patch.direction(each)) for each in (axis, side)]
        return [(self.patch, self.patch.point(self.centre_mm)), *turning]


@dataclass(frozen=True)
class Tension:
    """A tension that does not depend on length: an active muscle.

    Attributes:
        tension_N: tension at full load.
    """

    tension_N: float

    def at(self, length_mm: float, built_mm: float, share: float) -> float:
        """Tension, N, at a length, at a share of the load."""
        return share * self.tension_N

    def energy(self, length: Jet, built_mm: float, share: float) -> Jet:
        """Energy T l, N mm."""
        return length * (share * self.tension_N)


@dataclass(frozen=True)
class Elastic:
    """Linear elasticity that carries no compression: a fascia slip or a ligament.

    Attributes:
        stiffness_N: force per strain, E A.
        prestrain: strain in the unloaded model, which grows with the share of the load; negative is slack.
    """

    stiffness_N: float
    prestrain: float = 0.0

    def rest_mm(self, built_mm: float, share: float) -> float:
        """Length without tension."""
        return built_mm / (1.0 + self.prestrain * (share if self.prestrain > 0.0 else 1.0))

    def at(self, length_mm: float, built_mm: float, share: float) -> float:
        """Tension, N, at a length, at a share of the load."""
        rest = self.rest_mm(built_mm, share)
        return self.stiffness_N * max(length_mm - rest, 0.0) / rest

    def energy(self, length: Jet, built_mm: float, share: float) -> Jet:
        """Energy E A <l - l0>^2 / (2 l0), N mm."""
        rest = self.rest_mm(built_mm, share)
        longer = max(length.value - rest, 0.0)
        k = self.stiffness_N / rest if longer > 0.0 else 0.0
        return length.through(0.5 * k * longer**2, k * longer, k)


class Cable(MeanTerm):
    """A cable: a term of the system. Making and refreshing it is collective.

    Args:
        body: the body.
        points: at least two, in order; no two neighbours at one place.
        law: its tension.
        drums: cylinders between its points, at most one between two.
        name: for reports.

    Attributes:
        share: share of the full load, which scales the tension or the prestrain.
        built_mm: length in the unloaded model.
        length_mm: length when last refreshed.
    """

    def __init__(
        self,
        body: Body,
        points: Sequence[Point],
        law: Tension | Elastic,
        drums: Sequence[Drum] = (),
        name: str = "cable",
    ) -> None:
        rows = [point.row() for point in points]
        super().__init__(body, rows + [row for drum in drums for row in drum.rows()])
        self.law = law
        self.name = name
        self.share = 1.0
        self._count = len(rows)
        self._drums: dict[int, _Laid] = {}
        rest = constants(self.means.rest_mm)
        for k, drum in enumerate(drums):
            first = self._count + 3 * k
            around_axis = winding(rest[drum.before], rest[drum.before + 1], rest[first : first + 3])
            sense = 1.0 if around_axis.value >= 0.0 else -1.0
            self._drums[drum.before] = _Laid(first, drum.radius_mm, sense)
        self.built_mm = self._length(rest).value
        self.length_mm = self.built_mm
        self.refresh()

    @property
    def tension_N(self) -> float:
        """Tension when last refreshed."""
        return self.law.at(self.length_mm, self.built_mm, self.share)

    @property
    def pull_N(self) -> Floats:
        """Force of the cable on each of its points when last refreshed, (points, 3); drums take the rest."""
        return -self._state.slope.reshape(-1, 3)[: self._count]

    def potential(self, at: list[Vector]) -> Jet:
        """Energy at given points and drums, N mm."""
        length = self._length(at)
        self.length_mm = length.value
        return self.law.energy(length, self.built_mm, self.share)

    def _length(self, at: list[Vector]) -> Jet:
        """Length of the path."""
        pieces = []
        for i in range(self._count - 1):
            drum = self._drums.get(i)
            if drum is None:
                pieces.append(norm(minus(at[i + 1], at[i])))
            else:
                frame = at[drum.row : drum.row + 3]
                pieces.append(around(at[i], at[i + 1], frame, drum.radius_mm, drum.sense))
        return sum(pieces[1:], pieces[0])


@dataclass(frozen=True)
class _Laid:
    """A drum in a cable: its first weighted sum, its radius, and which way round its axis the cable runs."""

    row: int
    radius_mm: float
    sense: float


def around(a: Vector, b: Vector, drum: Sequence[Vector], radius: float, sense: float = 1.0) -> Jet:
    r"""Length of the shortest way from a to b that passes a drum on its side.

    With the distances :math:`\rho_a, \rho_b` of the points from the axis, their angle :math:`\psi` about it
    by way of the side, and :math:`t = \sqrt{\rho^2 - r^2}`, the arc on the drum spans
    :math:`\varphi = \psi - \arctan(t_a/r) - \arctan(t_b/r)`, and with the distance z along the axis

    .. math:: l = \sqrt{(t_a + t_b + r \varphi)^2 + z^2} \quad \text{if } \varphi > 0, \text{ else } |b - a|

    which is smooth to the first derivative where the cable leaves the drum. A cable that starts or ends
    inside the drum does not feel it.

    Args:
        a: point before the drum.
        b: point after it.
        drum: a point of the axis, the axis and the side; the directions need not be unit vectors.
        radius: radius of the drum, mm.
        sense: sign of the way round the axis.
    """
    centre, axis, _ = drum
    along = unit(axis)
    out_a, out_b = square_to(minus(a, centre), along), square_to(minus(b, centre), along)
    square_a, square_b = dot(out_a, out_a) - radius**2, dot(out_b, out_b) - radius**2
    if min(square_a.value, square_b.value) <= 0.0:
        return norm(minus(b, a))
    tangent_a, tangent_b = square_a.sqrt(), square_b.sqrt()
    r = tangent_a * 0.0 + radius
    arc = winding(a, b, drum) * sense - angle(tangent_a, r) - angle(tangent_b, r)
    if arc.value <= 0.0:
        return norm(minus(b, a))
    plane = tangent_a + tangent_b + arc * radius
    rise = dot(minus(b, a), along)
    return (plane * plane + rise * rise).sqrt()


def winding(a: Vector, b: Vector, drum: Sequence[Vector]) -> Jet:
    """Angle about the axis of a drum from a to b by way of its side, between -2 pi and 2 pi."""
    centre, axis, side = drum
    along = unit(axis)
    out_a, out_b, out = (square_to(v, along) for v in (minus(a, centre), minus(b, centre), side))
    return turn(out_a, out, along) + turn(out, out_b, along)


def turn(a: Vector, b: Vector, along: Vector) -> Jet:
    """Angle from a to b about a unit vector that is square to both."""
    return angle(dot(cross(a, b), along), dot(a, b))


def square_to(vector: Vector, along: Vector) -> Vector:
    """Part of a vector square to a unit vector."""
    return minus(vector, scaled(along, dot(vector, along)))

r"""Joint springs: a moment that depends on the angle between two bones.

The mean deformation gradient of a patch of vertices takes a direction of the unloaded model to the present
one, :math:`a_k = \sum_i w_{ki} x_i`. Two directions square to the axis, e1 ahead and e2 up, are carried along
by the proximal bone as a and by the distal one as b. With the rotation of the proximal bone in its plane,

.. math:: n = \frac{a_1 \times a_2}{|a_1 \times a_2|}, \quad
    r_1 = \frac{a_1 + a_2 \times n}{|a_1 + a_2 \times n|}, \quad r_2 = n \times r_1

the distal bone has turned from 1 to 2 by

.. math:: \vartheta = \operatorname{atan2}(b_1 \cdot r_2 - b_2 \cdot r_1,\; b_1 \cdot r_1 + b_2 \cdot r_2)

This is exact for a finite turn about the axis n, however both bones have moved as a whole, and the best turn
in that plane otherwise. The moment about n acts as couples of nodal forces on both patches.
"""

from __future__ import annotations

import numpy as np

from pipeline.moment_law import DEG, MomentLaw
from pipeline.solve.attachments import Patch
from pipeline.solve.body import Body
from pipeline.solve.jet import Jet, Vector, angle, cross, dot, plus, unit
from pipeline.solve.level import Floats
from pipeline.solve.means import MeanTerm, Row


class JointSpring(MeanTerm):
    """A spring between two bones: a term of the system. Making and refreshing it is collective.

    Args:
        body: the body.
        law: moment against angle.
        proximal: patch of the one bone near the joint; None where it is fixed in space.
        distal: patch of the other.
        ahead: direction e1 in the unloaded model, (3,).
        up: direction the distal bone turns to from there when it dorsiflexes, (3,).
        built_deg: angle in the unloaded model.
        name: for reports.

    Attributes:
        share: share of the full load; scales the moment that the joint has in the unloaded model.
        angle_deg: angle when last refreshed.
    """

    def __init__(
        self,
        body: Body,
        law: MomentLaw,
        proximal: Patch | None,
        distal: Patch,
        ahead: Floats,
        up: Floats,
        built_deg: float = 0.0,
        name: str = "joint",
    ) -> None:
        first = ahead / np.linalg.norm(ahead)
        second = up - (up @ first) * first
        second = second / np.linalg.norm(second)
        rows: list[Row] = [
            each if patch is None else (patch, patch.direction(each))
            for patch in (proximal, distal)
            for each in (first, second)
        ]
        super().__init__(body, rows)
        self.law = law
        self.built_deg = built_deg
        self.name = name
        self.share = 1.0
        self.angle_deg = built_deg
        self.refresh()

    @property
    def moment_Nmm(self) -> float:
        """Moment on the distal bone towards neutral when last refreshed, N mm."""
        return self._moment(self.angle_deg)

    def _moment(self, angle_deg: float) -> float:
        return self.law.moment_Nmm(angle_deg) - (1.0 - self.share) * self.law.moment_Nmm(self.built_deg)

    def potential(self, at: list[Vector]) -> Jet:
        """Energy at given directions of both bones, N mm."""
        a1, a2, b1, b2 = at
        n = unit(cross(a1, a2))
        r1 = unit(plus(a1, cross(a2, n)))
        r2 = cross(n, r1)
        turned = angle(dot(b1, r2) - dot(b2, r1), dot(b1, r1) + dot(b2, r2)) * (1.0 / DEG)
        here = turned.value + self.built_deg
        self.angle_deg = here
        withheld = (1.0 - self.share) * self.law.moment_Nmm(self.built_deg)
        energy = self.law.energy_Nmm(here) - DEG * withheld * turned.value
        return turned.through(energy, DEG * self._moment(here), DEG * self.law.stiffness_at(here))

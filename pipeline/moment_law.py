"""Moments of joints against their angles: for the posture in the mesh stage, for forces in the solve."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.config import Case
from pipeline.config.cables import JointLaw
from pipeline.regions import Region

DEG = math.pi / 180.0


@dataclass(frozen=True)
class MomentLaw:
    r"""Linear stiffness and end-stops that steepen smoothly.

    .. math:: M(\alpha) = M_0 + k (\alpha - \alpha_0) + s \langle \alpha - \alpha_+ \rangle^2
        - s \langle \alpha_- - \alpha \rangle^2

    Attributes:
        stiffness_Nmm_per_deg: k.
        stop_Nmm_per_deg2: s.
        upper_deg: end-stop of dorsiflexion.
        lower_deg: end-stop of plantarflexion, below zero.
        neutral_deg: angle without moment but the constant one.
        constant_Nmm: M_0.
    """

    stiffness_Nmm_per_deg: float
    stop_Nmm_per_deg2: float = 0.0
    upper_deg: float = math.inf
    lower_deg: float = -math.inf
    neutral_deg: float = 0.0
    constant_Nmm: float = 0.0

    def moment_Nmm(self, angle_deg: float) -> float:
        """Moment M that turns the distal bone back, N mm."""
        over, under = max(angle_deg - self.upper_deg, 0.0), max(self.lower_deg - angle_deg, 0.0)
        linear = self.constant_Nmm + self.stiffness_Nmm_per_deg * (angle_deg - self.neutral_deg)
        return linear + self.stop_Nmm_per_deg2 * (over**2 - under**2)

    def stiffness_at(self, angle_deg: float) -> float:
        """Slope of the moment, N mm per degree."""
        over, under = max(angle_deg - self.upper_deg, 0.0), max(self.lower_deg - angle_deg, 0.0)
        return self.stiffness_Nmm_per_deg + 2.0 * self.stop_Nmm_per_deg2 * (over + under)

    def energy_Nmm(self, angle_deg: float) -> float:
        """Integral of the moment over the angle from neutral, N mm."""
        over, under = max(angle_deg - self.upper_deg, 0.0), max(self.lower_deg - angle_deg, 0.0)
        away = angle_deg - self.neutral_deg
        linear = self.constant_Nmm * away + 0.5 * self.stiffness_Nmm_per_deg * away**2
        return DEG * (linear + self.stop_Nmm_per_deg2 * (over**3 + under**3) / 3.0)


def moment_law(block: JointLaw, max_dorsiflexion_deg: float) -> MomentLaw:
    """Moment law of a joint from its block and its limit."""
    return MomentLaw(
        block.stiffness_Nmm_per_deg.value,
        block.stop_Nmm_per_deg2.value,
        max_dorsiflexion_deg,
        -block.max_plantarflexion_deg.value,
        block.neutral_deg.value,
    )


def base_stiffness_Nmm_per_deg(case: Case) -> float:
    r"""Stiffness of the first tarsometatarsal joint in dorsiflexion, as its bed gives it.

    .. math:: k = M I / t

    of a thin layer held by the bones on both sides, with its confined modulus M, thickness t, and the second
    moment I of the ellipse of the metatarsal's most proximal section.
    """
    material = case.materials_by_region()[Region.TMT1_JOINT]
    shear, bulk = material.initial_shear_modulus_MPa, material.initial_bulk_modulus_MPa
    sections = case.anatomy.mt1.sections
    width, height = sections.mediolateral_mm[0], sections.dorsoplantar_mm[0]
    second_moment = math.pi / 64.0 * width * height**3
    return DEG * (bulk + 4.0 / 3.0 * shear) * second_moment / case.anatomy.tmt_joint_space_mm.value

"""Where the bones stand at the chosen instant of stance.

The rule of this level is kinematic. Heel rise turns both metatarsals about the forefoot. The hallux
dorsiflexes as far as its joint allows, up to lying flat on the floor: a normal joint follows the heel
rise, a stiff one stops at its limit, a fused one keeps its angle. Where the joint stops early the
hallux points down, and the first ray, pivoting at its base, rises until its lowest point just touches
the floor. The moment stored at the base in doing so is not modelled yet.

Angles in degrees; declination is positive when the distal end points down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from pipeline.config import Case
from pipeline.config.joint import FusedJoint
from pipeline.errors import ConfigError
from pipeline.mesh.implicit import Array, Frame

LARGEST_ELEVATION_DEG = 40.0


@dataclass(frozen=True)
class Heights:
    """Height of landmarks above the floor when the pad below them just touches it, mm."""

    mt1_head: float
    mt2_head: float
    ip: float
    hallux_tip: float
    toe2_tip: float


@dataclass(frozen=True)
class Spans:
    """Lengths of the rigid links, mm: base to head centre, head centre to next centre, centre to tip."""

    mt1: float
    pp1: float
    dp1: float
    mt2: float
    toe2: float


@dataclass(frozen=True)
class Posture:
    """Frames of the bones and centres of the joints in the as-built, unloaded posture."""

    mt1: Frame
    pp1: Frame
    dp1: Frame
    mt2: Frame
    toe2: Frame
    mtp1: Array
    ip: Array
    mtp2: Array
    heights: Heights
    mtp1_dorsiflexion_deg: float
    hallux_declination_deg: float
    first_ray_elevation_deg: float


def heights_of(case: Case) -> Heights:
    """Landmark heights from bone sizes and pad thicknesses."""
    a = case.anatomy
    sesamoid = a.shape.sesamoid_gap_mm.value + a.sesamoid_medial.thickness_mm.value
    return Heights(
        mt1_head=a.mt1_head_radius_mm.value + sesamoid + a.pad_mt1_mm.value,
        mt2_head=a.mt2_head_radius_mm.value + a.pad_mt2_mm.value,
        ip=a.pp1_head_radius_mm.value + a.pad_hallux_mm.value,
        hallux_tip=a.dp1.sections.dorsoplantar_mm[-1] / 2 + a.pad_hallux_mm.value,
        toe2_tip=a.toe2.sections.dorsoplantar_mm[-1] / 2 + a.pad_toe2_mm.value,
    )


def spans_of(case: Case) -> Spans:
    """Link lengths from bone lengths, head radii and joint spaces."""
    a = case.anatomy
    shortening = case.joint.shortening_mm.value if isinstance(case.joint, FusedJoint) else 0.0
    r1, ri, r2 = a.mt1_head_radius_mm.value, a.pp1_head_radius_mm.value, a.mt2_head_radius_mm.value
    return Spans(
        mt1=a.mt1.length_mm.value - r1,
        pp1=r1 + case.joint.joint_space_mm.value + a.pp1.length_mm.value - shortening - ri,
        dp1=ri + a.ip_joint_space_mm.value + a.dp1.length_mm.value,
        mt2=a.mt2.length_mm.value - r2,
        toe2=r2 + a.mtp2_joint_space_mm.value + a.toe2.length_mm.value,
    )


def inclination(upper: float, lower: float, length: float, what: str) -> float:
    """Declination (deg) of a link whose ends are at the given heights above the floor (mm).

    Raises:
        ConfigError: the link is too short to span the height difference.
    """
    if abs(upper - lower) >= length:
        raise ConfigError(
            f"anatomy: {what} of length {length:.1f} mm cannot span {abs(upper - lower):.1f} mm between "
            "its pads; check pad thicknesses and lengths"
        )
    return float(np.degrees(np.arcsin((upper - lower) / length)))


@dataclass(frozen=True)
class _Ray:
    """First ray as rigid links in the sagittal plane, turned about its fixed base."""

    base_height: float
    spans: Spans
    declination: float
    hallux: float
    ip_extension: float

    def clearances(self, elevation: float, heights: Heights) -> tuple[float, float, float]:
        """Room below MT1 head, IP joint and tip (mm) with the ray lifted by ``elevation`` deg."""
        angles = np.radians([self.declination, self.hallux, self.hallux - self.ip_extension])
        drop = np.array([self.spans.mt1, self.spans.pp1, self.spans.dp1]) * np.sin(
            angles - np.radians(elevation)
        )
        head, ip, tip = self.base_height - np.cumsum(drop)
        return head - heights.mt1_head, ip - heights.ip, tip - heights.hallux_tip


def dorsiflexed_hallux(case: Case, flat: float) -> float:
    """Declination (deg) of the proximal phalanx before the ray lifts, given the declination when flat."""
    heel_rise = case.posture.heel_rise_deg.value
    declination = case.posture.mt1_declination_deg.value + heel_rise
    if isinstance(case.joint, FusedJoint):
        return declination - case.joint.dorsiflexion_to_mt1_deg.value
    return flat + heel_rise - min(heel_rise, case.joint.max_dorsiflexion_deg.value)


def lift(ray: _Ray, heights: Heights) -> float:
    """Elevation (deg, at least 0) at which no point of the ray is below the floor.

    Raises:
        ConfigError: no elevation up to 40 degrees frees the toe; the posture makes no sense.
    """

    def lowest(e: float) -> float:
        return min(ray.clearances(e, heights))

    if lowest(0.0) >= -1e-9:
        return 0.0
    if lowest(LARGEST_ELEVATION_DEG) < 0.0:
        raise ConfigError(
            "posture.heel_rise_deg: with this joint the hallux would stay below the floor even with the "
            f"first ray raised by {LARGEST_ELEVATION_DEG:g} degrees; lower heel_rise_deg or let the joint "
            "dorsiflex further"
        )
    return float(brentq(lowest, 0.0, LARGEST_ELEVATION_DEG, xtol=1e-10))


def stand(case: Case) -> Posture:
    """Posture of all bones for a case; the MTP1 centre of the unlifted first ray is above x = y = 0."""
    a, p = case.anatomy, case.posture
    heights, spans = heights_of(case), spans_of(case)
    heel_rise = p.heel_rise_deg.value
    mt1_declination = p.mt1_declination_deg.value + heel_rise
    flat = inclination(heights.mt1_head, heights.ip, spans.pp1, "the proximal phalanx")
    ip_extension = flat - inclination(heights.ip, heights.hallux_tip, spans.dp1, "the distal phalanx")
    hallux = dorsiflexed_hallux(case, flat)

    mt1_yaw = p.intermetatarsal_angle_deg.value
    toe_yaw = mt1_yaw - p.hallux_valgus_deg.value
    unlifted = Frame.declined(np.zeros(3), mt1_declination, mt1_yaw)
    base = np.array([0.0, 0.0, heights.mt1_head]) - spans.mt1 * unlifted.axis
    elevation = lift(_Ray(base[2], spans, mt1_declination, hallux, ip_extension), heights)

    mt1 = Frame.declined(base, mt1_declination - elevation, mt1_yaw)
    mtp1 = mt1.at(spans.mt1)
    pp1_axis = Frame.declined(mtp1, hallux - elevation, toe_yaw)
    ip = pp1_axis.at(spans.pp1)
    dp1_axis = Frame.declined(ip, hallux - ip_extension - elevation, toe_yaw)

    r1, r2 = a.mt1_head_radius_mm.value, a.mt2_head_radius_mm.value
    mtp2 = np.array([r1 - r2 - a.protrusion_mm.value, -a.head_spacing_mm.value, heights.mt2_head])
    mt2_axis = Frame.declined(mtp2, p.mt2_declination_deg.value + heel_rise, 0.0)
    toe2 = inclination(heights.mt2_head, heights.toe2_tip, spans.toe2, "the second toe")
    toe2_axis = Frame.declined(mtp2, toe2, -p.second_toe_valgus_deg.value)
    return Posture(
        mt1=mt1,
        pp1=Frame(pp1_axis.at(r1 + case.joint.joint_space_mm.value), pp1_axis.axis, pp1_axis.dorsal),
        dp1=Frame(
            dp1_axis.at(a.pp1_head_radius_mm.value + a.ip_joint_space_mm.value),
            dp1_axis.axis,
            dp1_axis.dorsal,
        ),
        mt2=Frame(mt2_axis.at(-spans.mt2), mt2_axis.axis, mt2_axis.dorsal),
        toe2=Frame(toe2_axis.at(r2 + a.mtp2_joint_space_mm.value), toe2_axis.axis, toe2_axis.dorsal),
        mtp1=mtp1,
        ip=ip,
        mtp2=mtp2,
        heights=heights,
        mtp1_dorsiflexion_deg=mt1_declination - hallux,
        hallux_declination_deg=hallux - elevation,
        first_ray_elevation_deg=elevation,
    )

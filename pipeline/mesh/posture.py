"""Where the bones stand at the chosen instant of stance.

Heel rise turns both metatarsals about the forefoot. By the kinematic rule the hallux dorsiflexes as far as
its joint allows, up to lying flat on the floor: a normal joint follows the heel rise, a stiff one stops at
its limit, a fused one keeps its angle. Where the joint stops early the hallux points down, and the first ray,
pivoting at its base, rises until its lowest point just touches the floor. By the rule of equilibrium joints
and pads share that out by their stiffness (`pipeline.mesh.links`), and the solve starts with the moments that
the joints then carry. A second toe that the hallux would crowd is pushed aside.

Angles in degrees; declination is positive when the distal end points down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from pipeline.config import Case
from pipeline.config.joint import FusedJoint, MovingJoint, StiffJoint
from pipeline.errors import ConfigError
from pipeline.mesh.implicit import Array, Frame
from pipeline.mesh.links import Balance, Heights, Ray, Spans, lift
from pipeline.moment_law import base_stiffness_Nmm_per_deg, moment_law

SESAMOID_ROUNDS = 20
"""Rounds allowed to settle the height of the first metatarsal head; 4 to 6 are usual."""

HOLLOW = 0.2
"""How far the ellipsoid of a sesamoid reaches above it, relative to half its thickness."""

TOE_CLEARANCE_MM = 4.0
"""Least free width between the bones of hallux and second toe, in plan: room for the skin of both."""

LARGEST_CROWDING_DEG = 35.0
"""Furthest the hallux may push the second toe aside."""


@dataclass(frozen=True)
class Posture:
    """Frames of the bones (origin at their base) and centres of the joints, unloaded."""

    mt1: Frame
    pp1: Frame
    dp1: Frame
    mt2: Frame
    pp2: Frame
    dp2: Frame
    mtp1: Array
    ip: Array
    mtp2: Array
    pip2: Array
    heights: Heights
    mtp1_dorsiflexion_deg: float
    mtp1_from_standing_deg: float
    mtp2_dorsiflexion_deg: float
    hallux_declination_deg: float
    first_ray_elevation_deg: float


@dataclass(frozen=True)
class Sesamoid:
    """One sesamoid: frame at its centre, the dorsal axis towards the metatarsal head; half sizes, mm.

    It is the plantar part of an ellipsoid, whose dorsal part the metatarsal head hollows out.
    """

    frame: Frame
    half_length: float
    half_thickness: float
    half_width: float

    @property
    def ellipsoid(self) -> tuple[Frame, Array]:
        """Frame at the centre of the whole ellipsoid, and its half axes along, up and across, (3,), mm."""
        raised = self.frame.moved(self.frame.at(0.0, HOLLOW * self.half_thickness))
        up = (1.0 + HOLLOW) * self.half_thickness
        return raised, np.array([self.half_length, up, self.half_width])

    @property
    def lowest(self) -> float:
        """Height of its lowest point, mm."""
        frame, half = self.ellipsoid
        axes = np.array([frame.axis[2], frame.dorsal[2], frame.medial[2]])
        return float(frame.origin[2] - np.linalg.norm(axes * half))


def groove(mtp1: Array, mt1: Frame, pp1: Frame) -> Frame:
    """Frame at the first metatarsal head whose plantar side holds the sesamoids: they follow the phalanx."""
    dorsal = pp1.dorsal + 0.3 * mt1.dorsal
    dorsal = dorsal / np.linalg.norm(dorsal)
    return Frame(mtp1, np.cross(pp1.medial, dorsal), dorsal)


def sesamoids_under(case: Case, frame: Frame) -> tuple[Sesamoid, Sesamoid]:
    """Medial and lateral sesamoid, each square to the head's surface, either side of its middle.

    Args:
        case: the case.
        frame: see `groove`.
    """
    a = case.anatomy
    radius = a.mt1_head_transverse_radius_mm.value
    arc = frame.at(0.0, radius - a.mt1_head_radius_mm.value)
    found = []
    for side, size in ((1.0, a.sesamoid_medial), (-1.0, a.sesamoid_lateral)):
        thickness, width = size.thickness_mm.value, size.width_mm.value
        away = radius + a.sesamoid_joint_space_mm.value + thickness / 2.0
        angle = np.arcsin((width + a.shape.sesamoid_spacing_mm.value) / (2.0 * away))
        dorsal = np.cos(angle) * frame.dorsal - side * np.sin(angle) * frame.medial
        own = Frame(arc - away * dorsal, frame.axis, dorsal)
        found.append(Sesamoid(own, size.length_mm.value / 2.0, thickness / 2.0, width / 2.0))
    return found[0], found[1]


def heights_of(case: Case, sesamoid_depth: float) -> Heights:
    """Landmark heights from bone sizes and pad thicknesses.

    Args:
        case: the case.
        sesamoid_depth: depth of the lowest sesamoid below the centre of the first metatarsal head, mm.
    """
    a = case.anatomy
    straight = max(0.0, a.pp1.sections.mediolateral_mm[-1] / 2.0 - a.pp1_head_radius_mm.value)
    sideways = straight * abs(np.sin(np.radians(hallux_roll(case))))
    return Heights(
        mt1_head=sesamoid_depth + a.pad_mt1_mm.value,
        mt2_head=a.mt2_head_radius_mm.value + a.pad_mt2_mm.value,
        ip=a.pp1_head_radius_mm.value + sideways + a.pad_hallux_mm.value,
        hallux_tip=a.dp1.sections.dorsoplantar_mm[-1] / 2 + a.pad_hallux_mm.value,
        toe2_tip=a.dp2.sections.dorsoplantar_mm[-1] / 2 + a.pad_toe2_mm.value,
    )


def hallux_roll(case: Case) -> float:
    """Pronation of the hallux, degrees: that of the ray and, fused, what the surgeon added."""
    joint = case.joint
    fused = joint.rotation_deg.value if isinstance(joint, FusedJoint) else 0.0
    return case.posture.mt1_pronation_deg.value + fused


def head_loss(case: Case) -> float:
    """Bone missing from the tip of the first metatarsal head, mm: flattened, or resected for a fusion."""
    joint = case.joint
    if isinstance(joint, StiffJoint):
        return joint.head_flattening_mm.value
    return joint.shortening_mm.value / 2.0 if isinstance(joint, FusedJoint) else 0.0


def base_loss(case: Case) -> float:
    """Bone resected from the base of the proximal phalanx, mm."""
    return case.joint.shortening_mm.value / 2.0 if isinstance(case.joint, FusedJoint) else 0.0


def reach_to_phalanx(case: Case) -> float:
    """Distance from the centre of the first metatarsal head to the base of the phalanx, mm."""
    return case.anatomy.mt1_head_radius_mm.value - head_loss(case) + case.joint.joint_space_mm.value


def spans_of(case: Case) -> Spans:
    """Link lengths from bone lengths, head radii and joint spaces."""
    a = case.anatomy
    r1, ri, r2 = a.mt1_head_radius_mm.value, a.pp1_head_radius_mm.value, a.mt2_head_radius_mm.value
    toe2 = a.pp2.length_mm.value + a.pip2_joint_space_mm.value + a.dp2.length_mm.value
    return Spans(
        mt1=a.mt1.length_mm.value + a.mt1_length_change_mm.value - r1,
        pp1=reach_to_phalanx(case) + a.pp1.length_mm.value - base_loss(case) - ri,
        dp1=ri + a.ip_joint_space_mm.value + a.dp1.length_mm.value,
        mt2=a.mt2.length_mm.value - r2,
        toe2=r2 + a.mtp2_joint_space_mm.value + toe2,
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


def dorsiflexed_hallux(case: Case, declination: float, flat: float) -> float:
    """Declination (deg) of the proximal phalanx before the ray lifts.

    Args:
        case: the case.
        declination: of the first metatarsal, heel raised, deg.
        flat: declination of the phalanx lying on the floor, deg.
    """
    if isinstance(case.joint, FusedJoint):
        return declination - case.joint.dorsiflexion_to_mt1_deg.value
    heel_rise, wanted = case.posture.tilt_deg, case.posture.mtp1_dorsiflexion_deg
    turned = min(heel_rise, case.joint.max_dorsiflexion_deg.value) if wanted is None else wanted.value
    return flat + heel_rise - turned


def balance_of(case: Case) -> Balance | None:
    """What the posture is balanced by; None where it follows the kinematic rule."""
    joint = case.joint
    if case.posture.rule == "kinematic" or case.posture.mtp1_dorsiflexion_deg is not None:
        return None
    if not isinstance(joint, MovingJoint) or joint.moment_law is None or joint.moment_law.released:
        return None
    return Balance(
        moment_law(joint.moment_law, joint.max_dorsiflexion_deg.value),
        base_stiffness_Nmm_per_deg(case),
        case.posture.pad_stiffness_N_per_mm.value,
        case.target_force_N,
    )


def elevated(declination: float, length: float, rise: float) -> float:
    """Declination (deg) of a link whose distal end is raised by ``rise`` mm about its base.

    Raises:
        ConfigError: the link cannot reach so high or so low.
    """
    if rise == 0.0:
        return declination
    sine = np.sin(np.radians(declination)) - rise / length
    if abs(sine) >= 0.95:
        raise ConfigError(
            f"posture.mt1_head_elevation_mm: {rise:g} mm cannot be reached by a first metatarsal of "
            f"{length:.1f} mm at {declination:g} degrees"
        )
    return float(np.degrees(np.arcsin(sine)))


def second_toe_declination(case: Case, heights: Heights, spans: Spans) -> tuple[float, float]:
    """Declination and dorsiflexion (deg) of the second toe: flat on the floor unless told otherwise.

    Raises:
        ConfigError: the toe would point into the floor.
    """
    height, tip = heights.mt2_head, heights.toe2_tip
    flat = inclination(height, tip, spans.toe2, "the second toe")
    wanted, heel_rise = case.posture.mtp2_dorsiflexion_deg, case.posture.tilt_deg
    if wanted is None:
        return flat, heel_rise
    declination = flat + heel_rise - wanted.value
    if height - spans.toe2 * np.sin(np.radians(declination)) < tip - 1e-9:
        raise ConfigError(
            f"posture.mtp2_dorsiflexion_deg: at {wanted.value:g} degrees the second toe points into the "
            f"floor with the heel raised by {heel_rise:g}; at least {heel_rise:g} keeps it above"
        )
    return declination, wanted.value


def crowded_yaw(case: Case, mtp2: Array, span: float, hallux: tuple[Array, Array]) -> float:
    """Yaw (deg, negative is lateral) of the second toe, pushed aside where the hallux needs the room.

    Args:
        case: the case.
        mtp2: centre of the joint the toe turns about, mm.
        span: length of the toe from there, mm.
        hallux: joint centre at the base of the hallux and its tip, mm.

    Raises:
        ConfigError: the toes would still meet with the second pushed far aside.
    """
    a = case.anatomy
    half = max(a.pp1.sections.mediolateral_mm[-1], a.dp1.sections.mediolateral_mm[1]) / 2.0
    room = half + max(a.pp2.sections.mediolateral_mm[-1], 8.0) / 2.0 + TOE_CLEARANCE_MM

    def free(yaw: float) -> float:
        ahead = np.array([np.cos(np.radians(yaw)), np.sin(np.radians(yaw)), 0.0])
        stations = mtp2 + np.linspace(0.35, 1.0, 8)[:, None] * span * ahead
        return float(plan_distance(stations, *hallux).min() - room)

    yaw = -case.posture.second_toe_valgus_deg.value
    if free(yaw) >= 0.0:
        return yaw
    if free(yaw - LARGEST_CROWDING_DEG) < 0.0:
        raise ConfigError(
            "posture.hallux_valgus_deg: hallux and second toe would meet even with the second toe pushed "
            f"aside by {LARGEST_CROWDING_DEG:g} degrees; raise anatomy.head_spacing_mm or lower the valgus"
        )
    return float(brentq(free, yaw - LARGEST_CROWDING_DEG, yaw, xtol=1e-9))


def plan_distance(x: Array, start: Array, end: Array) -> Array:
    """Horizontal distance of points (n, 3) to a segment as seen from above, (n,), mm."""
    x, start, end = x[:, :2], start[:2], end[:2]
    along = np.clip((x - start) @ (end - start) / ((end - start) @ (end - start)), 0.0, 1.0)
    return np.asarray(np.linalg.norm(x - start - along[:, None] * (end - start), axis=1))


def stand(case: Case) -> Posture:
    """Posture of all bones; the MTP1 centre of the unlifted first ray is above x = y = 0.

    How deep the sesamoids reach depends on how the toe points, and where the head stands on how deep they
    reach: found in a few rounds.

    Args:
        case: the case in its size (see `pipeline.config.sized`).

    Raises:
        ConfigError: no such posture exists; the message names the key.
    """
    a, rise = case.anatomy, case.posture.mt1_head_elevation_mm.value
    sesamoid = a.sesamoid_joint_space_mm.value + a.sesamoid_medial.thickness_mm.value
    depth = a.mt1_head_radius_mm.value + sesamoid
    for _ in range(SESAMOID_ROUNDS):
        heights = heights_of(case, depth)
        posture = stand_on(case, heights, 0.0)
        frame = groove(posture.mtp1, posture.mt1, posture.pp1)
        found = posture.mtp1[2] - min(each.lowest for each in sesamoids_under(case, frame))
        if abs(found - depth) < 1e-6:
            break
        depth = found
    return stand_on(case, heights, rise) if rise else posture


def stand_on(case: Case, heights: Heights, rise: float) -> Posture:
    """Posture with the landmarks at given heights when their pads just touch the floor.

    Args:
        case: the case in its size.
        heights: of the landmarks.
        rise: of the first metatarsal head above its own, mm.
    """
    a, p = case.anatomy, case.posture
    spans = spans_of(case)
    level = p.mt1_declination_deg.value + p.tilt_deg
    declination = elevated(level, spans.mt1, rise)
    raised = heights.mt1_head + rise
    flat = inclination(raised, heights.ip, spans.pp1, "the proximal phalanx")
    ip_extension = flat - inclination(heights.ip, heights.hallux_tip, spans.dp1, "the distal phalanx")
    hallux = dorsiflexed_hallux(case, declination, flat)

    mt1_yaw = p.intermetatarsal_angle_deg.value
    fused = case.joint if isinstance(case.joint, FusedJoint) else None
    toe_yaw = mt1_yaw - (fused.valgus_deg if fused else p.hallux_valgus_deg).value
    ahead = Frame.declined(np.zeros(3), level, mt1_yaw)
    base = np.array([0.0, 0.0, heights.mt1_head]) - spans.mt1 * ahead.axis
    ray = Ray(base[2], spans, declination, hallux, ip_extension)
    if (balance := balance_of(case)) is not None:
        lifted, turned = balance.rest(ray, heights, flat + p.tilt_deg)
        hallux = flat + p.tilt_deg - turned
    else:
        lifted = lift(ray, heights)

    mt1 = Frame.declined(base, declination - lifted, mt1_yaw).rolled(p.mt1_pronation_deg.value)
    toe_roll = hallux_roll(case)
    mtp1 = mt1.at(spans.mt1)
    pp1 = Frame.declined(mtp1, hallux - lifted, toe_yaw).rolled(toe_roll)
    ip = pp1.at(spans.pp1)
    dp1 = Frame.declined(ip, hallux - ip_extension - lifted, toe_yaw).rolled(toe_roll)

    r1, r2 = a.mt1_head_radius_mm.value, a.mt2_head_radius_mm.value
    ahead_of_second = a.protrusion_mm.value + a.mt1_length_change_mm.value
    mtp2 = np.array([r1 - r2 - ahead_of_second, -a.head_spacing_mm.value, heights.mt2_head])
    mt2 = Frame.declined(mtp2, p.mt2_declination_deg.value + p.tilt_deg, 0.0)
    toe2, mtp2_dorsiflexion = second_toe_declination(case, heights, spans)
    yaw = crowded_yaw(case, mtp2, spans.toe2, (mtp1, dp1.at(spans.dp1)))
    toe = Frame.declined(mtp2, toe2, yaw)
    pp2 = toe.moved(toe.at(r2 + a.mtp2_joint_space_mm.value))
    head2 = a.pp2.length_mm.value - a.pp2_head_radius_mm.value
    return Posture(
        mt1=mt1,
        pp1=pp1.moved(pp1.at(reach_to_phalanx(case))),
        dp1=dp1.moved(dp1.at(a.pp1_head_radius_mm.value + a.ip_joint_space_mm.value)),
        mt2=mt2.moved(mt2.at(-spans.mt2)),
        pp2=pp2,
        dp2=pp2.moved(pp2.at(a.pp2.length_mm.value + a.pip2_joint_space_mm.value)),
        mtp1=mtp1,
        ip=ip,
        mtp2=mtp2,
        pip2=pp2.at(head2),
        heights=heights,
        mtp1_dorsiflexion_deg=declination - hallux,
        mtp1_from_standing_deg=flat + p.tilt_deg - hallux,
        mtp2_dorsiflexion_deg=mtp2_dorsiflexion,
        hallux_declination_deg=hallux - lifted,
        first_ray_elevation_deg=lifted,
    )

"""All tissues of the two rays as implicit shapes, in order of priority.

A point belongs to the first part of the list it lies in: a cortex needs no hole for its core, a joint
layer none for the bone it covers. The interface between two parts is therefore the surface of the
one that comes first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.config import Case
from pipeline.config.joint import FusedJoint, StiffJoint
from pipeline.mesh.bones import (
    SolidBone,
    distal_phalanx,
    metatarsal,
    proximal_phalanx,
    second_toe,
    trochlea_half_width,
)
from pipeline.mesh.implicit import (
    Array,
    Frame,
    Shape,
    ball,
    box,
    capsule,
    common,
    cone,
    ellipsoid,
    grown,
    polyline,
    roller,
    rounded_max,
    union,
)
from pipeline.mesh.posture import Posture
from pipeline.regions import Region


@dataclass(frozen=True)
class Part:
    """One tissue: its region and its shape."""

    region: Region
    shape: Shape


def bones_of(case: Case, posture: Posture) -> dict[str, SolidBone]:
    """The five bony bodies by name."""
    a = case.anatomy
    shortening = case.joint.shortening_mm.value if isinstance(case.joint, FusedJoint) else 0.0
    return {
        "mt1": metatarsal(a.mt1, a.shape, posture.mt1, a.mt1_head_radius_mm.value),
        "pp1": proximal_phalanx(case, posture, shortening),
        "dp1": distal_phalanx(case, posture),
        "mt2": metatarsal(a.mt2, a.shape, posture.mt2, a.mt2_head_radius_mm.value),
        "toe2": second_toe(case, posture),
    }


def sesamoid_frame(posture: Posture) -> Frame:
    """Frame at the first metatarsal head whose dorsal axis points from the sesamoids to the head."""
    dorsal = posture.pp1.dorsal + 0.3 * posture.mt1.dorsal
    dorsal = dorsal / np.linalg.norm(dorsal)
    return Frame(posture.mtp1, np.cross(posture.pp1.medial, dorsal), dorsal)


def sesamoids(case: Case, posture: Posture) -> Shape:
    """The two sesamoids as ellipsoids under the first metatarsal head, either side of its ridge."""
    a = case.anatomy
    frame = sesamoid_frame(posture)
    bodies = []
    for side, size in ((1.0, a.sesamoid_medial), (-1.0, a.sesamoid_lateral)):
        thickness, width = size.thickness_mm.value, size.width_mm.value
        depth = a.mt1_head_radius_mm.value + a.shape.sesamoid_gap_mm.value + thickness / 2
        own = Frame(
            frame.at(0.0, -depth, side * (width + a.shape.sesamoid_spacing_mm.value) / 2),
            frame.axis,
            frame.dorsal,
        )
        bodies.append(ellipsoid(own, size.length_mm.value / 2, thickness / 2, width / 2))
    return union(*bodies)


def mtp1_layers(case: Case, posture: Posture) -> list[Part]:
    """Layers between the first metatarsal head and the phalanx: cartilage, gap, cartilage; or callus."""
    radius = case.anatomy.mt1_head_radius_mm.value
    joint = case.joint
    space = joint.joint_space_mm.value
    reach = cone(posture.mtp1, posture.pp1.axis, case.anatomy.shape.articular_half_angle_deg.value)

    def layer(top: float) -> Shape:
        return common(ball(posture.mtp1, radius + top), reach)

    if isinstance(joint, FusedJoint):
        return [Part(Region.MTP1_GAP, layer(space + 0.3))]
    proximal, distal = joint.cartilage_mt1_mm.value, joint.cartilage_pp1_mm.value
    return [
        Part(Region.MTP1_CARTILAGE_MT1, layer(proximal)),
        Part(Region.MTP1_GAP, layer(space - distal)),
        Part(Region.MTP1_CARTILAGE_PP1, layer(space + 0.3)),
    ]


def ip_layers(case: Case, posture: Posture) -> list[Part]:
    """Cartilage, gap and cartilage of the hallux interphalangeal joint."""
    a = case.anatomy
    radius, cartilage, space = a.pp1_head_radius_mm.value, a.ip_cartilage_mm.value, a.ip_joint_space_mm.value
    width = trochlea_half_width(case)
    reach = cone(posture.ip, posture.dp1.axis, a.shape.articular_half_angle_deg.value)
    tops = {
        Region.IP_CARTILAGE_PP1: cartilage,
        Region.IP_GAP: space - cartilage,
        Region.IP_CARTILAGE_DP1: space + 0.3,
    }
    return [
        Part(region, common(roller(posture.ip, posture.pp1.medial, width, radius + top), reach))
        for region, top in tops.items()
    ]


def mtp2_layer(case: Case, posture: Posture) -> Part:
    """One bonded layer for the second metatarsophalangeal joint."""
    a = case.anatomy
    top = a.mt2_head_radius_mm.value + a.mtp2_joint_space_mm.value + 0.3
    reach = cone(posture.mtp2, posture.toe2.axis, a.shape.articular_half_angle_deg.value)
    return Part(Region.MTP2_JOINT, common(ball(posture.mtp2, top), reach))


def mtp1_capsule(case: Case, posture: Posture) -> Part:
    """Sleeve around the first metatarsophalangeal joint, over head and phalangeal rim."""
    radius = case.anatomy.mt1_head_radius_mm.value
    shape = case.anatomy.shape
    height = radius + shape.capsule_standoff_mm.value + case.joint.capsule_thickness_mm.value
    axis, centre = posture.pp1.axis, posture.mtp1
    behind = shape.capsule_proximal_mm.value
    reach = radius + case.joint.joint_space_mm.value + shape.capsule_distal_mm.value

    def between(x: Array) -> Array:
        along = (x - centre) @ axis
        return np.maximum(-behind - along, along - reach)

    return Part(Region.MTP1_CAPSULE, common(ball(centre, height), between))


def osteophyte(case: Case, posture: Posture, joint: StiffJoint) -> Part:
    """Dorsal spur on the first metatarsal head: a ridge across the head, above and behind the joint."""
    height, length = joint.osteophyte_height_mm.value, joint.osteophyte_length_mm.value
    width = case.anatomy.shape.osteophyte_width_mm.value
    radius = case.anatomy.mt1_head_radius_mm.value
    frame = Frame(posture.mtp1, posture.mt1.axis, posture.mt1.dorsal)
    ridge = Frame(frame.at(0.0, radius - 1.0), frame.axis, frame.dorsal)
    return Part(Region.OSTEOPHYTE, ellipsoid(ridge, length / 2, height + 1.0, width / 2))


def band_path_1(case: Case, posture: Posture, radius: float) -> Array:
    """Path of the flexor and fascia band of the first ray, from the block to both phalanges, (m, 3) mm."""
    a = case.anatomy
    mt1, pp1, dp1 = posture.mt1, posture.pp1, posture.dp1
    half = {name: np.max(getattr(a, name).sections.dorsoplantar_mm) / 2 for name in ("mt1", "pp1", "dp1")}
    shaft = np.interp(0.5, a.mt1.sections.fraction, a.mt1.sections.dorsoplantar_mm) / 2
    clear, insertion = a.shape.band_clearance_mm.value, a.shape.band_insertion_mm.value
    under_head = a.mt1_head_radius_mm.value + clear + radius
    joint = Frame(posture.mtp1, pp1.axis, pp1.dorsal)
    groove = sesamoid_frame(posture)
    phalanx = np.interp(0.5, a.pp1.sections.fraction, a.pp1.sections.dorsoplantar_mm) / 2
    roll = a.pp1_head_radius_mm.value + a.ip_joint_space_mm.value / 2 + radius
    ip = Frame(posture.ip, pp1.axis, pp1.dorsal)
    return np.array(
        [
            mt1.at(-2.0, -(half["mt1"] + radius + clear)),
            mt1.at(0.5 * a.mt1.length_mm.value, -(shaft + radius + clear)),
            posture.mtp1 - under_head * mt1.dorsal,
            groove.at(0.0, -under_head),
            joint.at(0.35 * under_head, -0.95 * under_head),
            pp1.at(insertion, -half["pp1"]),
            pp1.at(0.5 * a.pp1.length_mm.value, -(phalanx + radius)),
            ip.at(0.0, -roll),
            dp1.at(insertion, -half["dp1"]),
        ]
    )


def band_path_2(case: Case, posture: Posture, radius: float) -> Array:
    """Path of the band of the second ray, from the block to the second toe, (m, 3) mm."""
    a = case.anatomy
    mt2, toe2 = posture.mt2, posture.toe2
    shaft = np.interp(0.5, a.mt2.sections.fraction, a.mt2.sections.dorsoplantar_mm) / 2
    base = np.max(a.mt2.sections.dorsoplantar_mm) / 2
    toe = np.max(a.toe2.sections.dorsoplantar_mm) / 2
    clear, insertion = a.shape.band_clearance_mm.value, a.shape.band_insertion_mm.value
    under_head = a.mt2_head_radius_mm.value + clear + radius
    joint = Frame(posture.mtp2, toe2.axis, toe2.dorsal)
    return np.array(
        [
            mt2.at(-2.0, -(base + radius + clear)),
            mt2.at(0.5 * a.mt2.length_mm.value, -(shaft + radius + clear)),
            posture.mtp2 - under_head * mt2.dorsal,
            joint.at(0.0, -under_head),
            toe2.at(insertion, -toe),
            toe2.at(0.25 * a.toe2.length_mm.value, -0.7 * toe),
        ]
    )


def band_radii(case: Case) -> tuple[float, float]:
    """Radius of the round band of each ray, mm, from its area."""
    a = case.anatomy
    areas = (a.plantar_band_1_area_mm2.value, a.plantar_band_2_area_mm2.value)
    return float(np.sqrt(areas[0] / np.pi)), float(np.sqrt(areas[1] / np.pi))


def plantar_bands(case: Case, posture: Posture) -> list[Part]:
    """Flexor tendon, plantar plate and fascia slip of each ray, lumped into one band of their area."""
    radius_1, radius_2 = band_radii(case)
    return [
        Part(Region.PLANTAR_BAND_1, polyline(band_path_1(case, posture, radius_1), radius_1)),
        Part(Region.PLANTAR_BAND_2, polyline(band_path_2(case, posture, radius_2), radius_2)),
    ]


def proximal_block(case: Case, posture: Posture) -> Part:
    """Block that holds both metatarsal bases and the proximal ends of the bands."""
    axis = posture.mt1.axis + posture.mt2.axis
    axis /= np.linalg.norm(axis)
    medial = np.cross([0.0, 0.0, 1.0], axis)
    medial /= np.linalg.norm(medial)
    frame = Frame((posture.mt1.origin + posture.mt2.origin) / 2, axis, np.cross(axis, medial))
    corners = []
    rays = ((case.anatomy.mt1, posture.mt1), (case.anatomy.mt2, posture.mt2))
    for (bone, own), radius in zip(rays, band_radii(case), strict=True):
        height, width = bone.sections.dorsoplantar_mm[0] / 2, bone.sections.mediolateral_mm[0] / 2
        below = height + case.anatomy.shape.band_clearance_mm.value + 2.0 * radius
        corners += [own.at(t, d, m) for t in (-3.0, 6.0) for d in (-below, height) for m in (-width, width)]
    local = np.stack(frame.local(np.array(corners)), axis=1)
    return Part(Region.PROXIMAL_BLOCK, box(frame, local.min(axis=0) - 1.0, local.max(axis=0) + 1.0, 3.0))


def head_pad(centre: Array, bottom: float, half: Array) -> Shape:
    """Rounded block of fat below a metatarsal head, down to ``bottom`` mm above the floor."""
    floor = Frame(np.array([centre[0] - 2.0, centre[1], 0.0]), np.eye(3)[0], np.eye(3)[2])
    low, high = np.array([-half[0], bottom, -half[1]]), np.array([half[0], centre[2], half[1]])
    return box(floor, low, high, 5.0)


def first_ray_pads(case: Case, posture: Posture) -> Shape:
    """Pads under the first metatarsal head and the hallux, each moving with its bone."""
    a = case.anatomy
    flat = a.shape.pad_flat_mm.value
    half = np.array([a.shape.head_pad_length_mm.value, a.shape.head_pad_width_mm.value]) / 2
    bottom = posture.mtp1[2] - posture.heights.mt1_head - flat
    pulp_radius = a.pp1_head_radius_mm.value + 0.35 * a.pad_hallux_mm.value
    dp1 = Frame(posture.ip, posture.dp1.axis, posture.dp1.dorsal)
    drop = a.pp1_head_radius_mm.value + a.pad_hallux_mm.value + flat - pulp_radius
    tip_half = a.dp1.sections.dorsoplantar_mm[-1] / 2
    tip_radius = tip_half + 0.6 * a.pad_hallux_mm.value
    tip_drop = tip_half + a.pad_hallux_mm.value + flat - tip_radius
    length = a.ip_joint_space_mm.value + a.pp1_head_radius_mm.value + a.dp1.length_mm.value
    return union(
        head_pad(posture.mtp1, bottom, half),
        capsule(dp1.at(0.0, -drop), dp1.at(length, -tip_drop), pulp_radius, tip_radius),
        rounding=3.0,
    )


def second_ray_pads(case: Case, posture: Posture) -> Shape:
    """Pads under the second metatarsal head and the tip of the second toe."""
    a = case.anatomy
    flat = a.shape.pad_flat_mm.value
    half = np.array([a.shape.head_pad_length_mm.value, a.shape.head_pad_width_mm.value]) / 2
    bottom = posture.mtp2[2] - posture.heights.mt2_head - flat
    smaller = a.mt2_head_radius_mm.value / a.mt1_head_radius_mm.value
    tip_half = a.toe2.sections.dorsoplantar_mm[-1] / 2
    tip_radius = tip_half + 0.7 * a.pad_toe2_mm.value
    drop = tip_half + a.pad_toe2_mm.value + flat - tip_radius
    toe = Frame(posture.mtp2, posture.toe2.axis, posture.toe2.dorsal)
    length = a.mt2_head_radius_mm.value + a.mtp2_joint_space_mm.value + a.toe2.length_mm.value
    return union(
        head_pad(posture.mtp2, bottom, smaller * half),
        capsule(toe.at(0.6 * length, -drop), toe.at(length - tip_half, -drop), tip_radius),
        rounding=3.0,
    )


def soft_tissue(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> Part:
    """Skin, fat and muscle: a cover over the bones, pads below, cut flat where they meet the floor."""
    cover = case.anatomy.cover_mm.value
    first = union(*(grown(bones[name].outer, cover) for name in ("mt1", "pp1", "dp1")), rounding=3.0)
    second = union(*(grown(bones[name].outer, cover) for name in ("mt2", "toe2")), rounding=3.0)
    bands = [grown(part.shape, 1.5) for part in plantar_bands(case, posture)]
    first = union(first, bands[0], first_ray_pads(case, posture), rounding=3.0)
    second = union(second, bands[1], second_ray_pads(case, posture), rounding=3.0)
    back, thick = case.anatomy.shape.web_setback_mm.value, case.anatomy.shape.web_radius_mm.value
    web = capsule(posture.mtp1 - back * posture.mt1.axis, posture.mtp2 - back * posture.mt2.axis, thick)
    whole = union(union(first, second), web, rounding=3.0)
    return Part(Region.SOFT_TISSUE, lambda x: rounded_max(whole(x), -x[:, 2], 0.2))


def parts_of(case: Case, posture: Posture) -> list[Part]:
    """Every tissue of the model in order of priority."""
    bones = bones_of(case, posture)
    parts = [Part(Region[f"{name}_core".upper()], bone.core) for name, bone in bones.items()]
    parts += [Part(Region[f"{name}_cortex".upper()], bone.outer) for name, bone in bones.items()]
    parts.append(Part(Region.SESAMOIDS, sesamoids(case, posture)))
    parts += mtp1_layers(case, posture) + ip_layers(case, posture) + [mtp2_layer(case, posture)]
    if isinstance(case.joint, StiffJoint):
        parts.append(osteophyte(case, posture, case.joint))
    parts += plantar_bands(case, posture)
    parts.append(mtp1_capsule(case, posture))
    parts.append(proximal_block(case, posture))
    parts.append(soft_tissue(case, posture, bones))
    return parts

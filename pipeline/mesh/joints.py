"""Joint layers: cartilage, gap, cartilage between two bones; sesamoids; capsule; beds of the bases."""

from __future__ import annotations

import numpy as np

from pipeline.config import Case
from pipeline.config.anatomy import Bone
from pipeline.config.joint import MovingJoint
from pipeline.mesh.bones import SolidBone
from pipeline.mesh.implicit import (
    Array,
    Frame,
    Shape,
    box,
    common,
    ellipsoid,
    elliptic_cone,
    grown,
    half_space,
    loft,
    outside,
    pillar,
    union,
)
from pipeline.mesh.part import Part, constant
from pipeline.mesh.posture import Posture, Sesamoid, groove, sesamoids_under
from pipeline.regions import Region

WIDEST_DEG = 62.0
"""Largest half opening of a joint's layers, seen from the centre of the head."""

COVERED = 0.94
"""Share of a bone's base that its joint layers cover."""

WIDE_GAP_MM = 1.0
"""How much wider than at its narrowest a joint may gape and still count as joint."""

GAP_RATIO = 1.0
"""How much coarser a gap may be meshed than a cartilage of the same thickness: nothing is read off it."""

BED_OVERLAP_MM = 0.5
"""How far the bed of a metatarsal reaches over its base, so that no soft tissue is left between."""

BLOCK_MM = 11.0
"""Length of the block behind the beds."""

UNEVEN_MM = 3.0
"""The same where the base is that of a real bone, which is not plane."""

FACET = 0.84
"""Size of a sesamoid's joint facet relative to its length and width."""


def reach_of(centre: Array, frame: Frame, radius: float, bone: Bone) -> Shape:
    """Elliptic cone from a joint's centre over the base of the bone it faces.

    Args:
        centre: centre of the head, (3,), mm.
        frame: frame of the distal bone.
        radius: distance of its base from there, mm.
        bone: the distal bone.
    """

    def opening(size: float) -> float:
        return min(WIDEST_DEG, float(np.degrees(np.arcsin(min(0.99, COVERED * size / 2.0 / radius)))))

    sections = bone.sections
    height, width = sections.dorsoplantar_mm[0], sections.mediolateral_mm[0]
    return elliptic_cone(frame.moved(centre), opening(height), opening(width))


def layers(
    regions: tuple[Region, Region, Region],
    head: Shape,
    base: Shape,
    thickness: tuple[float, float],
    space: float,
    reach: Shape,
) -> list[Part]:
    """Cartilage on the head, cartilage on the base, and the gap between; a cartilage of 0 is left out."""
    near = common(reach, grown(head, space + WIDE_GAP_MM))
    parts = [
        Part(region, common(near, grown(surface, depth)), constant(depth))
        for region, surface, depth in zip(regions[::2], (head, base), thickness, strict=True)
        if depth > 0.0
    ]
    return [*parts, Part(regions[1], near, constant(GAP_RATIO * (space - sum(thickness))))]


def mtp1_layers(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> list[Part]:
    """Cartilage, gap and cartilage between the first metatarsal head and the phalanx, unless fused."""
    a, joint = case.anatomy, case.joint
    if not isinstance(joint, MovingJoint):
        return []
    space = joint.joint_space_mm.value
    reach = reach_of(posture.mtp1, posture.pp1, a.mt1_head_radius_mm.value + space, a.pp1)
    regions = Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1
    return layers(regions, bones["mt1"].head, bones["pp1"].base, joint.layers_mm, space, reach)


def ip_layers(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> list[Part]:
    """Cartilage, gap and cartilage of the hallux interphalangeal joint."""
    a = case.anatomy
    space, cartilage = a.ip_joint_space_mm.value, a.ip_cartilage_mm.value
    reach = reach_of(posture.ip, posture.dp1, a.pp1_head_radius_mm.value + space, a.dp1)
    regions = Region.IP_CARTILAGE_PP1, Region.IP_GAP, Region.IP_CARTILAGE_DP1
    return layers(regions, bones["pp1"].head, bones["dp1"].base, (cartilage, cartilage), space, reach)


def second_ray_layers(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> list[Part]:
    """Layers of MTP2, and the single layer between the phalanges of the second toe."""
    a = case.anatomy
    space = a.mtp2_joint_space_mm.value
    reach = reach_of(posture.mtp2, posture.pp2, a.mt2_head_radius_mm.value + space, a.pp2)
    regions = Region.MTP2_CARTILAGE_MT2, Region.MTP2_GAP, Region.MTP2_CARTILAGE_PP2
    thickness = a.mtp2_cartilage_mt2_mm.value, a.mtp2_cartilage_pp2_mm.value
    parts = layers(regions, bones["mt2"].head, bones["pp2"].base, thickness, space, reach)
    space = a.pip2_joint_space_mm.value
    reach = reach_of(posture.pip2, posture.dp2, a.pp2_head_radius_mm.value + space, a.dp2)
    pip2 = common(reach, grown(bones["pp2"].head, space + WIDE_GAP_MM))
    return [*parts, Part(Region.PIP2_JOINT, pip2, constant(space))]


def sesamoid_shape(sesamoid: Sesamoid, head: Shape, space: float) -> Shape:
    """A sesamoid: ellipsoid whose dorsal face is hollowed to follow the metatarsal head at ``space`` mm."""
    frame, half = sesamoid.ellipsoid
    return common(ellipsoid(frame, *half), outside(grown(head, space)))


def sesamoid_parts(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> list[Part]:
    """Both sesamoids, and cartilage, gap, cartilage between each and the metatarsal head."""
    a = case.anatomy
    space, cartilage = a.sesamoid_joint_space_mm.value, a.sesamoid_cartilage_mm.value
    head, frame = bones["mt1"].outer, groove(posture.mtp1, posture.mt1, posture.pp1)
    pair = sesamoids_under(case, frame)
    bodies = [sesamoid_shape(each, head, space) for each in pair]
    below = half_space(posture.mtp1, frame.dorsal)
    facets = [pillar(each.frame, FACET * each.half_length, FACET * each.half_width) for each in pair]
    near = common(union(*facets), below, grown(head, space + BED_OVERLAP_MM))
    gap = common(near, outside(grown(head, cartilage)), grown(head, space - cartilage))
    return [
        Part(Region.SESAMOID_MEDIAL, bodies[0]),
        Part(Region.SESAMOID_LATERAL, bodies[1]),
        Part(Region.SESAMOID_GAP, gap, constant(GAP_RATIO * (space - 2.0 * cartilage))),
        Part(Region.SESAMOID_CARTILAGE, near, constant(cartilage)),
    ]


def capsule_extent(case: Case) -> tuple[float, float]:
    """How far the capsule reaches behind the centre of the head and distal of it, mm."""
    shape, joint = case.anatomy.shape, case.joint
    reach = case.anatomy.mt1_head_radius_mm.value + joint.joint_space_mm.value
    reach += shape.capsule_distal_mm.value
    return shape.capsule_proximal_mm.value, reach


def capsule_line(case: Case, posture: Posture) -> Array:
    """Line its fibres run along, (3, 3), mm: that of the metatarsal, then that of the phalanx."""
    behind, reach = capsule_extent(case)
    return np.array(
        [posture.mtp1 - behind * posture.mt1.axis, posture.mtp1, posture.mtp1 + reach * posture.pp1.axis]
    )


def mtp1_capsule(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> Part:
    """Sleeve around the first metatarsophalangeal joint, over head and phalangeal rim."""
    shape, joint = case.anatomy.shape, case.joint
    thickness = shape.capsule_standoff_mm.value + joint.capsule_thickness_mm.value
    axis, centre = posture.pp1.axis, posture.mtp1
    behind, reach = capsule_extent(case)

    def between(x: Array) -> Array:
        along = (x - centre) @ axis
        return np.maximum(-behind - along, along - reach)

    both = union(bones["mt1"].outer, bones["pp1"].outer, rounding=3.0)
    return Part(Region.MTP1_CAPSULE, common(grown(both, thickness), between))


def metatarsal_beds(case: Case, posture: Posture) -> list[Part]:
    """Elastic beds between the metatarsal bases and the block: the tarsometatarsal joints."""
    a, space = case.anatomy, case.anatomy.tmt_joint_space_mm.value

    def bed(region: Region, bone: Bone, frame: Frame) -> Part:
        ends = np.array([-space - BED_OVERLAP_MM, UNEVEN_MM if bone.surface else BED_OVERLAP_MM])
        half = (
            np.full(2, bone.sections.mediolateral_mm[0] / 2.0),
            np.full(2, bone.sections.dorsoplantar_mm[0] / 2.0),
        )
        return Part(region, loft(frame, ends, *half, edge=0.2))

    return [bed(Region.TMT1_JOINT, a.mt1, posture.mt1), bed(Region.TMT2_JOINT, a.mt2, posture.mt2)]


def proximal_block(
    case: Case, posture: Posture, bones: dict[str, SolidBone], depth: tuple[float, float]
) -> Part:
    """Block behind both beds that holds them and the proximal ends of the bands.

    Args:
        case: the case.
        posture: where the bones stand.
        bones: the bones.
        depth: how far it reaches below each metatarsal base, mm.
    """
    space, boxes = case.anatomy.tmt_joint_space_mm.value, []
    rays = ((case.anatomy.mt1, posture.mt1), (case.anatomy.mt2, posture.mt2))
    for (bone, frame), below in zip(rays, depth, strict=True):
        half = bone.sections.mediolateral_mm[0] / 2.0 + 1.0, bone.sections.dorsoplantar_mm[0] / 2.0 + 1.0
        low, high = (
            np.array([-space - 11.0, -half[1] - below, -half[0]]),
            np.array([-space, half[1], half[0]]),
        )
        boxes.append(box(frame, low, high, 1.0))
    clear = outside(grown(union(bones["mt1"].outer, bones["mt2"].outer), space))
    return Part(Region.PROXIMAL_BLOCK, common(union(*boxes), clear))

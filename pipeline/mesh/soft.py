"""Skin, fat and muscle around the bones, the pads below them, and a shoe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.config import Case
from pipeline.mesh.bones import SolidBone
from pipeline.mesh.grid import grid_points
from pipeline.mesh.implicit import (
    Array,
    Frame,
    Shape,
    box,
    capsule,
    common,
    grown,
    nearby,
    rounded_max,
    union,
)
from pipeline.mesh.ligaments import Band, tube
from pipeline.mesh.part import Part, constant
from pipeline.mesh.posture import Posture, plan_distance, reach_to_phalanx
from pipeline.regions import Region

LAYER_SHARE = 0.45
"""Thickness by which the layers of a shoe set their edge length, relative to their own: wide flat layers
must not tear."""

ROOM = 1.5
"""Radius around a bone's axis that holds all of it, relative to its largest half width."""

RAYS = (("mt1", "pp1", "dp1"), ("mt2", "pp2", "dp2"))
"""Bones of each ray."""

CLEFT_MM = 1.2
"""Width of the cleft between hallux and second toe."""

COVER_OF_SPUR_MM = 2.0
"""Soft tissue over osteophytes, plates and bands."""

BULGE_MM = 4.0
"""Spacing of the points at which the outlines of cases that share a mesh are compared."""

ROUNDING_MM = 3.0
"""Fillet between the rounded bodies the soft tissue is made of."""


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
    drop = posture.heights.ip + flat - pulp_radius
    tip_half = a.dp1.sections.dorsoplantar_mm[-1] / 2
    tip_radius = tip_half + 0.6 * a.pad_hallux_mm.value
    tip_drop = tip_half + a.pad_hallux_mm.value + flat - tip_radius
    length = a.ip_joint_space_mm.value + a.pp1_head_radius_mm.value + a.dp1.length_mm.value
    down = -dp1.dorsal
    pulp = capsule(dp1.origin + drop * down, dp1.at(length) + tip_drop * down, pulp_radius, tip_radius)
    return union(head_pad(posture.mtp1, bottom, half), pulp, rounding=ROUNDING_MM)


def second_ray_pads(case: Case, posture: Posture) -> Shape:
    """Pads under the second metatarsal head and the tip of the second toe."""
    a = case.anatomy
    flat = a.shape.pad_flat_mm.value
    half = np.array([a.shape.head_pad_length_mm.value, a.shape.head_pad_width_mm.value]) / 2
    bottom = posture.mtp2[2] - posture.heights.mt2_head - flat
    smaller = a.mt2_head_radius_mm.value / a.mt1_head_radius_mm.value
    tip_half = a.dp2.sections.dorsoplantar_mm[-1] / 2
    tip_radius = tip_half + 0.7 * a.pad_toe2_mm.value
    drop = tip_half + a.pad_toe2_mm.value + flat - tip_radius
    start, end = posture.dp2.at(0.0, -drop), posture.dp2.at(a.dp2.length_mm.value - tip_half, -drop)
    pads = head_pad(posture.mtp2, bottom, smaller * half), capsule(start, end, tip_radius)
    return union(*pads, rounding=ROUNDING_MM)


def between_toes(case: Case, posture: Posture, first: Shape, second: Shape) -> Shape:
    """Space of the cleft: halfway between the rays, distal of the web, which covers the capsule."""
    capsule_end = reach_to_phalanx(case) + case.anatomy.shape.capsule_distal_mm.value
    web = max(posture.mtp1[0], posture.mtp2[0]) + capsule_end + COVER_OF_SPUR_MM

    def shape(x: Array) -> Array:
        halfway = np.abs(first(x) - second(x)) / 2.0 - CLEFT_MM / 2.0
        return rounded_max(halfway, web - x[:, 0], 1.5)

    return shape


def covered(case: Case, posture: Posture, name: str, bone: SolidBone) -> Shape:
    """A bone with its cover, looked at only near it."""
    own, frame = getattr(case.anatomy, name), getattr(posture, name)
    widest = max(*own.sections.mediolateral_mm, *own.sections.dorsoplantar_mm) / 2.0
    cover, around = case.anatomy.cover_mm.value, widest * ROOM + abs(case.anatomy.mt1_length_change_mm.value)
    bound = capsule(frame.origin, frame.at(own.length_mm.value), around + cover)
    return nearby(grown(bone.outer, cover), bound, 2.0 * ROUNDING_MM)


def soft_parts(
    case: Case,
    posture: Posture,
    bones: dict[str, SolidBone],
    bands: list[Band],
    spurs: list[Part],
    between: list[Part],
) -> list[Part]:
    """Soft tissue and, if wanted, skin: a cover over the bones, pads below, cut flat at the floor.

    Args:
        case: the case.
        posture: where the bones stand.
        bones: the bones.
        bands: bands to be covered.
        spurs: osteophyte, callus, plate and sesamoids to be covered.
        between: ligaments that reach from ray to ray or lie under the second one.
    """
    a = case.anatomy
    on_second = [band for band in bands if band.region is Region.PLANTAR_BAND_2]
    on_first = [band for band in bands if band.region is not Region.PLANTAR_BAND_2]
    first_bones, second_bones = (
        union(*(covered(case, posture, name, bones[name]) for name in ray), rounding=ROUNDING_MM)
        for ray in RAYS
    )
    tubes = [tube(band, COVER_OF_SPUR_MM) for band in on_first]
    spur = [grown(part.shape, COVER_OF_SPUR_MM) for part in spurs]
    first = union(first_bones, *tubes, *spur, first_ray_pads(case, posture), rounding=ROUNDING_MM)
    second = union(
        second_bones, *(tube(band, COVER_OF_SPUR_MM) for band in on_second), second_ray_pads(case, posture),
        rounding=ROUNDING_MM,
    )  # fmt: skip
    back, thick = a.shape.web_setback_mm.value, a.shape.web_radius_mm.value
    web = capsule(posture.mtp1 - back * posture.mt1.axis, posture.mtp2 - back * posture.mt2.axis, thick)
    cleft = between_toes(case, posture, first_bones, second_bones)
    bridges = [grown(part.shape, COVER_OF_SPUR_MM) for part in between]
    rays = union(union(first, second), web, *bridges, rounding=ROUNDING_MM)

    def whole(x: Array) -> Array:
        return rounded_max(rounded_max(rays(x), -x[:, 2], 0.2), -cleft(x), 0.5)

    return within_outline(case, whole)


def within_outline(case: Case, whole: Shape) -> list[Part]:
    """Soft tissue and, if wanted, skin within an outline."""
    skin = case.anatomy.skin_mm
    if skin is None:
        return [Part(Region.SOFT_TISSUE, whole)]
    return [Part(Region.SOFT_TISSUE, grown(whole, -skin.value)), Part(Region.SKIN, whole)]


def under_one_skin(case: Case, parts: Sequence[list[Part]], low: Array, high: Array) -> list[list[Part]]:
    """Parts of each member with soft tissue up to one outline, which holds the soft tissue of all.

    Cases that share a mesh so differ within the skin only: it bulges over the spur or plate of any of them.

    Args:
        case: any of the members: their skin is as thick.
        parts: of each member.
        low: lower corner of the box that holds them, mm.
        high: upper corner of the box, mm.
    """
    whole, *others = [
        next(part.shape for part in own[::-1] if part.region in (Region.SKIN, Region.SOFT_TISSUE))
        for own in parts
    ]
    x = grid_points(low, np.ceil((high - low) / BULGE_MM).astype(int) + 1, BULGE_MM)
    for other in others:
        whole = bulged(whole, other, x)
    soft = {part.region: part for part in within_outline(case, whole)}
    return [[soft.get(part.region, part) for part in own] for own in parts]


def bulged(shape: Shape, other: Shape, x: Array) -> Shape:
    """Union of two costly shapes that differ in few places: the other is looked at only there.

    Args:
        shape: the one.
        other: the other.
        x: grid of points `BULGE_MM` apart on which they are compared, (n, 3), mm.
    """
    value = other(x)
    wider = x[(value < shape(x)) & (np.abs(value) < 2.0 * BULGE_MM)]
    if len(wider) == 0:
        return shape
    low, high = wider.min(axis=0) - BULGE_MM, wider.max(axis=0) + BULGE_MM

    def both(x: Array) -> Array:
        value = np.asarray(shape(x))
        near = np.flatnonzero(np.all((x >= low) & (x <= high), axis=1))
        value[near] = np.minimum(value[near], other(x[near]))
        return value

    return both


def floor_height(case: Case) -> float:
    """Height of the floor, mm: zero barefoot, below the sole of a shoe."""
    if case.shoe is None:
        return 0.0
    return -sum(getattr(case.shoe, name).thickness_mm.value for name in ("insole", "plate", "outsole"))


def rocker_rise(case: Case, x: Array, mtp1: Array) -> Array:
    """How far a rocker's arc has left the flat at points, mm: (x - apex)^2 / 2R distal of the apex."""
    rocker = case.floor.rocker
    if rocker is None:
        return np.zeros(len(x))
    ahead = np.maximum(x[:, 0] - mtp1[0] - rocker.apex_mm.value, 0.0)
    return ahead**2 / (2.0 * rocker.radius_mm.value)


def shoe_parts(case: Case, posture: Posture) -> list[Part]:
    """Layers of a shoe's sole, as wide as the bones and a margin; a rocker shapes the lowest one."""
    if case.shoe is None:
        return []
    margin = case.shoe.margin_mm.value
    a = case.anatomy
    lines = [
        (posture.mt1.origin, posture.mtp1),
        (posture.mtp1, posture.dp1.at(a.dp1.length_mm.value)),
        (posture.mt2.origin, posture.mtp2),
        (posture.mtp2, posture.dp2.at(a.dp2.length_mm.value)),
    ]

    def outline(x: Array) -> Array:
        start = posture.mtp1[0] - a.shape.head_pad_length_mm.value
        inside = np.min([plan_distance(x, *line) for line in lines], axis=0) - margin
        return np.maximum(inside, start - x[:, 0])

    parts, top = [], 0.0
    layers = ((Region.SHOE_INSOLE, "insole"), (Region.SHOE_PLATE, "plate"), (Region.SHOE_OUTSOLE, "outsole"))
    for region, name in layers:
        thick = float(getattr(case.shoe, name).thickness_mm.value)
        top, upper = top - thick, top
        share = LAYER_SHARE * thick
        parts.append(Part(region, common(outline, between_heights(top, upper)), constant(share)))
    lowest = parts[-1].shape

    def rockered(x: Array) -> Array:
        return np.maximum(lowest(x), floor_height(case) + rocker_rise(case, x, posture.mtp1) - x[:, 2])

    return [*parts[:-1], replace(parts[-1], shape=rockered)]


def between_heights(low: float, high: float) -> Shape:
    """Everything between two heights above the floor, mm."""
    return lambda x: np.abs(x[:, 2] - (low + high) / 2.0) - (high - low) / 2.0

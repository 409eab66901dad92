"""Solid bones and their cancellous cores as implicit shapes, from measured sections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.config import Case
from pipeline.config.anatomy import Bone
from pipeline.mesh.implicit import (
    Array,
    Frame,
    Shape,
    ball,
    common,
    loft,
    outside,
    roller,
    union,
)
from pipeline.mesh.posture import Posture

RIM_MM = 3.0
"""How far the rim of a phalangeal base reaches around the head it faces."""

FILLET_MM = 1.5
"""Fillet between shaft and head."""


@dataclass(frozen=True)
class SolidBone:
    """Outer shape of a bone and the shape of its cancellous core."""

    outer: Shape
    core: Shape


def cortex_thickness(bone: Bone, fraction: Array) -> Array:
    """Cortex thickness along the bone, mm: full between 0.3 and 0.7 of the length, thin at the ends."""
    end, shaft = bone.cortex_end_mm.value, bone.cortex_shaft_mm.value
    return np.interp(fraction, [0.12, 0.3, 0.7, 0.88], [end, shaft, shaft, end])


def shaft_of(bone: Bone, frame: Frame, start: float, end: float, inset: bool) -> Shape:
    """Lofted shaft between two positions along the axis (mm); the core if ``inset``.

    The sections are those of the configuration; beyond the first and last the section is constant.
    """
    length = bone.length_mm.value
    fraction = np.linspace(start / length, end / length, 25)
    table = bone.sections
    half_medial = np.interp(fraction, table.fraction, table.mediolateral_mm) / 2.0
    half_dorsal = np.interp(fraction, table.fraction, table.dorsoplantar_mm) / 2.0
    if not inset:
        return loft(frame, fraction * length, half_medial, half_dorsal, bone.sagittal_bow_mm.value)
    wall = cortex_thickness(bone, np.clip(fraction, 0.0, 1.0))
    stations = np.linspace(start + wall[0], end - wall[-1], 25)
    return loft(frame, stations, half_medial - wall, half_dorsal - wall, bone.sagittal_bow_mm.value)


def metatarsal(bone: Bone, frame: Frame, radius: float) -> SolidBone:
    """Metatarsal: shaft from the base to the centre of its spherical head."""
    centre = bone.length_mm.value - radius
    end = bone.cortex_end_mm.value

    def build(inset: bool) -> Shape:
        head = ball(frame.at(centre), radius - end if inset else radius)
        reach = centre + (end if inset else 0.0)
        return union(shaft_of(bone, frame, 0.0, reach, inset), head, rounding=FILLET_MM)

    return SolidBone(build(False), build(True))


def trochlea_half_width(case: Case) -> float:
    """Half the straight part of the IP roller, mm, from the width of the phalangeal head."""
    width = case.anatomy.pp1.sections.mediolateral_mm[-1]
    return max(0.0, width / 2.0 - case.anatomy.pp1_head_radius_mm.value)


def proximal_phalanx(case: Case, posture: Posture, shortening: float) -> SolidBone:
    """First proximal phalanx: socket around the metatarsal head, roller-shaped head at the IP joint."""
    a = case.anatomy
    bone, frame, end = a.pp1, posture.pp1, a.pp1.cortex_end_mm.value
    socket = a.mt1_head_radius_mm.value + case.joint.joint_space_mm.value
    centre = bone.length_mm.value - shortening - a.pp1_head_radius_mm.value

    def build(inset: bool) -> Shape:
        wall = end if inset else 0.0
        shaft = shaft_of(bone, frame, -RIM_MM, centre + wall, inset)
        head = roller(posture.ip, frame.medial, trochlea_half_width(case), a.pp1_head_radius_mm.value - wall)
        return common(union(shaft, head, rounding=FILLET_MM), outside(ball(posture.mtp1, socket + wall)))

    return SolidBone(build(False), build(True))


def distal_phalanx(case: Case, posture: Posture) -> SolidBone:
    """First distal phalanx: socket around the roller of the proximal phalanx."""
    a = case.anatomy
    bone, frame, end = a.dp1, posture.dp1, a.dp1.cortex_end_mm.value
    socket = a.pp1_head_radius_mm.value + a.ip_joint_space_mm.value

    def build(inset: bool) -> Shape:
        wall = end if inset else 0.0
        shaft = shaft_of(bone, frame, -RIM_MM / 2, bone.length_mm.value, inset)
        hollow = roller(posture.ip, posture.pp1.medial, trochlea_half_width(case), socket + wall)
        return common(shaft, outside(hollow))

    return SolidBone(build(False), build(True))


def second_toe(case: Case, posture: Posture) -> SolidBone:
    """Phalanges of the second toe as one body with a socket around the second metatarsal head."""
    a = case.anatomy
    bone, frame, end = a.toe2, posture.toe2, a.toe2.cortex_end_mm.value
    socket = a.mt2_head_radius_mm.value + a.mtp2_joint_space_mm.value

    def build(inset: bool) -> Shape:
        wall = end if inset else 0.0
        shaft = shaft_of(bone, frame, -RIM_MM / 2, bone.length_mm.value, inset)
        return common(shaft, outside(ball(posture.mtp2, socket + wall)))

    return SolidBone(build(False), build(True))

"""Solid bones and their cancellous cores as implicit shapes, from measured sections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.config import Case
from pipeline.config.anatomy import Bone
from pipeline.config.shape import Shape as ShapeConfig
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

BOW_RANGE = (0.2, 0.8)
"""Fractions of the length between which the bow of a bone is measured, see `Bone.sagittal_bow_mm`."""

STATIONS = 49
"""Sections a bone is lofted through, beside the measured ones."""

FILLET_MM = 1.5
"""Fillet between shaft and head."""


@dataclass(frozen=True)
class SolidBone:
    """Outer shape of a bone and the shape of its cancellous core."""

    outer: Shape
    core: Shape


def cortex_thickness(bone: Bone, shape: ShapeConfig, fraction: Array) -> Array:
    """Cortex thickness along the bone, mm: full in the shaft, thin at the ends, linear between."""
    end, shaft = bone.cortex_end_mm.value, bone.cortex_shaft_mm.value
    thin, full = shape.cortex_thin_to_fraction.value, shape.cortex_full_from_fraction.value
    return np.interp(fraction, [thin, full, 1.0 - full, 1.0 - thin], [end, shaft, shaft, end])


def centre_line(bone: Bone, fraction: Array) -> Array:
    """Dorsal rise of the centre line along the bone, mm: a smooth arch over `BOW_RANGE`, else zero."""
    first, last = BOW_RANGE
    within = np.clip((fraction - first) / (last - first), 0.0, 1.0)
    return bone.sagittal_bow_mm.value * np.sin(np.pi * within) ** 2


def shaft_of(
    bone: Bone, shape: ShapeConfig, frame: Frame, start: float, end: float, *, inset: bool, cut: float = 0.0
) -> Shape:
    """Lofted shaft between two positions along the frame's axis (mm); its core if ``inset``.

    The sections are those of the configuration; beyond the first and last the section is constant.
    ``cut`` is the length (mm) surgery took from the base: the frame then starts that far up the bone.
    """
    length = bone.length_mm.value
    if inset:
        wall = cortex_thickness(bone, shape, (np.array([start, end]) + cut) / length)
        start, end = start + wall[0], end - wall[1]
    table = bone.sections
    measured = np.array(table.fraction) * length - cut
    within = measured[(measured > start) & (measured < end)]
    stations = np.union1d(np.linspace(start, end, STATIONS), within)
    fraction = (stations + cut) / length
    half_medial = np.interp(fraction, table.fraction, table.mediolateral_mm) / 2.0
    half_dorsal = np.interp(fraction, table.fraction, table.dorsoplantar_mm) / 2.0
    if inset:
        wall = cortex_thickness(bone, shape, fraction)
        half_medial, half_dorsal = half_medial - wall, half_dorsal - wall
    return loft(frame, stations, half_medial, half_dorsal, centre_line(bone, fraction))


def metatarsal(bone: Bone, shape: ShapeConfig, frame: Frame, radius: float) -> SolidBone:
    """Metatarsal: shaft from the base to the centre of its spherical head."""
    centre = bone.length_mm.value - radius
    end = bone.cortex_end_mm.value

    def build(inset: bool) -> Shape:
        head = ball(frame.at(centre), radius - end if inset else radius)
        reach = centre + (end if inset else 0.0)
        return union(shaft_of(bone, shape, frame, 0.0, reach, inset=inset), head, rounding=FILLET_MM)

    return SolidBone(build(False), build(True))


def trochlea_half_width(case: Case) -> float:
    """Half the straight part of the IP roller, mm, from the width of the phalangeal head."""
    width = case.anatomy.pp1.sections.mediolateral_mm[-1]
    return max(0.0, width / 2.0 - case.anatomy.pp1_head_radius_mm.value)


def proximal_phalanx(case: Case, posture: Posture, shortening: float) -> SolidBone:
    """First proximal phalanx: socket around the metatarsal head, roller-shaped head at the IP joint.

    ``shortening`` (mm) is taken from its base, as at surgery.
    """
    a = case.anatomy
    rim = a.shape.socket_rim_mm.value
    bone, frame, end = a.pp1, posture.pp1, a.pp1.cortex_end_mm.value
    socket = a.mt1_head_radius_mm.value + case.joint.joint_space_mm.value
    centre = bone.length_mm.value - shortening - a.pp1_head_radius_mm.value

    def build(inset: bool) -> Shape:
        wall = end if inset else 0.0
        shaft = shaft_of(bone, a.shape, frame, -rim, centre + wall, inset=inset, cut=shortening)
        head = roller(posture.ip, frame.medial, trochlea_half_width(case), a.pp1_head_radius_mm.value - wall)
        return common(union(shaft, head, rounding=FILLET_MM), outside(ball(posture.mtp1, socket + wall)))

    return SolidBone(build(False), build(True))


def socketed(bone: Bone, shape: ShapeConfig, frame: Frame, hollow: Callable[[float], Shape]) -> SolidBone:
    """Shaft whose base is hollowed for the head it faces.

    ``hollow`` gives the space to leave free, grown by a wall (mm) for the core.
    """
    rim = shape.socket_rim_mm.value / 2.0

    def build(inset: bool) -> Shape:
        wall = bone.cortex_end_mm.value if inset else 0.0
        shaft = shaft_of(bone, shape, frame, -rim, bone.length_mm.value, inset=inset)
        return common(shaft, outside(hollow(wall)))

    return SolidBone(build(False), build(True))


def distal_phalanx(case: Case, posture: Posture) -> SolidBone:
    """First distal phalanx: socket around the roller of the proximal phalanx."""
    a = case.anatomy
    socket = a.pp1_head_radius_mm.value + a.ip_joint_space_mm.value
    medial, half_width = posture.pp1.medial, trochlea_half_width(case)
    return socketed(
        a.dp1, a.shape, posture.dp1, lambda wall: roller(posture.ip, medial, half_width, socket + wall)
    )


def second_toe(case: Case, posture: Posture) -> SolidBone:
    """Phalanges of the second toe as one body with a socket around the second metatarsal head."""
    a = case.anatomy
    socket = a.mt2_head_radius_mm.value + a.mtp2_joint_space_mm.value
    return socketed(a.toe2, a.shape, posture.toe2, lambda wall: ball(posture.mtp2, socket + wall))

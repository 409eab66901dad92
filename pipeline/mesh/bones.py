"""Solid bones and their cancellous cores as implicit shapes, from measured sections or real surfaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from pipeline.config import Case
from pipeline.config.anatomy import Bone
from pipeline.config.joint import FusedJoint, StiffJoint
from pipeline.config.shape import Shape as ShapeConfig
from pipeline.config.surface import BoneSurface
from pipeline.mesh.implicit import (
    Array,
    Frame,
    Shape,
    barrel,
    common,
    grown,
    half_space,
    loft,
    outside,
    roller,
    rounded_common,
    rounded_max,
    union,
)
from pipeline.mesh.posture import Posture, base_loss, head_loss
from pipeline.mesh.surface import landmark_frame, placed, read_surface
from pipeline.mesh.surface_check import check_surface
from pipeline.mesh.surface_distance import signed_distance

BOW_RANGE = (0.2, 0.8)
"""Fractions of the length between which the bow of a bone is measured, see `Bone.sagittal_bow_mm`."""

CHANGED_RANGE = (0.35, 0.65)
"""Fractions of the length between which a metatarsal is lengthened or shortened."""

NECK = 0.7
"""Fraction of the length of a metatarsal from which its head gives the outline."""

HIDDEN_MM = 0.3
"""How far the end of the shaft stays below the joint surface of the head around it."""

STATIONS = 49
"""Sections a bone is lofted through, beside the measured ones."""

FILLET_MM = 1.5
"""Fillet between shaft and head."""

FLATTENED_MM, SAWN_MM = 2.5, 0.4
"""Rounding of the edge of a flattened head, and of one cut flat at surgery."""

JOINED_MM = 6.0
"""Rounding between two real bones that make one body: it fills their joint space."""

APART_MM = 1.2
"""Least soft tissue left between the bases of the two metatarsals."""


@dataclass(frozen=True)
class SolidBone:
    """Shapes of one bone.

    Attributes:
        outer: the whole bone.
        core: its cancellous part.
        head: solid whose surface is the distal joint surface; distances near it are exact.
        base: solid whose surface is the proximal joint surface; distances near it are exact.
    """

    outer: Shape
    core: Shape
    head: Shape
    base: Shape


def wall_thickness(bone: Bone, shape: ShapeConfig, fraction: Array) -> tuple[Array, Array, Array]:
    """Cortex at the sides, dorsally and plantarly, mm: full in the shaft, thin at the ends, else between."""
    end = bone.cortex_end_mm.value
    thin, full = shape.cortex_thin_to_fraction.value, shape.cortex_full_from_fraction.value
    stations = [thin, full, 1.0 - full, 1.0 - thin]
    sides, dorsal, plantar = (
        np.interp(fraction, stations, [end, shaft, shaft, end]) for shaft in bone.shaft_walls_mm
    )
    return sides, dorsal, plantar


def centre_line(bone: Bone, fraction: Array) -> Array:
    """Dorsal rise of the centre line along the bone, mm: a smooth arch over `BOW_RANGE`, else zero."""
    first, last = BOW_RANGE
    within = np.clip((fraction - first) / (last - first), 0.0, 1.0)
    return bone.sagittal_bow_mm.value * np.sin(np.pi * within) ** 2


@dataclass(frozen=True)
class Shaft:
    """A bone's lofted shaft.

    Attributes:
        bone: its measures.
        shape: where its cortex is thick.
        frame: frame at its base.
        change: length added to (or, below 0, taken from) its middle, mm.
        cut: length taken from its base by surgery, mm; the frame then starts that far up the bone.
        head: half height above which the shaft would show beside the joint surface of its head, mm.
    """

    bone: Bone
    shape: ShapeConfig
    frame: Frame
    change: float = 0.0
    cut: float = 0.0
    head: float = np.inf

    @property
    def _known(self) -> tuple[Array, Array]:
        """Positions on the bone as it is and the fractions of the unchanged length they stand for."""
        length = self.bone.length_mm.value
        first, last = CHANGED_RANGE
        along = np.array([-1.0, first, last, 2.0]) * length + np.array([0.0, 0.0, 1.0, 1.0]) * self.change
        return along - self.cut, np.array([-1.0, first, last, 2.0])

    def fraction(self, along: Array) -> Array:
        """Fraction of the unchanged length at positions along the frame's axis (mm)."""
        return np.interp(along, *self._known)

    def along(self, fraction: Array) -> Array:
        """Position along the frame's axis (mm) of fractions of the unchanged length."""
        known, share = self._known
        return np.interp(fraction, share, known)

    def solid(self, start: float, end: float, *, inset: bool) -> Shape:
        """The shaft between two positions along the axis (mm), or the core in it if ``inset``."""
        bone, table = self.bone, self.bone.sections
        if inset:
            wall = bone.cortex_end_mm.value
            start, end = start + wall, end - wall
        measured = self.along(np.array(table.fraction))
        measured = measured[(measured > start) & (measured < end)]
        stations = np.union1d(np.linspace(start, end, STATIONS), measured)
        fraction = self.fraction(stations)
        half_medial = np.interp(fraction, table.fraction, table.mediolateral_mm) / 2.0
        half_dorsal = np.interp(fraction, table.fraction, table.dorsoplantar_mm) / 2.0
        half_dorsal = np.where(fraction > NECK, np.minimum(half_dorsal, self.head), half_dorsal)
        rise = centre_line(bone, fraction)
        if inset:
            sides, dorsal, plantar = wall_thickness(bone, self.shape, fraction)
            half_medial, half_dorsal = half_medial - sides, half_dorsal - (dorsal + plantar) / 2.0
            rise = rise + (plantar - dorsal) / 2.0
        return loft(self.frame, stations, half_medial, half_dorsal, rise)


def slab(centre: Array, normal: Array, half: float) -> Shape:
    """Everything within ``half`` mm of a plane."""
    return lambda x: np.abs((x - centre) @ normal) - half


def barrel_head(frame: Frame, sagittal: float, transverse: float, width: float) -> Shape:
    """Head of a metatarsal at the frame's origin: a barrel no wider than ``width`` mm."""
    head = barrel(frame.origin, frame.medial, sagittal, transverse)
    return rounded_common(head, slab(frame.origin, frame.medial, width / 2.0), 2.0)


def first_metatarsal(case: Case, posture: Posture) -> SolidBone:
    """First metatarsal: shaft from the base to the centre of its head, and what disease or surgery left."""
    a, joint = case.anatomy, case.joint
    end, centre = a.mt1.cortex_end_mm.value, a.mt1.length_mm.value - a.mt1_head_radius_mm.value
    centre += a.mt1_length_change_mm.value
    height = a.mt1_head_radius_mm.value - HIDDEN_MM
    shaft = Shaft(a.mt1, a.shape, posture.mt1, a.mt1_length_change_mm.value, head=height)
    frame = posture.mt1.moved(posture.mtp1)
    lost, axis = head_loss(case), posture.pp1.axis
    reamed = isinstance(joint, FusedJoint) and joint.resection == "cup"

    def head(wall: float) -> Shape:
        radii = a.mt1_head_radius_mm.value - wall, a.mt1_head_transverse_radius_mm.value - wall
        width = float(np.interp(0.9, a.mt1.sections.fraction, a.mt1.sections.mediolateral_mm)) - 2.0 * wall
        whole_head = barrel_head(frame, *radii, width)
        if lost == 0.0:
            return whole_head
        if reamed:
            return common(whole_head, barrel(posture.mtp1 - lost * axis, frame.medial, *radii))
        rounding = FLATTENED_MM if isinstance(joint, StiffJoint) else SAWN_MM
        tip = posture.mtp1 + (radii[0] - lost + allowance(lost, rounding)) * axis
        return rounded_common(whole_head, half_space(tip, axis), rounding)

    def whole(inset: bool) -> Shape:
        wall = end if inset else 0.0
        return union(shaft.solid(0.0, centre + wall, inset=inset), head(wall), rounding=FILLET_MM)

    outer = whole(False)
    return SolidBone(outer, whole(True), head(0.0), outer)


def allowance(lost: float, rounding: float) -> float:
    """How far outside the wanted plane a head is cut so that with its rounding it loses ``lost`` mm there."""

    def left(cut: float) -> float:
        return float(rounded_max(np.array([-lost]), np.array([-cut]), rounding)[0])

    return float(brentq(left, 0.0, rounding))


def second_metatarsal(case: Case, posture: Posture) -> SolidBone:
    """Second metatarsal: shaft from the base to the centre of its head."""
    a = case.anatomy
    end, centre = a.mt2.cortex_end_mm.value, a.mt2.length_mm.value - a.mt2_head_radius_mm.value
    shaft = Shaft(a.mt2, a.shape, posture.mt2, head=a.mt2_head_radius_mm.value - HIDDEN_MM)
    frame = posture.mt2.moved(posture.mtp2)

    def head(wall: float) -> Shape:
        radii = a.mt2_head_radius_mm.value - wall, a.mt2_head_transverse_radius_mm.value - wall
        return barrel(frame.origin, frame.medial, *radii)

    def whole(inset: bool) -> Shape:
        wall = end if inset else 0.0
        return union(shaft.solid(0.0, centre + wall, inset=inset), head(wall), rounding=FILLET_MM)

    outer = whole(False)
    return SolidBone(outer, whole(True), head(0.0), outer)


def trochlea_half_width(case: Case) -> float:
    """Half the straight part of the IP roller, mm, from the width of the phalangeal head."""
    width = case.anatomy.pp1.sections.mediolateral_mm[-1]
    return max(0.0, width / 2.0 - case.anatomy.pp1_head_radius_mm.value)


def proximal_phalanx(case: Case, posture: Posture, facing: Shape) -> SolidBone:
    """First proximal phalanx: hollowed for the metatarsal head it faces, with a roller for a head."""
    a, base = case.anatomy, phalangeal_base(case, posture, facing)
    rim, end, cut = a.shape.socket_rim_mm.value, a.pp1.cortex_end_mm.value, base_loss(case)
    centre = a.pp1.length_mm.value - cut - a.pp1_head_radius_mm.value
    shaft = Shaft(a.pp1, a.shape, posture.pp1, cut=cut)
    medial, half = posture.pp1.medial, trochlea_half_width(case)

    def head(wall: float) -> Shape:
        return roller(posture.ip, medial, half, a.pp1_head_radius_mm.value - wall)

    def whole(inset: bool) -> Shape:
        wall = end if inset else 0.0
        body = union(shaft.solid(-rim, centre + wall, inset=inset), head(wall), rounding=FILLET_MM)
        return common(body, grown(base, -wall))

    return SolidBone(whole(False), whole(True), head(0.0), base)


def phalangeal_base(case: Case, posture: Posture, head: Shape) -> Shape:
    """Solid whose surface is the base of the first proximal phalanx, facing the metatarsal ``head``.

    Flatter than the head where both are whole, parallel to it where it was reamed, plane where cut
    flat; nowhere nearer to the head than the joint space.
    """
    a, joint, space = case.anatomy, case.joint, case.joint.joint_space_mm.value
    parallel = outside(grown(head, space))
    if isinstance(joint, FusedJoint):
        if joint.resection == "cup":
            return parallel
        return half_space(posture.pp1.origin, -posture.pp1.axis)
    sagittal = max(a.pp1_socket_radius_mm.value, a.mt1_head_radius_mm.value + space)
    transverse = max(a.pp1_socket_transverse_radius_mm.value, sagittal)
    centre = posture.pp1.origin - sagittal * posture.pp1.axis
    return common(outside(barrel(centre, posture.pp1.medial, sagittal, transverse)), parallel)


def socketed(
    bone: Bone, shape: ShapeConfig, frame: Frame, facing: Shape, space: float, head: float = 0.0
) -> SolidBone:
    """Phalanx hollowed to leave ``space`` mm to the joint surface it faces, with a round head if wanted.

    Args:
        bone: its measures.
        shape: where its cortex is thick, how far its rim reaches.
        frame: frame at its base.
        facing: solid it is hollowed for.
        space: bone to bone distance, mm.
        head: radius of the distal head, mm; 0 for a last phalanx.
    """
    rim, end, length = shape.socket_rim_mm.value / 2.0, bone.cortex_end_mm.value, bone.length_mm.value
    shaft = Shaft(bone, shape, frame)
    width = bone.sections.mediolateral_mm[-1] / 2.0

    def tip(wall: float) -> Shape:
        return roller(frame.at(length - head), frame.medial, max(0.0, width - head), head - wall)

    def whole(inset: bool) -> Shape:
        wall = end if inset else 0.0
        body = shaft.solid(-rim, length - head + (wall if head else 0.0), inset=inset)
        if head:
            body = union(body, tip(wall), rounding=FILLET_MM)
        return common(body, outside(grown(facing, space + wall)))

    outer = whole(False)
    return SolidBone(outer, whole(True), tip(0.0) if head else outer, outside(grown(facing, space)))


def file_shape(surface: BoneSurface) -> Shape:
    """Distance to the surface of a bone's file, or of two files joined, in the axes of the first, mm.

    Raises:
        ConfigError: a file is missing, damaged or implausible; the message names it and the place.
    """
    shapes = []
    offsets = [np.zeros(3)] if surface.joined is None else [np.zeros(3), np.array(surface.joined.offset_mm)]
    for name, offset in zip(surface.files, offsets, strict=True):
        read = read_surface(Path(name), surface.millimetres_per_unit)
        check_surface(read, Path(name))
        distance = signed_distance(read, smoothing_mm=surface.smoothing_mm.value)
        shapes.append(placed(distance, np.eye(3), np.zeros(3), offset))
    return union(*shapes, rounding=JOINED_MM)


def real_bone(case: Case, bone: Bone, surface: BoneSurface, frame: Frame, head: Array) -> SolidBone:
    """Bone from a surface file: its head landmark on ``head``, its axes along the frame's.

    The cortex is an inward offset, thin at the ends and full in the shaft as for a lofted bone.

    Raises:
        ConfigError: see `file_shape`.
    """
    scale = surface.scale
    base, distal = np.array(surface.base_mm), np.array(surface.head_mm)
    own = landmark_frame(base, distal, np.array(surface.dorsal))
    turn = np.stack([frame.axis, frame.dorsal, frame.medial]).T @ np.stack([own.axis, own.dorsal, own.medial])
    outer = placed(file_shape(surface), turn, distal, head, scale)
    origin = head - scale * float(np.linalg.norm(distal - base)) * frame.axis

    def core(x: Array) -> Array:
        fraction = ((x - origin) @ frame.axis) / bone.length_mm.value
        sides, _, _ = wall_thickness(bone, case.anatomy.shape, fraction)
        return outer(x) + sides

    return SolidBone(outer, core, outer, outer)


def kept_apart(bone: SolidBone, neighbour: Shape, space: float, wall: float) -> SolidBone:
    """The bone without what lies nearer to a neighbour than ``space`` mm; its core ``wall`` mm further."""
    clear = outside(grown(neighbour, space))
    return replace(
        bone,
        outer=common(bone.outer, clear),
        core=common(bone.core, grown(clear, -wall)),
        base=common(bone.base, clear),
    )


def bones_of(case: Case, posture: Posture) -> dict[str, SolidBone]:
    """The six bony bodies by name, from proximal to distal so that each base fits the head before it."""
    a = case.anatomy
    bones: dict[str, SolidBone] = {}

    def add(
        name: str, lofted: Callable[[], SolidBone], head: Array, faces: str = "", space: float = 0.0
    ) -> None:
        """Take the real bone if there is one, cut back where it comes too near to the bone it faces."""
        bone: Bone = getattr(a, name)
        if bone.surface is None:
            bones[name] = lofted()
            return
        made = real_bone(case, bone, bone.surface, getattr(posture, name), head)
        if faces:
            made = kept_apart(made, bones[faces].outer, space, bone.cortex_end_mm.value)
        bones[name] = made

    def phalanx(name: str, facing: str, space: float, head: float = 0.0) -> Callable[[], SolidBone]:
        return lambda: socketed(
            getattr(a, name), a.shape, getattr(posture, name), bones[facing].head, space, head
        )

    mtp1, ip = case.joint.joint_space_mm.value, a.ip_joint_space_mm.value
    mtp2, pip2 = a.mtp2_joint_space_mm.value, a.pip2_joint_space_mm.value
    add("mt1", lambda: first_metatarsal(case, posture), posture.mtp1)
    add("pp1", lambda: proximal_phalanx(case, posture, bones["mt1"].head), posture.ip, "mt1", mtp1)
    add("dp1", phalanx("dp1", "pp1", ip), posture.dp1.at(a.dp1.length_mm.value), "pp1", ip)
    add("mt2", lambda: second_metatarsal(case, posture), posture.mtp2)
    bones["mt2"] = kept_apart(bones["mt2"], bones["mt1"].outer, APART_MM, a.mt2.cortex_end_mm.value)
    add("pp2", phalanx("pp2", "mt2", mtp2, a.pp2_head_radius_mm.value), posture.pip2, "mt2", mtp2)
    add("dp2", phalanx("dp2", "pp2", pip2), posture.dp2.at(a.dp2.length_mm.value), "pp2", pip2)
    return bones

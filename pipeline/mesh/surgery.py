"""What disease and surgery add to the first metatarsophalangeal joint."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from pipeline.config import Case
from pipeline.config.hardware import CrossedScrews, HemiImplant, PlateAndScrews, Plug
from pipeline.config.joint import FusedJoint, ImplantJoint, StiffJoint
from pipeline.errors import ConfigError
from pipeline.mesh.bones import SolidBone
from pipeline.mesh.implicit import (
    Array,
    Frame,
    Shape,
    common,
    cylinder,
    ellipsoid,
    elliptic_cone,
    grown,
    half_space,
    outside,
    union,
)
from pipeline.mesh.part import Part, constant
from pipeline.mesh.posture import Posture, reach_to_phalanx
from pipeline.regions import Region

SPUR_CLEARANCE_MM = 0.8
"""Least tissue between an osteophyte and the phalanx it faces."""

CALLUS_ROUNDING = 4.0
"""Radius of the callus's fillet relative to the joint space it fills."""

FACING_DEG = 45.0, 50.0
"""Half openings, dorsal and medial, of the cone in which bone under the joint surfaces may be dense."""

SCLEROTIC_MM = 6.0
"""How far into the phalanx from its base dense bone is looked for."""

ACROSS_DEG = 75.0
"""Half opening of the cone that bounds the callus on the head's side."""

Screw = tuple[Array, Array, float]
"""Both ends, mm, and radius, mm."""

LOCKED = 0.42, 0.85
"""Where locking screws stand, as shares of half the plate: the innermost and the outermost."""

LAG_DEPTH_MM = 2.0
"""How far a lag screw crosses the joint line away from the plate's side of its middle."""

OUT_MM = 25.0
"""How far outside the bones a locking screw's line is begun; the plate's surface cuts it."""


def osteophyte(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> list[Part]:
    """Dorsal spur on the first metatarsal head: a ridge across the head, above and behind the joint."""
    joint = case.joint
    if not isinstance(joint, StiffJoint):
        return []
    height, length = joint.osteophyte_height_mm.value, joint.osteophyte_length_mm.value
    radius, width = case.anatomy.mt1_head_radius_mm.value, case.anatomy.shape.osteophyte_width_mm.value
    frame = posture.mt1.moved(posture.mtp1)
    ridge = frame.moved(frame.at(0.15 * radius, radius - 1.0))
    spur = ellipsoid(ridge, length / 2.0, height + 1.0, width / 2.0)
    clear = outside(grown(bones["pp1"].outer, SPUR_CLEARANCE_MM))
    return [Part(Region.OSTEOPHYTE, common(spur, clear))]


def sclerosis(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> list[Part]:
    """Dense bone in place of the cancellous bone under both joint surfaces of a stiff joint."""
    joint = case.joint
    if not isinstance(joint, StiffJoint) or joint.sclerosis_depth_mm.value == 0.0:
        return []
    depth = joint.sclerosis_depth_mm.value
    facing = elliptic_cone(posture.pp1.moved(posture.mtp1), *FACING_DEG)
    dense = [
        common(bones[name].core, outside(grown(bones[name].core, -depth)), facing) for name in ("mt1", "pp1")
    ]
    shape = common(union(*dense), half_space(posture.pp1.at(SCLEROTIC_MM), posture.pp1.axis))
    return [Part(Region.SCLEROSIS, shape, constant(depth))]


def fused_bone(case: Case, bones: dict[str, SolidBone]) -> Shape:
    """Outline of metatarsal, callus and phalanx as one bone."""
    space = case.joint.joint_space_mm.value
    return union(bones["mt1"].outer, bones["pp1"].outer, rounding=CALLUS_ROUNDING * space)


def callus(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> list[Part]:
    """Callus of a fusion: the joint space and a margin of both bones."""
    joint = case.joint
    if not isinstance(joint, FusedJoint):
        return []
    margin = joint.callus_margin_mm.value
    mt1, pp1 = bones["mt1"], bones["pp1"]
    facing = elliptic_cone(posture.pp1.moved(posture.mtp1), ACROSS_DEG, ACROSS_DEG)
    band = common(facing, outside(grown(mt1.head, -margin)), outside(grown(pp1.base, -margin)))
    return [Part(Region.MTP1_GAP, common(fused_bone(case, bones), band))]


def joint_line(case: Case, posture: Posture) -> Frame:
    """Frame at the middle of the fusion, its axis halfway between metatarsal and phalanx."""
    axis = posture.mt1.axis + posture.pp1.axis
    axis = axis / np.linalg.norm(axis)
    dorsal = posture.pp1.dorsal - (posture.pp1.dorsal @ axis) * axis
    middle = reach_to_phalanx(case) - case.joint.joint_space_mm.value / 2.0
    return Frame(posture.mtp1 + middle * posture.pp1.axis, axis, dorsal / np.linalg.norm(dorsal))


def crossed_screws(hardware: CrossedScrews, frame: Frame) -> list[Screw]:
    """Two screws that cross the joint line."""
    angle, half = np.radians(hardware.angle_deg.value), hardware.length_mm.value / 2.0
    found = []
    for side in (1.0, -1.0):
        middle = frame.at(0.0, side * hardware.spacing_mm.value / 2.0)
        direction = np.cos(angle) * frame.axis + side * np.sin(angle) * frame.medial
        found.append((middle - half * direction, middle + half * direction, hardware.diameter_mm.value / 2.0))
    return found


def plate_frame(hardware: PlateAndScrews, frame: Frame) -> Frame:
    """Frame whose dorsal axis points out of the face the plate lies on."""
    return frame if hardware.side == "dorsal" else Frame(frame.origin, frame.axis, frame.medial)


def surface_above(bone: Shape, start: Array, outward: Array) -> float:
    """Distance (mm) from a point along a direction to where a bone's outermost surface is met.

    Raises:
        ConfigError: the line misses the bone: the plate is longer than what it is to hold.
    """
    steps = np.linspace(OUT_MM, -OUT_MM, 401)
    inside = np.flatnonzero(bone(start + steps[:, None] * outward) < 0.0)
    if len(inside) == 0 or inside[0] == 0:
        raise ConfigError(
            "joint.hardware.length_mm: a locking screw of the plate misses the bone; choose a shorter plate"
        )
    first = inside[0]

    def along(t: float) -> float:
        return float(bone((start + t * outward)[None])[0])

    return float(brentq(along, steps[first], steps[first - 1], xtol=1e-6))


def plate_screws(hardware: PlateAndScrews, frame: Frame, bone: Shape) -> list[Screw]:
    """Locking screws and lag screw of a plate."""
    own, half = plate_frame(hardware, frame), hardware.length_mm.value / 2.0
    (first, last), count = LOCKED, hardware.locking_per_bone
    stations = half * (np.linspace(first, last, count) if count > 1 else np.array([(first + last) / 2.0]))
    found = []
    for along in (*-stations[::-1], *stations):
        start = own.at(float(along))
        top = surface_above(bone, start, own.dorsal)
        deep = start + (top - hardware.locking_length_mm.value) * own.dorsal
        found.append((deep, start + OUT_MM * own.dorsal, hardware.locking_diameter_mm.value / 2.0))
    return [*found, *lag_screw(hardware, own, frame.medial)]


def lag_screw(hardware: PlateAndScrews, own: Frame, medial: Array) -> list[Screw]:
    """The oblique screw across the joint, from the medial side of the phalanx, below the locking screws."""
    if hardware.lag_diameter_mm.value == 0.0:
        return []
    angle, reach = np.radians(hardware.lag_angle_deg.value), hardware.lag_length_mm.value / 2.0
    side = np.cross(own.dorsal, own.axis)
    sign = 1.0 if side @ medial >= 0.0 else -1.0
    direction = np.cos(angle) * own.axis + sign * np.sin(angle) * side
    middle = own.at(0.0, -LAG_DEPTH_MM)
    return [(middle - reach * direction, middle + reach * direction, hardware.lag_diameter_mm.value / 2.0)]


def hardware_parts(
    case: Case, posture: Posture, bones: dict[str, SolidBone]
) -> tuple[list[Part], list[Part]]:
    """Screws and their sleeves, which go before bone, and the plate, which lies on it."""
    joint = case.joint
    if not isinstance(joint, FusedJoint) or not isinstance(joint.hardware, CrossedScrews | PlateAndScrews):
        return [], []
    hardware, frame, bone = joint.hardware, joint_line(case, posture), fused_bone(case, bones)
    plate: list[Part] = []
    if isinstance(hardware, PlateAndScrews):
        screws, thick = plate_screws(hardware, frame, bone), hardware.thickness_mm.value
        plate = [Part(Region.PLATE, plate_shape(hardware, frame, bone))]
    else:
        screws, thick = crossed_screws(hardware, frame), 0.0
    bodies = union(*(cylinder(*screw) for screw in screws))
    first = [Part(Region.SCREWS, common(bodies, grown(bone, thick)))]
    if hardware.interface_mm is not None:
        sleeve = hardware.interface_mm.value
        around = union(*(cylinder(a, b, radius + sleeve) for a, b, radius in screws))
        first.append(Part(Region.SCREW_INTERFACE, common(around, bone)))
    return first, plate


def plate_shape(hardware: PlateAndScrews, frame: Frame, bone: Shape) -> Shape:
    """Plate that follows the face of the bones it lies on."""
    own, half = plate_frame(hardware, frame), hardware.length_mm.value / 2.0

    def strip(x: Array) -> Array:
        t, d, m = own.local(x)
        side = np.maximum(np.abs(m) - hardware.width_mm.value / 2.0, np.abs(t) - half)
        return np.maximum(side, 2.0 - d)

    return common(grown(bone, hardware.thickness_mm.value), strip)


def implant(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> list[Part]:
    """Plug in the metatarsal head, or cap and stem in the phalanx."""
    joint = case.joint
    if not isinstance(joint, ImplantJoint):
        return []
    device, axis = joint.device, posture.pp1.axis
    if isinstance(device, Plug):
        surface = posture.mtp1 + case.anatomy.mt1_head_radius_mm.value * axis
        ends = surface - device.depth_mm.value * axis, surface + device.protrusion_mm.value * axis
        return [Part(Region.IMPLANT, cylinder(*ends, device.diameter_mm.value / 2.0))]
    return [Part(Region.IMPLANT, hemi_implant(device, posture, bones["pp1"]))]


def hemi_implant(device: HemiImplant, posture: Posture, phalanx: SolidBone) -> Shape:
    """Cap along the base of the phalanx and a stem behind it."""
    base, axis, thick = posture.pp1.origin, posture.pp1.axis, device.thickness_mm.value
    around = cylinder(base - 6.0 * axis, base + 12.0 * axis, device.diameter_mm.value / 2.0)
    cap = common(around, phalanx.outer, outside(grown(phalanx.base, -thick)))
    end = base + (thick + device.stem_length_mm.value) * axis
    stem = cylinder(base + 0.5 * thick * axis, end, device.stem_diameter_mm.value / 2.0)
    return union(cap, common(stem, phalanx.outer))

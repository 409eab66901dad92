"""Bands, plantar plate and ligaments: bundles of fibres as tubes and straps, and their attachments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.config import Case
from pipeline.config.anatomy import Bone
from pipeline.mesh.bones import SolidBone
from pipeline.mesh.implicit import (
    Array,
    Frame,
    Shape,
    box,
    common,
    grown,
    half_space,
    outside,
    polyline,
    union,
)
from pipeline.mesh.part import Part
from pipeline.mesh.posture import Posture, groove, sesamoids_under
from pipeline.regions import Region

BETWEEN_BANDS_MM = 1.0
"""Least tissue between the long flexor and the fascia slip below it."""

PLATE_STANDOFF_MM = 0.8
"""Tissue between the plantar plate and the head it slides on."""

PLATE_TOP = 0.35
"""Depth of the plate's upper border below the centre of the head, relative to the head's radius."""

PLATE_STEPS = 6
"""Segments of the plate's centre line around the head."""


@dataclass(frozen=True)
class Band:
    """A bundle of fibres: its path (m, 3) mm from origin to insertion, radius mm, and what it joins."""

    region: Region
    path: Array
    radius: float
    origin: str
    insertion: str


def half_height(bone: Bone, fraction: float) -> float:
    """Half the outer height of a bone at a fraction of its length, mm."""
    return float(np.interp(fraction, bone.sections.fraction, bone.sections.dorsoplantar_mm)) / 2.0


def radius_of(area: float) -> float:
    """Radius of a round bundle, mm, from its area, mm^2."""
    return float(np.sqrt(area / np.pi))


def block_depths(case: Case) -> tuple[float, float]:
    """How far the bands of each ray reach below the metatarsal base, mm."""
    a = case.anatomy
    clear = a.shape.band_clearance_mm.value
    flexor, slip = radius_of(a.flexor_band_1_area_mm2.value), radius_of(a.plantar_band_1_area_mm2.value)
    second = radius_of(a.plantar_band_2_area_mm2.value)
    return clear + 2.0 * (flexor + slip) + BETWEEN_BANDS_MM, clear + 2.0 * second


def first_ray_bands(case: Case, posture: Posture) -> list[Band]:
    """Long flexor between the sesamoids to the last phalanx; fascia slip by the sesamoids to the first."""
    a = case.anatomy
    mt1, pp1, dp1 = posture.mt1, posture.pp1, posture.dp1
    clear, insertion = a.shape.band_clearance_mm.value, a.shape.band_insertion_mm.value
    flexor, slip = radius_of(a.flexor_band_1_area_mm2.value), radius_of(a.plantar_band_1_area_mm2.value)
    length = a.mt1.length_mm.value + a.mt1_length_change_mm.value
    base, shaft = half_height(a.mt1, 0.0), half_height(a.mt1, 0.5)
    frame = groove(posture.mtp1, mt1, pp1)
    medial, lateral = sesamoids_under(case, frame)
    sesamoid = a.mt1_head_radius_mm.value + a.sesamoid_joint_space_mm.value
    under_head = sesamoid + a.sesamoid_medial.thickness_mm.value + 0.5 * flexor
    start = -a.tmt_joint_space_mm.value - 2.0
    ip = Frame(posture.ip, pp1.axis, pp1.dorsal)
    roll = a.pp1_head_radius_mm.value + a.ip_joint_space_mm.value / 2.0 + flexor
    bands = [
        Band(
            Region.FLEXOR_BAND_1,
            np.array(
                [
                    mt1.at(start, -(base + clear + flexor)),
                    mt1.at(0.5 * length, -(shaft + clear + flexor)),
                    frame.at(-medial.half_length, -under_head),
                    frame.at(medial.half_length, -under_head),
                    pp1.at(0.5 * a.pp1.length_mm.value, -(half_height(a.pp1, 0.5) + flexor + 0.5)),
                    ip.at(0.0, -roll),
                    dp1.at(insertion, -half_height(a.dp1, 0.0)),
                ]
            ),
            flexor,
            "proximal_block",
            "dp1",
        )
    ]
    below = clear + 2.0 * flexor + BETWEEN_BANDS_MM + slip
    trunk = [mt1.at(start, -(base + below)), mt1.at(0.5 * length, -(shaft + below))]
    limb = slip / np.sqrt(2.0)
    for name, each, side in (("medial", medial, 1.0), ("lateral", lateral, -1.0)):
        pole = each.frame.at(-0.8 * each.half_length, -0.2 * each.half_thickness)
        bands.append(Band(Region.PLANTAR_BAND_1, np.array([*trunk[1:], pole]), limb, "", f"sesamoid_{name}"))
        edge = side * 0.25 * a.pp1.sections.mediolateral_mm[0]
        ends = (
            each.frame.at(0.8 * each.half_length, -0.2 * each.half_thickness),
            pp1.at(insertion, -0.85 * half_height(a.pp1, 0.0), edge),
        )
        bands.append(Band(Region.SESAMOID_LIGAMENTS, np.array(ends), limb, f"sesamoid_{name}", "pp1"))
    bands.append(Band(Region.PLANTAR_BAND_1, np.array(trunk), slip, "proximal_block", ""))
    return bands


def second_ray_band(case: Case, posture: Posture) -> Band:
    """Flexor and fascia of the second ray in one band, by the plantar plate to the last phalanges."""
    a = case.anatomy
    mt2, pp2, dp2 = posture.mt2, posture.pp2, posture.dp2
    radius = radius_of(a.plantar_band_2_area_mm2.value)
    clear, insertion = a.shape.band_clearance_mm.value, a.shape.band_insertion_mm.value
    below = half_height(a.mt2, 0.0), half_height(a.mt2, 0.5)
    under_head = (
        a.mt2_head_radius_mm.value + PLATE_STANDOFF_MM + a.plantar_plate_2_thickness_mm.value + radius
    )
    joint = Frame(posture.mtp2, pp2.axis, pp2.dorsal)
    path = [
        mt2.at(-a.tmt_joint_space_mm.value - 2.0, -(below[0] + radius + clear)),
        mt2.at(0.5 * a.mt2.length_mm.value, -(below[1] + radius + clear)),
        posture.mtp2 - under_head * mt2.dorsal,
        joint.at(0.0, -under_head),
        pp2.at(insertion, -(half_height(a.pp2, 0.0) + radius)),
        pp2.at(a.pp2.length_mm.value, -(half_height(a.pp2, 1.0) + radius)),
        dp2.at(insertion, -half_height(a.dp2, 0.1)),
    ]
    return Band(Region.PLANTAR_BAND_2, np.array(path), radius, "proximal_block", "dp2")


def bands_of(case: Case, posture: Posture) -> list[Band]:
    """Every band of the model."""
    return [*first_ray_bands(case, posture), second_ray_band(case, posture)]


def band_parts(bands: list[Band]) -> list[Part]:
    """One part a region, from the tubes of its bands."""
    regions = dict.fromkeys(band.region for band in bands)
    return [
        Part(region, union(*(polyline(b.path, b.radius) for b in bands if b.region is region)))
        for region in regions
    ]


def plate_extent(case: Case) -> tuple[float, float]:
    """How far the plantar plate reaches below the centre of the second metatarsal head and distally, mm."""
    a = case.anatomy
    radius = a.mt2_head_radius_mm.value
    lowest = radius + PLATE_STANDOFF_MM + a.plantar_plate_2_thickness_mm.value
    return lowest, radius + a.mtp2_joint_space_mm.value + 4.0


def plantar_plate(case: Case, posture: Posture, bones: dict[str, SolidBone]) -> Part:
    """Plate under the second metatarsal head: a strap around it that ends on the base of the phalanx."""
    a = case.anatomy
    thick, width = a.plantar_plate_2_thickness_mm.value, a.plantar_plate_2_width_mm.value
    head, radius = bones["mt2"].head, a.mt2_head_radius_mm.value
    joint = Frame(posture.mtp2, posture.pp2.axis, posture.pp2.dorsal)
    lowest, end = plate_extent(case)
    strap = common(
        grown(head, PLATE_STANDOFF_MM + thick),
        outside(grown(head, PLATE_STANDOFF_MM)),
        half_space(joint.at(0.0, -PLATE_TOP * radius), joint.dorsal),
        box(joint, np.array([-9.0, -lowest, -width / 2]), np.array([end, 0.0, width / 2]), 0.5),
    )
    lip = half_height(a.pp2, 0.0)
    tongue = box(
        joint, np.array([0.6 * radius, -lowest, -width / 2]), np.array([end, 0.5 - lip, width / 2]), 0.5
    )
    return Part(Region.PLANTAR_PLATE_2, union(strap, common(tongue, outside(grown(head, PLATE_STANDOFF_MM)))))


def plate_line(case: Case, posture: Posture) -> Array:
    """Centre line of the plantar plate, (m, 3), mm: around the head from behind, then to the phalanx."""
    a = case.anatomy
    joint = Frame(posture.mtp2, posture.pp2.axis, posture.pp2.dorsal)
    lowest, end = plate_extent(case)
    middle = lowest - a.plantar_plate_2_thickness_mm.value / 2.0
    behind = np.arccos(PLATE_TOP * a.mt2_head_radius_mm.value / middle)
    around = [
        joint.at(-middle * np.sin(angle), -middle * np.cos(angle))
        for angle in np.linspace(behind, 0.0, PLATE_STEPS + 1)
    ]
    return np.array([*around, joint.at(end, -(lowest + half_height(a.pp2, 0.0) - 0.5) / 2.0)])


def transverse_line(case: Case, posture: Posture) -> Array:
    """Centre line of the deep transverse ligament, (2, 3), mm: from the lateral sesamoid to the plate."""
    a = case.anatomy
    _, lateral = sesamoids_under(case, groove(posture.mtp1, posture.mt1, posture.pp1))
    joint = Frame(posture.mtp2, posture.pp2.axis, posture.pp2.dorsal)
    depth = a.mt2_head_radius_mm.value + PLATE_STANDOFF_MM + a.plantar_plate_2_thickness_mm.value / 2.0
    end = joint.at(0.0, -depth, a.plantar_plate_2_width_mm.value / 2.0 - 1.5)
    return np.array([lateral.frame.origin, end])


def deep_transverse_ligament(case: Case, posture: Posture) -> Part:
    """Strap from the lateral sesamoid to the plantar plate of the second ray."""
    a = case.anatomy
    start, end = transverse_line(case, posture)
    across = (end - start) / np.linalg.norm(end - start)
    ahead = posture.mt2.axis - (posture.mt2.axis @ across) * across
    ahead /= np.linalg.norm(ahead)
    wide, thick = a.deep_transverse_ligament_width_mm.value, a.deep_transverse_ligament_thickness_mm.value
    frame = Frame(start, ahead, np.cross(ahead, across))
    medial = np.sort([0.0, float((end - start) @ frame.medial)])
    low = np.array([-wide / 2.0, -thick / 2.0, medial[0]])
    high = np.array([wide / 2.0, thick / 2.0, medial[1]])
    return Part(Region.DEEP_TRANSVERSE_LIGAMENT, box(frame, low, high, 0.4))


def tube(band: Band, extra: float) -> Shape:
    """A band with ``extra`` mm of tissue around it."""
    return polyline(band.path, band.radius + extra)

"""A mesh measured against the configuration it was made from.

Landmarks say where to look; every measured figure comes from points and cells. A line is inside if it
is within 2 % or 0.1 mm (1 degree for angles) of what the case asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.config import Case
from pipeline.config.anatomy import Bone
from pipeline.config.joint import ImplantJoint, MovingJoint
from pipeline.mesh.bones import Shaft, centre_line
from pipeline.mesh.build import Built
from pipeline.mesh.implicit import Array, Frame
from pipeline.mesh.posture import Posture, base_loss, head_loss
from pipeline.mesh.rays import Body, section
from pipeline.regions import Region

BONES = ("mt1", "pp1", "dp1", "mt2", "pp2", "dp2")
SHAFT = {"dp2": 0.2885}
"""Middle of the shaft as a fraction of the length, where it is not 0.5: that of the middle phalanx."""

INSIDE = (Region.SCLEROSIS, Region.SCREWS, Region.SCREW_INTERFACE)
"""Regions that lie inside a bone."""

CALIPER_MM = np.linspace(-1.0, 1.0, 5)
"""Places along a shaft, from its middle, at which its size is measured; the mean is one figure."""

RELATIVE, SHORTEST_MM, DEGREES = 0.02, 0.1, 1.0


@dataclass(frozen=True)
class Line:
    """One measured figure: what, in which unit, wanted and measured, and the difference allowed."""

    what: str
    unit: str
    wanted: float
    measured: float
    allowed: float

    @property
    def inside(self) -> bool:
        """Whether the difference is allowed."""
        return abs(self.measured - self.wanted) <= self.allowed + 1e-9


def length_line(what: str, wanted: float, measured: float) -> Line:
    """A line on a length."""
    return Line(what, "mm", wanted, measured, max(SHORTEST_MM, RELATIVE * wanted))


def body_of(built: Built) -> Body:
    """The mesh with the region of each cell."""
    numbers = np.array([int(region) for region in built.regions])
    return Body(built.mesh.points, built.mesh.cells, numbers[built.mesh.labels])


def solid(name: str) -> tuple[Region, Region]:
    """Cancellous bone and cortex of a bone."""
    return Region[f"{name}_core".upper()], Region[f"{name}_cortex".upper()]


def shaft_of(case: Case, posture: Posture, name: str) -> Shaft:
    """Where the stations of a bone are, lengthened or shortened as it may be."""
    change = case.anatomy.mt1_length_change_mm.value if name == "mt1" else 0.0
    cut = base_loss(case) if name == "pp1" else 0.0
    bone: Bone = getattr(case.anatomy, name)
    return Shaft(bone, case.anatomy.shape, getattr(posture, name), change, cut)


def station(shaft: Shaft, fraction: float) -> Frame:
    """Frame on the centre line of a bone at a fraction of its unchanged length."""
    at = np.array([fraction])
    place = shaft.frame.at(float(shaft.along(at)[0]), float(centre_line(shaft.bone, at)[0]))
    return shaft.frame.moved(place)


def shaft_lines(body: Body, name: str, shaft: Shaft, *, whole: bool) -> Iterator[Line]:
    """Length unless operated on, outer size at mid-shaft, and thickness of the cortex around it."""
    core, cortex = solid(name)
    inside = INSIDE if name in ("mt1", "pp1") else ()
    bone, frame = shaft.bone, shaft.frame
    length, table = bone.length_mm.value, bone.sections
    if whole:
        along = body.hits(frame.at(0.5 * length), frame.axis, core, cortex)
        yield length_line(f"{name} length", length + shaft.change, along[-1] - along[0])
    sides, dorsal, plantar = bone.shaft_walls_mm
    fractions = SHAFT.get(name, 0.5) + CALIPER_MM / length
    for side, widths, words, walls in (
        ("medial", table.mediolateral_mm, "width", (("medial", sides), ("lateral", sides))),
        ("dorsal", table.dorsoplantar_mm, "height", (("dorsal", dorsal), ("plantar", plantar))),
    ):
        found = []
        for fraction in fractions:
            place = station(shaft, fraction)
            outer = body.hits(place.origin, getattr(place, side), core, cortex, *inside)
            inner = body.hits(place.origin, getattr(place, side), core, *inside)
            found.append((outer[-1] - outer[0], outer[-1] - inner[-1], inner[0] - outer[0]))
        size, first, second = np.mean(found, axis=0)
        wanted = float(np.interp(fractions, table.fraction, widths).mean())
        yield length_line(f"{name} {words} at mid-shaft", wanted, size)
        yield length_line(f"{name} {walls[0][0]} cortex", walls[0][1], first)
        yield length_line(f"{name} {walls[1][0]} cortex", walls[1][1], second)


def joint_lines(
    body: Body,
    what: str,
    centre: Array,
    axis: Array,
    layers: dict[Region, float],
    bones: tuple[str, str],
    space: float,
) -> Iterator[Line]:
    """Joint space and thickness of each cartilage along a line from the centre of a head."""
    along = body.hits(centre, axis, *solid(bones[0]), *solid(bones[1]), *INSIDE)
    end, base = along[along > 0.0][:2]
    yield length_line(f"{what} joint space", space, base - end)
    for region, wanted in layers.items():
        cut = body.hits(centre, axis, region)
        cut = cut[(cut > 0.5 * end)][:2]
        yield length_line(f"{what} {region.label}", wanted, cut[1] - cut[0])


def joints(body: Body, case: Case, posture: Posture) -> Iterator[Line]:
    """Layers of MTP1 (unless operated on), IP and MTP2."""
    a, joint = case.anatomy, case.joint
    if isinstance(joint, MovingJoint) and not isinstance(joint, ImplantJoint):
        regions = (Region.MTP1_CARTILAGE_MT1, Region.MTP1_CARTILAGE_PP1)
        layers = {r: t for r, t in zip(regions, joint.layers_mm, strict=True) if t > 0.0}
        space = joint.joint_space_mm.value
        yield from joint_lines(body, "MTP1", posture.mtp1, posture.pp1.axis, layers, ("mt1", "pp1"), space)
    layers = dict.fromkeys((Region.IP_CARTILAGE_PP1, Region.IP_CARTILAGE_DP1), a.ip_cartilage_mm.value)
    space = a.ip_joint_space_mm.value
    yield from joint_lines(body, "IP", posture.ip, posture.dp1.axis, layers, ("pp1", "dp1"), space)
    layers = {
        Region.MTP2_CARTILAGE_MT2: a.mtp2_cartilage_mt2_mm.value,
        Region.MTP2_CARTILAGE_PP2: a.mtp2_cartilage_pp2_mm.value,
    }
    space = a.mtp2_joint_space_mm.value
    yield from joint_lines(body, "MTP2", posture.mtp2, posture.pp2.axis, layers, ("mt2", "pp2"), space)


def pads(body: Body, case: Case, posture: Posture) -> Iterator[Line]:
    """Soft tissue below sesamoids, second head and hallux, from the lowest bone to the floor."""
    a = case.anatomy
    floor = float(body.points[:, 2].min())
    pair = (Region.SESAMOID_MEDIAL, Region.SESAMOID_LATERAL)
    lifted = posture.mtp1[2] - posture.heights.mt1_head
    if case.posture.mt1_head_elevation_mm.value == 0.0:  # raised alone, the head turns its sesamoids up
        lowest = body.lowest(posture.mtp1, 20.0, *pair)
        yield length_line("pad under the sesamoids", a.pad_mt1_mm.value, lowest - floor - lifted)
    yield length_line(
        "pad under the MT2 head", a.pad_mt2_mm.value, body.lowest(posture.mtp2, 6.0, *solid("mt2")) - floor
    )
    raised = posture.ip[2] - posture.heights.ip
    yield length_line(
        "pad under the IP joint",
        a.pad_hallux_mm.value,
        body.lowest(posture.ip, 3.0, *solid("pp1")) - floor - raised,
    )


def measured_axis(body: Body, name: str, shaft: Shaft) -> Array:
    """Long axis of a bone from the middles of its outer sections at 0.35 and 0.65 of its length."""
    middles = []
    for fraction in (0.35, 0.65):
        start = station(shaft, fraction)
        place = start.origin.copy()
        for axis in (start.dorsal, start.medial):
            hits = body.hits(start.origin, axis, *solid(name))
            place = place + 0.5 * (hits[0] + hits[-1]) * axis
        middles.append(place)
    return np.asarray((middles[1] - middles[0]) / np.linalg.norm(middles[1] - middles[0]))


def angles(body: Body, case: Case, posture: Posture) -> Iterator[Line]:
    """Declinations, dorsiflexion, and the angles seen from above, between axes measured on the mesh."""
    axes = {name: measured_axis(body, name, shaft_of(case, posture, name)) for name in ("mt1", "pp1", "mt2")}
    down = {name: -float(np.degrees(np.arcsin(axis[2]))) for name, axis in axes.items()}
    yaw = {name: float(np.degrees(np.arctan2(axis[1], axis[0]))) for name, axis in axes.items()}
    p = case.posture
    lifted = posture.first_ray_elevation_deg
    if p.mt1_head_elevation_mm.value == 0.0:
        wanted = p.mt1_declination_deg.value + p.tilt_deg - lifted
        yield Line("MT1 declination", "deg", wanted, down["mt1"], DEGREES)
    yield Line("MT2 declination", "deg", p.mt2_declination_deg.value + p.tilt_deg, down["mt2"], DEGREES)
    yield Line("MTP1 dorsiflexion", "deg", posture.mtp1_dorsiflexion_deg, down["mt1"] - down["pp1"], DEGREES)
    yield Line(
        "intermetatarsal angle", "deg", p.intermetatarsal_angle_deg.value, yaw["mt1"] - yaw["mt2"], DEGREES
    )
    if isinstance(case.joint, MovingJoint):
        yield Line("hallux valgus", "deg", p.hallux_valgus_deg.value, yaw["mt1"] - yaw["pp1"], DEGREES)


def hollow_ellipse(bone: Bone) -> tuple[float, float, float]:
    """Area (mm^2) and second moments (mm^4) of a shaft's section from its table and walls at mid-shaft."""
    table = bone.sections
    b, a = (
        float(np.interp(0.5, table.fraction, w)) / 2.0 for w in (table.dorsoplantar_mm, table.mediolateral_mm)
    )
    sides, dorsal, plantar = bone.shaft_walls_mm
    inner_a, inner_b, shift = a - sides, b - (dorsal + plantar) / 2.0, (plantar - dorsal) / 2.0
    whole, hole = np.pi * a * b, np.pi * inner_a * inner_b
    centroid = -hole * shift / (whole - hole)
    up = np.pi * a * b**3 / 4.0 + whole * centroid**2
    up -= np.pi * inner_a * inner_b**3 / 4.0 + hole * (shift - centroid) ** 2
    return whole - hole, float(up), float(np.pi * (b * a**3 - inner_b * inner_a**3) / 4.0)


def section_lines(body: Body, case: Case, posture: Posture) -> Iterator[Line]:
    """Area and second moments of the second metatarsal's cortex at mid-shaft, to 5 %."""
    bone = case.anatomy.mt2
    found = section(body.points, body.of(Region.MT2_CORTEX), station(shaft_of(case, posture, "mt2"), 0.5))
    names = ("area", "second moment, bending up", "second moment, bending sideways")
    for words, unit, wanted, measured in zip(
        names, ("mm2", "mm4", "mm4"), hollow_ellipse(bone), found, strict=True
    ):
        yield Line(f"mt2 mid-shaft {words}", unit, wanted, measured, 0.05 * wanted)


def survey(built: Built, case: Case) -> list[Line]:
    """Every line for a mesh.

    Args:
        built: the mesh, as built.
        case: the case it was built from, in its size.
    """
    body, posture = body_of(built), built.posture
    lines: list[Line] = []
    operated = isinstance(case.joint, ImplantJoint)
    whole = {"mt1": not (operated or head_loss(case)), "pp1": not (operated or base_loss(case))}
    for name in BONES:
        lines += shaft_lines(body, name, shaft_of(case, posture, name), whole=whole.get(name, True))
    for group in (joints, pads, angles, section_lines):
        lines += group(body, case, posture)
    return lines


def elements_across(built: Built, case: Case) -> dict[str, list[int]]:
    """Number of cells that lines across thin layers pass through, line by line.

    The layers of MTP1 and IP, cartilages and gap together, are crossed by lines from the centre of the
    head over a fan of 30 degrees; cortex by 16 lines around each shaft.
    """
    body, posture, found = body_of(built), built.posture, {}
    fans = {
        "MTP1 layers": (
            posture.mtp1,
            posture.pp1,
            (Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1),
        ),
        "IP layers": (
            posture.ip,
            posture.dp1,
            (Region.IP_CARTILAGE_PP1, Region.IP_GAP, Region.IP_CARTILAGE_DP1),
        ),
    }
    for words, (centre, frame, regions) in fans.items():
        turns = np.radians(np.linspace(-30.0, 30.0, 13))
        directions = [
            np.cos(t) * frame.axis + np.sin(t) * side for t in turns for side in (frame.dorsal, frame.medial)
        ]
        found[words] = [body.crossed(centre, d, *regions) for d in directions]
    for name in BONES:
        middle = station(shaft_of(case, posture, name), SHAFT.get(name, 0.5))
        turns = np.linspace(0.0, np.pi, 16, endpoint=False)
        lines = [np.cos(t) * middle.dorsal + np.sin(t) * middle.medial for t in turns]
        found[f"{name} cortex"] = [body.crossed(middle.origin, d, solid(name)[1]) // 2 for d in lines]
    return found

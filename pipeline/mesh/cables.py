"""Paths of tendons, fascia slips and ligaments as cables: points of the bones, and drums they run over.

A point moves with a bone or a sesamoid, or is fixed to the block, which is at rest. A drum is the cylinder
of a joint's head, with the tissue on it, that a cable lies on or may come to lie on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config import Case
from pipeline.config.routes import Origin
from pipeline.mesh.implicit import Array, Frame
from pipeline.mesh.ligaments import PLATE_STANDOFF_MM, half_height
from pipeline.mesh.posture import Posture, groove, sesamoids_under

SESAMOIDS = "sesamoids"
"""What moves with both sesamoids."""

DEEP_FLEXOR_FRACTION = 0.58
"""Where the long flexor ends on the two last phalanges of the second toe, modelled as one of 15 + 11 mm."""

RIM = 0.45
"""Where a collateral ligament ends on the base of a phalanx, as a share of its width from the middle."""


@dataclass(frozen=True)
class Knot:
    """A point of a cable, (3,) mm, and what it moves with; None: fixed in space."""

    place: Array
    on: str | None


@dataclass(frozen=True)
class Roller:
    """A drum between a point and the next: axis through a centre, side of the cable, what it moves with."""

    before: int
    centre: Array
    axis: Array
    side: Array
    radius_mm: float
    on: str


@dataclass(frozen=True)
class Route:
    """A cable's path."""

    knots: list[Knot]
    rollers: list[Roller]

    def as_dict(self, place: Callable[[Array], list[float]]) -> dict[str, Any]:
        """Plain data, every point and direction put in place by a function (mirrored for a left foot)."""
        return {
            "points": [{"place": place(knot.place), "on": knot.on} for knot in self.knots],
            "drums": [
                {
                    "before": roller.before,
                    "centre": place(roller.centre),
                    "axis": place(roller.axis),
                    "side": place(roller.side),
                    "radius_mm": roller.radius_mm,
                    "on": roller.on,
                }
                for roller in self.rollers
            ],
        }


def origin(case: Case, posture: Posture, at: Origin) -> Knot:
    """A place fixed to the block: counted from the first base with the foot flat, turned by the heel rise."""
    block = Frame.declined(posture.mt1.origin, case.posture.tilt_deg, 0.0)
    return Knot(block.at(-at.behind_mm.value, at.above_mm.value, -at.lateral_mm.value), None)


def routes(case: Case, posture: Posture) -> dict[str, Route]:
    """Path of every cable by its name in the configuration.

    Args:
        case: the case in its size.
        posture: where the bones stand, of a right foot.
    """
    return {
        **hallux_muscles(case, posture),
        **second_toe(case, posture),
        "fascia_1": first_slip(case, posture),
        "deep_transverse": deep_transverse(case, posture),
        **collaterals(case, posture),
    }


def hallux_muscles(case: Case, posture: Posture) -> dict[str, Route]:
    """Long flexor between the sesamoids, long extensor over the head, short flexors by each sesamoid."""
    a, mt1, pp1, dp1 = case.anatomy, posture.mt1, posture.pp1, posture.dp1
    insertion, off = a.shape.band_insertion_mm.value, a.routes.standoff_mm.value
    head, ip = a.mt1_head_radius_mm.value, a.pp1_head_radius_mm.value
    frame = groove(posture.mtp1, mt1, pp1)
    pair = sesamoids_under(case, frame)
    depth = head + a.sesamoid_joint_space_mm.value + 0.5 * a.sesamoid_medial.thickness_mm.value
    reach, half_pp1 = pair[0].half_length, 0.5 * a.pp1.length_mm.value
    shaft, phalanx = half_height(a.mt1, 0.5) + off, half_height(a.pp1, 0.5) + off
    fhl = [
        origin(case, posture, a.routes.long_flexors),
        Knot(frame.at(-reach, -depth), SESAMOIDS),
        Knot(frame.at(reach, -depth), SESAMOIDS),
        Knot(pp1.at(half_pp1, -phalanx), "pp1"),
        Knot(dp1.at(insertion, -half_height(a.dp1, 0.0)), "dp1"),
    ]
    ehl = [
        origin(case, posture, a.routes.extensor),
        Knot(mt1.at(0.5 * a.mt1.length_mm.value, shaft), "mt1"),
        Knot(pp1.at(half_pp1, phalanx), "pp1"),
        Knot(dp1.at(insertion, half_height(a.dp1, 0.0)), "dp1"),
    ]
    found = {
        "fhl": Route(fhl, [Roller(3, posture.ip, pp1.medial, -pp1.dorsal, ip, "pp1")]),
        "ehl": Route(ehl, [Roller(1, posture.mtp1, mt1.medial, mt1.dorsal + pp1.dorsal, head, "mt1")]),
    }
    edge = 0.25 * a.pp1.sections.mediolateral_mm[0]
    for name, each, side in (("medial", pair[0], 1.0), ("lateral", pair[1], -1.0)):
        poles = [each.frame.at(end * each.half_length, -0.2 * each.half_thickness) for end in (-0.8, 0.8)]
        end = pp1.at(insertion, -0.85 * half_height(a.pp1, 0.0), side * edge)
        found[f"fhb_{name}"] = Route(
            [
                origin(case, posture, a.routes.short_flexor),
                *(Knot(pole, f"sesamoid_{name}") for pole in poles),
                Knot(end, "pp1"),
            ],
            [],
        )
    return found


def first_slip(case: Case, posture: Posture) -> Route:
    """Fascia slip under the first head, by the poles of both sesamoids, to the plantar lip of the phalanx."""
    a, frame = case.anatomy, groove(posture.mtp1, posture.mt1, posture.pp1)
    pair = sesamoids_under(case, frame)
    radius = a.mt1_head_radius_mm.value + a.sesamoid_joint_space_mm.value
    poles = [
        np.mean([s.frame.at(end * s.half_length, -0.2 * s.half_thickness) for s in pair], axis=0)
        for end in (-0.8, 0.8)
    ]
    lip = posture.pp1.at(a.shape.band_insertion_mm.value, -0.85 * half_height(a.pp1, 0.0))
    knots = [
        origin(case, posture, a.routes.fascia),
        *(Knot(pole, SESAMOIDS) for pole in poles),
        Knot(lip, "pp1"),
    ]
    return Route(knots, [Roller(0, posture.mtp1, frame.medial, -frame.dorsal, radius, "mt1")])


def second_toe(case: Case, posture: Posture) -> dict[str, Route]:
    """Long flexor, fascia slip and plantar plate of the second toe, all under the head."""
    a, mt2, pp2, dp2 = case.anatomy, posture.mt2, posture.pp2, posture.dp2
    head, insertion = a.mt2_head_radius_mm.value, a.shape.band_insertion_mm.value
    plate = head + PLATE_STANDOFF_MM + 0.5 * a.plantar_plate_2_thickness_mm.value
    below = plate + 0.5 * a.plantar_plate_2_thickness_mm.value
    off = a.routes.standoff_mm.value
    side = -(mt2.dorsal + pp2.dorsal)

    def roller(radius: float) -> Roller:
        return Roller(0, posture.mtp2, mt2.medial, side, radius, "mt2")

    half, lip = half_height(a.pp2, 0.5) + off, max(half_height(a.pp2, 0.0), plate)
    joint = Frame(posture.mtp2, pp2.axis, pp2.dorsal)
    base = head + a.mtp2_joint_space_mm.value
    end = joint.at(base + insertion, -lip)
    flexor = [
        origin(case, posture, a.routes.long_flexors),
        Knot(pp2.at(0.5 * a.pp2.length_mm.value, -half), "pp2"),
        Knot(dp2.at(DEEP_FLEXOR_FRACTION * a.dp2.length_mm.value, -half_height(a.dp2, 0.6)), "dp2"),
    ]
    slip = [origin(case, posture, a.routes.fascia), Knot(end, "pp2")]
    neck = posture.mtp2 - 1.4 * plate * mt2.axis - 0.75 * plate * mt2.dorsal
    return {
        "fdl": Route(flexor, [roller(below + off)]),
        "fascia_2": Route(slip, [roller(below)]),
        "plantar_plate_2": Route([Knot(neck, "mt2"), Knot(end, "pp2")], [roller(plate)]),
    }


def deep_transverse(case: Case, posture: Posture) -> Route:
    """From the lateral sesamoid to the medial edge of the second plantar plate."""
    a = case.anatomy
    lateral = sesamoids_under(case, groove(posture.mtp1, posture.mt1, posture.pp1))[1]
    joint = Frame(posture.mtp2, posture.pp2.axis, posture.pp2.dorsal)
    depth = a.mt2_head_radius_mm.value + PLATE_STANDOFF_MM + 0.5 * a.plantar_plate_2_thickness_mm.value
    edge = joint.at(0.0, -depth, 0.5 * a.plantar_plate_2_width_mm.value - 1.5)
    return Route([Knot(lateral.frame.origin, "sesamoid_lateral"), Knot(edge, "plantar_plate_2")], [])


def collaterals(case: Case, posture: Posture) -> dict[str, Route]:
    """Ligaments on both sides of both metatarsophalangeal joints, from the head's centre to the rim."""
    a, p = case.anatomy, posture
    insertion = a.shape.band_insertion_mm.value
    joints = (
        (1, p.mtp1, p.mt1, a.mt1, p.pp1, a.pp1),
        (2, p.mtp2, p.mt2, a.mt2, p.pp2, a.pp2),
    )
    found = {}
    for number, centre, proximal, bone, distal, phalanx in joints:
        head, rim = 0.5 * bone.sections.mediolateral_mm[-1], RIM * phalanx.sections.mediolateral_mm[0]
        for name, sign in (("medial", 1.0), ("lateral", -1.0)):
            start = Knot(centre + sign * head * proximal.medial, f"mt{number}")
            end = Knot(distal.at(insertion, 0.0, sign * rim), f"pp{number}")
            found[f"collateral_{name}_{number}"] = Route([start, end], [])
    return found

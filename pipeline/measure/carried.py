"""Quantities of what joints, tendons and ligaments carry, in words and units."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.measure import joints
from pipeline.measure.quantity import OURS, Measured, Quantity
from pipeline.measure.solution import Solution

JOINTS = {
    "ip": "IP joint",
    "mtp1": "big-toe joint (MTP1)",
    "sesamoids": "sesamoids",
    "mtp2": "second MTP joint",
}
"""Joints whose surfaces may slide, in words."""

CABLES = {
    "fhl": "long flexor of the hallux",
    "fhb_medial": "short flexor, medial head",
    "fhb_lateral": "short flexor, lateral head",
    "ehl": "long extensor of the hallux",
    "fdl": "long flexor of the second toe",
    "fascia_1": "plantar fascia, first slip",
    "fascia_2": "plantar fascia, second slip",
    "deep_transverse": "deep transverse ligament",
    "plantar_plate_2": "plantar plate of the second toe",
    "collateral_medial_1": "medial collateral of MTP1",
    "collateral_lateral_1": "lateral collateral of MTP1",
    "collateral_medial_2": "medial collateral of MTP2",
    "collateral_lateral_2": "lateral collateral of MTP2",
}
"""Cables of a case, in words."""


def moments() -> list[Quantity]:
    """What the floor turns the joints of the first ray by, and what their laws answer."""

    def entry(
        name: str, symbol: str, label: str, definition: str, evaluate: Callable[[Solution], Measured]
    ) -> Quantity:
        heading = "Joints of the first ray"
        return Quantity(name, symbol, label, "N mm", heading, "total", definition, OURS, evaluate)

    turned = "moment of the floor forces beyond it about its present centre, positive into extension"
    law = "moment of the joint law of the configuration at the present angle; none where it is released"
    ip, mtp1 = (f"{JOINTS[key]}: moment of the floor" for key in ("ip", "mtp1"))
    return [
        entry("ip_floor_moment", "M_IP", ip, turned, joints.floor_moment(joints.IP)),
        entry("mtp1_floor_moment", "M_MTP1", mtp1, turned, joints.floor_moment(joints.MTP1)),
        entry("mtp1_law_moment", "M_law", "MTP1: passive moment", law, joints.spring_moment("mtp1")),
        entry("tmt1_law_moment", "M_law", "TMT1: passive moment", law, joints.spring_moment("tmt1")),
    ]


def contacts() -> list[Quantity]:
    """What joints with sliding surfaces carry."""
    return [quantity for joint, words in JOINTS.items() for quantity in _contact(joint, words)]


def _contact(joint: str, words: str) -> list[Quantity]:
    def entry(
        name: str, symbol: str, label: str, unit: str, statistic: str, definition: str, key: str
    ) -> Quantity:
        evaluate = joints.contact_value(joint, key) if key else joints.contact_force(joint)
        return Quantity(
            f"{joint}_contact_{name}",
            symbol,
            f"{words}: {label}",
            unit,
            "Joint contact",
            statistic,
            f"{definition} between the sliding surfaces; none where the joint is bonded",
            OURS,
            evaluate,
            robust_partner=f"{joint}_contact_mean_pressure" if statistic == "peak" else "",
        )

    largest = "largest mean pressure of a facet, which depends on the mesh; read the mean with it,"
    return [
        entry("force", "F_c", "contact force", "N", "total", "size of the resultant of the pressure", ""),
        entry("area", "A_c", "contact area", "mm^2", "total", "deformed area under pressure", "area_mm2"),
        entry(
            "mean_pressure", "p_c", "mean pressure", "MPa", "mean", "pressure by area", "mean_pressure_MPa"
        ),
        entry("peak_pressure", "p_c max", "peak pressure", "MPa", "peak", largest, "peak_pressure_MPa"),
    ]


def tensions() -> list[Quantity]:
    """Tensions of tendons, fascia and ligaments."""
    return [
        Quantity(
            name=f"tension_{name}",
            symbol="T",
            label=words,
            unit="N",
            region="Tendons, fascia, ligaments",
            statistic="total",
            definition=f"tension of the cable {name}, the same all along it; none where it is released",
            source=OURS,
            evaluate=joints.tension(name),
        )
        for name, words in CABLES.items()
    ]

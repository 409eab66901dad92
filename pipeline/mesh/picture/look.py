"""How each tissue looks and what it is called, by the name of its group in the mesh file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto

from pipeline.colours import BAND, BLOCK, BONE, CARTILAGE, METAL, RAY2, SKIN, SPUR


class Kind(Enum):
    """What the pictures treat alike."""

    BONE = auto()
    JOINT = auto()
    BAND = auto()
    HARDWARE = auto()
    PLATE = auto()
    BLOCK = auto()
    SOFT = auto()
    SHOE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class Look:
    """Words and colour of a tissue.

    ``rounds`` is how often its surface is smoothed for the eye: thin layers stand little of it.
    ``opacity`` is that of its surface in the pictures of the whole.
    """

    words: str
    colour: str
    kind: Kind
    rounds: int = 10
    opacity: float = 1.0


CALLUS = Look("fusion bone", SPUR, Kind.JOINT)
"""What fills a fused joint; its group is that of the joint space, see :func:`look_of`."""

BARE = Look("outside", SKIN, Kind.SOFT, 20, 0.28)
"""The outside of a mesh that has neither skin nor soft tissue."""

LOOKS: dict[Look, tuple[str, ...]] = {
    Look("first ray: cortical bone", BONE, Kind.BONE, 30): ("mt1_cortex", "pp1_cortex", "dp1_cortex"),
    Look("first ray: cancellous bone", "#faf4e4", Kind.BONE, 30): ("mt1_core", "pp1_core", "dp1_core"),
    Look("second ray: cortical bone", RAY2, Kind.BONE, 30): ("mt2_cortex", "pp2_cortex", "dp2_cortex"),
    Look("second ray: cancellous bone", "#dbe7f3", Kind.BONE, 30): ("mt2_core", "pp2_core", "dp2_core"),
    Look("sesamoids", "#dcc68f", Kind.BONE, 20): ("sesamoid_medial", "sesamoid_lateral"),
    Look("osteophyte", SPUR, Kind.BONE): ("osteophyte",),
    Look("sclerosis", "#8f2740", Kind.BONE): ("sclerosis",),
    CALLUS: (),
    Look("cartilage", CARTILAGE, Kind.JOINT): (
        "mtp1_cartilage_mt1", "mtp1_cartilage_pp1", "ip_cartilage_pp1", "ip_cartilage_dp1",
        "sesamoid_cartilage", "mtp2_cartilage_mt2", "mtp2_cartilage_pp2",
    ),
    Look("joint space", "#c4ecf2", Kind.JOINT): ("mtp1_gap", "ip_gap", "sesamoid_gap", "mtp2_gap"),
    Look("other joints, one layer", "#7cc4bb", Kind.JOINT): ("pip2_joint", "tmt1_joint", "tmt2_joint"),
    Look("capsule, ligaments", "#e3bd6f", Kind.BAND, opacity=0.6): (
        "mtp1_capsule", "sesamoid_ligaments", "plantar_plate_2", "deep_transverse_ligament",
    ),
    Look("plantar fascia, flexor", BAND, Kind.BAND): ("plantar_band_1", "plantar_band_2", "flexor_band_1"),
    Look("screws", METAL, Kind.HARDWARE): ("screws",),
    Look("plate", "#78838f", Kind.PLATE): ("plate",),
    Look("bone around screws", "#b98f8f", Kind.BONE): ("screw_interface",),
    Look("implant", "#2f6fde", Kind.HARDWARE): ("implant",),
    Look("midfoot block", BLOCK, Kind.BLOCK, 60, 0.35): ("proximal_block",),
    Look("soft tissue", SKIN, Kind.SOFT, 20, 0.28): ("soft_tissue",),
    Look("skin", "#b9764f", Kind.SOFT, 20, 0.28): ("skin",),
    Look("shoe: insole", "#a9b88f", Kind.SHOE, 10, 0.35): ("shoe_insole",),
    Look("shoe: stiff plate", "#2f3b2f", Kind.SHOE, 10, 0.35): ("shoe_plate",),
    Look("shoe: outsole", "#6f6a80", Kind.SHOE, 10, 0.35): ("shoe_outsole",),
}  # fmt: skip
"""Every tissue with a look of its own, in the order of the legend."""

_BY_NAME = {name: look for look, names in LOOKS.items() for name in names}
_NOT_FUSED = ("mtp1_cartilage_mt1", "mtp1_cartilage_pp1", "osteophyte", "implant")
"""One of these is in every big-toe joint that still has a joint space, also one worn to the bone."""


def look_of(name: str, present: Collection[str]) -> Look:
    """Look of a group; ``present`` are the names of all groups in the mesh."""
    if name == "mtp1_gap" and not any(other in present for other in _NOT_FUSED):
        return CALLUS
    return _BY_NAME.get(name) or Look(name.replace("_", " "), "#a6a6a6", Kind.UNKNOWN)


def legend(present: Collection[str]) -> list[Look]:
    """The looks in a mesh, each once, in the order of the legend; unknown groups last."""
    looks = {look_of(name, present): None for name in present}
    order = list(LOOKS)
    return sorted(looks, key=lambda look: order.index(look) if look in order else len(order))


def body_of(name: str) -> str:
    """The bone a group is a part of (``mt1_core`` and ``mt1_cortex``: ``mt1``), else its own name."""
    return name.removesuffix("_core").removesuffix("_cortex")

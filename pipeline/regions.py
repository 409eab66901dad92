"""Names of every region of the model and the tags they carry in mesh files.

The numbers are part of the mesh file format: append, never renumber. Retired: 9 to 11 and 19.
"""

from __future__ import annotations

from enum import IntEnum


class Region(IntEnum):
    """Volume of one tissue; the lower-case name is the physical group in the mesh file."""

    MT1_CORE = 1
    MT1_CORTEX = 2
    PP1_CORE = 3
    PP1_CORTEX = 4
    DP1_CORE = 5
    DP1_CORTEX = 6
    MT2_CORE = 7
    MT2_CORTEX = 8
    OSTEOPHYTE = 12
    MTP1_CARTILAGE_MT1 = 13
    MTP1_GAP = 14
    MTP1_CARTILAGE_PP1 = 15
    IP_CARTILAGE_PP1 = 16
    IP_GAP = 17
    IP_CARTILAGE_DP1 = 18
    MTP1_CAPSULE = 20
    PLANTAR_BAND_1 = 21
    PLANTAR_BAND_2 = 22
    PROXIMAL_BLOCK = 23
    SOFT_TISSUE = 24
    PP2_CORE = 25
    PP2_CORTEX = 26
    DP2_CORE = 27
    DP2_CORTEX = 28
    SESAMOID_MEDIAL = 29
    SESAMOID_LATERAL = 30
    SESAMOID_CARTILAGE = 31
    SESAMOID_GAP = 32
    MTP2_CARTILAGE_MT2 = 33
    MTP2_GAP = 34
    MTP2_CARTILAGE_PP2 = 35
    PIP2_JOINT = 36
    TMT1_JOINT = 37
    TMT2_JOINT = 38
    SESAMOID_LIGAMENTS = 39
    PLANTAR_PLATE_2 = 40
    DEEP_TRANSVERSE_LIGAMENT = 41
    FLEXOR_BAND_1 = 42
    SCLEROSIS = 43
    SCREWS = 44
    PLATE = 45
    SCREW_INTERFACE = 46
    IMPLANT = 47
    SKIN = 48
    SHOE_INSOLE = 49
    SHOE_PLATE = 50
    SHOE_OUTSOLE = 51

    @property
    def label(self) -> str:
        """Name in files and configurations, e.g. ``mt1_cortex``."""
        return self.name.lower()


class Sole(IntEnum):
    """Patch of skin, or of a shoe, that can meet the floor; a physical group of triangles."""

    SOLE_HALLUX = 101
    SOLE_MT1_HEAD = 102
    SOLE_MT2_HEAD = 103
    SOLE_TOE2 = 104

    @property
    def label(self) -> str:
        """Name in files, e.g. ``sole_hallux``."""
        return self.name.lower()


MTP1_REGIONS = (
    Region.OSTEOPHYTE,
    Region.SCLEROSIS,
    Region.MTP1_CARTILAGE_MT1,
    Region.MTP1_GAP,
    Region.MTP1_CARTILAGE_PP1,
    Region.MTP1_CAPSULE,
    Region.SCREWS,
    Region.PLATE,
    Region.SCREW_INTERFACE,
    Region.IMPLANT,
)
"""Regions whose tissue is set by the joint block of a case."""

FIBRED_REGIONS = (
    Region.MTP1_CAPSULE,
    Region.PLANTAR_BAND_1,
    Region.PLANTAR_BAND_2,
    Region.SESAMOID_LIGAMENTS,
    Region.PLANTAR_PLATE_2,
    Region.DEEP_TRANSVERSE_LIGAMENT,
    Region.FLEXOR_BAND_1,
)
"""Regions whose fibres have a direction; only they may have a material whose law takes one."""

OPTIONAL_REGIONS = (Region.SKIN, Region.SHOE_INSOLE, Region.SHOE_PLATE, Region.SHOE_OUTSOLE)
"""Regions a case has only if it asks for them."""

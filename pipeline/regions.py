"""Names of every region of the model and the tags they carry in mesh files.

The numbers are part of the mesh file format: append, never renumber.
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
    TOE2_CORE = 9
    TOE2_CORTEX = 10
    SESAMOIDS = 11
    OSTEOPHYTE = 12
    MTP1_CARTILAGE_MT1 = 13
    MTP1_GAP = 14
    MTP1_CARTILAGE_PP1 = 15
    IP_CARTILAGE_PP1 = 16
    IP_GAP = 17
    IP_CARTILAGE_DP1 = 18
    MTP2_JOINT = 19
    MTP1_CAPSULE = 20
    PLANTAR_BAND_1 = 21
    PLANTAR_BAND_2 = 22
    PROXIMAL_BLOCK = 23
    SOFT_TISSUE = 24

    @property
    def label(self) -> str:
        """Name in files and configurations, e.g. ``mt1_cortex``."""
        return self.name.lower()


class Sole(IntEnum):
    """Patch of skin that can meet the floor; a physical group of triangles."""

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
    Region.MTP1_CARTILAGE_MT1,
    Region.MTP1_GAP,
    Region.MTP1_CARTILAGE_PP1,
    Region.MTP1_CAPSULE,
)
"""Regions whose tissue is set by the joint block of a case; all others are common to the variants."""

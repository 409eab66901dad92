"""Target edge length everywhere: fine in joints, cortex and hardware, graded into the soft tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from pipeline.config import Case
from pipeline.mesh.implicit import Array
from pipeline.mesh.part import Part
from pipeline.regions import Region

LEVEL_FACTOR = {"coarse": 1.4, "medium": 1.0, "fine": 0.7, "xfine": 0.5}
"""Edge lengths of a level relative to `medium`."""

GROWTH = 0.35
"""Increase of edge length per mm of distance from a finer region."""

SPACING_MM = 1.25
"""Spacing of the grid on which the size field is stored."""

JOINT = frozenset(
    {
        Region.IP_CARTILAGE_PP1,
        Region.IP_GAP,
        Region.IP_CARTILAGE_DP1,
        Region.MTP1_CARTILAGE_MT1,
        Region.MTP1_GAP,
        Region.MTP1_CARTILAGE_PP1,
        Region.MTP2_CARTILAGE_MT2,
        Region.MTP2_GAP,
        Region.MTP2_CARTILAGE_PP2,
        Region.SESAMOID_CARTILAGE,
        Region.SESAMOID_GAP,
        Region.SCREW_INTERFACE,
    }
)
CORTEX = frozenset(
    {
        Region.MT2_CORTEX,
        Region.PP2_CORTEX,
        Region.DP2_CORTEX,
        Region.PIP2_JOINT,
        Region.SCREWS,
        Region.PLATE,
        Region.IMPLANT,
        Region.SCLEROSIS,
    }
)
SOFT = frozenset(
    {Region.SOFT_TISSUE, Region.SKIN, Region.PROXIMAL_BLOCK, Region.SHOE_INSOLE, Region.SHOE_OUTSOLE}
)
GRADED = frozenset(region for region in Region if region.label.endswith("_core"))
"""Regions without a size of their own: what surrounds them sets it."""


@dataclass(frozen=True)
class SizeField:
    """Target edge length on a regular grid, mm."""

    low: Array
    spacing: float
    values: Array

    def at(self, x: Array) -> Array:
        """Trilinear value at points (n, 3), mm; outside the grid the nearest value."""
        axes = [lo + self.spacing * np.arange(n) for lo, n in zip(self.low, self.values.shape, strict=True)]
        inside = np.clip(x, [a[0] for a in axes], [a[-1] for a in axes])
        return np.asarray(RegularGridInterpolator(axes, self.values)(inside))

    def scaled(self, factor: float) -> SizeField:
        """The field with all lengths multiplied by a factor."""
        return SizeField(self.low, self.spacing, self.values * factor)


def grid_points(low: Array, counts: Array, spacing: float) -> Array:
    """Points of a regular grid, (nx * ny * nz, 3), z fastest."""
    axes = [lo + spacing * np.arange(n) for lo, n in zip(low, counts, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def part_size(case: Case, region: Region) -> float:
    """Edge length wanted inside a region at level `medium`, mm."""
    mesh = case.mesh
    if region in JOINT:
        return mesh.size_joint_mm
    if region in CORTEX:
        return mesh.size_cortex_mm
    if region.label.endswith("_cortex"):
        return 1.2 * mesh.size_cortex_mm
    if region in SOFT:
        return mesh.size_soft_mm
    return mesh.size_bone_mm


def size_field(case: Case, parts: list[Part], low: Array, high: Array, floor: float) -> SizeField:
    """Size field of level `medium` over a box: each part asks for its size inside, growing with distance.

    Args:
        case: the case.
        parts: all tissues.
        low: lower corner of the box, mm.
        high: upper corner of the box, mm.
        floor: height of the floor, mm; the sole is refined.
    """
    counts = np.ceil((high - low) / SPACING_MM).astype(int) + 1
    x = grid_points(low, counts, SPACING_MM)
    soft = case.mesh.size_soft_mm
    size = np.full(len(x), 2.0 * soft)
    for part in parts:
        if part.region in GRADED:
            continue
        own = part_size(case, part.region)
        near = np.flatnonzero(size > own)
        wanted = own + GROWTH * np.maximum(part.shape(x[near]), 0.0)
        size[near] = np.minimum(size[near], wanted)
    size = np.minimum(size, 0.45 * soft + GROWTH * np.abs(x[:, 2] - floor))
    return SizeField(low, SPACING_MM, size.reshape(counts))

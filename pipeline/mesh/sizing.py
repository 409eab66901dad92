"""Target edge length everywhere: fine in the joints, graded into the soft tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from pipeline.config import Case
from pipeline.mesh.anatomy import Part
from pipeline.mesh.implicit import Array
from pipeline.regions import Region

LEVEL_FACTOR = {"coarse": 1.4, "medium": 1.0, "fine": 0.7}
"""Edge lengths of a level relative to `medium`."""

GROWTH = 0.35
"""Increase of edge length per mm of distance from a finer region."""

SPACING_MM = 2.0
"""Spacing of the grid on which the size field is stored."""

SKIN = frozenset({Region.SOFT_TISSUE})
FINE_JOINTS = frozenset({Region.IP_CARTILAGE_DP1, Region.MTP1_CARTILAGE_PP1, Region.MTP1_GAP})
SMALL_PARTS = frozenset(
    {Region.MT2_CORTEX, Region.PLANTAR_BAND_1, Region.PLANTAR_BAND_2, Region.MTP1_CAPSULE}
)


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


def grid_points(low: Array, counts: Array, spacing: float) -> Array:
    """Points of a regular grid, (nx * ny * nz, 3), z fastest."""
    axes = [lo + spacing * np.arange(n) for lo, n in zip(low, counts, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def part_size(case: Case, region: Region) -> float:
    """Edge length wanted inside a region at the case's level, mm."""
    mesh = case.mesh
    factor = LEVEL_FACTOR[mesh.level]
    if region in FINE_JOINTS:
        return factor * mesh.size_joint_mm
    if region in SMALL_PARTS:
        return factor * 0.85 * mesh.size_bone_mm
    if region is Region.MTP2_JOINT:
        return factor * 0.6 * mesh.size_bone_mm
    if region in SKIN or region is Region.PROXIMAL_BLOCK:
        return factor * mesh.size_soft_mm
    return factor * mesh.size_bone_mm


def size_field(case: Case, parts: list[Part], low: Array, high: Array) -> SizeField:
    """Size field over a box: each part asks for its size inside and lets it grow with distance."""
    counts = np.ceil((high - low) / SPACING_MM).astype(int) + 1
    x = grid_points(low, counts, SPACING_MM)
    size = np.full(len(x), 2.0 * LEVEL_FACTOR[case.mesh.level] * case.mesh.size_soft_mm)
    for part in parts:
        if part.region.label.endswith("_core"):
            continue
        wanted = part_size(case, part.region) + GROWTH * np.maximum(part.shape(x), 0.0)
        size = np.minimum(size, wanted)
    sole = 0.45 * LEVEL_FACTOR[case.mesh.level] * case.mesh.size_soft_mm
    size = np.minimum(size, sole + GROWTH * np.abs(x[:, 2]))
    return SizeField(low, SPACING_MM, size.reshape(counts))

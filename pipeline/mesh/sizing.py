"""Target edge length everywhere: fine in joints, cortex and hardware, graded into the soft tissue."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Case
from pipeline.mesh.grid import SizeField, grid_points
from pipeline.mesh.implicit import Array
from pipeline.mesh.part import Part
from pipeline.mesh.tissue import BoxedPart, Tissue
from pipeline.regions import Region

LEVEL_FACTOR = {"coarse": 2.4, "medium": 1.0, "fine": 0.7, "xfine": 0.5}
"""Edge lengths of a level relative to `medium`."""

COARSEST_JOINT = 1.5
"""Largest factor for the thin layers of the joints; coarser they would have holes."""

GROWTH = 0.35
"""Increase of edge length per mm of distance from a finer region."""

SPACING_MM = 1.25
"""Spacing of the grid on which the size field is stored."""

COARSEST_BAND = 1.8
"""Largest factor for ligaments and bands; coarser they would be ragged."""

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
        Region.PIP2_JOINT,
        Region.SCREW_INTERFACE,
    }
)
CORTEX = frozenset(
    {
        Region.MT2_CORTEX,
        Region.PP2_CORTEX,
        Region.DP2_CORTEX,
        Region.SCREWS,
        Region.PLATE,
        Region.IMPLANT,
        Region.SCLEROSIS,
    }
)
SOFT = frozenset(
    {Region.SOFT_TISSUE, Region.SKIN, Region.PROXIMAL_BLOCK, Region.SHOE_INSOLE, Region.SHOE_OUTSOLE}
)
BONES = frozenset({Region.SESAMOID_MEDIAL, Region.SESAMOID_LATERAL}).union(
    region for region in Region if region.label.endswith("_cortex")
)
"""Bodies between which the mesh is never coarser than `BETWEEN_BONES` of their distance."""

BETWEEN_BONES = 0.6

LAYER_RATIO = 1.4
"""Largest edge length relative to the thickness of a layer: longer edges would leave holes in it."""

LEAST_RATIO = 0.5
"""Smallest edge length in a thin layer relative to the one wanted at joints."""

GRADED = frozenset(region for region in Region if region.label.endswith("_core"))
"""Regions without a size of their own: what surrounds them sets it."""


def part_size(case: Case, region: Region, factor: float) -> float:
    """Edge length wanted inside a region, mm; ``factor`` 1 is level `medium`."""
    mesh = case.mesh
    if region in JOINT:
        return min(factor, COARSEST_JOINT) * mesh.size_joint_mm
    if region in CORTEX:
        return factor * mesh.size_cortex_mm
    if region.label.endswith("_cortex"):
        return 1.2 * factor * mesh.size_cortex_mm
    if region in SOFT:
        return factor * mesh.size_soft_mm
    return min(factor, COARSEST_BAND) * mesh.size_bone_mm


def layer_size(case: Case, part: Part, x: Array, own: float, factor: float) -> Array | float:
    """Edge length wanted in a part at points, mm: its own, or less where it is a thin layer."""
    if part.thickness is None:
        return own
    thin = LAYER_RATIO * min(factor, COARSEST_JOINT) * part.thickness(x)
    return np.asarray(np.clip(thin, LEAST_RATIO * min(own, case.mesh.size_joint_mm), own))


def size_field(case: Case, tissue: Tissue, low: Array, high: Array, floor: float, factor: float) -> SizeField:
    """Size field over a box: each part asks for its size inside, growing with distance.

    Far from a part a coarse grid will do; its surroundings are looked at on a fine one.

    Args:
        case: the case.
        tissue: all tissues.
        low: lower corner of the box, mm.
        high: upper corner of the box, mm.
        floor: height of the floor, mm; the sole is refined.
        factor: edge lengths relative to level `medium`.
    """
    soft, coarse = factor * case.mesh.size_soft_mm, 2.0 * SPACING_MM
    wanted = [
        (b, part_size(case, b.part.region, factor)) for b in tissue.parts if b.part.region not in GRADED
    ]

    def refined(x: Array, size: Array, near: Callable[[BoxedPart], NDArray[np.intp]]) -> Array:
        nearest, next_nearest = np.full(len(x), np.inf), np.full(len(x), np.inf)
        for boxed, own in wanted:
            points = near(boxed)
            distance = np.maximum(boxed.part.shape(x[points]), 0.0)
            inside = layer_size(case, boxed.part, x[points], own, factor)
            size[points] = np.minimum(size[points], inside + GROWTH * distance)
            if boxed.part.region in BONES:
                first, second = nearest[points], next_nearest[points]
                next_nearest[points] = np.minimum(second, np.maximum(first, distance))
                nearest[points] = np.minimum(first, distance)
        between = np.maximum(BETWEEN_BONES * (nearest + next_nearest), LEAST_RATIO * case.mesh.size_joint_mm)
        return np.minimum(np.minimum(size, between), 0.45 * soft + GROWTH * np.abs(x[:, 2] - floor))

    counts = np.ceil((high - low) / coarse).astype(int) + 1
    x = grid_points(low, counts, coarse)
    everywhere = np.arange(len(x))
    far = refined(x, np.full(len(x), 2.0 * soft), lambda _: everywhere)
    first = SizeField(low, coarse, far.reshape(counts))
    counts = np.ceil((high - low) / SPACING_MM).astype(int) + 1
    x = grid_points(low, counts, SPACING_MM)
    close = refined(x, first.at(x), lambda boxed: boxed.near(x))
    return SizeField(low, SPACING_MM, close.reshape(counts), factor)

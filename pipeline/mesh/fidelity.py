"""How well the faces of a mesh follow the surfaces it was made from, and whether thin layers are whole."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.mesh.cells import Cells, neighbours
from pipeline.mesh.implicit import Array
from pipeline.mesh.tissue import Labels, Tissue, project
from pipeline.regions import Region
from pipeline.tetrahedron import FACES

LARGEST_STEP_MM = 0.3
"""Longest Newton step from a face to the surface it stands for."""


BONES: tuple[tuple[Region, ...], ...] = (
    (Region.MT1_CORE, Region.MT1_CORTEX),
    (Region.PP1_CORE, Region.PP1_CORTEX),
    (Region.DP1_CORE, Region.DP1_CORTEX),
    (Region.MT2_CORE, Region.MT2_CORTEX),
    (Region.PP2_CORE, Region.PP2_CORTEX),
    (Region.DP2_CORE, Region.DP2_CORTEX),
    (Region.SESAMOID_MEDIAL,),
    (Region.SESAMOID_LATERAL,),
)
"""Bodies of which no two may share a vertex."""

LAYERS: tuple[tuple[Region, Region, Region], ...] = (
    (Region.MT1_CORTEX, Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP),
    (Region.PP1_CORTEX, Region.MTP1_CARTILAGE_PP1, Region.MTP1_GAP),
    (Region.PP1_CORTEX, Region.IP_CARTILAGE_PP1, Region.IP_GAP),
    (Region.DP1_CORTEX, Region.IP_CARTILAGE_DP1, Region.IP_GAP),
    (Region.MT2_CORTEX, Region.MTP2_CARTILAGE_MT2, Region.MTP2_GAP),
    (Region.PP2_CORTEX, Region.MTP2_CARTILAGE_PP2, Region.MTP2_GAP),
    (Region.MT1_CORTEX, Region.SESAMOID_CARTILAGE, Region.SESAMOID_GAP),
)
"""Bone, the cartilage on it, and the gap that must not touch the bone."""

WITHIN_CORTEX = frozenset(
    {Region.SCREWS, Region.SCREW_INTERFACE, Region.PLATE, Region.IMPLANT, Region.SCLEROSIS, Region.MTP1_GAP}
)
"""What may lie against cancellous bone beside its own cortex: hardware, dense bone, callus."""


WRAPPED = frozenset(
    region
    for region in Region
    if any(region in body for body in BONES)
    or any(word in region.label for word in ("cartilage", "gap", "screw", "implant", "sclerosis"))
)
"""Tissues that lie inside others: a face of theirs on the outside of the mesh is a crack."""


@dataclass(frozen=True)
class Fidelity:
    """How well faces follow their surfaces, and what is missing or touches.

    ``holes`` is the share of a thin layer's area that is missing, by layer; ``exposed`` counts faces on
    the outside that belong to a tissue which others should wrap.
    """

    normal_error_median_deg: float
    normal_error_p95_deg: float
    distance_mean_mm: float
    distance_p95_mm: float
    distance_largest_mm: float
    holes: dict[str, float]
    touching: list[str]
    exposed: dict[str, int]


@dataclass(frozen=True)
class Interface:
    """Faces between two tissues: corners (k, 3), the labels that come first and second (k,) each."""

    faces: Cells
    first: Labels
    second: Labels


@dataclass(frozen=True)
class Fit:
    """Of every face: distance of its centre to the true surface, mm, and angle of its normal, degrees."""

    distance: Array
    angle: Array


def interface_of(cells: Cells, labels: Labels, void: int) -> Interface:
    """All faces between cells of different labels; the outside counts as label ``void``."""
    across = neighbours(cells)
    other = np.where(across >= 0, labels[across], void)
    cell, face = np.nonzero(other > labels[:, None])
    return Interface(cells[cell[:, None], FACES[face]], labels[cell], other[cell, face].astype(np.int16))


def is_articular(region: Region) -> bool:
    """Whether a region's surface is one of bone or cartilage."""
    return any(region in body for body in BONES) or "cartilage" in region.label


def fit_of(tissue: Tissue, points: Array, interface: Interface, chosen: NDArray[np.bool_]) -> Fit:
    """Distance and angle of the chosen faces to the surface of the part that comes first."""
    corners = points[interface.faces[chosen]]
    first = interface.first[chosen]
    centre = corners.mean(axis=1)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(normal, axis=1)
    normal = normal / np.maximum(doubled, 1e-30)[:, None]
    distance, angle = np.zeros(len(first)), np.zeros(len(first))
    for label in np.unique(first):
        own = first == label
        shape = tissue.parts[label].part.shape
        x, true, _ = project(shape, centre[own], LARGEST_STEP_MM)
        distance[own] = np.linalg.norm(x - centre[own], axis=1)
        cosine = np.clip(np.sum(true * normal[own], axis=1), -1.0, 1.0)
        angle[own] = np.degrees(np.arccos(cosine))
    return Fit(distance, angle)


def areas(points: Array, faces: Cells) -> Array:
    """Area of triangles, (k,), mm^2."""
    a, b, c = (points[faces[:, i]] for i in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2.0)


def shared_area(points: Array, interface: Interface, one: Labels, other: Labels) -> float:
    """Area over which cells of some labels meet cells of others, mm^2."""
    first, second = interface.first, interface.second
    meet = (np.isin(first, one) & np.isin(second, other)) | (np.isin(first, other) & np.isin(second, one))
    return float(areas(points, interface.faces[meet]).sum())


def away_from_rim(interface: Interface, own: Labels, count: int) -> Interface:
    """Interface faces none of whose vertices touches a tissue beside ``own``: not at the rim of a layer."""
    foreign = ~(np.isin(interface.first, own) & np.isin(interface.second, own))
    rim = np.zeros(count, bool)
    rim[interface.faces[foreign]] = True
    keep = ~rim[interface.faces].any(axis=1)
    return Interface(interface.faces[keep], interface.first[keep], interface.second[keep])


def holes(points: Array, interface: Interface, regions: list[Region]) -> dict[str, float]:
    """Share of each cartilage and cortex that is missing: what it covers meets what lies beyond it."""
    everything = np.arange(len(regions) + 1, dtype=np.int16)

    def labels(*wanted: Region) -> Labels:
        return np.array([regions.index(r) for r in wanted if r in regions], np.int16)

    found = {}
    for bone, cartilage, gap in LAYERS:
        if cartilage in regions and gap in regions:
            own = labels(bone, cartilage, gap)
            whole = shared_area(points, interface, labels(cartilage), labels(gap))
            inner = away_from_rim(interface, own, len(points))
            open_area = shared_area(points, inner, labels(bone), labels(gap))
            found[cartilage.label] = open_area / max(whole, 1e-9)
    for core, cortex in (body for body in BONES if len(body) == 2 and set(body) <= set(regions)):
        inside = labels(core, cortex, *WITHIN_CORTEX)
        beyond = np.setdiff1d(everything, inside).astype(np.int16)
        whole = shared_area(points, interface, labels(core), labels(cortex))
        open_area = shared_area(points, interface, labels(core), beyond)
        found[cortex.label] = open_area / max(whole, 1e-9)
    return found


def touching(cells: Cells, labels: Labels, regions: list[Region]) -> list[str]:
    """Pairs of bones that share a vertex: the tissue between them is not there."""
    count = int(cells.max()) + 1
    member = np.zeros((len(BONES), count), bool)
    for row, body in enumerate(BONES):
        own = [regions.index(region) for region in body if region in regions]
        member[row, cells[np.isin(labels, own)].ravel()] = True
    names = [body[-1].label for body in BONES]
    return [
        f"{names[i]} and {names[j]}"
        for i, j in itertools.combinations(range(len(BONES)), 2)
        if np.any(member[i] & member[j])
    ]


def exposed(interface: Interface, void: int, regions: list[Region]) -> dict[str, int]:
    """Number of outer faces of each tissue that others wrap: cracks in the mesh."""
    inner = interface.first[interface.second == void]
    counts = np.bincount(inner, minlength=len(regions))
    return {r.label: int(n) for r, n in zip(regions, counts, strict=True) if n and r in WRAPPED}


def fidelity_of(tissue: Tissue, points: Array, cells: Cells, labels: Labels) -> Fidelity:
    """Fidelity of a mesh to its shapes, on the surfaces of bone and cartilage."""
    regions = [boxed.part.region for boxed in tissue.parts]
    interface = interface_of(cells, labels, tissue.void)
    chosen = np.array([is_articular(region) for region in regions])[interface.first]
    fit = fit_of(tissue, points, interface, chosen)
    return Fidelity(
        normal_error_median_deg=float(np.median(fit.angle)),
        normal_error_p95_deg=float(np.percentile(fit.angle, 95)),
        distance_mean_mm=float(fit.distance.mean()),
        distance_p95_mm=float(np.percentile(fit.distance, 95)),
        distance_largest_mm=float(fit.distance.max()),
        holes=holes(points, interface, regions),
        touching=touching(cells, labels, regions),
        exposed=exposed(interface, tissue.void, regions),
    )

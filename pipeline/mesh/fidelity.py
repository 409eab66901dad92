"""How well the faces of a mesh follow the surfaces it was made from, and whether thin layers are whole."""

from __future__ import annotations

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
    area: Array


def interface_of(cells: Cells, labels: Labels, void: int) -> Interface:
    """All faces between cells of different labels; the outside counts as label ``void``."""
    across = neighbours(cells)
    other = np.where(across >= 0, labels[across], void)
    cell, face = np.nonzero(other > labels[:, None])
    return Interface(cells[cell[:, None], FACES[face]], labels[cell], other[cell, face].astype(np.int16))


def is_articular(region: Region) -> bool:
    """Whether a region's surface is one of bone or cartilage."""
    name = region.label
    return name.endswith(("_core", "_cortex")) or "cartilage" in name or name.startswith("sesamoid_m") or (
        name == "sesamoid_lateral"
    )


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
    return Fit(distance, angle, doubled / 2.0)


def breaches(
    points: Array, interface: Interface, regions: list[Region], layer: Region, inside: Region
) -> float:
    """Share of a layer's inner surface at which it is missing: inside tissue meets what lies beyond.

    Args:
        points: vertices (n, 3), mm.
        interface: all interface faces.
        regions: region of each label.
        layer: the thin layer, such as a cortex.
        inside: what it covers, such as a core.
    """
    if layer not in regions or inside not in regions:
        return 0.0
    a, b = regions.index(inside), regions.index(layer)
    corners = points[interface.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2.0
    touches = (interface.first == a) | (interface.second == a)
    covered = touches & ((interface.first == b) | (interface.second == b))
    total = area[touches].sum()
    return float((area[touches].sum() - area[covered].sum()) / total) if total > 0.0 else 0.0

"""Last touches to the labels of cells: no pinhole through a thin layer, no two bones at one vertex.

Where a layer is about as thick as the cells, a cell of what it covers may reach through it. Such a cell
joins the layer; its volume is a fraction of the layer's own rounding by the mesh.
"""

from __future__ import annotations

import itertools

import numpy as np

from pipeline.mesh.cells import Cells, neighbours
from pipeline.mesh.fidelity import BONES, LAYERS, WITHIN_CORTEX
from pipeline.mesh.tissue import Labels
from pipeline.regions import Region

ROUNDS = 3


def repaired(cells: Cells, labels: Labels, regions: list[Region], void: int) -> Labels:
    """Labels without pinholes and without bones that share a vertex.

    Args:
        cells: tetrahedra (m, 4).
        labels: label of each (m,).
        regions: region of each label.
        void: label of cells outside every tissue.
    """
    across = neighbours(cells)
    for _ in range(ROUNDS):
        before = labels
        labels = bones_apart(cells, labels, regions, void)
        labels = cortex_closed(across, labels, regions)
        labels = cartilage_closed(across, labels, regions)
        if np.array_equal(before, labels):
            break
    return labels


def numbers(regions: list[Region], wanted: tuple[Region, ...]) -> Labels:
    """Labels of those of the wanted regions that are present."""
    return np.array([regions.index(region) for region in wanted if region in regions], np.int16)


def meets(across: Cells, labels: Labels, own: np.int16, other: Labels, *, inside: bool) -> Cells:
    """Cells of label ``own`` with a face on a cell of (or, not ``inside``, on one outside) other labels."""
    mine = np.flatnonzero(labels == own)
    around = across[mine]
    hit = np.isin(labels[around], other) == inside
    return mine[(hit & (around >= 0)).any(axis=1)]


def cortex_closed(across: Cells, labels: Labels, regions: list[Region]) -> Labels:
    """Cells of cancellous bone that lie bare join the cortex."""
    labels = labels.copy()
    for body in (body for body in BONES if len(body) == 2 and set(body) <= set(regions)):
        core, cortex = numbers(regions, body)
        beside = np.concatenate([[core, cortex], numbers(regions, tuple(WITHIN_CORTEX))])
        labels[meets(across, labels, core, beside, inside=False)] = cortex
    return labels


def cartilage_closed(across: Cells, labels: Labels, regions: list[Region]) -> Labels:
    """Cells of a joint gap that lie on bone join the cartilage of that bone."""
    labels = labels.copy()
    for bone, cartilage, gap in LAYERS:
        if {bone, cartilage, gap} <= set(regions):
            on, layer, between = numbers(regions, (bone, cartilage, gap))
            labels[meets(across, labels, between, np.array([on]), inside=True)] = layer
    return labels


def bones_apart(cells: Cells, labels: Labels, regions: list[Region], void: int) -> Labels:
    """Around a vertex where two bones meet, the second gives way to the softest tissue there."""
    labels = labels.copy()
    count = int(cells.max()) + 1
    hard = [numbers(regions, body) for body in BONES]
    at = np.zeros((len(BONES), count), bool)
    for row, own in enumerate(hard):
        at[row, cells[np.isin(labels, own)].ravel()] = True
    for first, second in itertools.combinations(range(len(BONES)), 2):
        for vertex in np.flatnonzero(at[first] & at[second]):
            around = np.flatnonzero((cells == vertex).any(axis=1))
            soft = labels[around]
            soft = soft[(soft != void) & ~np.isin(soft, np.concatenate(hard))]
            if len(soft):
                labels[around[np.isin(labels[around], hard[second])]] = np.bincount(soft).argmax()
    return labels

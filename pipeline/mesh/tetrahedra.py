"""From interface points to labelled tetrahedra."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from pipeline.mesh.cells import Cells, boundary_faces, neighbours, oriented
from pipeline.mesh.gmsh_session import background_points, improve
from pipeline.mesh.grid import SizeField
from pipeline.mesh.implicit import Array
from pipeline.mesh.relief import relieve
from pipeline.mesh.repair import repaired
from pipeline.mesh.sampling import fill_holes, sample_interfaces, thin
from pipeline.mesh.tissue import Labels, Tissue, Tissues

SAMPLES = np.array(
    [
        [0.25, 0.25, 0.25, 0.25],
        [0.55, 0.15, 0.15, 0.15],
        [0.15, 0.55, 0.15, 0.15],
        [0.15, 0.15, 0.55, 0.15],
        [0.15, 0.15, 0.15, 0.55],
    ]
)
"""Barycentric points at which a cell is asked for its tissue; the majority decides, the centre if tied."""


HOLE_ROUNDS = 4
"""Triangulations made to find the holes of the sampling."""

NO_NEARER = 0.3
"""Distance of a filler point from a point put on an edge, relative to that edge, within which it goes."""

EDGES = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
"""Local vertices of the edges of a tetrahedron."""

JITTER_MM = 1e-4
"""Shift of interface points, so that none of the many in one plane or sphere make a cell of no volume."""


@dataclass(frozen=True)
class Tetrahedra:
    """Mesh of all tissues.

    Attributes:
        points: vertices, (n, 3), mm.
        cells: tetrahedra of positive volume, (m, 4).
        labels: of each cell, of one case or of the whole, (m,).
    """

    points: Array
    cells: Cells
    labels: Labels


def majority(tissue: Tissue, points: Array, cells: Cells) -> Labels:
    """Tissue of each cell by majority over its sample points."""
    corners = points[cells]
    votes = np.stack([tissue.label(np.einsum("i,nij->nj", w, corners)) for w in SAMPLES], axis=1)
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return votes[np.arange(len(votes)), counts.argmax(axis=1)]


def without_spikes(labels: Labels, across: Cells, rounds: int = 3) -> Labels:
    """Relabel cells that stick out of their tissue.

    A cell takes the label that three of its four neighbours share, or, where three neighbours belong to
    tissues of lower priority, the most common of those. A cell between two tissues of a thin layer has
    a neighbour of higher priority and stays.
    """
    row = np.arange(len(labels))
    for _ in range(rounds):
        around = np.where(across >= 0, labels[across], -1)
        counts = (around[:, :, None] == around[:, None, :]).sum(axis=2)
        lower = around > labels[:, None]
        best = np.where((lower.sum(axis=1) >= 3)[:, None] & ~lower, 0, counts).argmax(axis=1)
        shared = (counts[row, best] >= 3) | (lower.sum(axis=1) >= 3)
        swap = shared & (around[row, best] >= 0) & (around[row, best] != labels)
        if not swap.any():
            break
        labels = np.where(swap, around[row, best], labels).astype(np.int16)
    return labels


def largest_body(cells: Cells, labels: Labels) -> tuple[Cells, Labels]:
    """The cells of the largest face-connected body."""
    across = neighbours(cells)
    rows = np.repeat(np.arange(len(cells)), 4)
    linked = across.ravel() >= 0
    graph = coo_matrix(
        (np.ones(linked.sum(), bool), (rows[linked], across.ravel()[linked])), (len(cells),) * 2
    )
    body = connected_components(graph, directed=False)[1]
    keep = body == np.bincount(body).argmax()
    return cells[keep], labels[keep]


def compact(points: Array, cells: Cells, labels: Labels) -> Tetrahedra:
    """Drop unused points and sort cells by label, so that the file reads region by region."""
    order = np.argsort(labels, kind="stable")
    used, renumbered = np.unique(cells[order], return_inverse=True)
    return Tetrahedra(points[used], renumbered.reshape(-1, 4), labels[order])


def label_cells(tissue: Tissue, points: Array, cells: Cells, sampled: int) -> Labels:
    """Tissue of each cell.

    The first ``sampled`` points lie on interfaces, all others well inside one tissue: a cell that
    touches such points takes their tissue. Only cells between interface points, or between points of
    different tissues, are decided by the majority of their samples.
    """
    own = tissue.label(points[sampled:])
    inner = cells >= sampled
    known = np.where(inner, own[np.maximum(cells - sampled, 0)], tissue.void + 1)
    first = known.min(axis=1)
    last = np.where(inner, known, -1).max(axis=1)
    labels = first.astype(np.int16)
    open_cells = np.flatnonzero(first != last)
    labels[open_cells] = majority(tissue, points, cells[open_cells])
    return without_spikes(labels, neighbours(cells))


def solid_alike(tissues: Tissues, labels: list[Labels]) -> list[Labels]:
    """Labels of all members with the same cells void in each: a cell at the skin may be void in one alone.

    It takes the region it has in the first member with tissue there, or the member's last one.
    """
    void = np.stack([own == member.void for member, own in zip(tissues.members, labels, strict=True)])
    first, cells = (~void).argmax(axis=0), np.arange(void.shape[1])
    numbers = [np.array([*map(int, member.regions), 0]) for member in tissues.members]
    region = np.stack([own[label] for own, label in zip(numbers, labels, strict=True)])[first, cells]
    found = []
    for member, own, empty in zip(tissues.members, labels, void & ~void.all(axis=0), strict=True):
        place = {int(each): label for label, each in enumerate(member.regions)}
        own = own.copy()
        own[empty] = [place.get(int(each), member.void - 1) for each in region[empty]]
        found.append(own)
    return found


def triangulated(
    tissues: Tissues, interface: Array, filler: Array, corners: Array
) -> tuple[Array, Cells, Array]:
    """Delaunay triangulation without edges between filler points of two tissues, if `HOLE_ROUNDS` suffice.

    Where one does, the sampling has a hole: a point of the interface is put on the edge.

    Returns:
        Points, interface points first and corners last; cells; interface points with the new ones.
    """
    for rounds_left in reversed(range(HOLE_ROUNDS)):
        own = tissues.label(filler)
        points = np.concatenate([interface, filler, corners])
        cells = Delaunay(points).simplices.astype(np.int64)
        edges = np.sort(cells[:, EDGES].reshape(-1, 2), axis=1) - len(interface)
        edges = np.unique(edges[(edges[:, 0] >= 0) & (edges[:, 1] < len(filler))], axis=0)
        edges = edges[own[edges[:, 0]] != own[edges[:, 1]]]
        if len(edges) == 0 or rounds_left == 0:
            break
        found, length = on_edges(tissues, filler[edges], own[edges[:, 0]])
        interface = np.concatenate([interface, found])
        gap, nearest = cKDTree(found).query(filler)
        filler = filler[gap > NO_NEARER * length[nearest]]
    return points, oriented(points, cells[(cells < len(points) - len(corners)).any(axis=1)]), interface


def on_edges(tissues: Tissues, ends: Array, own: Labels) -> tuple[Array, Array]:
    """Where edges (k, 2, 3) leave the tissue (k,) of their first end, by bisection; none near another.

    Returns:
        Points (n, 3) and the length of the edge of each (n,), mm.
    """
    low: Array = np.zeros(len(ends))
    high: Array = np.ones(len(ends))
    for _ in range(16):
        middle = (low + high) / 2.0
        inside = tissues.label(ends[:, 0] + middle[:, None] * (ends[:, 1] - ends[:, 0])) == own
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    x = ends[:, 0] + low[:, None] * (ends[:, 1] - ends[:, 0])
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    kept = thin(x, 0.5 * length)
    return x[kept], length[kept]


def tetrahedralise(tissues: Tissues, low: Array, high: Array, size: SizeField) -> Tetrahedra:
    """Mesh of all tissues of a box; the void around them is dropped.

    Interface points and, well away from them, the vertices of a graded box mesh go through a Delaunay
    triangulation; its cells are labelled for each member, improved inside each label of the whole, and
    cleaned.
    """
    interface = sample_interfaces(tissues, low, high, size)
    filler = background_points(low, high, size)
    hull = np.any((np.abs(filler - low) < 1e-9) | (np.abs(filler - high) < 1e-9), axis=1)
    corners, filler = filler[hull], filler[~hull]
    filler = filler[cKDTree(interface).query(filler)[0] > 0.85 * size.at(filler)]
    interface, filler = fill_holes(tissues, interface, filler, size)
    interface = interface + np.random.default_rng(0).uniform(-JITTER_MM, JITTER_MM, interface.shape)
    points, cells, interface = triangulated(tissues, interface, filler, corners)
    own = [
        repaired(cells, label_cells(tissue, points, cells, len(interface)), tissue.regions, tissue.void)
        for tissue in tissues.members
    ]
    points, cells, labels = improve(points, cells, tissues.encode(solid_alike(tissues, own)))
    solid = labels != tissues.void
    cells, labels = largest_body(oriented(points, cells[solid]), labels[solid])
    mesh = compact(points, cells, labels)
    outer = np.zeros(len(mesh.points), bool)
    outer[boundary_faces(mesh.cells)[0]] = True
    return replace(mesh, points=relieve(tissues, mesh.points, mesh.cells, mesh.labels, outer))

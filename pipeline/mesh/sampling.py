"""Points on the interfaces between tissues.

Boxes that a part's surface passes through are halved until they are small against the edge length
wanted there; Newton's method moves their centres onto the surface; a look at both sides discards what
is hidden under another part; thinning leaves points about as far apart as the size field asks. Curves
where three tissues meet are sampled first.

Members that share a mesh go in order: a point where an earlier member has an interface belongs to that
one. A surface they have in common is so sampled once, and of two that lie within `PROBE_MM` of each other
only the earlier member's.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from pipeline.mesh.grid import SizeField, grid_points
from pipeline.mesh.implicit import Array
from pipeline.mesh.tissue import BoxedPart, Labels, Tissue, Tissues, project, project_on_two

Indices = NDArray[np.intp]

PROBE_MM = 0.12
"""Distance at which the two sides of an interface are looked at; less than half the thinnest layer."""

ON_SURFACE_MM = 0.01
"""Largest residual of a point that counts as lying on a surface."""

DIAGONALS = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]]) / np.sqrt(3.0)
"""Half of the directions in which a filler point looks for an interface, beside the axes."""

SHARP_COSINE = 0.8
"""Cosine of the angle between two normals from which on a sharp edge is looked for between them."""

FIRST_BOX_MM = 2.5
"""Edge of the boxes the search for surfaces starts from."""

STEEPEST = 1.5
"""Largest slope of a shape, which is only close to a distance."""

ONE_LAYER = 0.65
"""Largest value in a last box, relative to its edge: about one layer of boxes is left on a surface."""

CANDIDATE = 0.45
"""Edge of the last boxes relative to the edge length wanted."""


BESIDE = 0.6
"""Distance from an earlier surface, relative to the edge length wanted, that leaves no room for a point."""

CROWD = 0.4
"""Edge of the cubes of which each keeps one candidate, relative to the edge length wanted."""


def thin(x: Array, spacing: Array) -> Indices:
    """Indices of a maximal subset in which no two points are closer than their mean spacing.

    Rounds of a random priority: a point stays if it comes before all its rivals, and removes them.
    """
    if len(x) == 0:
        return np.empty(0, np.intp)
    first = one_per_voxel(x, 0.3 * spacing)
    return first[_thinned(x[first], spacing[first])]


def one_per_voxel(x: Array, edge: Array) -> Indices:
    """Indices of one point for each cube of about the given edge: a cheap end to crowds, (k,)."""
    level = np.floor(np.log2(edge))
    voxel = np.floor(x / np.exp2(level)[:, None])
    key = np.column_stack([level, voxel]).astype(np.int64)
    return np.sort(np.unique(key, axis=0, return_index=True)[1])


def _thinned(x: Array, spacing: Array) -> Indices:
    pairs = close_pairs(x, spacing)
    rank = np.random.default_rng(0).permutation(len(x))
    rivals = csr_array(
        (np.ones(2 * len(pairs), np.int8), (pairs.T.ravel(), pairs[:, ::-1].T.ravel())), shape=(len(x),) * 2
    )
    rows = np.repeat(np.arange(len(x)), np.diff(rivals.indptr))
    alive, kept = np.ones(len(x), bool), np.zeros(len(x), bool)
    while alive.any():
        use = alive[rows] & alive[rivals.indices]
        first = np.full(len(x), len(x))
        np.minimum.at(first, rows[use], rank[rivals.indices[use]])
        chosen = alive & (rank < first)
        kept |= chosen
        alive &= ~chosen
        alive[rivals.indices[chosen[rows]]] = False
    return np.flatnonzero(kept)


def close_pairs(x: Array, spacing: Array) -> NDArray[np.intp]:
    """Pairs of points nearer to each other than their mean spacing, (k, 2).

    Points are searched in groups of similar spacing, so that a few coarse ones do not make all others
    look far.
    """
    tree = cKDTree(x)
    group = np.floor(np.log2(spacing / spacing.min()) * 2.0).astype(int)
    found = [np.empty((0, 2), np.intp)]
    for level in np.unique(group):
        own = np.flatnonzero(group == level)
        reach = float(spacing[own].max())
        near = cKDTree(x[own]).sparse_distance_matrix(tree, reach, output_type="ndarray")
        i, j = own[near["i"]], near["j"]
        keep = (i != j) & (near["v"] < 0.5 * (spacing[i] + spacing[j]))
        keep &= (group[j] < level) | ((group[j] == level) & (i < j))
        found.append(np.stack([i[keep], j[keep]], axis=1))
    return np.concatenate(found)


def surface_boxes(boxed: BoxedPart, low: Array, high: Array, size: SizeField) -> tuple[Array, Array]:
    """Centres (n, 3) and edges (n,) of small boxes that a part's surface may pass through, mm."""
    first, last = np.maximum(boxed.low, low), np.minimum(boxed.high, high)
    counts = np.maximum(np.ceil((last - first) / FIRST_BOX_MM).astype(int), 1)
    x = grid_points(first + 0.5 * FIRST_BOX_MM, counts, FIRST_BOX_MM)
    edge, centres, edges = FIRST_BOX_MM, [np.empty((0, 3))], [np.empty(0)]
    corners = np.array(list(itertools.product((-0.25, 0.25), repeat=3)))
    while len(x):
        value = np.abs(boxed.part.shape(x))
        close = value < STEEPEST * np.sqrt(0.75) * edge
        x, value = x[close], value[close]
        small = edge <= CANDIDATE * size.at(x)
        last = x[small & (value < ONE_LAYER * edge)]
        centres.append(last)
        edges.append(np.full(len(last), edge))
        x = (x[~small][:, None, :] + edge * corners).reshape(-1, 3)
        edge /= 2.0
    return np.concatenate(centres), np.concatenate(edges)


def visible(tissues: Tissues, index: int, x: Array, longest: Array, size: SizeField) -> tuple[Array, Array]:
    """Points moved onto a surface, without crowds and without those where it is hidden.

    Returns:
        Points (k, 3), mm, and unit normals there (k, 3).
    """
    shape = tissues.surfaces[index].boxed.part.shape
    x, _, _ = project(shape, x, longest, rounds=1)
    few = one_per_voxel(x, CROWD * size.at(x))
    x, normal, residual = project(shape, x[few], longest[few], rounds=3)
    return on_surface(tissues, index, x[residual < ON_SURFACE_MM], normal[residual < ON_SURFACE_MM])


def on_surface(tissues: Tissues, index: int, x: Array, normal: Array) -> tuple[Array, Array]:
    """Those points, and their normals, where the surface is seen."""
    seen = is_seen(tissues, index, x, normal)
    return x[seen], normal[seen]


def is_seen(tissues: Tissues, index: int, x: Array, normal: Array) -> NDArray[np.bool_]:
    """Whether the surface is seen at points on it, (n,).

    The first member with an interface there must see it: its part on the inner side of the normal and a
    later one on the outer side.
    """
    seen, rest = np.zeros(len(x), bool), np.arange(len(x))
    for member, owner in zip(tissues.members, tissues.surfaces[index].owners, strict=True):
        inner = member.label(x[rest] - PROBE_MM * normal[rest])
        outer = member.label(x[rest] + PROBE_MM * normal[rest])
        seen[rest[(inner == owner) & (outer > owner)]] = True
        rest = rest[inner == outer]
    return seen


def crease_points(tissues: Tissues, index: int, x: Array, normal: Array, size: SizeField) -> Array:
    """Points on the sharp edges of one surface, from pairs of its points that face different ways.

    An edge point is where the tangent planes of both meet, nearest to their middle. It counts if it lies
    on the surface and that is seen there.

    Args:
        tissues: all parts.
        index: of the surface.
        x: points on it, (n, 3), mm.
        normal: unit normals there, (n, 3).
        size: edge lengths wanted.
    """
    if len(x) == 0:
        return np.empty((0, 3))
    pairs = close_pairs(x, 0.8 * size.at(x))
    cosine = np.einsum("ij,ij->i", normal[pairs[:, 0]], normal[pairs[:, 1]])
    pairs, cosine = pairs[cosine < SHARP_COSINE], cosine[cosine < SHARP_COSINE]
    pairs, cosine = pairs[cosine > -0.9], cosine[cosine > -0.9]
    p, q = x[pairs[:, 0]], x[pairs[:, 1]]
    n, m = normal[pairs[:, 0]], normal[pairs[:, 1]]
    middle = 0.5 * (p + q)
    a, b = np.sum((p - middle) * n, axis=1), np.sum((q - middle) * m, axis=1)
    weight = 1.0 / (1.0 - cosine**2)
    found = middle + (weight * (a - cosine * b))[:, None] * n + (weight * (b - cosine * a))[:, None] * m
    between = n + m
    between /= np.linalg.norm(between, axis=1)[:, None]
    on = np.abs(tissues.surfaces[index].boxed.part.shape(found)) < 2.0 * ON_SURFACE_MM
    found, _ = on_surface(tissues, index, found[on], between[on])
    return found


def curve_points(tissues: Tissues, boxes: list[tuple[Array, Array]], size: SizeField) -> Array:
    """Points on the curves where at least three tissues meet, (n, 3)."""
    found: list[Array] = [np.empty((0, 3))]
    normals: list[Array] = [np.empty((0, 2, 3))]
    pairs: list[Indices] = [np.empty((0, 2), np.intp)]
    for second, first in itertools.combinations(range(len(boxes))[::-1], 2):
        one, other = tissues.surfaces[first].boxed, tissues.surfaces[second].boxed
        x, edge = boxes[second]
        near = one.near(x)
        x, edge = x[near], edge[near]
        close = np.abs(one.part.shape(x)) < STEEPEST * edge if len(x) else np.empty(0, bool)
        if not close.any():
            continue
        x, normal, residual = project_on_two(one.part.shape, other.part.shape, x[close], edge[close])
        on = residual < ON_SURFACE_MM
        found.append(x[on])
        normals.append(normal[on])
        pairs.append(np.full((np.count_nonzero(on), 2), (first, second)))
    points = np.concatenate(found)
    few = one_per_voxel(points, 0.2 * size.at(points))
    return meeting_points(tissues, points[few], np.concatenate(normals)[few], np.concatenate(pairs)[few])


def meeting_points(tissues: Tissues, x: Array, normal: Array, pair: Indices) -> Array:
    """Those points of a curve around which at least three tissues lie.

    The first member with three of them must have both surfaces; where every member has fewer, surfaces of
    two members cross, and their labels are counted together.

    Args:
        tissues: all parts.
        x: points, (n, 3), mm.
        normal: unit normals of both surfaces there, (n, 2, 3).
        pair: the two surfaces, (n, 2).
    """
    around = [x + PROBE_MM * (i * normal[:, 0] + j * normal[:, 1]) for i in (-1, 1) for j in (-1, 1)]
    owners = np.array([surface.owners for surface in tissues.surfaces])
    sides = [[member.label(y) for y in around] for member in tissues.members]
    kept, rest = np.zeros(len(x), bool), np.ones(len(x), bool)
    for k, own in enumerate(sides):
        here = rest & (kinds(own) >= 3)
        kept |= here & np.all(owners[pair, k] >= 0, axis=1)
        rest &= ~here
    together = [tissues.encode(side) for side in zip(*sides, strict=True)]
    return x[kept | (rest & (kinds(together) >= 3))]


def beside_surface(tissues: Tissues, x: Array, size: SizeField) -> NDArray[np.bool_]:
    """Which points lie beside a surface that comes before those they lie on, (n,).

    They would take the place of its own points, and it would bulge out to them. The two sides of a thin
    layer are not beside each other: meshes coarser than medium, whose edges are longer than layers are
    thick, look no farther than medium does.
    """
    beside, rest, h = np.zeros(len(x), bool), np.ones(len(x), bool), size.at(x)
    reach = BESIDE * h / max(1.0, size.factor)
    for index, surface in enumerate(tissues.surfaces):
        near = surface.boxed.near(x, float(h.max(initial=0.0)))
        near = near[rest[near]]
        value = np.abs(surface.boxed.part.shape(x[near]))
        rest[near[value < 2.0 * ON_SURFACE_MM]] = False
        near = near[(value >= 2.0 * ON_SURFACE_MM) & (value < reach[near])]
        y, normal, residual = project(surface.boxed.part.shape, x[near], h[near])
        beside[near] |= (residual < ON_SURFACE_MM) & is_seen(tissues, index, y, normal)
    return beside


def kinds(labels: list[Labels]) -> Indices:
    """Number of different labels at each point, (n,), from several labels of each."""
    ordered = np.sort(np.stack(labels, axis=1), axis=1)
    return np.asarray(1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1))


def sample_interfaces(tissues: Tissues, low: Array, high: Array, size: SizeField) -> Array:
    """All interface points, curves and sharp edges first, none too close to an earlier one, (n, 3)."""
    boxes = [surface_boxes(surface.boxed, low, high, size) for surface in tissues.surfaces]
    surfaces = [visible(tissues, index, x, edge, size) for index, (x, edge) in enumerate(boxes)]
    curves = curve_points(tissues, boxes, size)
    curves = curves[~beside_surface(tissues, curves, size)]
    curves = curves[thin(curves, 0.7 * size.at(curves))]
    creases = np.concatenate(
        [crease_points(tissues, index, x, normal, size) for index, (x, normal) in enumerate(surfaces)]
    )
    creases = creases[~beside_surface(tissues, creases, size)]
    creases = creases[cKDTree(curves).query(creases)[0] > 0.5 * size.at(creases)]
    kept = np.concatenate([curves, creases[thin(creases, 0.7 * size.at(creases))]])
    lines = cKDTree(kept)
    for points, _ in surfaces:
        h = size.at(points)
        free = (cKDTree(kept).query(points)[0] > 0.35 * h) & (lines.query(points)[0] > 0.55 * h)
        points = points[free]
        points = points[~beside_surface(tissues, points, size)]
        h = size.at(points)
        kept = np.concatenate([kept, points[thin(points, 0.75 * h)]])
    return kept


def fill_holes(tissues: Tissues, interface: Array, filler: Array, size: SizeField) -> tuple[Array, Array]:
    """Sort out filler points that lie close to an interface: the sampling has a hole there.

    They are moved onto the interface where that leaves them clear of the points already there.

    Returns:
        Interface points with the new ones; filler points that lie well inside one tissue of every member.
    """
    reach = 0.5 * size.at(filler)
    doubtful = np.flatnonzero(tissues.nearest_surface(filler, float(reach.max())) < STEEPEST * reach)
    x, reach = filler[doubtful], reach[doubtful]
    nearest = np.full(len(x), -1)
    for member, surface_of in zip(tissues.members, tissues.surface_of, strict=True):
        owner = next_interface(member, x, reach)
        found = (nearest < 0) & (owner < member.void)
        nearest[found] = np.array(surface_of)[owner[found]]
    close = nearest >= 0
    for i in np.unique(nearest[close]):
        chosen = nearest == i
        moved, _ = visible(tissues, i, x[chosen], reach[chosen], size)
        moved = moved[cKDTree(interface).query(moved)[0] > 0.5 * size.at(moved)] if len(moved) else moved
        interface = np.concatenate([interface, moved[thin(moved, 0.75 * size.at(moved))]])
    return interface, np.delete(filler, doubtful[close], axis=0)


def next_interface(tissue: Tissue, x: Array, reach: Array) -> Labels:
    """Owner of an interface within reach (n,) of each point, or `void` where there is none, (n,)."""
    own = tissue.label(x)
    first = own.copy()
    for direction in np.concatenate([np.eye(3), -np.eye(3), DIAGONALS, -DIAGONALS]):
        first = np.where(first != own, first, tissue.label(x + reach[:, None] * direction))
    return np.where(first != own, np.minimum(first, own), tissue.void)

"""Points on the interfaces between tissues.

A grid of labels finds every interface; Newton's method moves the candidates onto the surface of the
part that comes first; a look at both sides discards what is hidden under another part; thinning leaves
points about as far apart as the size field asks. Curves where three tissues meet are sampled first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipeline.mesh.anatomy import Part
from pipeline.mesh.implicit import Array, Shape
from pipeline.mesh.sizing import SizeField, grid_points

Labels = NDArray[np.int16]
Indices = NDArray[np.intp]

STEP_MM = 1e-4
"""Difference step for gradients of shapes."""

PROBE_MM = 0.12
"""Distance at which the two sides of an interface are looked at; less than half the thinnest layer."""

ON_SURFACE_MM = 0.02
"""Largest residual of a point that counts as lying on a surface."""

DIAGONALS = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]]) / np.sqrt(3.0)
"""Half of the directions in which a filler point looks for an interface, beside the axes."""

SCAN_MM = 4.0
"""Spacing of the scan that finds the box around each part."""


@dataclass(frozen=True)
class BoxedPart:
    """A part with a box outside which it is known to be absent."""

    part: Part
    low: Array
    high: Array


@dataclass(frozen=True)
class Tissue:
    """All parts in order of priority; answers which one a point lies in."""

    parts: list[BoxedPart]

    @property
    def void(self) -> int:
        """Label of points outside every part."""
        return len(self.parts)

    def label(self, x: Array) -> Labels:
        """Index of the first part containing each point, or `void`; (n,)."""
        label = np.full(len(x), self.void, np.int16)
        for i in reversed(range(len(self.parts))):
            boxed = self.parts[i]
            near = np.flatnonzero(np.all((x >= boxed.low) & (x <= boxed.high), axis=1))
            label[near[boxed.part.shape(x[near]) < 0.0]] = i
        return label


def enclose(parts: list[Part], low: Array, high: Array) -> Tissue:
    """Find the box around every part by a coarse scan of the domain."""
    counts = np.ceil((high - low) / SCAN_MM).astype(int) + 1
    x = grid_points(low, counts, SCAN_MM)
    boxed = []
    for part in parts:
        near = x[part.shape(x) < 1.5 * SCAN_MM]
        boxed.append(BoxedPart(part, near.min(axis=0) - SCAN_MM, near.max(axis=0) + SCAN_MM))
    return Tissue(boxed)


def gradient(shape: Shape, x: Array, value: Array) -> Array:
    """Forward-difference gradient of a shape at points, (n, 3)."""
    return np.stack([(shape(x + STEP_MM * e) - value) / STEP_MM for e in np.eye(3)], axis=1)


def project(shape: Shape, x: Array, longest: float, rounds: int = 4) -> tuple[Array, Array, Array]:
    """Move points onto the zero surface of a shape.

    Returns:
        New points (n, 3); unit normals (n, 3); residuals (n,), mm.
    """
    start = x
    for _ in range(rounds):
        value = shape(x)
        slope = gradient(shape, x, value)
        step = -(value / np.maximum(np.sum(slope**2, axis=1), 0.05))[:, None] * slope
        length = np.linalg.norm(step, axis=1)
        x = x + step * np.minimum(1.0, longest / np.maximum(length, 1e-12))[:, None]
    value = shape(x)
    slope = gradient(shape, x, value)
    normal = slope / np.maximum(np.linalg.norm(slope, axis=1), 1e-9)[:, None]
    strayed = np.linalg.norm(x - start, axis=1) > 3.0 * longest
    return x, normal, np.where(strayed, np.inf, np.abs(value))


def project_on_two(first: Shape, second: Shape, x: Array, longest: float) -> tuple[Array, Array, Array]:
    """Move points onto the curve where two surfaces meet (shortest Newton step).

    Returns:
        New points (n, 3); unit normals of both surfaces (n, 2, 3); residuals (n,), mm, infinite where
        the surfaces are nearly tangent or the point strayed.
    """
    start = x
    for _ in range(6):
        value = np.stack([first(x), second(x)], axis=1)
        slope = np.stack([gradient(first, x, value[:, 0]), gradient(second, x, value[:, 1])], axis=1)
        normal = slope / np.maximum(np.linalg.norm(slope, axis=2), 1e-9)[:, :, None]
        gram = slope @ slope.transpose(0, 2, 1) + 1e-3 * np.eye(2)
        step = -np.einsum("nki,nk->ni", slope, np.linalg.solve(gram, value[:, :, None])[:, :, 0])
        length = np.linalg.norm(step, axis=1)
        x = x + step * np.minimum(1.0, longest / np.maximum(length, 1e-12))[:, None]
    residual = np.maximum(np.abs(first(x)), np.abs(second(x)))
    tangent = np.abs(np.sum(normal[:, 0] * normal[:, 1], axis=1)) > 0.9
    strayed = np.linalg.norm(x - start, axis=1) > 3.0 * longest
    return x, normal, np.where(tangent | strayed, np.inf, residual)


def thin(x: Array, spacing: Array) -> Indices:
    """Indices of a maximal subset in which no point lies within the spacing of an earlier one."""
    if len(x) == 0:
        return np.empty(0, np.intp)
    neighbours = cKDTree(x).query_ball_point(x, spacing)
    alive = np.ones(len(x), bool)
    kept = []
    for i in np.random.default_rng(0).permutation(len(x)):
        if alive[i]:
            kept.append(i)
            alive[neighbours[i]] = False
    return np.array(sorted(kept), np.intp)


def label_grid(tissue: Tissue, low: Array, high: Array, spacing: float) -> Labels:
    """Labels on a regular grid, (nx, ny, nz); each part is evaluated in its own box only."""
    counts = np.ceil((high - low) / spacing).astype(int) + 1
    labels = np.full(counts, tissue.void, np.int16)
    for i in reversed(range(len(tissue.parts))):
        boxed = tissue.parts[i]
        first = np.maximum(np.floor((boxed.low - low) / spacing).astype(int), 0)
        last = np.minimum(np.ceil((boxed.high - low) / spacing).astype(int) + 1, counts)
        window = labels[first[0] : last[0], first[1] : last[1], first[2] : last[2]]
        x = grid_points(low + spacing * first, last - first, spacing)
        window[(boxed.part.shape(x) < 0.0).reshape(window.shape)] = i
    return labels


def surface_candidates(labels: Labels, low: Array, spacing: float) -> tuple[Array, Labels]:
    """Midpoints of grid edges whose ends differ, and the label that comes first of the two."""
    points, owners = [], []
    for axis in range(3):
        a = np.moveaxis(labels, axis, 0)[:-1]
        b = np.moveaxis(labels, axis, 0)[1:]
        where = np.argwhere(a != b).astype(float)
        owners.append(np.minimum(a, b)[a != b])
        where[:, 0] += 0.5
        order = [axis] + [i for i in range(3) if i != axis]
        points.append(low + spacing * where[:, np.argsort(order)])
    return np.concatenate(points), np.concatenate(owners)


def curve_candidates(labels: Labels, low: Array, spacing: float) -> tuple[Array, Labels]:
    """Centres of grid cells with three or more labels, and the first two labels of each."""
    shifts = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    n = np.array(labels.shape) - 1
    corners = np.stack([labels[i : n[0] + i, j : n[1] + j, k : n[2] + k] for i, j, k in shifts], axis=-1)
    mixed = np.argwhere(corners.min(axis=-1) != corners.max(axis=-1))
    ordered = np.sort(corners[tuple(mixed.T)], axis=1)
    distinct = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
    mixed, ordered = mixed[distinct >= 3], ordered[distinct >= 3]
    first = ordered[:, 0]
    second = np.where(ordered > first[:, None], ordered, labels.max() + 1).min(axis=1)
    return low + spacing * (mixed + 0.5), np.stack([first, second], axis=1)


def sample_curves(tissue: Tissue, labels: Labels, low: Array, spacing: float, size: SizeField) -> Array:
    """Points on the curves where at least three tissues meet, thinned, (n, 3)."""
    x, pairs = curve_candidates(labels, low, spacing)
    found = [np.empty((0, 3))]
    for first, second in np.unique(pairs, axis=0):
        own = x[np.all(pairs == (first, second), axis=1)]
        own = own[thin(own, 0.3 * size.at(own))]
        shapes = [tissue.parts[i].part.shape for i in (first, second)]
        own, normal, residual = project_on_two(shapes[0], shapes[1], own, spacing)
        sides = [
            tissue.label(own + PROBE_MM * (i * normal[:, 0] + j * normal[:, 1]))
            for i in (-1, 1)
            for j in (-1, 1)
        ]
        ordered = np.sort(np.stack(sides, axis=1), axis=1)
        distinct = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
        found.append(own[(residual < ON_SURFACE_MM) & (distinct >= 3)])
    points = np.concatenate(found)
    return points[thin(points, 0.7 * size.at(points))]


def visible(tissue: Tissue, owner: int, x: Array, longest: float) -> Array:
    """Points moved onto a part's surface, without those where another part hides it, (k, 3)."""
    x, normal, residual = project(tissue.parts[owner].part.shape, x, longest)
    inner, outer = tissue.label(x - PROBE_MM * normal), tissue.label(x + PROBE_MM * normal)
    return x[(residual < ON_SURFACE_MM) & (inner == owner) & (outer > owner)]


def sample_surfaces(
    tissue: Tissue, labels: Labels, low: Array, spacing: float, size: SizeField
) -> list[Array]:
    """Points on each part's visible surface, thinned part by part."""
    x, owners = surface_candidates(labels, low, spacing)
    found = []
    for owner in np.unique(owners):
        own = x[owners == owner]
        own = visible(tissue, owner, own[thin(own, 0.3 * size.at(own))], spacing)
        found.append(own[thin(own, 0.75 * size.at(own))])
    return found


def sample_interfaces(tissue: Tissue, low: Array, high: Array, spacing: float, size: SizeField) -> Array:
    """All interface points, curves first, none too close to an earlier one, (n, 3)."""
    labels = label_grid(tissue, low, high, spacing)
    kept = sample_curves(tissue, labels, low, spacing, size)
    curves = cKDTree(kept)
    for points in sample_surfaces(tissue, labels, low, spacing, size):
        h = size.at(points)
        free = (cKDTree(kept).query(points)[0] > 0.35 * h) & (curves.query(points)[0] > 0.55 * h)
        kept = np.concatenate([kept, points[free]])
    return kept


def fill_holes(tissue: Tissue, interface: Array, filler: Array, size: SizeField) -> tuple[Array, Array]:
    """Sort out filler points that lie close to an interface: the sampling has a hole there.

    They are moved onto the interface where that leaves them clear of the points already there.

    Returns:
        Interface points with the new ones; filler points that lie well inside one tissue.
    """
    own = tissue.label(filler)
    first = own.copy()
    reach = 0.5 * size.at(filler)
    for direction in np.concatenate([np.eye(3), -np.eye(3), DIAGONALS, -DIAGONALS]):
        first = np.where(first != own, first, tissue.label(filler + reach[:, None] * direction))
    close = first != own
    owner = np.minimum(first, own)
    for i in np.unique(owner[close]):
        moved = visible(tissue, i, filler[close & (owner == i)], float(reach.max()))
        moved = moved[cKDTree(interface).query(moved)[0] > 0.5 * size.at(moved)] if len(moved) else moved
        interface = np.concatenate([interface, moved[thin(moved, 0.75 * size.at(moved))]])
    return interface, filler[~close]

"""The signed distance of a closed surface, evaluated once on a grid and interpolated smoothly.

The sign comes from the winding number along the rays of the grid. Near the surface every triangle is
measured, further away those that the nodes closer by found nearest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates, spline_filter

from pipeline.mesh.implicit import Array, Shape
from pipeline.mesh.surface import Surface

Ints = NDArray[np.int64]

BAND = 3.0
"""Cells on either side of the surface within which a node measures every triangle."""

REACH_MM = 8.0
"""Distance up to which a node looks for a nearer triangle than that of the nearest node of the band."""

ROUNDS = 2
"""How often such a node tries the triangles of the nodes beside it."""

BATCH = 20_000
"""Pairs of point and triangle that are worked on together, few enough for the cache of a processor."""

SLIVER = 1e-12
"""Triangles of less area, relative to their longest side squared, are left to their neighbours."""


def signed_distance(
    surface: Surface, spacing_mm: float = 0.4, margin_mm: float = 8.0, smoothing_mm: float = 0.0
) -> Shape:
    r"""Shape of a closed surface: its signed distance, negative inside, interpolated by cubic splines.

    Outside the grid, at the distance e from its nearest point c, the value is the larger of
    :math:`\sqrt{d(c)^2 + e^2}` and the distance to the box of the surface: both are lower bounds of the
    distance, and the value is continuous.

    Args:
        surface: closed surface with outward normals, as ``check_surface`` asks for.
        spacing_mm: grid spacing.
        margin_mm: how far the grid reaches beyond the surface.
        smoothing_mm: standard deviation of the smoothing; see ``smoothed``.

    Raises:
        ValueError: a length is negative or the spacing zero.
    """
    if not (spacing_mm > 0.0 and margin_mm >= 0.0 and smoothing_mm >= 0.0):
        raise ValueError(f"lengths must be positive: {spacing_mm=}, {margin_mm=}, {smoothing_mm=}")
    grid = Grid.around(surface.points, margin_mm, spacing_mm)
    values = np.where(inside(surface, grid), -1.0, 1.0) * distance(surface, grid)
    values = smoothed(values.reshape(grid.shape), smoothing_mm / spacing_mm)
    weights = spline_filter(values, order=3, mode="mirror").astype(np.float32)
    low, high = surface.points.min(axis=0), surface.points.max(axis=0)

    def shape(x: Array) -> Array:
        near = np.clip(x, grid.low, grid.high)
        value = map_coordinates(
            weights, ((near - grid.low) / spacing_mm).T, np.float64, order=3, mode="mirror", prefilter=False
        )
        beyond = np.flatnonzero((x != near).any(axis=1))
        if len(beyond):
            across = np.linalg.norm((x - near)[beyond], axis=1)
            to_box = np.linalg.norm(x[beyond] - np.clip(x[beyond], low, high), axis=1)
            value[beyond] = np.maximum(np.hypot(value[beyond], across), to_box)
        return value

    return shape


def smoothed(values: Array, sigma: float) -> Array:
    r"""Values on a grid without the short waves that the facets of a surface leave.

    With the Gaussian filter G of width sigma cells the result is :math:`G v + G (v - G v)`. G alone moves a
    surface of mean curvature H inwards by :math:`\sigma^2 H`; adding what the first pass took away
    leaves only terms of fourth order.

    Measured on the VHF first metatarsal (edges of 1.5 mm) at 0.4 mm spacing: a width of 0.5 mm moves the
    zero surface by 0.014 mm rms and 0.08 mm at most, and changes the volume by 0.01 %; the normal turns by
    7 instead of 13 degrees over 0.4 mm (95th percentile). G alone takes 0.5 % off the volume. Of the
    smallest bone, the second distal phalanx, the figures are 0.036 mm, 0.25 mm and 0.1 %.
    """
    if sigma == 0.0:
        return values
    once = gaussian_filter(values, sigma, mode="nearest")
    return np.asarray(once + gaussian_filter(values - once, sigma, mode="nearest"))


@dataclass(frozen=True)
class Grid:
    """Regular grid: first node (3,) mm, spacing mm, nodes per direction."""

    low: Array
    spacing: float
    shape: tuple[int, int, int]

    @classmethod
    def around(cls, points: Array, margin: float, spacing: float) -> Grid:
        """Grid that reaches at least ``margin`` mm beyond the points.

        It is shifted by an uneven part of a cell, so that its rays miss the corners and edges of
        surfaces with round coordinates.
        """
        low = points.min(axis=0) - margin - spacing * np.array([0.1234, 0.2718, 0.3141])
        nodes = np.ceil((points.max(axis=0) + margin - low) / spacing).astype(int) + 1
        return cls(low, spacing, (int(nodes[0]), int(nodes[1]), int(nodes[2])))

    @property
    def high(self) -> Array:
        """Last node, (3,), mm."""
        return self.low + self.spacing * (np.array(self.shape) - 1)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return int(np.prod(self.shape))

    def nodes(self, index: Ints) -> Array:
        """Position of nodes given by flat index, (n, 3), mm."""
        return self.low + self.spacing * np.stack(np.unravel_index(index, self.shape), axis=1)


def boxes(low: Ints, high: Ints, batch: int = BATCH) -> Iterator[tuple[Ints, Ints]]:
    """Every cell of many boxes of integers, in batches.

    Args:
        low: first cell of each box, (m, k).
        high: last cell of each box, (m, k); a box with high < low is empty.
        batch: cells per batch; a larger box makes a batch of its own.

    Yields:
        The box each cell belongs to, (n,), and the cell, (n, k).
    """
    size = np.maximum(high - low + 1, 0)
    count = size.prod(axis=1)
    group = np.cumsum(count) // batch
    for members in np.split(np.arange(len(low)), np.flatnonzero(np.diff(group)) + 1):
        box = np.repeat(members, count[members])
        rest = np.arange(len(box)) - np.repeat(np.cumsum(count[members]) - count[members], count[members])
        cell = np.empty((len(box), low.shape[1]), dtype=np.int64)
        for k in reversed(range(low.shape[1])):
            rest, cell[:, k] = np.divmod(rest, size[box, k])
        yield box, low[box] + cell


def inside(surface: Surface, grid: Grid) -> NDArray[np.bool_]:
    """Which nodes of a grid lie inside a closed surface, flat.

    Each ray of the grid along x counts the triangles it enters through minus those it leaves through;
    the sum up to a node is the winding number. Two triangles judge their common edge by the same
    number, so no ray slips through between them.
    """
    corners = surface.corners
    reach = (corners[:, :, 1:] - grid.low[1:]) / grid.spacing
    low, high = np.ceil(reach.min(axis=1)).astype(np.int64), np.floor(reach.max(axis=1)).astype(np.int64)
    entered = np.zeros(grid.shape, dtype=np.int32)
    for triangle, ray in boxes(low, high):
        weights = _edge_weights(surface, triangle, grid.low[1:] + grid.spacing * ray)
        total = weights.sum(axis=1)
        hit = (np.all(weights >= 0.0, axis=1) | np.all(weights <= 0.0, axis=1)) & (total != 0.0)
        weights, total, ray = weights[hit], total[hit], ray[hit]
        x = np.sum(weights * corners[triangle[hit], :, 0], axis=1) / total
        node = np.ceil((x - grid.low[0]) / grid.spacing).astype(np.int64)
        np.add.at(entered, (node, ray[:, 0], ray[:, 1]), -np.sign(total).astype(np.int32))
    return (np.cumsum(entered, axis=0) > 0).ravel()


def _edge_weights(surface: Surface, triangle: Ints, at: Array) -> Array:
    """Twice the signed areas that points (n, 2) across x span with the edges of triangles (n,), (n, 3).

    Column k belongs to the edge opposite corner k; they are the barycentric weights up to their sum.
    """
    weights = np.empty((len(triangle), 3))
    for k in range(3):
        a, b = (surface.triangles[triangle, (k + j) % 3] for j in (1, 2))
        start = surface.points[np.minimum(a, b), 1:]
        along, to = surface.points[np.maximum(a, b), 1:] - start, at - start
        area = along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]
        weights[:, k] = np.where(a < b, area, -area)
    return weights


class Facets:
    """Triangles prepared for many distances: each with axes along its first side, across it and normal."""

    def __init__(self, surface: Surface) -> None:
        corners = surface.corners
        sides = np.roll(corners, -1, axis=1) - corners
        normal = np.cross(sides[:, 0], sides[:, 1])
        longest2 = np.sum(sides**2, axis=2).max(axis=1)
        kept = np.linalg.norm(normal, axis=1) > SLIVER * longest2
        corners, sides, normal = corners[kept], sides[kept], normal[kept]
        self.beside = _triangles_beside(surface.triangles[kept])
        self.low, self.high = corners.min(axis=1), corners.max(axis=1)
        self.origin = corners[:, 0]
        along = sides[:, 0] / np.linalg.norm(sides[:, 0], axis=1)[:, None]
        normal /= np.linalg.norm(normal, axis=1)[:, None]
        self.axes = np.stack([along, np.cross(normal, along), normal], axis=1)
        self.start = np.einsum("mij,mkj->mki", self.axes[:, :2], corners - corners[:, :1])
        side = np.roll(self.start, -1, axis=1) - self.start
        self.length = np.linalg.norm(side, axis=2)
        self.side = side / self.length[:, :, None]

    def height(self, x: Array, facet: Ints) -> Array:
        """Distance of points (n, 3) to the planes of the given triangles (n,), mm."""
        return np.abs(np.einsum("ni,ni->n", x - self.origin[facet], self.axes[facet, 2]))

    def distance(self, x: Array, facet: Ints) -> Array:
        """Distance of points (n, 3) to the given triangles (n,), mm."""
        u, v, height = np.einsum("nij,nj->in", self.axes[facet], x - self.origin[facet])
        start, side, length = self.start[facet], self.side[facet], self.length[facet]
        nearest, over = np.full(len(x), np.inf), np.ones(len(x), dtype=bool)
        for k in range(3):
            du, dv = u - start[:, k, 0], v - start[:, k, 1]
            along = du * side[:, k, 0] + dv * side[:, k, 1]
            across = dv * side[:, k, 0] - du * side[:, k, 1]
            past = along - np.clip(along, 0.0, length[:, k])
            nearest = np.minimum(nearest, past**2 + across**2)
            over &= across >= 0.0
        return np.sqrt(height**2 + np.where(over, 0.0, nearest))


def _triangles_beside(triangles: Ints) -> Ints:
    """Triangle across each side of each triangle, (m, 3); the triangle itself where there is none."""
    sides = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    order = np.lexsort(sides.T)
    first = np.flatnonzero((sides[order[1:]] == sides[order[:-1]]).all(axis=1))
    beside = np.repeat(np.arange(len(triangles)), 3)
    beside[order[first]], beside[order[first + 1]] = order[first + 1] // 3, order[first] // 3
    return beside.reshape(-1, 3)


def distance(surface: Surface, grid: Grid) -> Array:
    """Distance of every node to the surface, flat, mm; never too small.

    Exact within three cells of the surface. A node further away starts with the triangle of the nearest node
    of that band; up to 8 mm it then tries the triangles beside that one and, twice, those of its six
    neighbours. On the VHF first metatarsal at 0.4 mm the distance of 4,000 random nodes was exact up to
    4 mm, at most 0.004 mm too large up to 8 mm and 0.2 mm beyond.
    """
    facets = Facets(surface)
    value, owner = _measured_band(facets, grid)
    far = np.flatnonzero(owner < 0)
    nearest = distance_transform_edt(
        (owner < 0).reshape(grid.shape), return_distances=False, return_indices=True
    ).reshape(3, -1)
    owner[far] = owner[np.ravel_multi_index(tuple(nearest[:, far]), grid.shape)]
    _improve(value, owner, far, owner[far], facets, grid)
    near = far[value[far] < REACH_MM]
    for beside in facets.beside[owner[near]].T:
        _improve(value, owner, near, beside, facets, grid)
    for _ in range(ROUNDS):
        for stride in (1, grid.shape[2], grid.shape[1] * grid.shape[2]):
            for step in (stride, -stride):
                offered = np.roll(owner, step)[near]
                new = offered != owner[near]
                _improve(value, owner, near[new], offered[new], facets, grid)
    return value


def _measured_band(facets: Facets, grid: Grid) -> tuple[Array, Ints]:
    """Distance and nearest triangle of the nodes within the band, infinity and -1 of all others, flat."""
    value, owner = np.full(grid.size, np.inf), np.full(grid.size, -1)
    low = np.ceil((facets.low - grid.low) / grid.spacing - BAND).astype(np.int64)
    high = np.floor((facets.high - grid.low) / grid.spacing + BAND).astype(np.int64)
    for facet, cell in boxes(np.maximum(low, 0), np.minimum(high, np.array(grid.shape) - 1)):
        x = grid.low + grid.spacing * cell
        near = facets.height(x, facet) <= BAND * grid.spacing
        facet, node = facet[near], np.ravel_multi_index(tuple(cell[near].T), grid.shape)
        found = facets.distance(x[near], facet)
        np.minimum.at(value, node, found)
        best = (found <= value[node]) & (found <= BAND * grid.spacing)
        owner[node[best]] = facet[best]
    value[owner < 0] = np.inf
    return value, owner


def _improve(value: Array, owner: Ints, nodes: Ints, offered: Ints, facets: Facets, grid: Grid) -> None:
    """Give nodes the offered triangle where it is nearer, in place."""
    for start in range(0, len(nodes), BATCH):
        node, facet = nodes[start : start + BATCH], offered[start : start + BATCH]
        found = facets.distance(grid.nodes(node), facet)
        better = found < value[node]
        value[node[better]], owner[node[better]] = found[better], facet[better]

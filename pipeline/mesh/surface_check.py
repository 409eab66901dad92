"""Whether a surface is one closed body of the size of a bone, and if not, where it fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pipeline.errors import ConfigError
from pipeline.mesh.implicit import Array
from pipeline.mesh.surface import Surface

Ints = NDArray[np.int64]

TOUCH = 1e-9
"""Triangles that share less than this part of the longest extent touch and do not cross."""

PARALLEL = 1e-7
"""Sine of an angle below which two directions count as parallel."""

LISTED = 4
"""Components whose size is named."""

UNITS = {1e3: "metres", 1e-3: "millimetres", 10.0: "centimetres", 0.1: "millimetres", 100.0: "metres"}
"""Unit the file is likely in, by the factor that makes its size plausible, the likeliest first."""


def check_surface(surface: Surface, path: Path, smallest_mm: float = 5.0, largest_mm: float = 120.0) -> None:
    """Stop if a surface is not one closed, oriented body that does not cross itself.

    Args:
        surface: surface as read.
        path: file to name in the message.
        smallest_mm: smallest longest extent of a bone.
        largest_mm: largest longest extent of a bone.

    Raises:
        ConfigError: names every kind of fault, how often it occurs and where it occurs first.
    """
    edges = Edges.of(surface)
    faults = [
        _size(surface, smallest_mm, largest_mm),
        _edges(surface, edges.open, "open edges", "a closed surface has none"),
        _edges(surface, edges.crowded, "edges of more than two triangles", "each edge joins two"),
        _edges(surface, edges.reversed, "edges between triangles that face opposite ways", "none is allowed"),
        _parts(surface, edges),
        _crossings(surface),
    ]
    found = [fault for fault in faults if fault]
    if found:
        advice = "" if found == faults[:1] else " Repair the surface in the program it came from."
        raise ConfigError(f"{path}: {'; '.join(found)}.{advice}")


@dataclass(frozen=True)
class Edges:
    """Edges of a surface: end points (e, 2), the edge of each side of each triangle (3 m,), its sense."""

    ends: Ints
    of_side: Ints
    sense: Ints

    @classmethod
    def of(cls, surface: Surface) -> Edges:
        """Edges of a surface; the sides of triangle i are 3 i, 3 i + 1 and 3 i + 2."""
        sides = np.stack([surface.triangles, np.roll(surface.triangles, -1, axis=1)], axis=2).reshape(-1, 2)
        ends, of_side = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True)
        return cls(ends, of_side.ravel(), np.where(sides[:, 0] < sides[:, 1], 1, -1))

    @property
    def triangles(self) -> Ints:
        """Number of triangles at each edge, (e,)."""
        return np.bincount(self.of_side, minlength=len(self.ends))

    @property
    def open(self) -> Ints:
        """End points of edges of one triangle, (k, 2)."""
        return self.ends[self.triangles == 1]

    @property
    def crowded(self) -> Ints:
        """End points of edges of more than two triangles, (k, 2)."""
        return self.ends[self.triangles > 2]

    @property
    def reversed(self) -> Ints:
        """End points of edges that both their triangles run through in the same sense, (k, 2)."""
        sense = np.bincount(self.of_side, self.sense, minlength=len(self.ends))
        return self.ends[(self.triangles == 2) & (sense != 0.0)]

    def components(self) -> Ints:
        """Component of each triangle, (m,), joined across edges; numbered from the largest."""
        side = np.arange(len(self.of_side))
        at = coo_matrix((np.ones(len(side)), (side // 3, self.of_side))).tocsr()
        label = connected_components(at @ at.T, directed=False)[1]
        rank = np.argsort(np.argsort(-np.bincount(label), kind="stable"))
        return rank[label]


def _place(point: Array) -> str:
    return "(" + ", ".join(f"{v:.1f}" for v in point) + ") mm"


def _size(surface: Surface, smallest: float, largest: float) -> str:
    longest = surface.longest_mm
    if smallest <= longest <= largest:
        return ""
    units = [unit for factor, unit in UNITS.items() if smallest <= factor * longest <= largest]
    hint = f"is the unit {units[0]}?" if units else "is the unit right?"
    return f"longest extent {longest:.3g} mm (allowed is {smallest:g} to {largest:g} mm; {hint})"


def _edges(surface: Surface, ends: Ints, kind: str, allowed: str) -> str:
    if not len(ends):
        return ""
    return f"{len(ends)} {kind}, first at {_place(surface.points[ends[0]].mean(axis=0))} ({allowed})"


def _parts(surface: Surface, edges: Edges) -> str:
    part = edges.components()
    sizes = np.bincount(part)
    if len(sizes) == 1:
        return ""
    named = ", ".join(str(size) for size in sizes[:LISTED]) + (", ..." if len(sizes) > LISTED else "")
    second = surface.corners[part == 1].mean(axis=(0, 1))
    return f"{len(sizes)} components of {named} triangles, the second around {_place(second)} (a bone is one)"


def _crossings(surface: Surface) -> str:
    corners = surface.corners
    one, other = close_pairs(corners)
    crossing = crossing_triangles(corners[one], corners[other], TOUCH * surface.longest_mm)
    if not crossing.any():
        return ""
    pair = np.stack([corners[one], corners[other]])[:, np.argmax(crossing)]
    common = (pair.min(axis=1).max(axis=0) + pair.max(axis=1).min(axis=0)) / 2.0
    count = np.count_nonzero(crossing)
    return f"{count} pairs of triangles that cross, first at {_place(common)} (none is allowed)"


def close_pairs(corners: Array) -> tuple[Ints, Ints]:
    """Pairs of triangles (m, 3, 3) whose boxes meet, each pair once, (k,) and (k,).

    The boxes are sorted by their start along the longest extent; box i is compared with the lag-th after
    it as long as that one starts before box i ends.
    """
    longest = int(np.argmax(np.ptp(corners, axis=(0, 1))))
    axes = np.roll(np.arange(3), -longest)
    low, high = corners.min(axis=1)[:, axes], corners.max(axis=1)[:, axes]
    order = np.argsort(low[:, 0], kind="stable")
    low, high = low[order], high[order]
    reach = np.searchsorted(low[:, 0], high[:, 0], side="right") - np.arange(len(low)) - 1
    far_first = np.argsort(-reach, kind="stable")
    members = np.searchsorted(-reach[far_first], -np.arange(1, reach.max(initial=0) + 1), side="right")
    pairs: list[Ints] = [np.empty((2, 0), dtype=np.int64)]
    for lag, count in enumerate(members, start=1):
        one = far_first[:count]
        other = one + lag
        meet = np.all((low[one, 1:] <= high[other, 1:]) & (low[other, 1:] <= high[one, 1:]), axis=1)
        pairs.append(np.stack([one[meet], other[meet]]))
    one, other = order[np.concatenate(pairs, axis=1)]
    return one, other


def crossing_triangles(p: Array, q: Array, touch: float) -> NDArray[np.bool_]:
    """Whether triangle p (n, 3, 3) crosses triangle q beside it (n, 3, 3), (n,).

    Two triangles are apart if their shadows on some axis are: a normal, a product of two edges, or the
    normal of an edge within its triangle. Shadows that share no more than ``touch`` mm count as apart, so
    neighbours with a common corner or edge cross only if they do so elsewhere. In a common plane only
    the last kind of axis is asked.
    """
    p, q = p - p[:, :1], q - p[:, :1]
    p_edges, q_edges = np.roll(p, -1, axis=1) - p, np.roll(q, -1, axis=1) - q
    p_normal = _unit(np.cross(p_edges[:, 0], p_edges[:, 1]))
    q_normal = _unit(np.cross(q_edges[:, 0], q_edges[:, 1]))
    flat = np.abs(np.einsum("nij,nj->ni", q, p_normal)).max(axis=1) <= touch
    flat &= np.abs(np.einsum("nij,nj->ni", p - q[:, :1], q_normal)).max(axis=1) <= touch
    apart = np.zeros(len(p), dtype=bool)
    for k in range(3):
        apart |= _apart(p, q, _unit(np.cross(p_normal, p_edges[:, k])), touch)
        apart |= _apart(p, q, _unit(np.cross(q_normal, q_edges[:, k])), touch)
    for axis in (p_normal, q_normal):
        apart |= ~flat & _apart(p, q, axis, touch)
    for k in range(9):
        live = np.flatnonzero(~apart & ~flat)
        axis = np.cross(_unit(p_edges[live, k // 3]), _unit(q_edges[live, k % 3]))
        apart[live] = _apart(p[live], q[live], _unit(axis, PARALLEL), touch)
    return ~apart


def _unit(vectors: Array, shortest: float = 0.0) -> Array:
    """Vectors (n, 3) made unit; those no longer than ``shortest`` become zero."""
    length = np.linalg.norm(vectors, axis=1)[:, None]
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > shortest)


def _apart(p: Array, q: Array, axis: Array, touch: float) -> NDArray[np.bool_]:
    """Whether the shadows of triangles on unit axes (n, 3) are apart; a zero axis tells nothing."""
    a, b = np.einsum("nij,nj->ni", p, axis), np.einsum("nij,nj->ni", q, axis)
    shared = np.minimum(a.max(axis=1) - b.min(axis=1), b.max(axis=1) - a.min(axis=1))
    return (shared <= touch) & axis.any(axis=1)

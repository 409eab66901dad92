"""All parts together: which tissue a point lies in, and how to reach a surface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.mesh.grid import grid_points
from pipeline.mesh.implicit import Array, Shape
from pipeline.mesh.part import Part
from pipeline.regions import Region

Labels = NDArray[np.integer[Any]]

STEP_MM = 1e-4
"""Difference step for gradients of shapes."""

SCAN_MM = 4.0
"""Spacing of the scan that finds the box around each part."""

ABSENT = -1
"""In place of the label of a part that a member does not have."""


@dataclass(frozen=True)
class BoxedPart:
    """A part with a box outside which it is known to be absent."""

    part: Part
    low: Array
    high: Array

    def near(self, x: Array, margin: float = 0.0) -> NDArray[np.intp]:
        """Indices of the points in the box grown by a margin, mm."""
        return np.flatnonzero(np.all((x >= self.low - margin) & (x <= self.high + margin), axis=1))


@dataclass(frozen=True)
class Surface:
    """The surface of a part.

    Attributes:
        boxed: the part.
        owners: its label in each member, `ABSENT` where a member has no such surface.
    """

    boxed: BoxedPart
    owners: tuple[int, ...]


class Tissues(ABC):
    """What a mesh is made for: the tissues of one case, or of several members that share their cells.

    Each member labels a point by its own parts. The labels of all members together make one number, the
    label of the whole; it is ordered as the labels are, the first member's before the others'.
    """

    @property
    @abstractmethod
    def members(self) -> tuple[Tissue, ...]:
        """The tissues of each case."""

    @property
    @abstractmethod
    def surfaces(self) -> list[Surface]:
        """Each surface once, those of the first member first, in order of priority."""

    def encode(self, labels: Sequence[Labels]) -> Labels:
        """The label of the whole from those of the members, each (n,)."""
        whole = labels[0]
        for member, own in zip(self.members[1:], labels[1:], strict=True):
            whole = whole.astype(np.int64) * (member.void + 1) + own
        return whole

    def decode(self, whole: Labels) -> list[Labels]:
        """The labels of the members from that of the whole, (n,)."""
        labels: list[Labels] = []
        for member in self.members[:0:-1]:
            whole, own = np.divmod(whole, member.void + 1)
            labels.append(own)
        return [whole, *labels[::-1]]

    @property
    def void(self) -> int:
        """Label of points outside every part of every member; no label is larger."""
        return int(self.encode([np.array([member.void], np.int64) for member in self.members])[0])

    def label(self, x: Array) -> Labels:
        """Label of the whole at points, (n,)."""
        return self.encode([member.label(x) for member in self.members])

    @cached_property
    def surface_of(self) -> list[list[int]]:
        """Index in ``surfaces`` of each label of each member."""
        found = [[0] * member.void for member in self.members]
        for index, surface in enumerate(self.surfaces):
            for labels, owner in zip(found, surface.owners, strict=True):
                if owner != ABSENT:
                    labels[owner] = index
        return found

    def nearest_surface(self, x: Array, reach: float) -> Array:
        """Smallest magnitude of any part's function at each point, hidden surfaces included; (n,), mm."""
        closest = np.full(len(x), np.inf)
        for surface in self.surfaces:
            near = surface.boxed.near(x, reach)
            closest[near] = np.minimum(closest[near], np.abs(surface.boxed.part.shape(x[near])))
        return closest


@dataclass(frozen=True)
class Tissue(Tissues):
    """All parts of one case in order of priority; answers which one a point lies in."""

    parts: list[BoxedPart]

    @property
    def members(self) -> tuple[Tissue, ...]:
        """Itself alone."""
        return (self,)

    @cached_property
    def surfaces(self) -> list[Surface]:
        """The surface of each part."""
        return [Surface(boxed, (label,)) for label, boxed in enumerate(self.parts)]

    @property
    def regions(self) -> list[Region]:
        """Region of each label."""
        return [boxed.part.region for boxed in self.parts]

    @property
    def void(self) -> int:
        """Label of points outside every part."""
        return len(self.parts)

    def label(self, x: Array) -> Labels:
        """Index of the first part containing each point, or `void`; (n,)."""
        label = np.full(len(x), self.void, np.int16)
        open_points = np.arange(len(x))
        for i, boxed in enumerate(self.parts):
            near = open_points[boxed.near(x[open_points])]
            inside = near[boxed.part.shape(x[near]) < 0.0]
            if len(inside):
                label[inside] = i
                open_points = open_points[label[open_points] == self.void]
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


def project(shape: Shape, x: Array, longest: Array | float, rounds: int = 4) -> tuple[Array, Array, Array]:
    """Move points onto the zero surface of a shape, each step no longer than ``longest`` mm.

    Returns:
        New points (n, 3); unit normals (n, 3); residuals (n,), mm, infinite where the point strayed.
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


def project_on_two(
    first: Shape, second: Shape, x: Array, longest: Array | float
) -> tuple[Array, Array, Array]:
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

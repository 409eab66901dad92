"""The tissues of several cases that share one mesh.

Where a part of one member is that of an earlier one, both are made the same object. Surfaces that members
have in common are so known by identity, and sampled once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pipeline.mesh.grid import grid_points
from pipeline.mesh.implicit import Array, Shape
from pipeline.mesh.tissue import ABSENT, BoxedPart, Surface, Tissue, Tissues

AGREE_MM = 2.0
"""Spacing of the points at which two shapes must have the same values to count as one."""


@dataclass(frozen=True)
class Variants(Tissues):
    """Tissues of several cases; parts they have in common are the same objects."""

    cases: tuple[Tissue, ...]

    @property
    def members(self) -> tuple[Tissue, ...]:
        """The tissues of each case."""
        return self.cases

    @cached_property
    def surfaces(self) -> list[Surface]:
        """Each shape's surface once, those of the first member first."""
        found: list[tuple[BoxedPart, list[int]]] = []
        for k, member in enumerate(self.cases):
            for label, boxed in enumerate(member.parts):
                owners = _owners_of(boxed.part.shape, k, found)
                if owners is None:
                    owners = [ABSENT] * len(self.cases)
                    found.append((boxed, owners))
                owners[k] = label
        return [Surface(boxed, tuple(owners)) for boxed, owners in found]


def _owners_of(shape: Shape, member: int, found: list[tuple[BoxedPart, list[int]]]) -> list[int] | None:
    """Owners of a surface that is known already and that the member has not yet, or None."""
    return next(
        (owners for boxed, owners in found if boxed.part.shape is shape and owners[member] == ABSENT), None
    )


def united(tissues: Sequence[Tissue]) -> Tissues:
    """Tissues of cases that share a mesh; a single one stays what it is."""
    if len(tissues) == 1:
        return tissues[0]
    known: list[BoxedPart] = []
    members = []
    for tissue in tissues:
        parts = [_known_or_own(boxed, known) for boxed in tissue.parts]
        known += [boxed for boxed in parts if all(boxed is not other for other in known)]
        members.append(Tissue(parts))
    return Variants(tuple(members))


def own_parts(tissues: Tissues) -> list[Tissue]:
    """The parts of each member that no earlier one has."""
    known: set[int] = set()
    found = []
    for member in tissues.members:
        found.append(Tissue([boxed for boxed in member.parts if id(boxed) not in known]))
        known |= {id(boxed) for boxed in member.parts}
    return found


def _known_or_own(boxed: BoxedPart, known: list[BoxedPart]) -> BoxedPart:
    """The known part that is equal, or the part itself, with a known shape if that is equal."""
    counts = np.ceil((boxed.high - boxed.low) / AGREE_MM).astype(int) + 1
    x = grid_points(boxed.low, counts, AGREE_MM)
    alike = [
        other
        for other in known
        if np.array_equal(other.low, boxed.low)
        and np.array_equal(other.high, boxed.high)
        and agree(other.part.shape, boxed.part.shape, x)
    ]
    for other in alike:
        if other.part.region is boxed.part.region and agree(other.part.thickness, boxed.part.thickness, x):
            return other
    if alike:
        return replace(boxed, part=replace(boxed.part, shape=alike[0].part.shape))
    return boxed


def agree(one: Shape | None, other: Shape | None, x: Array) -> bool:
    """Whether two functions have the very same values at points, or neither is there."""
    if one is other:
        return True
    return one is not None and other is not None and np.array_equal(one(x), other(x))

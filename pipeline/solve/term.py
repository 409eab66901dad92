"""What acts on the body beside its own elasticity: contact, floor, cables, joint springs.

A term is a part of the potential energy. Its slope and curvature reach vectors and matrices as plain
arrays with global dof numbers, so a term needs neither forms nor PETSc; the system adds them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

import numpy as np

from pipeline.solve.level import Floats, Ints, Level


@dataclass(frozen=True)
class Blocks:
    """Dense matrices to be added at given rows and columns.

    Attributes:
        rows: global dofs, negative where held, (n, r).
        columns: global dofs, negative where held, (n, c).
        values: N/mm, (n, r, c).
        within_cells: each block couples dofs of one cell only, so the matrix has these places already.
    """

    rows: Ints
    columns: Ints
    values: Floats
    within_cells: bool = False


class Term(Protocol):
    """Part of the potential energy of the model at the present displacement.

    Any rank may give any part, also for dofs that it does not own, but each part on one rank only.

    Attributes:
        symmetric: whether the tangent is; friction is not.
    """

    symmetric: bool

    def refresh(self) -> None:
        """Evaluate at the present displacement, ghosts current; what follows is of this state. Collective."""

    def energy(self) -> float:
        """Energy of the whole term, N mm. Collective."""

    def force(self) -> tuple[Ints, Floats]:
        """Slope of the energy: global dofs, negative where held, and values, N, both (n,)."""

    def tangent(self, level: Level) -> list[Blocks]:
        """Derivative of the force in the space of a level, N/mm. Collective."""


class Tangent(Enum):
    """How much of the second derivative of the energy is in the tangent, where it may be indefinite.

    CONVEX makes up for what stress takes away in the tissue, and leaves out the turning of the normals of
    contacts. MODERATE has all of the tissue, and of contacts what low pressures add. EXACT is everything.
    """

    CONVEX = 0
    MODERATE = 1
    EXACT = 2


@runtime_checkable
class Searching(Protocol):
    """A term that looks for partners, as contact does; what it finds may change from one state to the next.

    Attributes:
        frozen: keep the partners, so that the energy is smooth.
        tangent_kind: how much of its second derivatives the tangent has.
    """

    frozen: bool
    tangent_kind: Tangent


class Driver(Protocol):
    """A scalar that loads the model and is an unknown itself, as the descent of the foot is.

    Attributes:
        value: the scalar; for a descent, mm.
    """

    value: float

    def pull(self) -> float:
        """Slope of the potential in the scalar: what the loaded side answers, N. Collective."""

    def coupling(self) -> tuple[Ints, Floats]:
        """Derivative of the force on the body by the scalar: global dofs and values, N/mm, both (n,)."""

    def stiffness(self) -> float:
        """Second derivative of the potential in the scalar, N/mm. Collective."""


def scattered(number: Ints, values: Floats) -> tuple[Ints, Floats]:
    """Numbers and values of any equal shape as flat arrays."""
    return np.ascontiguousarray(number.reshape(-1)), np.ascontiguousarray(values.reshape(-1))

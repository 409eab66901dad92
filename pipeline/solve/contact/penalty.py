r"""How stiff the contact is, and the loop that keeps the penetration small.

A layer of thickness t between bones yields under a pressure p about as a column held at its sides, by
:math:`p\,t / M` with the confined modulus M. The penalty is a multiple f of that stiffness,

.. math:: \epsilon = f M / t

so the penetration is the f-th part of what the layer yields: with f = 10 it stays below 2 % of t as long as
the layer is strained by less than 20 %, and the matrix is no stiffer than the cartilage makes it.
Where more is carried, multipliers take over; each round shrinks the penetration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import ConvergenceError

if TYPE_CHECKING:
    from pipeline.solve.contact.term import Contact

FACTOR = 10.0
"""Stiffness of the contact over that of the confined layer."""

LIMIT = 0.02
"""Largest penetration, as a share of the thickness."""


@dataclass(frozen=True)
class Cartilage:
    """The layer that a contact penalty is chosen from.

    Attributes:
        young_MPa: Young's modulus at small strain.
        poisson: Poisson's ratio, below 0.5.
        thickness_mm: thickness of one layer, the thinner one if they differ.
        factor: stiffness of the contact over that of the confined layer.
    """

    young_MPa: float
    poisson: float
    thickness_mm: float
    factor: float = FACTOR

    @property
    def confined_MPa(self) -> float:
        """Confined modulus E (1 - nu) / ((1 + nu) (1 - 2 nu)), MPa."""
        nu = self.poisson
        return self.young_MPa * (1.0 - nu) / ((1.0 + nu) * (1.0 - 2.0 * nu))

    @property
    def penalty_MPa_per_mm(self) -> float:
        """Penalty f M / t, MPa/mm."""
        return self.factor * self.confined_MPa / self.thickness_mm


def tighten(
    contacts: Sequence[Contact],
    solve: Callable[[], object],
    limit: float = LIMIT,
    most: int = 8,
    log: Callable[[str], None] = lambda _: None,
) -> int:
    """Augment until no contact is penetrated by more than a share of its cartilage. Collective.

    Called at an equilibrium, as from ``March.on_step``, it leaves an equilibrium of the same load.

    Args:
        contacts: all contacts of the system.
        solve: finds the equilibrium at the present load, for example ``lambda: newton.solve(target)``.
        limit: largest penetration over thickness.
        most: rounds.
        log: receives a line per round.

    Returns:
        Rounds taken; none if the penalty was enough.

    Raises:
        ConvergenceError: the penetration is above the limit after the last round.
    """
    for done in range(most + 1):
        worst = max((penetration_share(contact) for contact in contacts), default=0.0)
        if worst <= limit:
            return done
        if done < most:
            log(f"  contact penetrated by {100 * worst:.2g} % of the cartilage; augmented")
            for contact in contacts:
                contact.augment()
            solve()
    raise ConvergenceError(
        f"articular contact is penetrated by {100 * worst:.2g} % of the cartilage after {most} rounds of "
        f"augmentation, allowed {100 * limit:.2g} %: the layer is thinner than stated or the load too high"
    )


def penetration_share(contact: Contact) -> float:
    """Largest penetration over the thickness of the cartilage. Collective."""
    return contact.result().penetration_mm / contact.cartilage.thickness_mm

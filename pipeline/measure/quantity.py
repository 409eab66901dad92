"""What a quantity is: its name, words and unit, how it is computed, and what it may be compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipeline.measure.solution import Solution

Place = tuple[float, float, float]

OURS = "definition of this project"
"""Source of a quantity that this project defines."""

NOT_MODELLED = "not in this model"
"""Note of a quantity whose joint is bonded, whose cable is released or whose metal is absent; it is 0."""


@dataclass(frozen=True)
class Measured:
    """One number taken from a solution.

    ``where`` is the place of a peak in the unloaded model, mm; ``note`` says what differs from the
    definition, and is empty when nothing does.
    """

    value: float
    where: Place | None = None
    note: str = ""


@dataclass(frozen=True)
class Published:
    """A published measurement a quantity is held against, or the statement that there is none.

    ``kind`` is ``compare`` for a measurement that must come out and is never tuned to, ``prediction``
    where nothing was published. ``kinds`` are the joint kinds the statement holds for.
    """

    source: str
    kind: Literal["compare", "prediction"]
    value: float | None = None
    sd: float | None = None
    condition: str = ""
    kinds: tuple[str, ...] = ("normal", "stiff", "fused", "implant")


@dataclass(frozen=True)
class Quantity:
    """One named output of a case.

    Attributes:
        name: key in files, lower case.
        symbol: short form for tables.
        label: words for tables, without the region.
        unit: unit of the value; empty for a pure ratio.
        region: where it is taken, in words.
        statistic: mean, p95, p99, peak, total, share, patch mean, ...
        definition: how the number is computed, in one or two sentences.
        source: where the definition comes from.
        evaluate: function from a solution to the number.
        published: what it may be compared with.
        robust_partner: name of the percentile or average to read in place of a peak.
    """

    name: str
    symbol: str
    label: str
    unit: str
    region: str
    statistic: str
    definition: str
    source: str
    evaluate: Callable[[Solution], Measured]
    published: tuple[Published, ...] = ()
    robust_partner: str = ""

    def published_for(self, kind: str) -> Published | None:
        """The published statement for a joint kind: normal, stiff, fused or implant."""
        return next((entry for entry in self.published if kind in entry.kinds), None)

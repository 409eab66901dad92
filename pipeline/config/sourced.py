"""Values that say where they come from, and the base of every configuration block."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["published", "measured", "derived", "unverified", "assumed"]
"""How far a value can be trusted.

published: read in the named source. measured: taken from one open specimen. derived: computed from
published or measured values. unverified: typical value, source not read. assumed: chosen for the model.
"""

SourceText = Annotated[
    str,
    Field(min_length=6, pattern=r"\S", description="Author year, DOI or report; for a derived value, how"),
]
StatusWord = Annotated[
    Status,
    Field(
        description="published (read in the source), measured (one specimen), derived (from those two), "
        "unverified (typical, not read) or assumed (chosen for the model)"
    ),
]
NoteText = Annotated[str | None, Field(description="Range, reason or caution")]

Number = TypeVar("Number")

Length = Annotated[float, Field(gt=0.0, le=500.0)]
"""Length in mm, above 0; nothing in a foot is longer than 500."""
LengthOrZero = Annotated[float, Field(ge=0.0, le=500.0)]
Shift = Annotated[float, Field(ge=-50.0, le=50.0)]
"""Signed distance in mm."""
Area = Annotated[float, Field(gt=0.0, le=2000.0)]
Mass = Annotated[float, Field(gt=0.0, le=300.0)]
Percent = Annotated[float, Field(gt=0.0, le=300.0)]
Modulus = Annotated[float, Field(gt=0.0, le=1.0e6)]
PoissonRatio = Annotated[float, Field(gt=-1.0, lt=0.5)]
Positive = Annotated[float, Field(gt=0.0)]
Tolerance = Annotated[float, Field(gt=0.0, lt=1.0)]
Tilt = Annotated[float, Field(ge=0.0, le=60.0)]
"""Angle to the floor or lift of the heel in degrees."""
JointAngle = Annotated[float, Field(ge=0.0, le=90.0)]
FusionAngle = Annotated[float, Field(ge=-20.0, le=60.0)]
SideAngle = Annotated[float, Field(ge=-20.0, le=60.0)]


class Strict(BaseModel):
    """Base of every block: frozen, no unknown keys, no NaN or infinity, no silent conversion of text."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Sourced(Strict, Generic[Number]):
    """One value with its source and status."""

    value: Number = Field(description="The number, in the unit at the end of the key")
    source: SourceText
    status: StatusWord
    note: NoteText = None


class Faults(ValueError):
    """Several faults found by one check, each with its path below the checked block.

    Raised inside pydantic validators, where a single exception must carry them all.
    """

    def __init__(self, faults: list[tuple[tuple[str, ...], str]]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{'.'.join(path)}: {text}" if path else text for path, text in faults))

"""Values that say where they come from, and the base of every configuration block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

ADVICE = "x-advice"

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


def advice(text: str) -> JsonDict:
    """Schema entry with what to do about a value that is refused; it ends the error line."""
    return {ADVICE: text}


Length = Annotated[float, Field(title="Length", gt=0.0, le=500.0)]
"""Length in mm, above 0; nothing in a foot is longer than 500."""
LengthOrZero = Annotated[float, Field(title="LengthOrZero", ge=0.0, le=500.0)]
Shift = Annotated[float, Field(title="Shift", ge=-50.0, le=50.0)]
"""Signed distance in mm."""
Fraction = Annotated[float, Field(title="Fraction", ge=0.0, le=0.5)]
"""Fraction of a length, from either end."""
HalfAngle = Annotated[float, Field(title="HalfAngle", gt=0.0, le=80.0)]
Area = Annotated[float, Field(title="Area", gt=0.0, le=2000.0)]
SizeFactor = Annotated[float, Field(title="SizeFactor", ge=0.5, le=1.6)]
RollAngle = Annotated[float, Field(title="RollAngle", ge=-45.0, le=45.0)]
"""Turn of a bone about its own axis in degrees."""
Mass = Annotated[float, Field(title="Mass", gt=0.0, le=300.0)]
Percent = Annotated[float, Field(title="Percent", gt=0.0, le=300.0)]
Modulus = Annotated[float, Field(title="Modulus", gt=0.0, le=1.0e6)]
PoissonRatio = Annotated[
    float,
    Field(
        title="PoissonRatio",
        gt=-1.0,
        lt=0.5,
        json_schema_extra=advice("at 0.5 this law divides by zero; soft tissue has 0.4 to 0.49"),
    ),
]
Positive = Annotated[float, Field(title="Positive", gt=0.0)]
Tolerance = Annotated[float, Field(title="Tolerance", gt=0.0, lt=1.0)]
Tilt = Annotated[float, Field(title="Tilt", ge=0.0, le=60.0)]
"""Angle to the floor or lift of the heel in degrees."""
JointAngle = Annotated[float, Field(title="JointAngle", ge=0.0, le=90.0)]
FusionAngle = Annotated[float, Field(title="FusionAngle", ge=-20.0, le=60.0)]
SideAngle = Annotated[float, Field(title="SideAngle", ge=-20.0, le=60.0)]


class Strict(BaseModel):
    """Base of every block: frozen, no unknown keys, no NaN or infinity, no silent conversion of text."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Sourced(Strict, Generic[Number]):
    """One value with its source and status."""

    value: Number = Field(description="The number, in the unit at the end of the key")
    source: SourceText
    status: StatusWord
    note: NoteText = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[Any], ...]) -> str:
        """Short name of ``Sourced[Length]`` in schemas: SourcedLength."""
        fields = getattr(params[0], "__metadata__", ())
        return cls.__name__ + next((field.title for field in fields if field.title), "Value")


class FaultsError(ValueError):
    """Several faults found by one check, each with its path below the checked block.

    Raised inside pydantic validators, where a single exception must carry them all.
    """

    def __init__(self, faults: Sequence[tuple[tuple[str | int, ...], str]]) -> None:
        self.faults = faults
        super().__init__(
            "; ".join(f"{'.'.join(map(str, path))}: {text}" if path else text for path, text in faults)
        )

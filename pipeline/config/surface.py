"""A real bone from a closed surface file, and how it is laid on the axis of the bone it replaces."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.sourced import LengthOrZero, SizeFactor, Sourced, SourceText, StatusWord, Strict

MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0}

Vector = Annotated[
    tuple[float, float, float],
    Field(strict=False, json_schema_extra={"minItems": 3, "maxItems": 3}),
]


class FurtherSurface(Strict):
    """A second bone that is joined to the first, as the last two phalanges of a toe."""

    file: Annotated[str, Field(min_length=1)] = Field(description="STL, PLY or OBJ file")
    offset_mm: Vector = Field(description="What brings its points, in mm, into the axes of the first file")


class BoneSurface(Strict):
    """Closed surface (STL, PLY or OBJ) and the landmarks that place it; points in mm in the file's axes."""

    file: Annotated[str, Field(min_length=1)] = Field(
        description="STL, PLY or OBJ file; a relative path starts at the file that names it"
    )
    unit: Literal["mm", "cm", "m"] = Field(description="Unit of the file's coordinates")
    base_mm: Vector = Field(description="Middle of the proximal joint surface, in mm")
    head_mm: Vector = Field(description="Centre of the distal head, or the tip of a last phalanx, in mm")
    dorsal: Vector = Field(description="Direction that points dorsally, any length")
    joined: FurtherSurface | None = Field(
        default=None, description="Second surface, in the same unit, that makes one body with the first"
    )
    smoothing_mm: Sourced[LengthOrZero] = Field(
        description="Smoothing of the facets of the surface before meshing"
    )
    scale: SizeFactor = Field(
        default=1.0,
        description="Size of the bone over that of its surface; the size of the foot multiplies it",
    )
    source: SourceText
    status: StatusWord

    @property
    def files(self) -> list[str]:
        """All files of the bone."""
        return [self.file] if self.joined is None else [self.file, self.joined.file]

    @property
    def millimetres_per_unit(self) -> float:
        """Length in mm of one unit of the file."""
        return MILLIMETRES[self.unit]

"""What a surgeon leaves in or on the first metatarsophalangeal joint: screws, plates, implants.

Lengths in mm, angles in degrees.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.sourced import HalfAngle, Length, LengthOrZero, Sourced, Strict
from pipeline.regions import Region


class NoHardware(Strict):
    """Nothing: long after removal, or not meshed."""

    kind: Literal["none"] = Field(description="Hardware of the fusion")

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions the hardware adds."""
        return ()


class Screwed(Strict):
    """What all hardware with screws has."""

    interface_mm: Sourced[Length] | None = Field(
        default=None,
        description="Thickness of a compliant sleeve of bone around the screws; absent: screws are bonded",
    )

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions the hardware adds."""
        return (Region.SCREWS,) if self.interface_mm is None else (Region.SCREWS, Region.SCREW_INTERFACE)


class CrossedScrews(Screwed):
    """Two screws that cross the joint line obliquely, one from either side."""

    kind: Literal["crossed_screws"] = Field(description="Hardware of the fusion")
    diameter_mm: Sourced[Length] = Field(description="Diameter of both screws")
    length_mm: Sourced[Length] = Field(description="Length of both screws; heads end flush with the bone")
    angle_deg: Sourced[HalfAngle] = Field(description="Angle of each screw to the long axis, seen from above")
    spacing_mm: Sourced[Length] = Field(
        description="Dorsoplantar distance of the two axes, more than the diameter"
    )


class PlateAndScrews(Screwed):
    """A plate across the joint with locking screws, and optionally a lag screw across the joint."""

    kind: Literal["plate"] = Field(description="Hardware of the fusion")
    side: Literal["dorsal", "medial"] = Field(description="Face of the bones the plate lies on")
    thickness_mm: Sourced[Length] = Field(description="Thickness of the plate")
    width_mm: Sourced[Length] = Field(description="Width of the plate")
    length_mm: Sourced[Length] = Field(description="Length of the plate, half on either side of the joint")
    locking_diameter_mm: Sourced[Length] = Field(description="Diameter of the locking screws")
    locking_length_mm: Sourced[Length] = Field(description="Length of the locking screws below the plate")
    locking_per_bone: Annotated[int, Field(ge=1, le=3)] = Field(description="Locking screws in each bone")
    lag_diameter_mm: Sourced[LengthOrZero] = Field(description="Diameter of the lag screw; 0 is none")
    lag_length_mm: Sourced[Length] = Field(description="Length of the lag screw")
    lag_angle_deg: Sourced[HalfAngle] = Field(
        description="Angle of the lag screw to the long axis, from the medial side of the phalanx"
    )

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions the hardware adds."""
        return (*super().regions, Region.PLATE)


class Plug(Strict):
    """Hydrogel cylinder pressed into the metatarsal head, standing proud of its surface."""

    kind: Literal["plug"] = Field(description="Implant")
    diameter_mm: Sourced[Length] = Field(description="Diameter")
    depth_mm: Sourced[Length] = Field(description="Depth in the head, from its bony surface")
    protrusion_mm: Sourced[LengthOrZero] = Field(description="How far it stands out of the bony surface")


class HemiImplant(Strict):
    """Metal cap on the base of the proximal phalanx, held by a stem."""

    kind: Literal["hemi"] = Field(description="Implant")
    thickness_mm: Sourced[Length] = Field(description="Thickness of the cap")
    diameter_mm: Sourced[Length] = Field(description="Width of the cap")
    stem_diameter_mm: Sourced[Length] = Field(description="Diameter of the stem")
    stem_length_mm: Sourced[Length] = Field(description="Length of the stem below the cap")


Hardware = Annotated[NoHardware | CrossedScrews | PlateAndScrews, Field(discriminator="kind")]
Device = Annotated[Plug | HemiImplant, Field(discriminator="kind")]

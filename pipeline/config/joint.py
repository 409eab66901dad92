"""The first metatarsophalangeal joint: normal, stiff or fused. The only block in which variants differ."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.anatomy import gap_fault
from pipeline.config.materials import check_regions, tissue_schema
from pipeline.config.sourced import (
    FaultsError,
    FusionAngle,
    JointAngle,
    Length,
    LengthOrZero,
    Sourced,
    Strict,
)
from pipeline.regions import Region

OPEN = (Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1, Region.MTP1_CAPSULE)
STIFF = (Region.OSTEOPHYTE, *OPEN)
FUSED = (Region.MTP1_GAP, Region.MTP1_CAPSULE)

TISSUES = "Material of each region of the joint"


class JointBase(Strict):
    """What all variants of the joint have."""

    REGIONS: ClassVar[tuple[Region, ...]] = ()

    joint_space_mm: Sourced[Length] = Field(description="Bone to bone distance, or thickness of the callus")
    capsule_thickness_mm: Sourced[Length] = Field(description="Thickness of the dorsal capsule")

    @field_validator("tissues", check_fields=False)
    @classmethod
    def _regions_of_variant(cls, tissues: dict[str, str]) -> dict[str, str]:
        check_regions(tissues, cls.REGIONS)
        return tissues


class MovingJoint(JointBase):
    """A joint with cartilage on both sides and a limit to its dorsiflexion."""

    REGIONS: ClassVar[tuple[Region, ...]] = OPEN

    cartilage_mt1_mm: Sourced[Length] = Field(description="Cartilage thickness on the metatarsal head")
    cartilage_pp1_mm: Sourced[Length] = Field(description="Cartilage thickness on the phalangeal base")
    max_dorsiflexion_deg: Sourced[JointAngle] = Field(
        description="Largest dorsiflexion, counted from standing with the toe flat"
    )

    @model_validator(mode="after")
    def _layers_fit(self) -> MovingJoint:
        fault = gap_fault(self.joint_space_mm.value, self.cartilage_mt1_mm.value, self.cartilage_pp1_mm.value)
        if fault:
            raise FaultsError([(("joint_space_mm", "value"), fault)])
        return self


class NormalJoint(MovingJoint):
    """Healthy joint: it turns until the toe lies flat."""

    kind: Literal["normal"] = Field(description="Variant of the joint")
    tissues: dict[str, str] = Field(description=TISSUES, json_schema_extra=tissue_schema(OPEN))


class StiffJoint(MovingJoint):
    """Hallux rigidus: thin cartilage, stiff capsule, dorsal osteophyte, little dorsiflexion."""

    REGIONS: ClassVar[tuple[Region, ...]] = STIFF

    kind: Literal["stiff"] = Field(description="Variant of the joint")
    grade: Annotated[int, Field(ge=1, le=4)] = Field(description="Grade of Coughlin and Shurnas, 1 to 4")
    osteophyte_height_mm: Sourced[Length] = Field(description="Height of the osteophyte above the head")
    osteophyte_length_mm: Sourced[Length] = Field(description="Length of the osteophyte along the metatarsal")
    tissues: dict[str, str] = Field(description=TISSUES, json_schema_extra=tissue_schema(STIFF))


class FusedJoint(JointBase):
    """Arthrodesis: bone grown across the joint at a fixed angle."""

    REGIONS: ClassVar[tuple[Region, ...]] = FUSED

    kind: Literal["fused"] = Field(description="Variant of the joint")
    dorsiflexion_to_mt1_deg: Sourced[FusionAngle] = Field(description="Angle of phalanx to first metatarsal")
    shortening_mm: Sourced[LengthOrZero] = Field(description="Length the first ray lost at surgery")
    tissues: dict[str, str] = Field(description=TISSUES, json_schema_extra=tissue_schema(FUSED))


Joint = Annotated[NormalJoint | StiffJoint | FusedJoint, Field(discriminator="kind")]

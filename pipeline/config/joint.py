"""The first metatarsophalangeal joint: normal, stiff, fused or with an implant; where variants differ."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.anatomy import SMALLEST_GAP_MM, gap_fault
from pipeline.config.cables import JointLaw
from pipeline.config.hardware import (
    CrossedScrews,
    Device,
    Hardware,
    HemiImplant,
    NoHardware,
    PlateAndScrews,
    Plug,
)
from pipeline.config.materials import region_faults, tissue_schema
from pipeline.config.sourced import (
    FaultsError,
    FusionAngle,
    JointAngle,
    Length,
    LengthOrZero,
    RollAngle,
    SideAngle,
    Sourced,
    Strict,
)
from pipeline.regions import Region

Faults = list[tuple[tuple[str, ...], str]]

OPEN = (Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1, Region.MTP1_CAPSULE)
STIFF = (*OPEN, Region.OSTEOPHYTE, Region.SCLEROSIS)
FUSED = (Region.MTP1_CAPSULE, Region.SCREWS, Region.PLATE, Region.SCREW_INTERFACE)
IMPLANT = (*OPEN, Region.IMPLANT)

CALLUS = "callus_"
"""First part of the name of a callus material; the stage of healing follows."""

TISSUES = "Material of each region of the joint"


class JointBase(Strict):
    """What all variants of the joint have."""

    joint_space_mm: Sourced[Length] = Field(description="Bone to bone distance, or thickness of the callus")
    capsule_thickness_mm: Sourced[Length] = Field(description="Thickness of the dorsal capsule")
    tissues: dict[str, str] = Field(description=TISSUES)

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions whose material stands in ``tissues``."""
        return (Region.MTP1_CAPSULE,)

    def geometry_faults(self) -> Faults:
        """What does not fit together, by key."""
        return []

    @model_validator(mode="after")
    def _fits(self) -> JointBase:
        faults = [(("tissues", *path), text) for path, text in region_faults(self.tissues, self.regions)]
        faults += self.geometry_faults()
        if faults:
            raise FaultsError(faults)
        return self


class MovingJoint(JointBase):
    """A joint with a gap and a limit to its dorsiflexion; a cartilage may be worn away."""

    cartilage_mt1_mm: Sourced[Length] | None = Field(
        default=None, description="Cartilage thickness on the metatarsal head; absent: worn to the bone"
    )
    cartilage_pp1_mm: Sourced[Length] | None = Field(
        default=None, description="Cartilage thickness on the phalangeal base; absent: worn to the bone"
    )
    max_dorsiflexion_deg: Sourced[JointAngle] = Field(
        description="Largest dorsiflexion, counted from standing with the toe flat"
    )
    moment_law: JointLaw | None = Field(
        default=None, description="Moment against dorsiflexion, which stops at max_dorsiflexion_deg"
    )

    @property
    def layers_mm(self) -> tuple[float, float]:
        """Cartilage on the metatarsal head and on the phalanx, mm; 0 where there is none."""
        first, second = self.cartilage_mt1_mm, self.cartilage_pp1_mm
        return first.value if first else 0.0, second.value if second else 0.0

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions whose material stands in ``tissues``."""
        first, second = self.layers_mm
        return (
            *((Region.MTP1_CARTILAGE_MT1,) if first else ()),
            Region.MTP1_GAP,
            *((Region.MTP1_CARTILAGE_PP1,) if second else ()),
            Region.MTP1_CAPSULE,
        )

    def geometry_faults(self) -> Faults:
        """Cartilages that do not fit in the joint space."""
        fault = gap_fault(self.joint_space_mm.value, *self.layers_mm)
        return [(("joint_space_mm", "value"), fault)] if fault else []


class NormalJoint(MovingJoint):
    """Healthy joint: it turns until the toe lies flat."""

    kind: Literal["normal"] = Field(description="Variant of the joint")
    tissues: dict[str, str] = Field(description=TISSUES, json_schema_extra=tissue_schema(OPEN))


class StiffJoint(MovingJoint):
    """Hallux rigidus: thin or worn cartilage, stiff capsule, osteophyte, dense flattened head, early stop."""

    kind: Literal["stiff"] = Field(description="Variant of the joint")
    grade: Annotated[int, Field(ge=1, le=4)] = Field(description="Grade of Coughlin and Shurnas, 1 to 4")
    osteophyte_height_mm: Sourced[Length] = Field(description="Height of the osteophyte above the head")
    osteophyte_length_mm: Sourced[Length] = Field(description="Length of the osteophyte along the metatarsal")
    head_flattening_mm: Sourced[LengthOrZero] = Field(description="Bone lost from the tip of the head")
    sclerosis_depth_mm: Sourced[LengthOrZero] = Field(
        description="Depth of dense bone under the cortex of both joint surfaces; 0 is none"
    )
    tissues: dict[str, str] = Field(description=TISSUES, json_schema_extra=tissue_schema(STIFF))

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions whose material stands in ``tissues``."""
        dense = (Region.SCLEROSIS,) if self.sclerosis_depth_mm.value > 0.0 else ()
        return (*super().regions, Region.OSTEOPHYTE, *dense)


class FusedJoint(JointBase):
    """Arthrodesis: bone grown, or growing, across the joint at a fixed angle."""

    kind: Literal["fused"] = Field(description="Variant of the joint")
    dorsiflexion_to_mt1_deg: Sourced[FusionAngle] = Field(description="Angle of phalanx to first metatarsal")
    valgus_deg: Sourced[SideAngle] = Field(
        description="Angle of phalanx to first metatarsal, seen from above"
    )
    rotation_deg: Sourced[RollAngle] = Field(description="Turn of the hallux about its axis, as pronation")
    shortening_mm: Sourced[LengthOrZero] = Field(description="Length the first ray lost, half from each bone")
    resection: Literal["cup", "flat"] = Field(
        description="Shape of the cut surfaces: cup (ball in cup, by reamers) or flat"
    )
    callus_margin_mm: Sourced[LengthOrZero] = Field(
        description="How far the callus reaches into each bone from its cut"
    )
    healing: Literal["granulation", "fibrous", "cartilage", "immature_bone", "mature_bone", "remodelled"] = (
        Field(description="Stage of healing; picks material callus_<stage>")
    )
    hardware: Hardware = Field(default=NoHardware(kind="none"), description="Screws or plate")
    tissues: dict[str, str] = Field(description=TISSUES, json_schema_extra=tissue_schema(FUSED))

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions whose material stands in ``tissues``; the callus takes its from ``healing``."""
        return (*super().regions, *self.hardware.regions)

    def geometry_faults(self) -> Faults:
        """Screws that would meet."""
        return hardware_faults(self.hardware)


class ImplantJoint(MovingJoint):
    """A joint with a hydrogel plug in the head or a metal cap on the phalanx."""

    kind: Literal["implant"] = Field(description="Variant of the joint")
    device: Device = Field(description="The implant")
    tissues: dict[str, str] = Field(description=TISSUES, json_schema_extra=tissue_schema(IMPLANT))

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions whose material stands in ``tissues``."""
        return (*super().regions, Region.IMPLANT)

    def geometry_faults(self) -> Faults:
        """Layers that do not fit, a plug that would meet the phalanx, a cap on cartilage."""
        faults = super().geometry_faults()
        _, opposite = self.layers_mm
        room = self.joint_space_mm.value - opposite - SMALLEST_GAP_MM
        if isinstance(self.device, Plug) and self.device.protrusion_mm.value > room:
            text = f"{self.device.protrusion_mm.value:g} meets the phalanx; at most {room:.3g} fits"
            faults.append((("device", "protrusion_mm", "value"), text))
        if isinstance(self.device, HemiImplant) and opposite:
            faults.append((("cartilage_pp1_mm",), "a hemi implant replaces it; leave the key out"))
        return faults


def hardware_faults(hardware: NoHardware | CrossedScrews | PlateAndScrews) -> Faults:
    """Crossed screws closer to each other than they are thick."""
    if not isinstance(hardware, CrossedScrews):
        return []
    sleeve = hardware.interface_mm.value if hardware.interface_mm else 0.0
    least = hardware.diameter_mm.value + 2.0 * sleeve + 0.5
    if hardware.spacing_mm.value >= least:
        return []
    text = f"{hardware.spacing_mm.value:g} lets the screws meet; must be at least {least:g} (diameter + 0.5"
    return [(("hardware", "spacing_mm", "value"), text + (" + two sleeves)" if sleeve else ")"))]


Joint = Annotated[NormalJoint | StiffJoint | FusedJoint | ImplantJoint, Field(discriminator="kind")]

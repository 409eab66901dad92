"""Size of the person, shape of the bones and soft parts, posture of push-off.

Lengths in mm, areas in mm2, angles in degrees, mass in kg. Right foot.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.config import JsonDict

from pipeline.config.shape import Shape
from pipeline.config.sourced import (
    Area,
    FaultsError,
    Length,
    LengthOrZero,
    Mass,
    NoteText,
    Shift,
    SideAngle,
    Sourced,
    SourceText,
    StatusWord,
    Strict,
    Tilt,
)

SMALLEST_GAP_MM = 0.3
"""Least thickness left between two cartilages; thinner than that the mesh cannot follow."""

LEAST_SECTIONS = 4
ROWS: JsonDict = {"minItems": LEAST_SECTIONS}
Station = Annotated[float, Field(ge=0.0, le=1.0)]
Fractions = Annotated[tuple[Station, ...], Field(strict=False, json_schema_extra=ROWS)]
Widths = Annotated[tuple[Length, ...], Field(strict=False, json_schema_extra=ROWS)]


class Patient(Strict):
    """The person."""

    body_mass_kg: Sourced[Mass] = Field(description="Mass of the body; loads are shares of its weight")


class Sections(Strict):
    """Outer cross-sections of a bone at fractions of its length, from the base (0) to the tip (1)."""

    fraction: Fractions = Field(description="Positions as fractions of the length, increasing within 0 to 1")
    mediolateral_mm: Widths = Field(description="Outer width from medial to lateral at each position")
    dorsoplantar_mm: Widths = Field(description="Outer height from dorsal to plantar at each position")
    source: SourceText
    status: StatusWord
    note: NoteText = None

    @model_validator(mode="after")
    def _is_table(self) -> Sections:
        faults: list[tuple[tuple[str, ...], str]] = []
        count = len(self.fraction)
        if count < LEAST_SECTIONS:
            faults.append(
                (("fraction",), f"has {count} numbers; a bone needs at least {LEAST_SECTIONS} sections")
            )
        for key in ("mediolateral_mm", "dorsoplantar_mm"):
            found = len(getattr(self, key))
            if found != count:
                faults.append(
                    ((key,), f"has {found} numbers but fraction has {count}; one for each position")
                )
        for before, after in zip(self.fraction, self.fraction[1:], strict=False):
            if after <= before:
                faults.append((("fraction",), f"{after:g} follows {before:g}; fractions must increase"))
        if faults:
            raise FaultsError(faults)
        return self

    @property
    def smallest_mm(self) -> float:
        """Smallest outer width or height in the table, mm."""
        return min(*self.mediolateral_mm, *self.dorsoplantar_mm)


class Bone(Strict):
    """One long bone: a lofted outer surface with a shell of cortex around a cancellous core."""

    length_mm: Sourced[Length] = Field(description="Length along the axis, base to tip")
    cortex_shaft_mm: Sourced[Length] = Field(description="Thickness of the cortex at mid-shaft")
    cortex_end_mm: Sourced[Length] = Field(description="Thickness of the cortex at base and head")
    sagittal_bow_mm: Sourced[LengthOrZero] = Field(
        description="Dorsal rise of the centre line between 0.2 and 0.8 of the length; 0 is straight"
    )
    sections: Sections = Field(description="Outer cross-sections along the bone")

    @model_validator(mode="after")
    def _cortex_fits(self) -> Bone:
        limit = self.sections.smallest_mm / 2.0
        faults: list[tuple[tuple[str, ...], str]] = [
            (
                (key, "value"),
                f"{wall:g} leaves no core in the smallest section, {2 * limit:g} mm; must be below {limit:g}",
            )
            for key, wall in (
                ("cortex_shaft_mm", self.cortex_shaft_mm.value),
                ("cortex_end_mm", self.cortex_end_mm.value),
            )
            if wall >= limit
        ]
        if faults:
            raise FaultsError(faults)
        return self


class Sesamoid(Strict):
    """One sesamoid bone, an ellipsoid under the head of the first metatarsal."""

    length_mm: Sourced[Length] = Field(description="Proximal to distal")
    width_mm: Sourced[Length] = Field(description="Medial to lateral")
    thickness_mm: Sourced[Length] = Field(description="Dorsal to plantar")


class Anatomy(Strict):
    """Bones, joints other than MTP1, bands and pads of the first and second ray."""

    mt1: Bone = Field(description="First metatarsal")
    pp1: Bone = Field(description="Proximal phalanx of the hallux")
    dp1: Bone = Field(description="Distal phalanx of the hallux")
    mt2: Bone = Field(description="Second metatarsal")
    toe2: Bone = Field(description="Second toe as one body: proximal, middle and distal phalanx")
    mt1_head_radius_mm: Sourced[Length] = Field(description="Sagittal radius of the first metatarsal head")
    pp1_head_radius_mm: Sourced[Length] = Field(description="Sagittal radius of the trochlea at the IP joint")
    mt2_head_radius_mm: Sourced[Length] = Field(description="Sagittal radius of the second metatarsal head")
    sesamoid_medial: Sesamoid = Field(description="Tibial sesamoid")
    sesamoid_lateral: Sesamoid = Field(description="Fibular sesamoid")
    ip_joint_space_mm: Sourced[Length] = Field(description="Bone to bone distance at the hallux IP joint")
    ip_cartilage_mm: Sourced[Length] = Field(description="Cartilage thickness on each side of the IP joint")
    mtp2_joint_space_mm: Sourced[Length] = Field(description="Bone to bone distance at MTP2")
    plantar_band_1_area_mm2: Sourced[Area] = Field(description="Section of the fascia band to the first ray")
    plantar_band_2_area_mm2: Sourced[Area] = Field(description="Section of the fascia band to the second ray")
    pad_mt1_mm: Sourced[Length] = Field(description="Soft tissue under the sesamoids, skin included")
    pad_mt2_mm: Sourced[Length] = Field(description="Soft tissue under the second metatarsal head")
    pad_hallux_mm: Sourced[Length] = Field(description="Soft tissue under the hallux")
    pad_toe2_mm: Sourced[Length] = Field(description="Soft tissue under the second toe")
    cover_mm: Sourced[Length] = Field(description="Soft tissue over bone away from the sole")
    head_spacing_mm: Sourced[Length] = Field(description="Distance of the two metatarsal head centres")
    protrusion_mm: Sourced[Shift] = Field(
        description="How far the first metatarsal head lies distal of the second; negative is proximal"
    )

    shape: Shape = Field(description="Extents of joints, bands and pads where nothing was measured")

    @model_validator(mode="after")
    def _ip_layers_fit(self) -> Anatomy:
        cartilage, space = self.ip_cartilage_mm.value, self.ip_joint_space_mm.value
        fault = gap_fault(space, cartilage, cartilage)
        if fault:
            raise FaultsError([(("ip_joint_space_mm", "value"), fault)])
        return self


class Posture(Strict):
    """Angles of the foot at push-off."""

    mt1_declination_deg: Sourced[Tilt] = Field(description="First metatarsal to the floor, heel down")
    mt2_declination_deg: Sourced[Tilt] = Field(description="Second metatarsal to the floor, heel down")
    heel_rise_deg: Sourced[Tilt] = Field(description="Further tilt of both metatarsals as the heel lifts")
    intermetatarsal_angle_deg: Sourced[SideAngle] = Field(
        description="First to second metatarsal, seen from above"
    )
    hallux_valgus_deg: Sourced[SideAngle] = Field(description="Hallux to first metatarsal, seen from above")
    second_toe_valgus_deg: Sourced[SideAngle] = Field(
        description="Second toe to second metatarsal, seen from above"
    )


def gap_fault(space: float, first: float, second: float) -> str | None:
    """Text of the fault if two cartilages do not fit in a joint space, else None; all mm."""
    gap = space - first - second
    if gap >= SMALLEST_GAP_MM - 1e-9:
        return None
    least = first + second + SMALLEST_GAP_MM
    return (
        f"{space:g} mm leaves a gap of {gap:.3g} mm between cartilages of {first:g} and {second:g} mm; "
        f"the gap must be at least {SMALLEST_GAP_MM:g} mm, so the joint space at least {least:g} mm"
    )

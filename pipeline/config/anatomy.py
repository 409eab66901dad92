"""Size of the person, shape of the bones and soft parts.

Lengths in mm, areas in mm2, mass in kg; measured on a right foot and mirrored for a left one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.config import JsonDict

from pipeline.config.routes import Routes
from pipeline.config.shape import Shape
from pipeline.config.sourced import (
    Area,
    FaultsError,
    Length,
    LengthOrZero,
    Mass,
    NoteText,
    Shift,
    SizeFactor,
    Sourced,
    SourceText,
    StatusWord,
    Strict,
)
from pipeline.config.surface import BoneSurface

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
    side: Literal["right", "left"] = Field(description="Which foot; a left one is the mirror of a right one")
    foot_length_factor: Sourced[SizeFactor] = Field(
        description="Size of the foot: every length of the anatomy and the natural joint is multiplied by it"
    )


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
    cortex_shaft_mm: Sourced[Length] = Field(description="Thickness of the cortex at mid-shaft, at its sides")
    cortex_dorsal_mm: Sourced[Length] | None = Field(
        default=None, description="Thickness of the dorsal cortex at mid-shaft; as at the sides if absent"
    )
    cortex_plantar_mm: Sourced[Length] | None = Field(
        default=None, description="Thickness of the plantar cortex at mid-shaft; as at the sides if absent"
    )
    cortex_end_mm: Sourced[Length] = Field(description="Thickness of the cortex at base and head")
    sagittal_bow_mm: Sourced[LengthOrZero] = Field(
        description="Dorsal rise of the centre line between 0.2 and 0.8 of the length; 0 is straight"
    )
    sections: Sections = Field(description="Outer cross-sections along the bone")
    surface: BoneSurface | None = Field(
        default=None, description="Closed surface of a real bone that takes the place of the sections"
    )

    @property
    def shaft_walls_mm(self) -> tuple[float, float, float]:
        """Thickness of the cortex at mid-shaft, mm: at the sides, dorsally, plantarly."""
        sides = self.cortex_shaft_mm.value
        dorsal, plantar = self.cortex_dorsal_mm, self.cortex_plantar_mm
        return sides, dorsal.value if dorsal else sides, plantar.value if plantar else sides

    @model_validator(mode="after")
    def _cortex_fits(self) -> Bone:
        limit = self.sections.smallest_mm / 2.0
        walls = {
            "cortex_shaft_mm": self.cortex_shaft_mm,
            "cortex_dorsal_mm": self.cortex_dorsal_mm,
            "cortex_plantar_mm": self.cortex_plantar_mm,
            "cortex_end_mm": self.cortex_end_mm,
        }
        faults: list[tuple[tuple[str, ...], str]] = [
            (
                (key, "value"),
                f"{wall.value:g} leaves no core in the smallest section, {2 * limit:g} mm; "
                f"must be below {limit:g}",
            )
            for key, wall in walls.items()
            if wall is not None and wall.value >= limit
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
    """Bones, joints other than MTP1, ligaments, bands and pads of the first and second ray."""

    mt1: Bone = Field(description="First metatarsal")
    pp1: Bone = Field(description="Proximal phalanx of the hallux")
    dp1: Bone = Field(description="Distal phalanx of the hallux")
    mt2: Bone = Field(description="Second metatarsal")
    pp2: Bone = Field(description="Proximal phalanx of the second toe")
    dp2: Bone = Field(description="Middle and distal phalanx of the second toe as one body")
    mt1_head_radius_mm: Sourced[Length] = Field(description="Sagittal radius of the first metatarsal head")
    mt1_head_transverse_radius_mm: Sourced[Length] = Field(
        description="Transverse radius of the first metatarsal head"
    )
    pp1_socket_radius_mm: Sourced[Length] = Field(description="Sagittal radius of the base of PP1")
    pp1_socket_transverse_radius_mm: Sourced[Length] = Field(
        description="Transverse radius of the base of PP1"
    )
    pp1_head_radius_mm: Sourced[Length] = Field(description="Sagittal radius of the trochlea at the IP joint")
    mt2_head_radius_mm: Sourced[Length] = Field(description="Sagittal radius of the second metatarsal head")
    mt2_head_transverse_radius_mm: Sourced[Length] = Field(
        description="Transverse radius of the second metatarsal head"
    )
    pp2_head_radius_mm: Sourced[Length] = Field(description="Sagittal radius of the head of PP2")
    sesamoid_medial: Sesamoid = Field(description="Tibial sesamoid")
    sesamoid_lateral: Sesamoid = Field(description="Fibular sesamoid")
    sesamoid_joint_space_mm: Sourced[Length] = Field(description="Sesamoid to metatarsal head, bone to bone")
    sesamoid_cartilage_mm: Sourced[Length] = Field(
        description="Cartilage thickness on each side of that joint"
    )
    ip_joint_space_mm: Sourced[Length] = Field(description="Bone to bone distance at the hallux IP joint")
    ip_cartilage_mm: Sourced[Length] = Field(description="Cartilage thickness on each side of the IP joint")
    mtp2_joint_space_mm: Sourced[Length] = Field(description="Bone to bone distance at MTP2")
    mtp2_cartilage_mt2_mm: Sourced[Length] = Field(
        description="Cartilage thickness on the head of the second metatarsal"
    )
    mtp2_cartilage_pp2_mm: Sourced[Length] = Field(description="Cartilage thickness on the base of PP2")
    pip2_joint_space_mm: Sourced[Length] = Field(
        description="Bone to bone distance in the second toe, filled by one bonded layer"
    )
    tmt_joint_space_mm: Sourced[Length] = Field(
        description="Thickness of the bed behind a metatarsal base; its tissue sets the mobility"
    )
    plantar_band_1_area_mm2: Sourced[Area] = Field(description="Section of the fascia slip to the sesamoids")
    flexor_band_1_area_mm2: Sourced[Area] = Field(description="Section of the long flexor of the hallux")
    plantar_band_2_area_mm2: Sourced[Area] = Field(description="Section of the fascia band to the second ray")
    deep_transverse_ligament_width_mm: Sourced[Length] = Field(
        description="Width, proximal to distal, of the ligament between the two metatarsal heads"
    )
    deep_transverse_ligament_thickness_mm: Sourced[Length] = Field(description="Thickness of that ligament")
    plantar_plate_2_width_mm: Sourced[Length] = Field(description="Width of the plantar plate of MTP2")
    plantar_plate_2_thickness_mm: Sourced[Length] = Field(description="Thickness of that plate")
    pad_mt1_mm: Sourced[Length] = Field(description="Soft tissue under the sesamoids, skin included")
    pad_mt2_mm: Sourced[Length] = Field(description="Soft tissue under the second metatarsal head")
    pad_hallux_mm: Sourced[Length] = Field(description="Soft tissue under the hallux")
    pad_toe2_mm: Sourced[Length] = Field(description="Soft tissue under the second toe")
    cover_mm: Sourced[Length] = Field(description="Soft tissue over bone away from the sole")
    skin_mm: Sourced[Length] | None = Field(
        default=None,
        description="Thickness of skin as a tissue of its own; absent: part of the soft tissue",
    )
    head_spacing_mm: Sourced[Length] = Field(description="Distance of the two metatarsal head centres")
    protrusion_mm: Sourced[Shift] = Field(
        description="How far the first metatarsal head lies distal of the second; negative is proximal"
    )
    mt1_length_change_mm: Sourced[Shift] = Field(
        description="Length the first metatarsal gained (above 0) or lost (below 0), taken from its shaft"
    )

    shape: Shape = Field(description="Extents of joints, bands and pads where nothing was measured")
    routes: Routes = Field(description="Where the cables come from, behind the model")

    @model_validator(mode="after")
    def _layers_fit(self) -> Anatomy:
        ip, sesamoid = self.ip_cartilage_mm.value, self.sesamoid_cartilage_mm.value
        mtp2 = self.mtp2_cartilage_mt2_mm.value, self.mtp2_cartilage_pp2_mm.value
        found = {
            "ip_joint_space_mm": gap_fault(self.ip_joint_space_mm.value, ip, ip),
            "sesamoid_joint_space_mm": gap_fault(self.sesamoid_joint_space_mm.value, sesamoid, sesamoid),
            "mtp2_joint_space_mm": gap_fault(self.mtp2_joint_space_mm.value, *mtp2),
        }
        faults: list[tuple[tuple[str, ...], str]] = [
            ((key, "value"), fault) for key, fault in found.items() if fault
        ]
        if faults:
            raise FaultsError(faults)
        return self


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

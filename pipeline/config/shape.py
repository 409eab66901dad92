"""Choices that complete the anatomy where nothing was measured: extents of joints, bands and pads."""

from __future__ import annotations

from pydantic import Field

from pipeline.config.sourced import Fraction, HalfAngle, Length, LengthOrZero, Sourced, Strict


class Shape(Strict):
    """How joints, cortex, bands and pads are laid out around the measured bones."""

    articular_half_angle_deg: Sourced[HalfAngle] = Field(
        description="Half opening of the articular layers, seen from the centre of the head"
    )
    socket_rim_mm: Sourced[LengthOrZero] = Field(
        description="How far the rim of the proximal phalanx reaches around the metatarsal head"
    )
    cortex_thin_to_fraction: Sourced[Fraction] = Field(
        description="From either end of a bone to this fraction of its length the cortex is thin"
    )
    cortex_full_from_fraction: Sourced[Fraction] = Field(
        description="From this fraction of the length to the same fraction before the end it is full"
    )
    sesamoid_spacing_mm: Sourced[LengthOrZero] = Field(description="Free distance of the two sesamoids")
    capsule_standoff_mm: Sourced[LengthOrZero] = Field(
        description="Loose tissue between bone and capsule, modelled as capsule"
    )
    capsule_proximal_mm: Sourced[Length] = Field(description="Reach of the capsule behind the head centre")
    capsule_distal_mm: Sourced[Length] = Field(description="Reach of the capsule over the phalangeal base")
    osteophyte_width_mm: Sourced[Length] = Field(description="Width of an osteophyte, side to side")
    band_clearance_mm: Sourced[Length] = Field(description="Tissue between the plantar bands and bone")
    band_insertion_mm: Sourced[LengthOrZero] = Field(
        description="Where a band meets a phalanx, from its base"
    )
    head_pad_length_mm: Sourced[Length] = Field(description="Length of the pad under the first head")
    head_pad_width_mm: Sourced[Length] = Field(description="Width of the pad under the first head")
    pad_flat_mm: Sourced[LengthOrZero] = Field(
        description="Depth by which unloaded pads are cut flat at the floor they stand on"
    )
    web_radius_mm: Sourced[Length] = Field(description="Radius of the soft bridge between the two heads")
    web_setback_mm: Sourced[LengthOrZero] = Field(description="How far that bridge lies behind the heads")

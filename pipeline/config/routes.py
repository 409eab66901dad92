"""Where tendons and fascia come from: places behind the model, as offsets from the first metatarsal base.

They are counted with the foot flat and turn with the block as the heel rises. Lengths in mm.
"""

from __future__ import annotations

from pydantic import Field

from pipeline.config.sourced import LengthOrZero, Shift, Sourced, Strict


class Origin(Strict):
    """A place fixed to the proximal block."""

    behind_mm: Sourced[LengthOrZero] = Field(description="Horizontal distance behind the first base")
    above_mm: Sourced[Shift] = Field(description="Height above the first base; below zero it is lower")
    lateral_mm: Sourced[Shift] = Field(description="Distance lateral of the first base")


class Routes(Strict):
    """Origins of the cables, and how far they run from bone."""

    fascia: Origin = Field(description="Plantar fascia: medial tubercle of the calcaneus")
    long_flexors: Origin = Field(description="Long flexors: where they leave the ankle")
    short_flexor: Origin = Field(description="Short flexor of the hallux: below cuboid and cuneiforms")
    extensor: Origin = Field(description="Long extensor of the hallux: in front of the ankle")
    standoff_mm: Sourced[LengthOrZero] = Field(description="Axis of a tendon to the bone it runs along")

"""How the foot stands: angles at an instant of stance, and the floor or shoe under it.

Angles in degrees, lengths in mm.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.instants import AtInstants, Instant
from pipeline.config.materials import MaterialName
from pipeline.config.sourced import (
    JointAngle,
    Length,
    Positive,
    RollAngle,
    Shift,
    SideAngle,
    Sourced,
    Strict,
    Tilt,
)


class Posture(Strict):
    """Angles of the foot."""

    rule: Literal["kinematic", "equilibrium"] = Field(
        description="kinematic: joints turn as far as they may; equilibrium: moments of joints and forces of "
        "pads balance, and the model starts with these moments"
    )
    pad_stiffness_N_per_mm: Sourced[Positive] = Field(
        description="Stiffness of the pad below a metatarsal head, for the rule of equilibrium only"
    )
    instant: Instant = Field(description="Instant of stance")
    heel_rise_deg: AtInstants[Tilt] = Field(description="Further tilt of both metatarsals as the heel lifts")
    mt1_declination_deg: Sourced[Tilt] = Field(description="First metatarsal to the floor, heel down")
    mt2_declination_deg: Sourced[Tilt] = Field(description="Second metatarsal to the floor, heel down")
    mt1_head_elevation_mm: Sourced[Shift] = Field(
        description="Height of the first metatarsal head above its place, turned about its base (elevatus)"
    )
    mt1_pronation_deg: Sourced[RollAngle] = Field(
        description="Turn of the first ray about its long axis, its dorsum towards the medial side"
    )
    intermetatarsal_angle_deg: Sourced[SideAngle] = Field(
        description="First to second metatarsal, seen from above"
    )
    hallux_valgus_deg: Sourced[SideAngle] = Field(description="Hallux to first metatarsal, seen from above")
    second_toe_valgus_deg: Sourced[SideAngle] = Field(
        description="Second toe to second metatarsal, seen from above; a crowding hallux pushes it further"
    )
    mtp1_dorsiflexion_deg: Sourced[JointAngle] | None = Field(
        default=None,
        description="Dorsiflexion of MTP1 from standing flat; absent: as far as joint and floor let it",
    )
    mtp2_dorsiflexion_deg: Sourced[JointAngle] | None = Field(
        default=None, description="Dorsiflexion of MTP2 from standing flat; absent: the toe lies on the floor"
    )

    @property
    def tilt_deg(self) -> float:
        """Heel rise at the chosen instant, degrees."""
        return self.heel_rise_deg.at(self.instant)


class Rocker(Strict):
    """A floor that falls away distally in an arc, as under a rocker sole."""

    apex_mm: Sourced[Shift] = Field(description="Where the arc begins, distal of the MT1 head centre")
    radius_mm: Sourced[Positive] = Field(description="Radius of the arc")


class Floor(Strict):
    """The floor, rigid, met through a penalty."""

    penalty_MPa_per_mm: Sourced[Positive] = Field(description="Pressure per mm of penetration")
    rocker: Rocker | None = Field(default=None, description="Arc of a rocker; absent: flat")


class ShoeLayer(Strict):
    """One layer of a shoe's sole."""

    thickness_mm: Sourced[Length] = Field(description="Thickness")
    material: MaterialName = Field(description="Material by name")


class Shoe(Strict):
    """Sole of a shoe as a layered plate bonded under the foot."""

    insole: ShoeLayer = Field(description="Soft layer under the foot")
    plate: ShoeLayer = Field(description="Stiffening plate or shank")
    outsole: ShoeLayer = Field(description="Layer on the floor")
    margin_mm: Sourced[Length] = Field(description="How far the sole reaches beyond the bones, in plan")

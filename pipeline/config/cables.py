"""Tendons, fascia and ligaments as cables, and the moment laws of joints.

Forces in N or percent of body weight, moduli in MPa, areas in mm^2, moments in N mm, angles in degrees.
Every cable and law can be shipped and yet be released: then the model is without it. One key switches it on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.instants import AtInstants
from pipeline.config.sourced import Area, FaultsError, JointAngle, Modulus, Sourced, Strict

Share = Annotated[float, Field(title="Share", ge=0.0, le=300.0)]
"""Percent of body weight; may be none."""
Force = Annotated[float, Field(title="Force", ge=0.0, le=5000.0)]
Prestrain = Annotated[float, Field(title="Prestrain", ge=-0.5, le=0.5)]
"""Strain of a cable in the unloaded model; below zero it is slack."""
Stiffness = Annotated[float, Field(title="Stiffness", ge=0.0, le=1.0e6)]
SignedAngle = Annotated[float, Field(title="SignedAngle", ge=-90.0, le=90.0)]
RELEASED = "true: the model is without it; false: it acts"


class TensionCable(Strict):
    """A cable pulled with a tension that does not depend on its length: an active muscle."""

    law: Literal["tension"] = Field(description="Law of the cable: tension (given) or elastic")
    released: bool = Field(description=RELEASED)
    tension_bodyweight_percent: AtInstants[Share] | None = Field(
        default=None, description="Tension at each instant in percent of body weight"
    )
    tension_N: AtInstants[Force] | None = Field(default=None, description="Tension at each instant")

    @model_validator(mode="after")
    def _one_of_two(self) -> TensionCable:
        if (self.tension_bodyweight_percent is None) == (self.tension_N is None):
            text = "give one of tension_bodyweight_percent and tension_N, not both or none"
            raise FaultsError([((), text)])
        return self

    def tension_at(self, instant: str, body_weight_N: float) -> float:
        """Tension at an instant, N."""
        if self.tension_N is not None:
            return self.tension_N.at(instant)
        assert self.tension_bodyweight_percent is not None
        return self.tension_bodyweight_percent.at(instant) / 100.0 * body_weight_N


class ElasticCable(Strict):
    """A cable that is stretched and carries no compression: fascia or a ligament."""

    law: Literal["elastic"] = Field(description="Law of the cable: tension (given) or elastic")
    released: bool = Field(description=RELEASED)
    young_MPa: Sourced[Modulus] = Field(description="Young's modulus")
    area_mm2: Sourced[Area] = Field(description="Area of the section")
    prestrain: AtInstants[Prestrain] | None = Field(
        default=None,
        description="Strain in the posture that is meshed, at each instant; below zero slack; absent: none",
    )

    def prestrain_at(self, instant: str) -> float:
        """Strain in the unloaded model at an instant."""
        return 0.0 if self.prestrain is None else self.prestrain.at(instant)


AnyCable = Annotated[TensionCable | ElasticCable, Field(discriminator="law")]


class Cables(Strict):
    """Cables by name; their paths follow from the bones and from ``anatomy.routes``."""

    fhl: AnyCable | None = Field(default=None, description="Long flexor of the hallux")
    fhb_medial: AnyCable | None = Field(
        default=None, description="Short flexor and abductor, by the medial sesamoid"
    )
    fhb_lateral: AnyCable | None = Field(
        default=None, description="Short flexor and adductor, by the lateral sesamoid"
    )
    ehl: AnyCable | None = Field(default=None, description="Long extensor of the hallux")
    fdl: AnyCable | None = Field(default=None, description="Long flexor of the second toe")
    fascia_1: AnyCable | None = Field(
        default=None, description="Slip of the plantar fascia to the hallux, by both sesamoids"
    )
    fascia_2: AnyCable | None = Field(
        default=None, description="Slip of the plantar fascia to the second toe"
    )
    deep_transverse: AnyCable | None = Field(
        default=None, description="Deep transverse ligament, lateral sesamoid to second plantar plate"
    )
    plantar_plate_2: AnyCable | None = Field(
        default=None, description="Plantar plate of the second toe, around the metatarsal head"
    )
    collateral_medial_1: AnyCable | None = Field(default=None, description="Collateral ligament of MTP1")
    collateral_lateral_1: AnyCable | None = Field(default=None, description="Collateral ligament of MTP1")
    collateral_medial_2: AnyCable | None = Field(default=None, description="Collateral ligament of MTP2")
    collateral_lateral_2: AnyCable | None = Field(default=None, description="Collateral ligament of MTP2")

    def acting(self) -> dict[str, TensionCable | ElasticCable]:
        """Cables that are neither absent nor released, by name."""
        named = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: cable for name, cable in named.items() if cable is not None and not cable.released}


class JointLaw(Strict):
    """Moment of a joint against its angle: linear, with end-stops that steepen from nothing."""

    released: bool = Field(description=RELEASED)
    stiffness_Nmm_per_deg: Sourced[Stiffness] = Field(description="Slope of the moment between the stops")
    stop_Nmm_per_deg2: Sourced[Stiffness] = Field(
        description="Moment beyond a stop, per square of the degrees beyond it"
    )
    neutral_deg: Sourced[SignedAngle] = Field(description="Dorsiflexion without moment, from standing")
    max_plantarflexion_deg: Sourced[JointAngle] = Field(description="End-stop of plantarflexion")


class BaseLaw(JointLaw):
    """Moment law of a tarsometatarsal joint, with both end-stops."""

    max_dorsiflexion_deg: Sourced[JointAngle] = Field(description="End-stop of dorsiflexion")

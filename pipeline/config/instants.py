"""Instants of stance, and values that change with them."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import Field

from pipeline.config.sourced import Sourced, Strict

Number = TypeVar("Number")

Instant = Literal["midstance", "late_midstance", "heel_rise", "propulsion", "push_off"]

STANCE_PERCENT: dict[str, float] = {
    "midstance": 45.0,
    "late_midstance": 52.5,
    "heel_rise": 60.0,
    "propulsion": 67.5,
    "push_off": 75.0,
}
"""When each instant is, in percent of stance; values are given at three, those between are their means."""


class AtInstants(Strict, Generic[Number]):
    """A value for the instants of stance."""

    midstance: Sourced[Number] = Field(description="Foot flat, about 45 % of stance")
    heel_rise: Sourced[Number] = Field(description="Heel just off the floor, about 60 % of stance")
    push_off: Sourced[Number] = Field(description="Second peak of the floor force, about 75 % of stance")

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[object], ...]) -> str:
        """Short name of ``AtInstants[Force]`` in schemas: ForceAtInstants."""
        fields = getattr(params[0], "__metadata__", ())
        return next((field.title for field in fields if field.title), "Value") + cls.__name__

    def at(self, instant: str) -> float:
        """The value at an instant; between the given ones it is linear in time."""
        if instant in type(self).model_fields:
            given: Sourced[float] = getattr(self, instant)
            return given.value
        early = instant == "late_midstance"
        before, after = ("midstance", "heel_rise") if early else ("heel_rise", "push_off")
        return 0.5 * (self.at(before) + self.at(after))

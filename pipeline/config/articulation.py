"""How the joints move: spaces filled with a soft layer, or surfaces that touch and slide."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.sourced import Sourced, Strict

Ratio = Annotated[float, Field(title="Ratio", ge=0.1, le=1000.0)]


class Articulation(Strict):
    """Contact in MTP1, IP, MTP2 and under the sesamoids."""

    mode: Literal["bonded", "sliding"] = Field(
        description="bonded: the joint space is a soft layer, quick; sliding: contact without friction"
    )
    stiffness_ratio: Sourced[Ratio] = Field(
        description="Stiffness of the contact over that of the confined cartilage, M / thickness"
    )

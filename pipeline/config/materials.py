"""Materials, and the tables that give each region of the model one of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field
from pydantic.config import JsonDict

from pipeline.config.elastic import (
    ElasticPlasticFlag,
    LinearElastic,
    NeoHookean,
    NeoHookeanUncoupled,
    SaintVenantKirchhoff,
)
from pipeline.config.rubber import MooneyRivlin, Ogden, Polynomial2, TransverselyIsotropic, Yeoh
from pipeline.regions import FIBRED_REGIONS, MTP1_REGIONS, OPTIONAL_REGIONS, Region

COMMON_REGIONS = tuple(region for region in Region if region not in MTP1_REGIONS + OPTIONAL_REGIONS)
"""Regions that every variant has; their tissues are set at the top of a case."""

FIBRE_LAWS = ("transversely_isotropic",)
"""Laws that need a direction of fibres."""

MaterialName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


Material = Annotated[
    LinearElastic
    | SaintVenantKirchhoff
    | ElasticPlasticFlag
    | NeoHookean
    | NeoHookeanUncoupled
    | MooneyRivlin
    | Polynomial2
    | Yeoh
    | Ogden
    | TransverselyIsotropic,
    Field(discriminator="law"),
]
"""A material by its law."""


def tissue_schema(regions: Iterable[Region]) -> JsonDict:
    """JSON schema of a table that names a material for each region."""
    properties: JsonDict = {
        region.label: {"type": "string", "description": f"Material of region {region.label}"}
        for region in regions
    }
    return {"properties": properties, "additionalProperties": False, "required": list(properties)}


def region_faults(
    tissues: Mapping[str, str], regions: Iterable[Region], optional: Iterable[Region] = ()
) -> list[tuple[tuple[str, ...], str]]:
    """Fault of every entry of a table of tissues that is misspelt or missing, by its key."""
    wanted = [region.label for region in regions]
    allowed = wanted + [region.label for region in optional]
    faults: list[tuple[tuple[str, ...], str]] = []
    guessed: set[str] = set()
    for label in tissues:
        if label not in allowed:
            near = difflib.get_close_matches(label, allowed, n=1)
            guessed.update(near)
            advice = f"did you mean '{near[0]}'?" if near else f"regions here are: {', '.join(allowed)}"
            faults.append(((label,), f"no such region; {advice}"))
    absent = [label for label in wanted if label not in tissues and label not in guessed]
    return faults + [((label,), "missing; every region needs the name of a material") for label in absent]


def unfit_materials(tissues: Mapping[str, Any], materials: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Region and fault text for every entry whose material is not defined, or has fibres and it has none.

    Args:
        tissues: name of the material of each region.
        materials: the materials by name, validated or raw.
    """
    known = sorted(materials)
    fibred = [region.label for region in FIBRED_REGIONS]
    faults = []
    for label, name in tissues.items():
        if not isinstance(name, str):
            continue
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"; did you mean '{near[0]}'?" if near else ""
            faults.append((label, f"names material '{name}'; materials are: {', '.join(known)}{advice}"))
        elif label not in fibred and (law := law_of(materials[name])) in FIBRE_LAWS:
            text = f"names material '{name}', whose law {law} needs a direction of fibres; tissues with one"
            faults.append((label, f"{text} are: {', '.join(fibred)}"))
    return faults


def law_of(material: Any) -> Any:
    """Law of a material, validated or raw."""
    return material.get("law") if isinstance(material, dict) else getattr(material, "law", None)

"""A foot of another size: every natural length of a case times one factor."""

from __future__ import annotations

from typing import Any

from pipeline.config.case import Case

OPERATIONS = ("mt1_length_change_mm",)
"""Lengths of the anatomy that a surgeon chose; they do not grow with the foot."""

NATURAL = ("joint_space_mm", "capsule_thickness_mm", "cartilage_mt1_mm", "cartilage_pp1_mm")
"""Lengths of the joint block that grow with the foot; the others are findings or operations."""


def sized(case: Case) -> Case:
    """The case with its lengths and areas multiplied by ``patient.foot_length_factor``, which becomes 1.

    A real bone keeps the coordinates of its file; its ``scale`` takes the factor.
    """
    factor = case.patient.foot_length_factor.value
    data = case.resolved()
    data["anatomy"] = _grown(data["anatomy"], factor)
    for key in NATURAL:
        if key in data["joint"]:
            data["joint"][key] = _grown({key: data["joint"][key]}, factor)[key]
    data["patient"]["foot_length_factor"]["value"] = 1.0
    return Case.model_validate(data)


def _grown(block: dict[str, Any], factor: float) -> dict[str, Any]:
    """A block with every length multiplied by the factor and every area by its square."""
    grown = dict(block)
    for key, entry in block.items():
        power = 1 if key.endswith("_mm") else 2 if key.endswith("_mm2") else 0
        if key in OPERATIONS:
            continue
        if key == "surface":
            grown[key] = {**entry, "scale": entry["scale"] * factor}
        elif isinstance(entry, dict) and "value" in entry:
            grown[key] = {**entry, "value": entry["value"] * factor**power}
        elif isinstance(entry, dict):
            grown[key] = _grown(entry, factor)
        elif isinstance(entry, list) and power:
            grown[key] = [length * factor**power for length in entry]
    return grown

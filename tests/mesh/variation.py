"""Cases that differ from a shipped one in a few values."""

from __future__ import annotations

from typing import Any

from pipeline.config import Case


def with_value(case: Case, path: str, value: Any) -> Case:
    """Copy of a case with one number replaced; ``path`` is dotted, sourced values by their key."""
    data = case.resolved()
    *blocks, last = path.split(".")
    block = data
    for name in blocks:
        block = block[name]
    if isinstance(block.get(last), dict) and "value" in block[last]:
        block[last] = {**block[last], "value": value}
    else:
        block[last] = value
    return Case.model_validate(data)


def tiny(case: Case) -> Case:
    """The case on the coarsest mesh its thin layers allow."""
    sizes = {"size_joint_mm": 1.2, "size_cortex_mm": 2.0, "size_bone_mm": 3.0, "size_soft_mm": 7.0}
    for key, size in sizes.items():
        case = with_value(case, f"mesh.{key}", size)
    return case

"""What of a case shapes its mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.config import Case
from pipeline.errors import ConfigError
from pipeline.stage import sha256_of

BONES = ("mt1", "pp1", "dp1", "mt2", "pp2", "dp2")


def bare(data: Any) -> Any:
    """Configuration data without sources and notes: a sourced value becomes its number."""
    if isinstance(data, dict):
        if "value" in data and "source" in data:
            return data["value"]
        return {key: bare(item) for key, item in data.items() if key not in ("source", "status", "note")}
    return data


def surface_files(case: Case) -> dict[str, list[Path]]:
    """Files of every bone that comes from a surface, by bone."""
    bones = {name: getattr(case.anatomy, name) for name in BONES}
    return {
        name: [Path(file) for file in bone.surface.files]
        for name, bone in bones.items()
        if bone.surface is not None
    }


def shaping_of(case: Case) -> dict[str, Any]:
    """What of a case shapes its mesh: geometry, posture, joint, mesh settings, surfaces.

    Raises:
        ConfigError: a surface file cannot be read.
    """
    data = bare(case.resolved())
    shaping = {key: data.get(key) for key in ("anatomy", "posture", "mesh")}
    shaping["mesh"].pop("shared_with", None)
    shaping["joint"] = {
        k: v for k, v in data["joint"].items() if k not in ("tissues", "healing", "grade", "moment_law")
    }
    if case.posture.rule == "equilibrium":
        bed = data["materials"][data["tissues"]["tmt1_joint"]]
        shaping["balance"] = [data["joint"].get("moment_law"), bed, case.target_force_N]
    shaping["patient"] = {k: data["patient"][k] for k in ("side", "foot_length_factor")}
    shaping["floor"] = {"rocker": data["floor"].get("rocker")}
    shoe = data.get("shoe") or {}
    shaping["shoe"] = {k: v["thickness_mm"] if isinstance(v, dict) else v for k, v in shoe.items()}
    for name, files in surface_files(case).items():
        own = shaping["anatomy"][name]["surface"]
        own.get("joined", {}).pop("file", None)
        try:
            own["file"] = [sha256_of(file) for file in files]
        except OSError as fault:
            raise ConfigError(
                f"anatomy.{name}.surface: {fault.filename} cannot be read: {fault.strerror}"
            ) from None
    return shaping

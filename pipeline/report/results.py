"""A measured case as the report reads it: quantities, step table, configuration, manifests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import Case, load_case
from pipeline.errors import ConfigError
from pipeline.stage import Manifest

_ORDER = ("normal", "stiff", "fused", "implant")
STAGES = ("mesh", "solve", "measure")


@dataclass(frozen=True)
class CaseResult:
    """Everything the report says about one case.

    ``quantities`` are the rows of ``quantities.json`` by name; ``manifests`` those of the stages that
    made the numbers, None where one is missing.
    """

    folder: Path
    mesh_dir: Path
    case: Case
    quantities: dict[str, dict[str, Any]]
    steps: dict[str, Any]
    manifests: dict[str, Manifest | None]

    @property
    def name(self) -> str:
        """Name of the case and of its folder."""
        return self.case.name

    @property
    def kind(self) -> str:
        """Kind of joint: normal, stiff, fused or implant."""
        return self.case.joint.kind

    @property
    def short_title(self) -> str:
        """Title without what stands in brackets."""
        return self.case.title.split(" (")[0]

    def value(self, name: str) -> float:
        """Value of a quantity in its unit."""
        return float(self.quantities[name]["value"])


def read_results(case_dirs: Sequence[Path], mesh_dirs: Sequence[Path]) -> list[CaseResult]:
    """Read measured cases: normal, stiff, fused, implant, each kind in the order given.

    Args:
        case_dirs: result folders, each with a finished measure stage and ``case.yaml``.
        mesh_dirs: the mesh folder of each, in the same order.

    Raises:
        ConfigError: no case was given, the lists differ in length, a case is not measured, or two cases
            share a name.
    """
    if not case_dirs or len(case_dirs) != len(mesh_dirs):
        raise ConfigError(
            f"report: {len(case_dirs)} result folder(s) and {len(mesh_dirs)} mesh folder(s); "
            "give at least one case, and one mesh folder for each."
        )
    results = [_read(case, mesh) for case, mesh in zip(case_dirs, mesh_dirs, strict=True)]
    names = [result.name for result in results]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ConfigError(
            f"report: more than one case is named {', '.join(doubled)}; give each its own name."
        )
    return sorted(results, key=lambda result: _ORDER.index(result.kind))


def _read(case_dir: Path, mesh_dir: Path) -> CaseResult:
    if Manifest.read(case_dir, "measure") is None:
        raise ConfigError(
            f"{case_dir}: holds no measured case (measure.manifest.json). Run the measure stage first."
        )
    measured = json.loads((case_dir / "quantities.json").read_text(encoding="utf-8"))
    folders = {"mesh": mesh_dir, "solve": case_dir, "measure": case_dir}
    return CaseResult(
        folder=case_dir,
        mesh_dir=mesh_dir,
        case=load_case(case_dir / "case.yaml"),
        quantities={row["name"]: row for row in measured["quantities"]},
        steps=json.loads((case_dir / "steps.json").read_text(encoding="utf-8")),
        manifests={stage: Manifest.read(folders[stage], stage) for stage in STAGES},
    )

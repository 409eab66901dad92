"""From fields to quantities: reads a solved case, writes named numbers with unit, place and definition."""

from __future__ import annotations

import time
from pathlib import Path

from pipeline import stage
from pipeline.config import Case
from pipeline.errors import ConfigError, QualityError
from pipeline.measure import files, floor
from pipeline.measure.quantity import Measured
from pipeline.measure.registry import REGISTRY
from pipeline.measure.solution import load, yields_of

STAGE = "measure"
_READS = ("fields.h5", "steps.json")
UNSEEN_MM = 0.05
"""Depth below the floor that skin outside the sole patches may reach."""


def measure_key(case_dir: Path, mesh_dir: Path, case: Case) -> str:
    """Hash of all the quantities depend on: the solver's outputs, the landmarks, the case and this code.

    Args:
        case_dir: folder of a finished solve.
        mesh_dir: folder of its mesh.
        case: its configuration.

    Raises:
        ConfigError: the solve in ``case_dir`` is not finished.
    """
    return stage.sha256_of_data(
        {
            "solve": _solved(case_dir),
            "geometry": stage.sha256_of(mesh_dir / "geometry.json"),
            "case": {
                "name": case.name,
                "kind": case.joint.kind,
                "body_mass_kg": case.patient.body_mass_kg.value,
                "yield_MPa": {region.label: value for region, value in yields_of(case).items()},
            },
            "code": stage.code_hash("measure", "regions", "tetrahedron", "units"),
        }
    )


def measure(case_dir: Path, mesh_dir: Path, case: Case) -> None:
    """Compute every quantity of the registry and write the files of ``files.OUTPUTS``, the manifest last.

    Args:
        case_dir: folder of a finished solve; the files go there.
        mesh_dir: folder of its mesh.
        case: its configuration.

    Raises:
        ConfigError: the solve is not finished.
        MeshError: a file is damaged, or a region or landmark is missing.
        QualityError: skin outside the sole patches ends below the floor; no manifest is written.
    """
    started = time.perf_counter()
    key = measure_key(case_dir, mesh_dir, case)
    stage.begin(case_dir, STAGE)
    solution = load(case_dir, mesh_dir, case)
    _check_floor(case_dir, floor.unseen_penetration(solution))
    rows = [files.row(quantity, quantity.evaluate(solution), case.joint.kind) for quantity in REGISTRY]
    files.write_quantities(case_dir, case.name, case.joint.kind, rows)
    files.write_fields(case_dir / "fields.vtu", solution)
    files.write_sole(case_dir / "sole.vtu", solution)
    stage.finish(
        case_dir,
        STAGE,
        key,
        files.OUTPUTS,
        inputs=_solved(case_dir),
        packages=("numpy", "h5py", "meshio"),
        seconds=time.perf_counter() - started,
    )


def _solved(case_dir: Path) -> dict[str, str]:
    """Hashes of the solver's files, from the manifest of a finished solve."""
    solved = stage.Manifest.read(case_dir, "solve")
    if solved is None or any(name not in solved.outputs for name in _READS):
        raise ConfigError(
            f"{case_dir}: holds no finished solve (solve.manifest.json). Run the solve stage first."
        )
    return {name: solved.outputs[name] for name in _READS}


def _check_floor(case_dir: Path, unseen: Measured) -> None:
    """Refuse a result in which skin passes through the floor where no contact is looked for."""
    if unseen.value > UNSEEN_MM and unseen.where is not None:
        place = ", ".join(f"{x:.1f}" for x in unseen.where)
        raise QualityError(
            f"{case_dir}: skin outside the sole patches ends {unseen.value:.2f} mm below the floor, at "
            f"({place}) mm of the unloaded model; {UNSEEN_MM:g} mm is allowed, so the result is not usable. "
            "Let the sole patches reach higher (REACH_MM in the mesh stage) or lower "
            "load.vertical_force_bodyweight_percent."
        )

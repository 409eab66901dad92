"""From fields to quantities: reads a solved case, writes named numbers with unit, place and definition."""

from __future__ import annotations

import time
from pathlib import Path

from pipeline import stage
from pipeline.config import Case
from pipeline.errors import ConfigError
from pipeline.measure import files
from pipeline.measure.registry import REGISTRY
from pipeline.measure.solution import load

STAGE = "measure"
_READS = ("fields.h5", "steps.json")


def measure_key(case_dir: Path, mesh_dir: Path, case: Case) -> str:
    """Hash of all the quantities depend on: the solver's outputs, the landmarks, the case and this code.

    Args:
        case_dir: folder of a finished solve.
        mesh_dir: folder of its mesh.
        case: its configuration.

    Raises:
        ConfigError: the solve in ``case_dir`` is not finished.
    """
    solved = stage.Manifest.read(case_dir, "solve")
    if solved is None or any(name not in solved.outputs for name in _READS):
        raise ConfigError(
            f"{case_dir}: holds no finished solve (solve.manifest.json). Run the solve stage first."
        )
    return stage.sha256_of_data(
        {
            "solve": _solved(case_dir),
            "geometry": stage.sha256_of(mesh_dir / "geometry.json"),
            "case": {
                "name": case.name,
                "kind": case.joint.kind,
                "body_mass_kg": case.patient.body_mass_kg.value,
            },
            "code": stage.code_hash("measure", "regions", "units"),
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
    """
    started = time.perf_counter()
    key = measure_key(case_dir, mesh_dir, case)
    stage.begin(case_dir, STAGE)
    solution = load(case_dir, mesh_dir, case)
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

"""Files of the solve stage; all on rank 0, each written whole or not at all."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np

from pipeline.errors import ConfigError
from pipeline.solve.fields import Fields
from pipeline.solve.mesh_file import MeshFile
from pipeline.stage import write_json

FIELDS, STEPS, STATUS, LOG = "fields.h5", "steps.json", "status.json", "solve.log"

LAST_GOOD = "last_good.h5"
"""Fields of the last equilibrium of a solve that went no further; no later stage takes them for a result."""

State = Literal["running", "done", "failed"]


class Log:
    """Lines for the terminal and for ``solve.log``; silent on ranks other than 0.

    Args:
        folder: where the log file goes; None writes nothing.
        rank: rank of this process.
    """

    def __init__(self, folder: Path | None, rank: int) -> None:
        self._stream = (
            (folder / LOG).open("w", encoding="utf-8") if folder is not None and rank == 0 else None
        )
        self._begin = time.perf_counter()

    def detail(self, line: str) -> None:
        """A line for the file only, with the seconds since the start."""
        if self._stream is not None:
            self._stream.write(f"{time.perf_counter() - self._begin:8.2f} s  {line}\n")
            self._stream.flush()

    def line(self, line: str) -> None:
        """A line for the terminal and the file."""
        if self._stream is not None:
            print(line, flush=True)
            self.detail(line)

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


@dataclass
class Status:
    """State of the solve in ``status.json``, rewritten at every change."""

    folder: Path

    def set(self, state: State, exit_code: int | None = None, message: str = "") -> None:
        """Write the state; the exit code is null while it runs."""
        write_json(self.folder / STATUS, {"state": state, "exit_code": exit_code, "message": message})


def prepare_folder(folder: Path) -> None:
    """Check that results can be written, and remove those of an earlier run.

    Raises:
        ConfigError: the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (FIELDS, STEPS, LAST_GOOD, *(part.name for part in folder.glob("*.part"))):
            (folder / name).unlink(missing_ok=True)
        probe = folder / f"{STATUS}.part"
        probe.touch()
        probe.unlink()
    except OSError as fault:
        raise ConfigError(
            f"{folder}: cannot be written ({fault.strerror}); choose another output folder"
        ) from None


def remove_parts(folder: Path) -> None:
    """Remove half-written files."""
    for part in folder.glob("*.part"):
        part.unlink(missing_ok=True)


def write_fields(place: Path, mesh: MeshFile, fields: Fields, attributes: dict[str, Any]) -> None:
    """Write a file of fields: mesh, displacement, stress, strain and sole pressure in mesh-file order."""
    part = place.with_name(place.name + ".part")
    with h5py.File(part, "w") as file:
        file["points"] = mesh.points
        file["cells"] = mesh.cells.astype(np.int32)
        file["region"] = mesh.region.astype(np.int32)
        file["volume_mm3"] = mesh.volume_mm3
        file["displacement_mm"] = fields.displacement_mm
        file["stress_MPa"] = fields.stress_MPa
        file["strain"] = fields.strain
        file["sole_facets"] = mesh.sole_facets.astype(np.int32)
        file["sole_region"] = mesh.sole_region.astype(np.int32)
        file["sole_area_mm2"] = fields.sole_area_mm2
        file["sole_pressure_MPa"] = fields.sole_pressure_MPa
        file.attrs.update(attributes)
    with part.open("rb+") as stream:
        os.fsync(stream.fileno())
    part.replace(place)

"""One solved case as arrays: the solver's fields, its step table and the landmarks of the mesh."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from pipeline.config import Case
from pipeline.config.elastic import ElasticPlasticFlag
from pipeline.errors import MeshError
from pipeline.measure import tensors
from pipeline.measure.statistics import Floats
from pipeline.regions import Region, Sole
from pipeline.tetrahedron import FAR, NEAR
from pipeline.units import body_weight_N

Ints = NDArray[np.int64]

_SHAPES: dict[str, tuple[int | None, ...]] = {
    "points": (None, 3),
    "cells": (None, 4),
    "region": (None,),
    "volume_mm3": (None,),
    "displacement_mm": (None, 3),
    "stress_MPa": (None, 4, 6),
    "strain": (None, 4, 6),
    "sole_facets": (None, 3),
    "sole_region": (None,),
    "sole_area_mm2": (None,),
    "sole_pressure_MPa": (None,),
}
_INTEGER = ("cells", "region", "sole_facets", "sole_region")


@dataclass(frozen=True)
class Bone:
    """Frame of one bone: ``base`` in mm, unit vectors ``axis`` (distal) and ``dorsal``, shape (3,) each."""

    base: Floats
    axis: Floats
    dorsal: Floats
    length_mm: float

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Bone:
        """Frame from a bone's entry in ``geometry.json``."""
        base, axis, dorsal = (np.asarray(entry[key], dtype=np.float64) for key in ("base", "axis", "dorsal"))
        return cls(base, axis, dorsal, float(entry["length_mm"]))

    def at(self, fraction: float) -> Floats:
        """Point on the axis at a fraction of the length from the base, mm."""
        return self.base + fraction * self.length_mm * self.axis

    @property
    def across(self) -> Floats:
        """Unit vector to the side, axis x dorsal, shape (3,)."""
        return np.cross(self.axis, self.dorsal).astype(np.float64)


@dataclass(frozen=True)
class Solution:
    """Fields of one case in the order of the mesh file.

    Shapes and units are those of the file: points (nv, 3) mm, cells (nc, 4), volume (nc,) mm^3,
    stress (nc, 4, 6) MPa, strain (nc, 4, 6), displacement (nv, 3) mm, sole facets (nf, 3), their area
    (nf,) mm^2 and mean pressure (nf,) MPa. ``yield_MPa`` holds the yield stress of each region whose
    material has one.
    """

    points: Floats
    cells: Ints
    region: Ints
    volume: Floats
    displacement: Floats
    stress: Floats
    strain: Floats
    sole_facets: Ints
    sole_region: Ints
    sole_area: Floats
    sole_pressure: Floats
    steps: dict[str, Any]
    geometry: dict[str, Any]
    body_weight_N: float
    kind: str
    yield_MPa: Mapping[Region, float]

    @cached_property
    def stress_points(self) -> Floats:
        """Positions of the stress points in the unloaded model, shape (nc, 4, 3), mm."""
        corners = self.points[self.cells]
        return np.asarray(FAR * corners.sum(axis=1, keepdims=True) + (NEAR - FAR) * corners)

    @cached_property
    def von_mises(self) -> Floats:
        """Von Mises stress, shape (nc, 4), MPa."""
        return tensors.von_mises(self.stress)

    @cached_property
    def principal_stress(self) -> Floats:
        """Principal stresses in rising order, shape (nc, 4, 3), MPa."""
        return tensors.principal(self.stress)

    @cached_property
    def principal_strain(self) -> Floats:
        """Principal strains in rising order, shape (nc, 4, 3), no unit."""
        return tensors.principal(self.strain)

    @cached_property
    def sole_centres(self) -> Floats:
        """Centres of the sole facets in the unloaded model, shape (nf, 3), mm."""
        return np.asarray(self.points[self.sole_facets].mean(axis=1))

    @property
    def medial(self) -> float:
        """Sign of y towards the medial side: 1 in a right foot, -1 in a left one."""
        return -1.0 if self.geometry["side"] == "left" else 1.0

    @property
    def last_step(self) -> dict[str, Any]:
        """Table row of the last load step."""
        row: dict[str, Any] = self.steps["steps"][-1]
        return row

    def cells_of(self, regions: Iterable[Region]) -> NDArray[np.bool_]:
        """Mask of the cells in any of the regions, shape (nc,)."""
        return np.isin(self.region, [int(region) for region in regions])

    def facets_of(self, sole: Sole) -> NDArray[np.bool_]:
        """Mask of the sole facets of one patch, shape (nf,)."""
        return np.asarray(self.sole_region == int(sole))

    def sole_force(self, sole: Sole) -> float:
        """Vertical floor force under one patch at the end of loading, N."""
        return float(self.last_step["region_force_N"][sole.label])

    @property
    def total_force(self) -> float:
        """Vertical floor force on all patches at the end of loading, N."""
        return float(sum(self.last_step["region_force_N"].values()))

    def bone(self, name: str) -> Bone:
        """Frame of a bone by its name in ``geometry.json``: mt1, pp1, dp1, mt2, pp2 or dp2."""
        return Bone.read(self.landmark("bones", name))

    def landmark(self, group: str, name: str) -> Any:
        """Entry ``group.name`` of ``geometry.json``.

        Raises:
            MeshError: the entry is not there.
        """
        try:
            return self.geometry[group][name]
        except KeyError:
            known = ", ".join(sorted(self.geometry.get(group, {}))) or "nothing"
            raise MeshError(
                f"geometry.json: no entry {group}.{name}; {group} holds {known}. Run the mesh stage again."
            ) from None


def load(case_dir: Path, mesh_dir: Path, case: Case) -> Solution:
    """Read ``fields.h5``, ``steps.json`` and ``geometry.json`` and check shapes and finite values.

    Args:
        case_dir: folder with the solver's output.
        mesh_dir: folder with the mesh the case was solved on.
        case: the configuration that was solved.

    Raises:
        MeshError: a file or data set is missing, has the wrong shape or holds values that are not finite.
    """
    arrays = _read_fields(case_dir / "fields.h5")
    return Solution(
        points=arrays["points"],
        cells=arrays["cells"],
        region=arrays["region"],
        volume=arrays["volume_mm3"],
        displacement=arrays["displacement_mm"],
        stress=arrays["stress_MPa"],
        strain=arrays["strain"],
        sole_facets=arrays["sole_facets"],
        sole_region=arrays["sole_region"],
        sole_area=arrays["sole_area_mm2"],
        sole_pressure=arrays["sole_pressure_MPa"],
        steps=_read_json(case_dir / "steps.json"),
        geometry=_read_json(mesh_dir / "geometry.json"),
        body_weight_N=body_weight_N(case.patient.body_mass_kg.value),
        kind=case.joint.kind,
        yield_MPa=yields_of(case),
    )


def yields_of(case: Case) -> dict[Region, float]:
    """Yield stress of each region whose material has one, MPa."""
    materials = case.materials_by_region().items()
    return {r: each.yield_MPa.value for r, each in materials if isinstance(each, ElasticPlasticFlag)}


def _read_fields(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with h5py.File(path, "r") as file:
            arrays = {name: file[name][...] for name in _SHAPES if name in file}
    except OSError as fault:
        raise MeshError(f"{path}: cannot be read ({fault}). Run the solve stage again.") from None
    for name, shape in _SHAPES.items():
        if name not in arrays:
            raise MeshError(f"{path}: data set '{name}' is missing. Run the solve stage again.")
        found = arrays[name].shape
        if len(found) != len(shape) or any(w not in (None, f) for w, f in zip(shape, found, strict=True)):
            wanted = " x ".join("n" if n is None else str(n) for n in shape)
            raise MeshError(f"{path}: data set '{name}' has shape {found}, expected {wanted}.")
        arrays[name] = arrays[name].astype(np.int64 if name in _INTEGER else np.float64)
        if not np.isfinite(arrays[name]).all():
            raise MeshError(
                f"{path}: data set '{name}' holds values that are not finite; the solve is not usable."
            )
    return arrays


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise MeshError(f"{path}: cannot be read ({fault}). Run the stage that writes it again.") from None
    return data

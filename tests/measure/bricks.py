"""A foot of bricks: every region as a box on a structured mesh, with fields written as formulas.

Volumes, percentiles, patch means and forces then have closed forms. The files are those the mesh and
solve stages write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from pipeline import stage
from pipeline.config import Case, dump_yaml
from pipeline.regions import Region, Sole
from pipeline.tetrahedron import FACES, FAR, NEAR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Field = Callable[[Floats], Floats]

_CORNERS = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)])
_KUHN = np.array([[0, 1, 3, 7], [0, 1, 5, 7], [0, 2, 3, 7], [0, 2, 6, 7], [0, 4, 5, 7], [0, 4, 6, 7]])
"""The six tetrahedra of a box along its space diagonal; faces of neighbours match."""

MT2 = {"start": 0.0, "length": 60.0, "y": -24.0, "width": 8.0, "bottom": 16.0, "top": 24.0, "shell": 2.0}
"""The second metatarsal as a hollow box, mm."""
_LINES: tuple[Floats, Floats, Floats] = (
    np.array([*range(-8, 113, 2)], dtype=np.float64),
    np.array([*range(-24, -15), -12, -8, -4, 0, 4, 8, 12], dtype=np.float64),
    np.array([0, 4, 8, 12, 14, *range(16, 27)], dtype=np.float64),
)


@dataclass(frozen=True)
class Bricks:
    """Mesh and landmarks of a brick foot."""

    points: Floats
    cells: Ints
    region: Ints
    facets: Ints
    facet_region: Ints
    geometry: dict[str, Any] = field(default_factory=dict)

    @property
    def volume(self) -> Floats:
        """Cell volumes, shape (nc,), mm^3."""
        a, b, c, d = np.moveaxis(self.points[self.cells], 1, 0)
        return np.asarray(np.abs(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a)) / 6.0)

    @property
    def area(self) -> Floats:
        """Sole facet areas, shape (nf,), mm^2."""
        a, b, c = np.moveaxis(self.points[self.facets], 1, 0)
        return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2.0)

    @property
    def stress_points(self) -> Floats:
        """The four stress points of each cell, shape (nc, 4, 3), mm."""
        corners = self.points[self.cells]
        return np.asarray(FAR * corners.sum(axis=1, keepdims=True) + (NEAR - FAR) * corners)


def grid(lines: tuple[Floats, Floats, Floats], label: Callable[[Floats], Ints]) -> tuple[Floats, Ints, Ints]:
    """Points, tetrahedra and regions of the boxes between grid lines; boxes labelled 0 are left out."""
    counts = [len(line) - 1 for line in lines]
    boxes: Ints = np.stack(np.meshgrid(*(np.arange(n) for n in counts), indexing="ij"), axis=-1).reshape(
        -1, 3
    )
    middles = [np.array([(a + b) / 2 for a, b in pairwise(line)]) for line in lines]
    labels = label(np.column_stack([middles[i][boxes[:, i]] for i in range(3)]))
    kept = labels > 0
    boxes, labels = boxes[kept], labels[kept]
    shape = tuple(len(line) for line in lines)
    corners = np.ravel_multi_index(tuple(np.moveaxis(boxes[:, None, :] + _CORNERS, -1, 0)), shape)
    cells: Ints = corners[:, _KUHN].reshape(-1, 4)
    points = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
    used, renumbered = np.unique(cells, return_inverse=True)
    return points[used], renumbered.reshape(cells.shape).astype(np.int64), np.repeat(labels, 6)


def bottom_facets(points: Floats, cells: Ints, below: float = 1e-9) -> Ints:
    """Triangles all of whose vertices lie at or below a height, shape (nf, 3)."""
    faces = cells[:, FACES].reshape(-1, 3)
    low = (points[faces][..., 2] <= below).all(axis=1)
    return np.asarray(np.unique(np.sort(faces[low], axis=1), axis=0))


def brick_foot() -> Bricks:
    """A foot with every region of the normal joint, about 60 x 14 x 13 boxes."""
    points, cells, region = grid(_LINES, _label)
    facets = bottom_facets(points, cells)
    return Bricks(points, cells, region, facets, _sole_label(points[facets].mean(axis=1)), _landmarks())


def mirrored(bricks: Bricks) -> Bricks:
    """The same foot as a left one: every y changes its sign, cells stay positive."""

    def turned(entry: dict[str, Any]) -> dict[str, Any]:
        return {k: [v[0], -v[1], v[2]] if isinstance(v, list) else v for k, v in entry.items()}

    geometry = {**bricks.geometry, "side": "left"}
    for group in ("bones", "joints"):
        geometry[group] = {name: turned(entry) for name, entry in bricks.geometry[group].items()}
    return replace(
        bricks,
        points=bricks.points * np.array([1.0, -1.0, 1.0]),
        cells=bricks.cells[:, [0, 2, 1, 3]],
        facets=bricks.facets[:, [0, 2, 1]],
        geometry=geometry,
    )


def _label(x: Floats) -> Ints:
    region = np.full(len(x), int(Region.SOFT_TISSUE))

    def box(
        which: Region, start: float, end: float, left: float, right: float, low: float, high: float
    ) -> None:
        low_corner, high_corner = np.array([start, left, low]), np.array([end, right, high])
        region[((x > low_corner) & (x < high_corner)).all(axis=1)] = int(which)

    def bone(shell: Region, core: Region, start: float, end: float, left: float, right: float) -> None:
        box(shell, start, end, left, right, MT2["bottom"], MT2["top"])
        margin = MT2["shell"]
        box(core, start, end, left + margin, right - margin, MT2["bottom"] + margin, MT2["top"] - margin)

    bone(Region.MT2_CORTEX, Region.MT2_CORE, 0.0, 60.0, -24.0, -16.0)
    for number, which in enumerate((Region.MTP2_CARTILAGE_MT2, Region.MTP2_GAP, Region.MTP2_CARTILAGE_PP2)):
        box(which, 60.0 + 2 * number, 62.0 + 2 * number, -24.0, -16.0, 16.0, 24.0)
    bone(Region.PP2_CORTEX, Region.PP2_CORE, 66.0, 84.0, -24.0, -16.0)
    box(Region.PIP2_JOINT, 84.0, 86.0, -24.0, -16.0, 16.0, 24.0)
    bone(Region.DP2_CORTEX, Region.DP2_CORE, 86.0, 104.0, -24.0, -16.0)
    bone(Region.MT1_CORTEX, Region.MT1_CORE, 0.0, 54.0, -4.0, 12.0)
    for number, which in enumerate((Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1)):
        box(which, 54.0 + 2 * number, 56.0 + 2 * number, -4.0, 12.0, 16.0, 24.0)
    bone(Region.PP1_CORTEX, Region.PP1_CORE, 60.0, 82.0, -4.0, 12.0)
    for number, which in enumerate((Region.IP_CARTILAGE_PP1, Region.IP_GAP, Region.IP_CARTILAGE_DP1)):
        box(which, 82.0 + 2 * number, 84.0 + 2 * number, -4.0, 12.0, 16.0, 24.0)
    bone(Region.DP1_CORTEX, Region.DP1_CORE, 88.0, 106.0, -4.0, 12.0)
    box(Region.SESAMOID_CARTILAGE, 46.0, 54.0, -4.0, 12.0, 14.0, 16.0)
    box(Region.SESAMOID_GAP, 46.0, 54.0, -4.0, 12.0, 12.0, 14.0)
    box(Region.SESAMOID_MEDIAL, 46.0, 54.0, 4.0, 12.0, 8.0, 12.0)
    box(Region.SESAMOID_LATERAL, 46.0, 54.0, -4.0, 4.0, 8.0, 12.0)
    box(Region.SESAMOID_LIGAMENTS, 54.0, 60.0, -4.0, 12.0, 8.0, 12.0)
    box(Region.MTP1_CAPSULE, 52.0, 64.0, -4.0, 12.0, 24.0, 26.0)
    box(Region.PLANTAR_PLATE_2, 56.0, 70.0, -24.0, -16.0, 12.0, 16.0)
    box(Region.DEEP_TRANSVERSE_LIGAMENT, 46.0, 54.0, -16.0, -4.0, 12.0, 14.0)
    box(Region.PLANTAR_BAND_1, 0.0, 46.0, -4.0, 0.0, 8.0, 12.0)
    box(Region.FLEXOR_BAND_1, 0.0, 90.0, 0.0, 4.0, 4.0, 8.0)
    box(Region.PLANTAR_BAND_2, 0.0, 90.0, -24.0, -16.0, 8.0, 12.0)
    box(Region.PROXIMAL_BLOCK, -8.0, 0.0, -24.0, 12.0, 0.0, 26.0)
    box(Region.TMT1_JOINT, -2.0, 0.0, -4.0, 12.0, 16.0, 24.0)
    box(Region.TMT2_JOINT, -2.0, 0.0, -24.0, -16.0, 16.0, 24.0)
    return region


def _sole_label(centre: Floats) -> Ints:
    first, distal = centre[:, 1] > -10.0, centre[:, 0] > 60.0
    first_ray = np.where(distal, int(Sole.SOLE_HALLUX), int(Sole.SOLE_MT1_HEAD))
    second_ray = np.where(distal, int(Sole.SOLE_TOE2), int(Sole.SOLE_MT2_HEAD))
    return np.asarray(np.where(first, first_ray, second_ray), dtype=np.int64)


def _landmarks() -> dict[str, Any]:
    frame = {"axis": [1.0, 0.0, 0.0], "dorsal": [0.0, 0.0, 1.0]}
    return {
        "side": "right",
        "floor_z_mm": 0.0,
        "bones": {
            "mt1": {"base": [0.0, 4.0, 20.0], "length_mm": 54.0, **frame},
            "pp1": {"base": [60.0, 4.0, 20.0], "length_mm": 22.0, **frame},
            "dp1": {"base": [88.0, 4.0, 20.0], "length_mm": 18.0, **frame},
            "mt2": {"base": [0.0, -20.0, 20.0], "length_mm": 60.0, **frame},
            "pp2": {"base": [66.0, -20.0, 20.0], "length_mm": 18.0, **frame},
            "dp2": {"base": [86.0, -20.0, 20.0], "length_mm": 18.0, **frame},
        },
        "joints": {
            "mtp1": {"centre": [57.0, 4.0, 20.0], "radius_mm": 10.0},
            "ip": {"centre": [85.0, 4.0, 20.0], "radius_mm": 6.0},
            "mtp2": {"centre": [63.0, -20.0, 20.0], "radius_mm": 7.0},
        },
        "posture": {
            "mtp1_dorsiflexion_deg": 40.0,
            "hallux_declination_deg": 5.0,
            "first_ray_elevation_deg": 1.0,
        },
    }


def bending_strain(x: Floats) -> Floats:
    """Strain of a beam along x bent by 1e-4 /mm about z = 20 mm; shape (..., 6)."""
    strain = np.zeros((*x.shape[:-1], 6))
    strain[..., 0] = -1e-4 * (x[..., 2] - 20.0)
    strain[..., 1] = strain[..., 2] = -0.3 * strain[..., 0]
    return strain


def uniaxial_stress(x: Floats) -> Floats:
    """Tension along x that grows along x by 0.1 MPa a millimetre from 1 MPa at x = 0; shape (..., 6)."""
    stress = np.zeros((*x.shape[:-1], 6))
    stress[..., 0] = 1.0 + 0.1 * x[..., 0]
    return stress


def write_case(
    folder: Path,
    case: Case,
    bricks: Bricks,
    *,
    stress: Field = uniaxial_stress,
    strain: Field = bending_strain,
    pressure: Callable[[Floats], Floats] = lambda x: np.full(len(x), 0.1),
    displacement: Field = np.zeros_like,
) -> tuple[Path, Path]:
    """Write mesh and result folders as the earlier stages do; the reaction balances the floor exactly.

    Returns:
        The result folder and the mesh folder.
    """
    mesh_dir, case_dir = folder / "meshes" / case.name, folder / "results" / case.name
    mesh_dir.mkdir(parents=True)
    case_dir.mkdir(parents=True)
    stage.write_json(mesh_dir / "geometry.json", bricks.geometry)
    sole_pressure = pressure(bricks.points[bricks.facets].mean(axis=1))
    with h5py.File(case_dir / "fields.h5", "w") as file:
        file["points"], file["cells"], file["region"] = bricks.points, bricks.cells, bricks.region
        file["volume_mm3"], file["displacement_mm"] = bricks.volume, displacement(bricks.points)
        file["stress_MPa"], file["strain"] = stress(bricks.stress_points), strain(bricks.stress_points)
        file["sole_facets"], file["sole_region"] = bricks.facets, bricks.facet_region
        file["sole_area_mm2"], file["sole_pressure_MPa"] = bricks.area, sole_pressure
    _write_steps(case_dir, bricks, sole_pressure)
    stage.write_text(case_dir / "case.yaml", dump_yaml(case))
    stage.finish(mesh_dir, "mesh", "mesh-key", ["geometry.json"])
    stage.finish(case_dir, "solve", "solve-key", ["fields.h5", "steps.json"], ranks=2, seconds=3.0)
    return case_dir, mesh_dir


def _write_steps(case_dir: Path, bricks: Bricks, pressure: Floats) -> None:
    def forces(factor: float) -> dict[str, float]:
        load = factor * pressure * bricks.area
        return {sole.label: float(load[bricks.facet_region == int(sole)].sum()) for sole in Sole}

    steps = []
    for number in (1, 2):
        at = forces(number / 2)
        total = sum(at.values())
        steps.append(
            {"step": number, "of": 2, "target_N": total, "force_N": total, "descent_mm": 0.5 * number}
            | {"newton_iterations": 3, "linear_iterations": 40, "residual_N": 1e-6, "seconds": 0.5}
            | {"region_force_N": at}
        )
    total = sum(forces(1.0).values())
    data = {
        "steps": steps,
        "dofs": 3000,
        "cells": len(bricks.cells),
        "ranks": 2,
        "linear_solver": "multigrid",
    }
    stage.write_json(
        case_dir / "steps.json", data | {"reaction_N": [0.0, 0.0, -total], "seconds": {"solve": 3.0}}
    )

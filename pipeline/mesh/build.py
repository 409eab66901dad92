"""The mesh stage: a case in, a folder with mesh, landmarks and manifest out.

Folders are named by the hash of everything that shapes the mesh, so cases of equal geometry share one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from pipeline.config import Case, sized
from pipeline.errors import ConfigError
from pipeline.mesh.anatomy import parts_of
from pipeline.mesh.fidelity import fidelity_of
from pipeline.mesh.files import write_mesh
from pipeline.mesh.grid import SizeField, grid_points
from pipeline.mesh.implicit import Array
from pipeline.mesh.landmarks import landmarks
from pipeline.mesh.picture import draw_mesh
from pipeline.mesh.posture import Posture, stand
from pipeline.mesh.quality import MeshQuality, assess, require_quality
from pipeline.mesh.sizing import LEVEL_FACTOR, size_field
from pipeline.mesh.soft import floor_height
from pipeline.mesh.sole import sole_patches
from pipeline.mesh.tetrahedra import Tetrahedra, tetrahedralise
from pipeline.mesh.tissue import Tissue, enclose
from pipeline.regions import Region
from pipeline.stage import (
    begin,
    code_hash,
    finish,
    sha256_of,
    sha256_of_data,
    up_to_date,
    versions,
    write_json,
)

MARGIN_MM = 42.0
"""Room around the bones' ends for their width and the soft tissue."""

BELOW_FLOOR_MM = 4.0
"""How far the meshed box reaches below the floor."""

DOFS_PER_CELL = 4.08
"""Unknowns of a quadratic displacement for each tetrahedron, as measured from 60 k to 1 M cells."""

CELLS_OF_SURFACE, CELLS_OF_VOLUME = 2.46, 2.2
"""Cells for each cube of the edge length at level medium: those along interfaces, whose number grows as
the inverse square of the edge length, and those between them. Measured on the shipped normal foot."""

FACTORS = (0.2, 4.0)
"""Edge lengths relative to level medium between which a wanted number of unknowns is looked for."""

PACKAGES = ("gmsh", "numpy", "scipy")


@dataclass(frozen=True)
class Built:
    """A mesh and what it was made from.

    Attributes:
        mesh: points, cells and labels, always of a right foot.
        tissue: the parts, by label.
        posture: where the bones stand.
        factor: edge lengths relative to level medium.
    """

    mesh: Tetrahedra
    tissue: Tissue
    posture: Posture
    factor: float

    @property
    def regions(self) -> list[Region]:
        """Region of each label."""
        return [boxed.part.region for boxed in self.tissue.parts]


def bare(data: Any) -> Any:
    """Configuration data without sources and notes: a sourced value becomes its number."""
    if isinstance(data, dict):
        if "value" in data and "source" in data:
            return data["value"]
        return {key: bare(item) for key, item in data.items() if key not in ("source", "status", "note")}
    return data


def surface_files(case: Case) -> dict[str, list[Path]]:
    """Files of every bone that comes from a surface, by bone."""
    bones = {name: getattr(case.anatomy, name) for name in ("mt1", "pp1", "dp1", "mt2", "pp2", "dp2")}
    return {
        name: [Path(file) for file in bone.surface.files]
        for name, bone in bones.items()
        if bone.surface is not None
    }


def mesh_key(case: Case) -> str:
    """Hash of what shapes the mesh: geometry, posture, joint, mesh settings, surfaces and the code.

    Raises:
        ConfigError: a surface file cannot be read.
    """
    data = bare(case.resolved())
    shaping = {key: data.get(key) for key in ("anatomy", "posture", "mesh")}
    not_shaping = ("tissues", "healing", "grade", "moment_law")
    shaping["joint"] = {k: v for k, v in data["joint"].items() if k not in not_shaping}
    shaping["patient"] = {k: data["patient"][k] for k in ("side", "foot_length_factor")}
    shaping["rocker"] = data["floor"].get("rocker")
    shoe = data.get("shoe") or {}
    shaping["shoe"] = {k: v["thickness_mm"] if isinstance(v, dict) else v for k, v in shoe.items()}
    surfaces = {}
    for name, files in surface_files(case).items():
        own = shaping["anatomy"][name]["surface"]
        own.pop("file")
        own.get("joined", {}).pop("file", None)
        try:
            surfaces[name] = [sha256_of(file) for file in files]
        except OSError as fault:
            raise ConfigError(
                f"anatomy.{name}.surface: {fault.filename} cannot be read: {fault.strerror}"
            ) from None
    code = code_hash("mesh", "regions", "tetrahedron", without=("mesh/picture",))
    return sha256_of_data([shaping, surfaces, code, versions(*PACKAGES)])


def mesh_folder(case: Case, meshes: Path) -> Path:
    """Folder of the case's mesh under the folder of all meshes."""
    return meshes / mesh_key(case)[:16]


def domain(posture: Posture, case: Case) -> tuple[Array, Array]:
    """Corners of the box that holds the model, mm."""
    tips = [
        posture.mt1.origin,
        posture.mt2.origin,
        posture.mtp1,
        posture.dp1.at(case.anatomy.dp1.length_mm.value),
        posture.dp2.at(case.anatomy.dp2.length_mm.value),
    ]
    low, high = np.min(tips, axis=0) - MARGIN_MM, np.max(tips, axis=0) + MARGIN_MM
    low[2] = floor_height(case) - BELOW_FLOOR_MM
    return low, high


def edge_factor(case: Case, tissue: Tissue, medium: Callable[[], SizeField]) -> float:
    """Edge lengths relative to level medium, from the level or from the number of unknowns wanted.

    Raises:
        ConfigError: so few or so many unknowns cannot be had.
    """
    wanted = case.mesh.target_dofs
    if wanted is None:
        return LEVEL_FACTOR[case.mesh.level]
    size = medium()
    spacing = 2.0 * size.spacing
    x = grid_points(size.low, np.array(size.values.shape) // 2, spacing)
    cubes = spacing**3 * np.sum(size.at(x[tissue.label(x) < tissue.void]) ** -3.0)

    def unknowns(factor: float) -> float:
        cells = cubes * (CELLS_OF_SURFACE / factor**2 + CELLS_OF_VOLUME / factor**3)
        return float(DOFS_PER_CELL * cells)

    most, least = (round(unknowns(factor)) for factor in FACTORS)
    if not least < wanted < most:
        raise ConfigError(f"mesh.target_dofs: {wanted} is out of reach; this foot allows {least} to {most}")
    return float(brentq(lambda factor: unknowns(factor) - wanted, *FACTORS, xtol=1e-6))


def build(case: Case) -> Built:
    """Mesh of a case in its posture.

    Args:
        case: the case in its size (see `pipeline.config.sized`).

    Raises:
        ConfigError: no such anatomy or posture exists; the message names the key.
    """
    posture = stand(case)
    low, high = domain(posture, case)
    tissue = enclose(parts_of(case, posture), low, high)

    def size(factor: float) -> SizeField:
        return size_field(case, tissue, low, high, floor_height(case), factor)

    factor = edge_factor(case, tissue, lambda: size(1.0))
    mesh = tetrahedralise(tissue, low, high, size(factor))
    if np.any((mesh.points < low + 1e-6) | (mesh.points > high - 1e-6)):
        raise ConfigError(
            f"anatomy: some tissue reaches more than {MARGIN_MM:g} mm beyond the ends of the bones; "
            "check cover_mm, the pads and anatomy.shape"
        )
    return Built(mesh, tissue, posture, factor)


def quality_of(built: Built) -> MeshQuality:
    """Shape of the cells and fidelity of the faces of a mesh."""
    mesh = built.mesh
    fidelity = fidelity_of(built.tissue, mesh.points, mesh.cells, mesh.labels)
    return assess(mesh, [region.label for region in built.regions], fidelity)


def mirrored(mesh: Tetrahedra) -> Tetrahedra:
    """The same mesh of the other foot: the medial side changes, cells stay positive."""
    return replace(mesh, points=mesh.points * [1.0, -1.0, 1.0], cells=mesh.cells[:, [0, 2, 1, 3]])


def make_mesh(case: Case, meshes: Path, *, force: bool = False) -> tuple[Path, bool]:
    """Build the mesh of a case unless it is there already.

    Returns:
        Folder of the mesh, and whether it was built now.

    Raises:
        ConfigError: the anatomy or posture is impossible, or a surface file is damaged.
        QualityError: the mesh fails a gate.
    """
    folder, key = mesh_folder(case, meshes), mesh_key(case)
    if not force and up_to_date(folder, "mesh", key):
        return folder, False
    begin(folder, "mesh")
    start = time.perf_counter()
    foot = sized(case)
    built = build(foot)
    quality = quality_of(built)
    require_quality(quality, built.factor)
    sole, tags = sole_patches(built.mesh, built.regions, foot, built.posture)
    mesh, left = built.mesh, case.patient.side == "left"
    if left:
        mesh, sole = mirrored(mesh), sole[:, [0, 2, 1]]
    write_mesh(folder / "mesh.msh", mesh, built.regions, sole, tags)
    write_json(folder / "geometry.json", landmarks(foot, built.posture, quality, left=left))
    seconds = time.perf_counter() - start
    finish(folder, "mesh", key, ["mesh.msh", "geometry.json"], packages=PACKAGES, seconds=seconds)
    draw_mesh(folder, case.title)
    return folder, True

"""The mesh stage: a case in, a folder with mesh, landmarks and manifest out.

Folders are named by the hash of everything that shapes the mesh, so cases of equal geometry share one.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Case, sized
from pipeline.errors import ConfigError
from pipeline.mesh.anatomy import parts_of
from pipeline.mesh.cells import Cells
from pipeline.mesh.gmsh_session import Group, save
from pipeline.mesh.implicit import Array, Frame
from pipeline.mesh.posture import Posture, base_loss, stand
from pipeline.mesh.quality import MeshQuality, assess, require_quality
from pipeline.mesh.sizing import LEVEL_FACTOR, size_field
from pipeline.mesh.soft import floor_height
from pipeline.mesh.sole import sole_patches
from pipeline.mesh.tetrahedra import Tetrahedra, tetrahedralise
from pipeline.mesh.tissue import enclose
from pipeline.regions import Region, Sole
from pipeline.stage import begin, code_hash, finish, sha256_of_data, up_to_date, versions, write_json

MARGIN_MM = 32.0
"""Room around the bones' ends for their width and the soft tissue."""

BELOW_FLOOR_MM = 4.0
"""How far the meshed box reaches below the floor."""

PACKAGES = ("gmsh", "numpy", "scipy")


def bare(data: Any) -> Any:
    """Configuration data without sources and notes: a sourced value becomes its number."""
    if isinstance(data, dict):
        if "value" in data and "source" in data:
            return data["value"]
        return {key: bare(item) for key, item in data.items() if key not in ("source", "status", "note")}
    return data


def mesh_key(case: Case) -> str:
    """Hash of what shapes the mesh: geometry, posture, joint, mesh settings and the code that reads them."""
    data = bare(case.resolved())
    joint = {k: v for k, v in data["joint"].items() if k != "tissues"}
    shaping = {"anatomy": data["anatomy"], "posture": data["posture"], "mesh": data["mesh"], "joint": joint}
    return sha256_of_data([shaping, code_hash("mesh", "regions", "tetrahedron"), versions(*PACKAGES)])


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


def build(case: Case) -> tuple[Tetrahedra, list[Region], Posture]:
    """Mesh of a case in its posture, the region of each label, and the posture.

    Args:
        case: the case in its size (see `pipeline.config.sized`).
    """
    posture = stand(case)
    parts = parts_of(case, posture)
    low, high = domain(posture, case)
    tissue = enclose(parts, low, high)
    size = size_field(case, tissue, low, high, floor_height(case)).scaled(LEVEL_FACTOR[case.mesh.level])
    mesh = tetrahedralise(tissue, low, high, size)
    if np.any((mesh.points < low + 1e-6) | (mesh.points > high - 1e-6)):
        raise ConfigError(
            f"anatomy: some tissue reaches more than {MARGIN_MM:g} mm beyond the ends of the bones; "
            "check cover_mm, the pads and anatomy.shape"
        )
    return mesh, [part.region for part in parts], posture


def write_mesh(
    path: Path, mesh: Tetrahedra, regions: list[Region], sole: Cells, sole_tags: NDArray[np.int64]
) -> None:
    """Write gmsh 4.1 with named physical groups for tissues (tetrahedra) and sole patches (triangles)."""
    groups = [
        Group(3, region.value, region.label, mesh.cells[mesh.labels == label])
        for label, region in enumerate(regions)
    ]
    groups += [
        Group(2, patch.value, patch.label, sole[sole_tags == patch.value])
        for patch in Sole
        if np.any(sole_tags == patch.value)
    ]
    part = path.with_name("part-" + path.name)
    save(part, mesh.points, groups)
    part.replace(path)


def frame_data(frame: Frame, length: float) -> dict[str, Any]:
    """A bone's frame as plain data."""
    return {
        "base": frame.origin.tolist(),
        "axis": frame.axis.tolist(),
        "dorsal": frame.dorsal.tolist(),
        "length_mm": length,
    }


def geometry_data(case: Case, posture: Posture, quality: MeshQuality) -> dict[str, Any]:
    """Landmarks later stages measure by, and the mesh quality."""
    a = case.anatomy
    lengths = {name: getattr(a, name).length_mm.value for name in ("mt1", "pp1", "dp1", "mt2", "toe2")}
    lengths["pp1"] -= case.joint.shortening_mm.value if isinstance(case.joint, FusedJoint) else 0.0
    bones = {name: (getattr(posture, name), length) for name, length in lengths.items()}
    joints = {
        "mtp1": (posture.mtp1, a.mt1_head_radius_mm.value),
        "ip": (posture.ip, a.pp1_head_radius_mm.value),
        "mtp2": (posture.mtp2, a.mt2_head_radius_mm.value),
    }
    return {
        "floor_z_mm": 0.0,
        "bones": {name: frame_data(frame, length) for name, (frame, length) in bones.items()},
        "joints": {name: {"centre": centre.tolist(), "radius_mm": r} for name, (centre, r) in joints.items()},
        "posture": {
            "mtp1_dorsiflexion_deg": posture.mtp1_dorsiflexion_deg,
            "hallux_declination_deg": posture.hallux_declination_deg,
            "first_ray_elevation_deg": posture.first_ray_elevation_deg,
        },
        "quality": quality.as_dict(),
    }


def make_mesh(case: Case, meshes: Path, *, force: bool = False) -> tuple[Path, bool]:
    """Build the mesh of a case unless it is there already.

    Returns:
        Folder of the mesh, and whether it was built now.

    Raises:
        ConfigError: the posture is impossible.
        QualityError: the mesh fails a gate.
    """
    folder, key = mesh_folder(case, meshes), mesh_key(case)
    if not force and up_to_date(folder, "mesh", key):
        return folder, False
    begin(folder, "mesh")
    start = time.perf_counter()
    mesh, regions, posture = build(case)
    quality = assess(mesh, [region.label for region in regions])
    require_quality(quality)
    write_mesh(folder / "mesh.msh", mesh, regions, *sole_patches(mesh, regions, case, posture))
    write_json(folder / "geometry.json", geometry_data(case, posture, quality))
    seconds = time.perf_counter() - start
    finish(folder, "mesh", key, ["mesh.msh", "geometry.json"], packages=PACKAGES, seconds=seconds)
    return folder, True

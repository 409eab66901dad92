"""The mesh stage as a whole, on the shipped coarse foot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest

from pipeline.config import Case
from pipeline.config.joint import NormalJoint
from pipeline.errors import QualityError
from pipeline.mesh.anatomy import parts_of
from pipeline.mesh.build import make_mesh, mesh_key
from pipeline.mesh.cells import volumes
from pipeline.mesh.posture import stand
from pipeline.mesh.quality import MeshQuality, require_quality
from pipeline.mesh.sizing import grid_points
from pipeline.regions import Region, Sole
from pipeline.stage import Manifest
from tests.mesh.variation import tiny, with_value


@pytest.fixture(scope="module")
def folder(normal: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made, built = make_mesh(normal, tmp_path_factory.mktemp("meshes"))
    assert built
    return made


@pytest.fixture(scope="module")
def mesh(folder: Path) -> meshio.Mesh:
    return meshio.read(folder / "mesh.msh")


def geometry(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "geometry.json").read_text(encoding="utf-8"))
    return data


def test_file_names_every_tissue_and_every_patch_of_the_sole(mesh: meshio.Mesh) -> None:
    tags = mesh.cell_data_dict["gmsh:physical"]
    names = {name: (int(tag), int(dim)) for name, (tag, dim) in mesh.field_data.items()}
    variant_only = {Region.OSTEOPHYTE}
    assert names == {r.label: (r.value, 3) for r in Region if r not in variant_only} | {
        s.label: (s.value, 2) for s in Sole
    }
    assert set(tags["tetra"]) == {r.value for r in Region} - {r.value for r in variant_only}
    assert set(tags["triangle"]) == {s.value for s in Sole}


def test_cells_are_positive_and_no_point_is_unused(mesh: meshio.Mesh) -> None:
    cells = mesh.cells_dict["tetra"]
    assert volumes(mesh.points, cells).min() > 0.0
    assert len(np.unique(cells)) == len(mesh.points)


def test_sole_faces_the_floor_and_belongs_to_the_skin(mesh: meshio.Mesh) -> None:
    triangles, cells = mesh.cells_dict["triangle"], mesh.cells_dict["tetra"]
    a, b, c = (mesh.points[triangles[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    assert (normal[:, 2] / np.linalg.norm(normal, axis=1)).max() < 0.2
    assert -normal[:, 2].sum() / 2.0 > 1500.0  # the standing area, mm^2
    assert mesh.points[:, 2].min() == pytest.approx(0.0, abs=0.05)
    skin = cells[mesh.cell_data_dict["gmsh:physical"]["tetra"] == Region.SOFT_TISSUE.value]
    assert np.isin(triangles, skin).all()


def test_patches_lie_under_their_bones(mesh: meshio.Mesh, folder: Path) -> None:
    centre = mesh.points[mesh.cells_dict["triangle"]].mean(axis=1)
    tags = mesh.cell_data_dict["gmsh:physical"]["triangle"]
    where = {patch: centre[tags == patch.value].mean(axis=0) for patch in Sole}
    joints = {name: np.array(joint["centre"]) for name, joint in geometry(folder)["joints"].items()}
    assert np.linalg.norm((where[Sole.SOLE_MT1_HEAD] - joints["mtp1"])[:2]) < 10.0
    assert np.linalg.norm((where[Sole.SOLE_MT2_HEAD] - joints["mtp2"])[:2]) < 10.0
    assert where[Sole.SOLE_HALLUX][0] > joints["mtp1"][0] + 20.0
    assert where[Sole.SOLE_TOE2][1] < where[Sole.SOLE_HALLUX][1] - 10.0


def test_tissue_volumes_agree_with_the_shapes(normal: Case, mesh: meshio.Mesh) -> None:
    """Volumes of the coarse mesh against counting grid points in the shapes themselves."""
    posture = stand(normal)
    parts = {part.region: part.shape for part in parts_of(normal, posture)}
    spacing = 0.8
    x = grid_points(posture.mt2.origin * [1, 1, 0] - [15.0, 15.0, 0.0], np.array([90, 40, 125]), spacing)
    inside = {r: parts[r](x) < 0.0 for r in (Region.MT2_CORE, Region.MT2_CORTEX)}
    want = {Region.MT2_CORE: inside[Region.MT2_CORE].sum(), Region.MT2_CORTEX: 0}
    want[Region.MT2_CORTEX] = (inside[Region.MT2_CORTEX] & ~inside[Region.MT2_CORE]).sum()
    size = volumes(mesh.points, mesh.cells_dict["tetra"])
    tags = mesh.cell_data_dict["gmsh:physical"]["tetra"]
    for region, count in want.items():
        assert size[tags == region.value].sum() == pytest.approx(count * spacing**3, rel=0.15)


def test_cartilage_has_its_thickness(normal: Case, mesh: meshio.Mesh, folder: Path) -> None:
    """Volume of the layer on the head: a cone of half angle A of a spherical shell."""
    assert isinstance(normal.joint, NormalJoint)
    inner = geometry(folder)["joints"]["mtp1"]["radius_mm"]
    outer = inner + normal.joint.cartilage_mt1_mm.value
    tags = mesh.cell_data_dict["gmsh:physical"]["tetra"]
    layer = mesh.cells_dict["tetra"][tags == Region.MTP1_CARTILAGE_MT1.value]
    half_angle = np.radians(normal.anatomy.shape.articular_half_angle_deg.value)
    solid_angle = 2.0 * np.pi * (1.0 - np.cos(half_angle))
    want = solid_angle * (outer**3 - inner**3) / 3.0
    assert volumes(mesh.points, layer).sum() == pytest.approx(want, rel=0.05)


def test_mesh_is_rebuilt_only_when_missing_damaged_or_half_done(normal: Case, tmp_path: Path) -> None:
    case = tiny(normal)
    folder, built = make_mesh(case, tmp_path)
    assert built
    assert make_mesh(case, tmp_path) == (folder, False)
    file = folder / "mesh.msh"
    good = file.read_bytes()
    file.write_bytes(good[:-10])
    assert make_mesh(case, tmp_path) == (folder, True)
    assert file.read_bytes() == good  # same input, same mesh, to the byte
    Manifest.path(folder, "mesh").unlink()
    assert make_mesh(case, tmp_path) == (folder, True)


def test_key_depends_on_geometry_and_not_on_stiffness_or_load(normal: Case) -> None:
    key = mesh_key(normal)
    assert mesh_key(with_value(normal, "materials.cortical.young_MPa", 15000.0)) == key
    assert mesh_key(with_value(normal, "load.steps", 5)) == key
    assert mesh_key(with_value(normal, "posture.heel_rise_deg", 34.0)) != key
    assert mesh_key(with_value(normal, "joint.joint_space_mm", 2.3)) != key
    assert mesh_key(with_value(normal, "mesh.level", "fine")) != key


def test_every_variant_builds(stiff: Case, fused: Case, tmp_path: Path) -> None:
    for case, present, absent in (
        (stiff, Region.OSTEOPHYTE, None),
        (fused, Region.MTP1_GAP, Region.MTP1_CARTILAGE_MT1),
    ):
        names = meshio.read(make_mesh(tiny(case), tmp_path)[0] / "mesh.msh").field_data
        assert present.label in names
        assert absent is None or absent.label not in names


def test_gate_names_what_is_wrong() -> None:
    bad = MeshQuality(10, 8, 0.001, 0.3, 0.7, 1.0, {"ip_gap": 0.0, "mt1_core": 5.0})
    with pytest.raises(QualityError, match=r"ip_gap has no cells; worst mean ratio 0\.0010"):
        require_quality(bad)

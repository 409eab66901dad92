"""The mesh stage as a whole, on the shipped coarse foot."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest

from pipeline.config import Case, load_case, sized
from pipeline.errors import ConfigError, QualityError
from pipeline.mesh import build as build_module
from pipeline.mesh.build import Built, build, make_mesh, mesh_key, quality_of
from pipeline.mesh.cells import volumes
from pipeline.mesh.fidelity import Fidelity
from pipeline.mesh.quality import MeshQuality, quality_faults, require_quality
from pipeline.regions import FIBRED_REGIONS, MTP1_REGIONS, OPTIONAL_REGIONS, Region, Sole
from pipeline.solve.fibres import directions
from pipeline.solve.level import Floats
from pipeline.stage import Manifest, up_to_date
from tests.mesh.conftest import CASES
from tests.mesh.variation import with_value

SOURCE = {"source": "A test", "status": "assumed"}

WHOLLY_AROUND_THE_JOINT = {
    Region.MTP1_CARTILAGE_MT1: 0.05,
    Region.MTP1_GAP: 0.05,
    Region.MTP1_CARTILAGE_PP1: 0.05,
    Region.MTP1_CAPSULE: 0.03,
    Region.SESAMOID_MEDIAL: 0.08,
    Region.SESAMOID_LATERAL: 0.08,
}
"""Tissues of which nothing lies far from the joint, and how far a coarse mesh may be off their volume. The
gap under the sesamoids, 0.4 mm, is thinner than the edges of a coarse mesh and left out."""


@pytest.fixture(scope="module")
def built(normal: Case) -> Built:
    return build(sized(normal))


@pytest.fixture(scope="module")
def folder(normal: Case, built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_module, "build", lambda _: built)
        made, new = make_mesh(normal, tmp_path_factory.mktemp("meshes"))
    assert new
    return made


@pytest.fixture(scope="module")
def mesh(folder: Path) -> meshio.Mesh:
    return meshio.read(folder / "mesh.msh")


def mirror_of(data: Any) -> Any:
    """Landmarks with the y of every point and direction turned round."""
    if isinstance(data, dict):
        return {key: mirror_of(entry) for key, entry in data.items()}
    if isinstance(data, list) and len(data) == 3 and isinstance(data[0], float):
        return [data[0], -data[1], data[2]]
    return [mirror_of(entry) for entry in data] if isinstance(data, list) else data


@pytest.fixture(scope="module")
def left(normal: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same foot as a left one."""
    data = normal.resolved()
    data["patient"]["side"] = "left"
    return make_mesh(Case.model_validate(data), tmp_path_factory.mktemp("left"))[0]


def geometry(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "geometry.json").read_text(encoding="utf-8"))
    return data


def test_file_names_every_tissue_and_every_patch_of_the_sole(mesh: meshio.Mesh) -> None:
    tags = mesh.cell_data_dict["gmsh:physical"]
    names = {name: (int(tag), int(dim)) for name, (tag, dim) in mesh.field_data.items()}
    joint = {Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.MTP1_CARTILAGE_PP1, Region.MTP1_CAPSULE}
    present = set(Region) - set(MTP1_REGIONS) - set(OPTIONAL_REGIONS) | joint
    assert names == {r.label: (r.value, 3) for r in present} | {s.label: (s.value, 2) for s in Sole}
    assert set(tags["tetra"]) == {r.value for r in present}
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


def test_sesamoids_lie_below_the_head_on_either_side(mesh: meshio.Mesh, folder: Path) -> None:
    tags = mesh.cell_data_dict["gmsh:physical"]["tetra"]
    head = np.array(geometry(folder)["joints"]["mtp1"]["centre"])
    medial, lateral = (
        mesh.points[mesh.cells_dict["tetra"][tags == r.value]].mean(axis=(0, 1))
        for r in (Region.SESAMOID_MEDIAL, Region.SESAMOID_LATERAL)
    )
    assert medial[2] < head[2] - 10.0
    assert lateral[2] < head[2] - 10.0
    assert medial[1] - lateral[1] > 8.0


def test_sesamoid_cartilage_is_no_larger_than_the_sesamoids(mesh: meshio.Mesh, folder: Path) -> None:
    """Each of its cells lies within half a sesamoid's length, along the foot, of the middle of the pair."""
    tags, cells = mesh.cell_data_dict["gmsh:physical"]["tetra"], mesh.cells_dict["tetra"]
    place = mesh.points[cells[tags == Region.SESAMOID_CARTILAGE]].mean(axis=1)
    found = geometry(folder)["sesamoids"]
    axis = np.array(found["medial"]["axis"])
    bones = [Region.SESAMOID_MEDIAL, Region.SESAMOID_LATERAL]
    middle = mesh.points[cells[np.isin(tags, bones)]].mean(axis=(0, 1))
    along = (place - middle) @ axis
    longest = max(entry["length_mm"] for entry in found.values())
    assert np.abs(along).max() < 0.5 * longest + 1.0


def test_tissue_volumes_agree_with_the_shapes(built: Built) -> None:
    """Volumes of the coarse mesh against a million points thrown into the shapes around the joint."""
    tissue, mesh = built.tissue, built.mesh
    reach = np.array([[-17.0, -14.0, -24.0], [22.0, 14.0, 15.0]])
    low, high = built.posture.mtp1 + reach
    x = np.random.default_rng(11).uniform(low, high, (1_000_000, 3))
    each = np.prod(high - low) / len(x)
    count = np.bincount(tissue.label(x), minlength=tissue.void + 1)
    size = np.bincount(mesh.labels, volumes(mesh.points, mesh.cells))
    for region, allowed in WHOLLY_AROUND_THE_JOINT.items():
        label = built.regions.index(region)
        corners = mesh.points[np.unique(mesh.cells[mesh.labels == label])]
        assert np.all((corners > low) & (corners < high)), region.label
        assert size[label] == pytest.approx(each * count[label], rel=allowed), region.label


def test_bands_name_what_they_join(folder: Path) -> None:
    ends = {(band["region"], band["from"], band["to"]) for band in geometry(folder)["bands"]}
    assert ("flexor_band_1", "proximal_block", "dp1") in ends
    assert ("plantar_band_1", "", "sesamoid_medial") in ends
    assert ("sesamoid_ligaments", "sesamoid_lateral", "pp1") in ends
    assert ("plantar_band_2", "proximal_block", "dp2") in ends


def fibred(mesh: meshio.Mesh, folder: Path, region: Region) -> tuple[Floats, list[Floats]]:
    """Centres of the cells of a tissue with fibres, mm, and the lines these run along."""
    cells = mesh.cells_dict["tetra"][mesh.cell_data_dict["gmsh:physical"]["tetra"] == region.value]
    lines = geometry(folder)["fibres"][region.label]
    return mesh.points[cells].mean(axis=1), [np.array(line) for line in lines]


def test_fibres_of_the_fascia_follow_it(mesh: meshio.Mesh, folder: Path) -> None:
    """Within 25 degrees of the chord from the block to between the sesamoids in 95 % of its cells."""
    places, lines = fibred(mesh, folder, Region.PLANTAR_BAND_1)
    found = geometry(folder)["sesamoids"]
    ends = np.mean([found[name]["base"] for name in ("medial", "lateral")], axis=0)
    start = places[np.argsort(places[:, 0])[:10]].mean(axis=0)
    chord = (ends - start) / np.linalg.norm(ends - start)
    along = directions(lines, places) @ chord
    assert np.mean(along > np.cos(np.radians(25.0))) >= 0.95


def test_fibres_of_the_plate_run_around_the_head(mesh: meshio.Mesh, folder: Path) -> None:
    """Below the head they are square to the line from its centre and to the transverse axis, and distal."""
    places, lines = fibred(mesh, folder, Region.PLANTAR_PLATE_2)
    head = np.array(geometry(folder)["joints"]["mtp2"]["centre"])
    toe = geometry(folder)["bones"]["pp2"]
    axis, dorsal = np.array(toe["axis"]), np.array(toe["dorsal"])
    below = (places - head) @ axis < -0.5
    found, away = directions(lines, places)[below], (places - head)[below]
    away = np.stack([away @ axis, away @ dorsal], axis=1)
    across = np.sum(found @ np.stack([axis, dorsal], axis=1) * away, axis=1) / np.linalg.norm(away, axis=1)
    assert below.sum() > 50
    assert np.abs(np.degrees(np.arcsin(across))).max() < 12.0  # half the turn at a vertex of the line
    assert np.abs(found @ np.cross(axis, dorsal)).max() < 0.02
    assert (found @ axis).min() > 0.0


@pytest.mark.parametrize("region", FIBRED_REGIONS)
def test_lines_of_fibres_run_through_their_tissue(mesh: meshio.Mesh, folder: Path, region: Region) -> None:
    """Its cells lie around them, and where the lines end there are cells, so no line is of another tissue."""
    places, lines = fibred(mesh, folder, region)
    ends = np.concatenate([line[[0, -1]] for line in lines])
    nearest = np.linalg.norm(ends[:, None] - places, axis=2).min(axis=1)
    around = {Region.MTP1_CAPSULE: 14.0, Region.PLANTAR_PLATE_2: 8.0}.get(
        region, 6.0
    )  # a sleeve, a wide strap
    assert nearest.max() < around
    steps = [np.linspace(a, b, 50) for line in lines for a, b in itertools.pairwise(line)]
    away = np.linalg.norm(np.concatenate(steps)[:, None] - places, axis=2).min(axis=0)
    assert away.max() < around
    assert np.linalg.norm(directions(lines, places), axis=1) == pytest.approx(1.0)


def test_mesh_is_rebuilt_only_when_missing_damaged_or_half_done(
    normal: Case, folder: Path, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That building again gives the same mesh is shown by the left foot below."""
    monkeypatch.setattr(build_module, "build", lambda _: built)
    meshes = folder.parent
    assert make_mesh(normal, meshes) == (folder, False)
    file = folder / "mesh.msh"
    good = file.read_bytes()
    file.write_bytes(good[:-10])
    assert make_mesh(normal, meshes) == (folder, True)
    assert file.read_bytes() == good
    manifest = Manifest.path(folder, "mesh")
    kept = manifest.read_bytes()
    manifest.unlink()
    assert not up_to_date(folder, "mesh", mesh_key(normal))
    manifest.write_bytes(kept)
    assert up_to_date(folder, "mesh", mesh_key(normal))


def test_left_foot_is_the_mirror_of_the_right(folder: Path, left: Path) -> None:
    """To the last digit, and built anew: the same input gives the same mesh."""
    one, other = (meshio.read(each / "mesh.msh") for each in (folder, left))
    np.testing.assert_array_equal(other.points, one.points * [1.0, -1.0, 1.0])
    for kind in ("tetra", "triangle"):
        np.testing.assert_array_equal(
            np.sort(other.cells_dict[kind], axis=1), np.sort(one.cells_dict[kind], axis=1)
        )
    assert volumes(other.points, other.cells_dict["tetra"]).min() > 0.0
    right, mirrored = geometry(folder), geometry(left)
    assert (right["side"], mirrored["side"]) == ("right", "left")
    assert mirror_of(right) | {"side": "left"} == mirrored


def test_a_picture_is_left_beside_the_mesh(folder: Path) -> None:
    assert (folder / "mesh.png").stat().st_size > 100_000


def test_key_depends_on_geometry_and_not_on_stiffness_or_load(normal: Case, fused: Case) -> None:
    key = mesh_key(normal)
    for path, value in (
        ("materials.cortical.young_MPa", 15000.0),
        ("load.steps", 5),
        ("title", "Another"),
        ("patient.body_mass_kg", 90.0),
        ("tissues.tmt1_joint", "hypermobile_joint"),
    ):
        assert mesh_key(with_value(normal, path, value)) == key
    for path, value in (
        ("posture.heel_rise_deg.push_off", 34.0),
        ("posture.instant", "midstance"),
        ("joint.joint_space_mm", 2.3),
        ("mesh.level", "fine"),
        ("patient.side", "left"),
        ("patient.foot_length_factor", 0.9),
    ):
        assert mesh_key(with_value(normal, path, value)) != key
    assert mesh_key(with_value(fused, "joint.healing", "fibrous")) == mesh_key(fused)
    assert mesh_key(with_value(fused, "joint.resection", "flat")) != mesh_key(fused)


def test_key_depends_on_hardware_and_not_on_its_metal_or_the_grade() -> None:
    plate, stiff = (load_case(CASES / f"{name}.yaml") for name in ("fused_plate", "stiff"))
    assert mesh_key(with_value(plate, "joint.hardware.thickness_mm", 1.8)) != mesh_key(plate)
    assert mesh_key(with_value(plate, "joint.tissues.plate", "cobalt_chrome")) == mesh_key(plate)
    assert mesh_key(with_value(stiff, "joint.grade", 3)) == mesh_key(stiff)
    assert mesh_key(with_value(stiff, "joint.head_flattening_mm", 0.7)) != mesh_key(stiff)


def test_key_depends_on_the_shape_of_a_shoe_and_not_on_its_materials(normal: Case) -> None:
    barefoot = mesh_key(normal)
    shod = with_value(normal, "shoe", SHOE)
    rocker = {"apex_mm": SOURCE | {"value": -5.0}, "radius_mm": SOURCE | {"value": 300.0}}
    arched = with_value(normal, "floor.rocker", rocker)
    keys = {
        barefoot,
        mesh_key(shod),
        mesh_key(with_value(shod, "shoe.plate.thickness_mm", 3.0)),
        mesh_key(with_value(shod, "shoe.margin_mm", 8.0)),
        mesh_key(arched),
        mesh_key(with_value(arched, "floor.rocker.radius_mm", 250.0)),
    }
    assert len(keys) == 6
    assert mesh_key(with_value(shod, "shoe.plate.material", "rubber_outsole")) == mesh_key(shod)
    assert mesh_key(with_value(normal, "floor.penalty_MPa_per_mm", 20.0)) == barefoot


def test_key_depends_on_the_bytes_of_a_surface_and_not_on_its_place(normal: Case, tmp_path: Path) -> None:
    def key(file: Path) -> str:
        surface = SOURCE | {
            "file": str(file),
            "unit": "mm",
            "base_mm": [0.0, 0.0, 0.0],
            "head_mm": [50.0, 0.0, 0.0],
            "dorsal": [0.0, 0.0, 1.0],
            "smoothing_mm": SOURCE | {"value": 0.0},
        }
        return mesh_key(with_value(normal, "anatomy.mt1.surface", surface))

    one, other = tmp_path / "one.stl", tmp_path / "other.stl"
    one.write_bytes(b"a bone")
    other.write_bytes(b"a bone")
    assert key(one) == key(other) != mesh_key(normal)
    before = key(one)
    one.write_bytes(b"A bone")
    assert key(one) != before
    with pytest.raises(ConfigError, match=r"anatomy\.mt1\.surface: .*gone\.stl cannot be read: No such file"):
        key(tmp_path / "gone.stl")


SHOE = {
    "insole": {"thickness_mm": SOURCE | {"value": 4.0}, "material": "insole_foam"},
    "plate": {"thickness_mm": SOURCE | {"value": 2.0}, "material": "carbon_plate"},
    "outsole": {"thickness_mm": SOURCE | {"value": 6.0}, "material": "rubber_outsole"},
    "margin_mm": SOURCE | {"value": 14.0},
}


@pytest.fixture(scope="module")
def shod(normal: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A foot with a skin of its own in a shoe with a rocker sole."""
    data = normal.resolved()
    data["shoe"] = SHOE
    data["anatomy"]["skin_mm"] = SOURCE | {"value": 2.0}
    data["tissues"]["skin"] = "skin"
    data["floor"]["rocker"] = {"apex_mm": SOURCE | {"value": -5.0}, "radius_mm": SOURCE | {"value": 300.0}}
    return make_mesh(Case.model_validate(data), tmp_path_factory.mktemp("shod"))[0]


def test_shoe_lies_in_layers_below_the_foot(shod: Path) -> None:
    mesh = meshio.read(shod / "mesh.msh")
    tags = mesh.cell_data_dict["gmsh:physical"]["tetra"]

    def heights(region: Region) -> tuple[float, float]:
        """Bottom and top without the cells at the outline, which a coarse mesh leaves ragged."""
        z = mesh.points[np.unique(mesh.cells_dict["tetra"][tags == region.value]), 2]
        low, high = np.percentile(z, [10, 90])
        return float(low), float(high)

    assert heights(Region.SHOE_INSOLE) == pytest.approx((-4.0, 0.0), abs=0.15)
    assert heights(Region.SHOE_PLATE) == pytest.approx((-6.0, -4.0), abs=0.15)
    assert heights(Region.SHOE_OUTSOLE)[1] == pytest.approx(-6.0, abs=0.15)
    assert mesh.points[:, 2].min() == pytest.approx(-12.0, abs=0.15)
    assert geometry(shod)["floor_z_mm"] == -12.0
    assert geometry(shod)["rocker"] is None  # the sole holds the arc, the floor is flat


def test_rocker_sole_rises_distally_in_its_arc(shod: Path) -> None:
    mesh = meshio.read(shod / "mesh.msh")
    triangles = mesh.cells_dict["triangle"]
    x = np.unique(triangles)
    sole = mesh.points[x]
    apex = geometry(shod)["joints"]["mtp1"]["centre"][0] - 5.0
    lowest = sole[(sole[:, 0] > apex + 30.0) & (sole[:, 2] < -8.0)]
    wanted = -12.0 + (lowest[:, 0] - apex) ** 2 / (2.0 * 300.0)
    assert len(lowest) > 10
    assert np.median(np.abs(lowest[:, 2] - wanted)) < 0.1


@pytest.mark.parametrize("name", ["fused_screws", "stiff_grade4", "implant"])
def test_variants_build_with_their_own_regions(name: str) -> None:
    case = sized(load_case(CASES / f"{name}.yaml"))
    built = build(case)
    quality = quality_of(built)
    assert quality_faults(quality, built.factor) == []
    assert {region.label for region in built.regions} == {r.label for r in case.materials_by_region()}
    assert quality.fidelity.touching == []
    if name == "fused_screws":
        screws = built.mesh.cells[built.mesh.labels == built.regions.index(Region.SCREWS)]
        along = (built.mesh.points[np.unique(screws)] - built.posture.pp1.origin) @ built.posture.pp1.axis
        assert along.min() < -8.0  # the screws cross the joint line
        assert along.max() > 8.0
    if name == "implant":  # a plug of 10 mm across, 9 mm deep, 1.2 mm proud
        wanted = np.pi * 5.0**2 * (9.0 + 1.2)
        assert quality.volume_mm3["implant"] == pytest.approx(wanted, rel=0.06)


def test_wanted_number_of_unknowns_is_met(normal: Case) -> None:
    """Unknowns of a quadratic displacement: three at each vertex and each edge."""
    mesh = build(sized(with_value(normal, "mesh.target_dofs", 600_000))).mesh
    pairs = [mesh.cells[:, pair] for pair in itertools.combinations(range(4), 2)]
    edges = np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)
    assert 3 * (len(mesh.points) + len(edges)) == pytest.approx(600_000, rel=0.2)


def test_unknowns_out_of_reach_are_refused(normal: Case) -> None:
    with pytest.raises(ConfigError, match=r"mesh\.target_dofs: 10000 is out of reach; this foot allows"):
        build(sized(with_value(normal, "mesh.target_dofs", 10_000)))


GOOD = MeshQuality(
    10,
    8,
    0.2,
    0.5,
    0.7,
    8.0,
    {"mt1_core": 5.0},
    Fidelity(1.0, 5.0, 0.02, 0.05, 0.3, {"mt1_cortex": 0.0}, [], {}),
)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"volume_mm3": {"ip_gap": 0.0}}, "region ip_gap has no cells"),
        ({"worst_mean_ratio": 0.1}, "worst mean ratio 0.1000 is below 0.15"),
        ({"first_percentile_mean_ratio": 0.35}, "first percentile of the mean ratio 0.3500 is below 0.4"),
        ({"smallest_dihedral_deg": 3.0}, "smallest dihedral angle (deg) 3.0000 is below 4"),
        ({"normal_error_p95_deg": 13.0}, "normal error of bone and cartilage, p95 (deg) 13.000 is above 12"),
        ({"distance_p95_mm": 0.2}, "distance of their faces, p95 (mm) 0.200 is above 0.1"),
        ({"holes": {"ip_cartilage_pp1": 0.01}}, "1 % of ip_cartilage_pp1 is missing, at most 0 % may be"),
        ({"touching": ["mt1_cortex and pp1_cortex"]}, "mt1_cortex and pp1_cortex touch, which must not"),
        ({"exposed": {"mt2_core": 3}}, "3 faces of mt2_core lie bare on the outside"),
    ],
)
def test_every_gate_names_what_is_wrong(changes: dict[str, Any], fault: str) -> None:
    assert quality_faults(GOOD, 1.0) == []
    own = {key: value for key, value in changes.items() if hasattr(GOOD, key)}
    fit = {key: value for key, value in changes.items() if key not in own}
    bad = replace(GOOD, **own, fidelity=replace(GOOD.fidelity, **fit))
    assert quality_faults(bad, 1.0) == [fault]
    with pytest.raises(QualityError, match="mesh: "):
        require_quality(bad, 1.0)

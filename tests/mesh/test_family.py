"""Cases that share a mesh: each member gets its own shapes, and all of them the same cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import gmsh
import numpy as np
import pytest

from pipeline.config import Case, dump_yaml, load_case, sized
from pipeline.errors import ConfigError
from pipeline.mesh.build import forget_shared, make_mesh, mesh_key, scene_of
from pipeline.mesh.cells import Cells, volumes
from pipeline.mesh.family import Family, require_alike, stand_alike
from pipeline.mesh.gmsh_session import gmsh_session
from pipeline.mesh.grid import SizeField, grid_points
from pipeline.mesh.implicit import Array, ball
from pipeline.mesh.part import Part, constant
from pipeline.mesh.sampling import sample_interfaces
from pipeline.mesh.soft import bulged
from pipeline.mesh.tetrahedra import solid_alike, tetrahedralise
from pipeline.mesh.tissue import ABSENT, Labels, Tissue, Tissues, enclose
from pipeline.mesh.variants import Variants, own_parts, united
from pipeline.regions import Region
from pipeline.run import Job, in_rounds
from pipeline.stage import up_to_date
from tests.mesh.conftest import CASES
from tests.mesh.variation import with_value

LOW, HIGH = np.full(3, -14.0), np.full(3, 14.0)
SIZE = SizeField(LOW, 14.0, np.full((3, 3, 3), 1.5))
REGIONS = (Region.MT1_CORE, Region.MT1_CORTEX, Region.SOFT_TISSUE)
COMPARED = ("compare_normal", "compare_stiff", "compare_fused")


def balls(*radii: float, centre: float = 0.0) -> Tissue:
    """Balls in balls: the last is soft tissue about the origin, the others lie about (centre, 0, 0)."""
    regions = REGIONS[-len(radii) :]
    places = [np.array([centre, 0.0, 0.0])] * (len(radii) - 1) + [np.zeros(3)]
    return enclose(
        [Part(r, ball(x, radius)) for r, x, radius in zip(regions, places, radii, strict=True)], LOW, HIGH
    )


def radii_of(tissues: Tissues) -> Array:
    """Distance of all interface points from the origin."""
    return np.asarray(np.linalg.norm(sample_interfaces(tissues, LOW, HIGH, SIZE), axis=1))


# Labels -----------------------------------------------------------------------------------------------------


def test_labels_of_members_make_one_label_and_come_back() -> None:
    tissues = united([balls(6.0, 8.0, 10.0), balls(7.0, 10.0), balls(5.0, 8.0, 10.0)])
    labels = [np.array(own, np.int16) for own in ([0, 1, 2, 3, 3], [0, 1, 1, 2, 0], [0, 0, 1, 3, 3])]
    whole = tissues.encode(labels)
    for own, back in zip(labels, tissues.decode(whole), strict=True):
        np.testing.assert_array_equal(back, own)
    assert whole[3] == tissues.void == 4 * 3 * 4 - 1
    assert np.all(np.diff(whole[:4]) > 0)  # the first member's priority counts first


def test_point_has_the_label_of_each_member() -> None:
    tissues = united([balls(6.0, 8.0, 10.0), balls(7.0, 10.0)])
    x = np.array([[5.0, 0, 0], [6.5, 0, 0], [7.5, 0, 0], [9.0, 0, 0], [11.0, 0, 0]])
    first, second = tissues.decode(tissues.label(x))
    assert first.tolist() == [0, 1, 1, 2, 3]
    assert second.tolist() == [0, 0, 1, 1, 2]


def test_cell_void_in_one_member_takes_the_region_it_has_in_another() -> None:
    tissues = Variants((balls(6.0, 8.0, 10.0), balls(7.0, 10.0)))
    labels: list[Labels] = [np.array([0, 3, 3, 3]), np.array([2, 1, 0, 2])]
    first, second = solid_alike(tissues, labels)
    assert first.tolist() == [0, 2, 1, 3]  # soft tissue, cortex, void in both
    assert second.tolist() == [1, 1, 0, 2]  # a core it does not have: its last part


# Common surfaces --------------------------------------------------------------------------------------------


def test_single_member_stays_as_it_is() -> None:
    """Whether as a case of its own or as the one member of a family: the same mesh, to the last bit."""
    tissue = balls(6.0, 8.0, 10.0)
    assert united([tissue]) is tissue
    one, other = (tetrahedralise(each, LOW, HIGH, SIZE) for each in (tissue, Variants((tissue,))))
    for name in ("points", "cells", "labels"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_equal_parts_are_one_and_others_stay_apart() -> None:
    first, second = balls(6.0, 8.0, 10.0), balls(6.0, 8.5, 10.0)
    tissues = united([first, second])
    one, other = tissues.members
    assert [a is b for a, b in zip(one.parts, other.parts, strict=True)] == [True, False, True]
    assert [surface.owners for surface in tissues.surfaces] == [(0, 0), (1, ABSENT), (2, 2), (ABSENT, 1)]
    assert [boxed.part.region for boxed in own_parts(tissues)[1].parts] == [Region.MT1_CORTEX]


def test_equal_shape_of_another_region_or_thickness_shares_its_surface_only() -> None:
    shape = ball(np.zeros(3), 6.0)
    parts = [Part(Region.MT1_CORE, shape), Part(Region.MTP1_GAP, shape), Part(Region.MT1_CORE, shape)]
    parts[2] = replace(parts[2], thickness=constant(1.0))
    tissues = united([enclose([replace(part, shape=ball(np.zeros(3), 6.0))], LOW, HIGH) for part in parts])
    assert [surface.owners for surface in tissues.surfaces] == [(0, 0, 0)]
    assert [len(tissue.parts) for tissue in own_parts(tissues)] == [1, 1, 1]


def test_common_surfaces_are_sampled_once() -> None:
    """As many points a square of the edge length on the spheres in common as on those of one member."""
    radius = radii_of(united([balls(6.0, 8.0, 10.0), balls(4.0, 8.0, 10.0)]))
    assert np.abs(radius[:, None] - [4.0, 6.0, 8.0, 10.0]).min(axis=1).max() < 0.02
    for r in (4.0, 6.0, 8.0, 10.0):
        density = np.count_nonzero(np.abs(radius - r) < 0.1) * 1.5**2 / (4 * np.pi * r**2)
        assert 0.8 < density < 2.0


def test_surface_next_to_that_of_an_earlier_member_is_left_out() -> None:
    radius = radii_of(united([balls(6.0, 8.0, 10.0), balls(6.1, 8.0, 10.0)]))
    assert np.count_nonzero(np.abs(radius - 6.1) < 0.03) == 0
    assert np.count_nonzero(np.abs(radius - 6.0) < 0.03) > 100


def test_curve_where_surfaces_of_two_members_cross_is_sampled() -> None:
    """Balls of radius 6 about x = 0 and x = 5 cross in a circle of radius sqrt(36 - 2.5^2) at x = 2.5."""
    x = sample_interfaces(united([balls(6.0, 12.0), balls(6.0, 12.0, centre=5.0)]), LOW, HIGH, SIZE)
    away = np.hypot(x[:, 0] - 2.5, np.hypot(x[:, 1], x[:, 2]) - np.sqrt(36.0 - 2.5**2))
    circumference = 2.0 * np.pi * np.sqrt(36.0 - 2.5**2)
    assert 0.6 < np.count_nonzero(away < 0.02) * 1.5 / circumference < 1.6


def test_every_member_has_its_volumes_on_the_same_cells() -> None:
    members = [balls(6.0, 8.0, 10.0), balls(4.5, 8.0, 10.0), balls(8.0, 10.0)]
    tissues = united(members)
    mesh = tetrahedralise(tissues, LOW, HIGH, SIZE)
    size, labels = volumes(mesh.points, mesh.cells), tissues.decode(mesh.labels)
    found = [np.bincount(own, size) for own in labels]
    for own, radii in zip(found, ((6.0, 8.0, 10.0), (4.5, 8.0, 10.0), (8.0, 10.0)), strict=True):
        want = 4 / 3 * np.pi * np.diff([0.0, *(r**3 for r in radii)])
        np.testing.assert_allclose(own, want, rtol=0.05)
    soft = [own == member.void - 1 for own, member in zip(labels, members, strict=True)]
    np.testing.assert_array_equal(soft[0], soft[1])  # untouched: the very same cells
    np.testing.assert_array_equal(soft[0], soft[2])


def test_outline_of_all_holds_the_outline_of_each() -> None:
    one, other = ball(np.zeros(3), 9.0), ball(np.array([0.0, 0.0, 3.0]), 8.0)
    axes = np.arange(-14.0, 14.1, 4.0)
    whole = bulged(one, other, np.stack(np.meshgrid(axes, axes, axes), axis=-1).reshape(-1, 3))
    x = np.random.default_rng(2).uniform(-11.0, 11.0, (4000, 3))
    either = np.minimum(one(x), other(x))
    np.testing.assert_array_equal(whole(x) < 0.0, either < 0.0)


# Cases ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared() -> list[Case]:
    return [load_case(CASES / f"{name}.yaml") for name in COMPARED]


def test_members_agree_on_their_family(compared: list[Case]) -> None:
    families = [Family.of(case) for case in compared]
    assert len({family.key for family in families}) == 1
    assert len({mesh_key(case) for case in compared}) == 3
    assert [case.name for case in families[0].cases] == list(COMPARED)
    assert [family.own for family in families] == [0, 1, 2]


def test_order_and_doubled_names_do_not_matter(compared: list[Case]) -> None:
    files = list(compared[0].mesh.shared_with or ())
    for named in (files[::-1], files[1:], [*files, files[1]]):
        assert mesh_key(with_value(compared[0], "mesh.shared_with", named)) == mesh_key(compared[0])


def test_case_that_shares_with_none_but_itself_has_its_plain_mesh(normal: Case) -> None:
    alone = with_value(normal, "mesh.shared_with", [str(CASES / "normal.yaml")])
    assert mesh_key(alone) == mesh_key(normal)


def test_key_changes_when_a_file_of_another_member_does(compared: list[Case], tmp_path: Path) -> None:
    files = [tmp_path / f"{case.name}.yaml" for case in compared]
    family = [with_value(case, "mesh.shared_with", [*map(str, files)]) for case in compared]

    def keys(last: Case) -> list[str]:
        for file, case in zip(files, (*family[:2], last), strict=True):
            file.write_text(dump_yaml(case), "utf-8")
        return [mesh_key(load_case(file)) for file in files]

    before = keys(family[2])
    assert before == [mesh_key(case) for case in compared]
    assert keys(with_value(family[2], "title", "Other words")) == before
    after = keys(with_value(family[2], "joint.resection", "flat"))
    assert not set(after) & set(before)


def test_key_changes_with_the_members(compared: list[Case]) -> None:
    fewer = with_value(compared[0], "mesh.shared_with", list(compared[0].mesh.shared_with or ())[:2])
    assert mesh_key(fewer) != mesh_key(compared[0])


def test_member_that_names_others_is_refused(compared: list[Case]) -> None:
    normal = str(CASES / "normal.yaml")
    one_sided = with_value(compared[0], "mesh.shared_with", [normal])
    with pytest.raises(ConfigError, match="shares its mesh with normal, which shares its own with none;"):
        Family.of(one_sided).require()
    Family.of(compared[0]).require()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "joint.dorsiflexion_to_mt1_deg",
            6.1912,
            r"pp1 is turned by 1 degrees; .*dorsiflexion 6\.1912 against",
        ),
        ("joint.joint_space_mm", 2.3, r"pp1 is 0\.109 mm away"),
        ("joint.valgus_deg", 12.0, "pp1 is turned by"),
        ("posture.mt2_declination_deg", 26.0, "mt2 is turned by 1 degrees"),
    ],
)
def test_member_that_stands_otherwise_is_refused(
    compared: list[Case], path: str, value: float, said: str
) -> None:
    other = sized(with_value(compared[2], path, value))
    with pytest.raises(ConfigError, match=f"compare_fused does not stand as compare_normal: .*{said}"):
        stand_alike([sized(compared[0]), other])


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("mesh.level", "fine", "mesh.level is fine, not coarse"),
        ("patient.side", "left", "patient.side is left, not right"),
        ("patient.foot_length_factor", 0.9, "patient.foot_length_factor is 0.9, not 1.0"),
        ("anatomy.cover_mm", 5.0, "anatomy.cover_mm is 5.0, not 4.0"),
    ],
)
def test_member_of_another_foot_or_mesh_is_refused(
    compared: list[Case], path: str, value: str | float, said: str
) -> None:
    with pytest.raises(
        ConfigError, match=f"compare_fused is not of the same foot .* compare_normal: {said};"
    ):
        require_alike([compared[0], with_value(compared[2], path, value)])


def test_one_of_each_family_is_built_before_the_others(compared: list[Case], normal: Case) -> None:
    jobs = [Job(case, Path("results"), Path("meshes")) for case in (*compared, normal)]
    assert in_rounds(jobs) == [[jobs[0], jobs[3]], jobs[1:3]]
    assert in_rounds(jobs[:1]) == [jobs[:1]]


# The shipped comparison -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """A mesh file: points and cells in the order of their numbers, and the group of each cell."""

    points: Array
    cells: Cells
    groups: Cells


def read(path: Path) -> Written:
    """Read the tetrahedra of a mesh file with the numbers they have in it."""
    with gmsh_session():
        gmsh.merge(str(path))
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        points = coordinates.reshape(-1, 3)[np.argsort(tags)]
        numbers, cells, groups = [], [], []
        for _, volume in gmsh.model.getEntities(3):
            own, nodes = gmsh.model.mesh.getElementsByType(4, volume)
            numbers.append(own)
            cells.append(nodes.reshape(-1, 4).astype(np.int64) - 1)
            groups.append(np.full(len(own), gmsh.model.getPhysicalGroupsForEntity(3, volume)[0], np.int64))
    order = np.argsort(np.concatenate(numbers))
    return Written(points, np.concatenate(cells)[order], np.concatenate(groups)[order])


@pytest.fixture(scope="module")
def folders(compared: list[Case], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Meshes of the three shipped variants; each passed its gates, or there would be none."""
    meshes = tmp_path_factory.mktemp("meshes")
    return [make_mesh(case, meshes)[0] for case in compared]


@pytest.fixture(scope="module")
def written(folders: list[Path]) -> list[Written]:
    return [read(folder / "mesh.msh") for folder in folders]


def test_variants_have_the_same_points_and_cells_and_their_own_regions(
    written: list[Written], compared: list[Case]
) -> None:
    first = written[0]
    for mesh, case in zip(written, compared, strict=True):
        np.testing.assert_array_equal(mesh.points, first.points)
        np.testing.assert_array_equal(mesh.cells, first.cells)
        assert {Region(group) for group in mesh.groups} == set(case.materials_by_region())
    assert not np.array_equal(written[1].groups, first.groups)
    assert not np.array_equal(written[2].groups, first.groups)


def test_what_the_joint_does_not_touch_is_the_same_to_the_cell(written: list[Written]) -> None:
    untouched = [
        region
        for region in Region
        if any(word in region.label for word in ("dp1", "mt2", "pp2", "dp2", "ip_", "pip2", "tmt", "block"))
    ]
    assert len(untouched) > 14
    for region in untouched:
        own = [mesh.groups == region for mesh in written]
        assert own[0].any()
        np.testing.assert_array_equal(own[1], own[0])
        np.testing.assert_array_equal(own[2], own[0])


def test_touched_regions_have_the_volumes_of_their_shapes(
    written: list[Written], compared: list[Case]
) -> None:
    """Of the stiff joint, with most surfaces of its own; its shapes are counted on a grid of 0.5 mm."""
    scene = scene_of([sized(case) for case in compared])
    stiff, low = scene.tissues.members[1], scene.posture.mtp1 - [16.0, 16.0, 16.0]
    found = stiff.label(grid_points(low, np.array([72, 64, 72]), 0.5))
    true = 0.5**3 * np.bincount(found, minlength=stiff.void)
    size = np.bincount(written[1].groups, volumes(written[1].points, written[1].cells))
    for region, within in (
        (Region.OSTEOPHYTE, 0.08),
        (Region.SCLEROSIS, 0.08),
        (Region.MTP1_CAPSULE, 0.06),
        (Region.MTP1_CARTILAGE_MT1, 0.06),
        (Region.MTP1_CARTILAGE_PP1, 0.06),
    ):
        assert size[region] == pytest.approx(true[stiff.regions.index(region)], rel=within), region.label


def test_shared_mesh_is_built_once_and_kept(folders: list[Path], compared: list[Case]) -> None:
    meshes = folders[0].parent
    shared = meshes / Family.of(compared[0]).key[:16] / "shared.npz"
    assert {path.name for path in meshes.iterdir()} == {*(f.name for f in folders), shared.parent.name}
    before, made = shared.stat().st_mtime_ns, (folders[2] / "mesh.msh").read_bytes()
    (folders[2] / "mesh.msh").unlink()
    assert make_mesh(compared[2], meshes) == (folders[2], True)
    assert (folders[2] / "mesh.msh").read_bytes() == made
    assert shared.stat().st_mtime_ns == before
    assert up_to_date(shared.parent, "shared", Family.of(compared[0]).key)
    forget_shared(compared[1], meshes)
    assert not up_to_date(shared.parent, "shared", Family.of(compared[0]).key)

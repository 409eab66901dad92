"""Points lie on interfaces, cells fill the tissues, and nothing depends on chance."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial import cKDTree

from pipeline.mesh.cells import Cells, boundary_faces, mean_ratio, neighbours, oriented, volumes
from pipeline.mesh.fidelity import exposed, fidelity_of, holes, interface_of, touching
from pipeline.mesh.grid import SizeField
from pipeline.mesh.implicit import Array, ball, cylinder
from pipeline.mesh.part import Part
from pipeline.mesh.relief import goodness, relieve
from pipeline.mesh.repair import repaired
from pipeline.mesh.sampling import crease_points, sample_interfaces, surface_boxes, thin, visible
from pipeline.mesh.tetrahedra import EDGES, Tetrahedra, tetrahedralise, triangulated, without_spikes
from pipeline.mesh.tissue import Labels, Tissue, enclose, project, project_on_two
from pipeline.regions import Region
from tests.solve.boxes import box

REGULAR = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
LOW, HIGH = np.full(3, -14.0), np.full(3, 14.0)


def uniform_size(h: float, factor: float = 1.0) -> SizeField:
    return SizeField(LOW, 14.0, np.full((3, 3, 3), h), factor)


def shells() -> Tissue:
    """A core of radius 6 in a shell of radius 8 in tissue of radius 10."""
    regions = (Region.MT1_CORE, Region.MT1_CORTEX, Region.SOFT_TISSUE)
    return enclose(
        [Part(r, ball(np.zeros(3), b)) for r, b in zip(regions, (6.0, 8.0, 10.0), strict=True)], LOW, HIGH
    )


@pytest.fixture(scope="module")
def nested() -> Tetrahedra:
    return tetrahedralise(shells(), LOW, HIGH, uniform_size(1.5))


def test_regular_tetrahedron_has_ratio_one_and_known_volume() -> None:
    cells = oriented(REGULAR, np.array([[0, 1, 2, 3]]))
    assert mean_ratio(REGULAR, cells)[0] == pytest.approx(1.0)
    assert volumes(REGULAR, cells)[0] == pytest.approx(8.0 / 3.0)


def test_orientation_makes_volumes_positive() -> None:
    both = np.array([[0, 1, 2, 3], [0, 2, 1, 3]])
    assert np.prod(volumes(REGULAR, both)) < 0.0
    assert np.all(volumes(REGULAR, oriented(REGULAR, both)) > 0.0)


def test_two_cells_know_each_other() -> None:
    cells = np.array([[0, 1, 2, 3], [1, 2, 3, 4]])
    across = neighbours(cells)
    assert across[0, 0] == 1
    assert across[1, 3] == 0
    assert np.count_nonzero(across < 0) == 6
    assert len(boundary_faces(cells)[0]) == 6


def test_spike_is_removed_but_a_slab_stays() -> None:
    chain = np.array([[1, 2, 3, -1], [0, -1, -1, -1], [0, -1, -1, -1], [0, -1, -1, -1]])
    assert without_spikes(np.array([5, 7, 7, 7], np.int16), chain)[0] == 7
    assert without_spikes(np.array([5, 5, 7, 7], np.int16), chain)[0] == 5


def test_thinning_is_maximal_and_keeps_its_distance() -> None:
    x = np.random.default_rng(3).uniform(0.0, 10.0, (2000, 3))
    kept = x[thin(x, np.full(len(x), 1.5))]
    gaps = np.linalg.norm(kept[:, None] - kept[None], axis=2) + 99.0 * np.eye(len(kept))
    assert gaps.min() >= 1.5
    crowd = 0.3 * 1.5 * np.sqrt(3.0)  # one point stands for all in a cube of 0.3 of the spacing
    assert np.linalg.norm(x[:, None] - kept[None], axis=2).min(axis=1).max() < 1.5 + crowd


def test_projection_lands_on_the_surface_and_on_the_curve() -> None:
    x = np.random.default_rng(4).normal(size=(50, 3))
    x = 8.5 * x / np.linalg.norm(x, axis=1)[:, None]
    moved, normal, residual = project(ball(np.zeros(3), 8.0), x, 1.0)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 8.0, atol=1e-6)
    np.testing.assert_allclose(normal, moved / 8.0, atol=1e-3)
    assert residual.max() < 1e-6
    first, second = ball(np.zeros(3), 5.0), ball(np.array([6.0, 0.0, 0.0]), 5.0)
    on_both, _, residual = project_on_two(first, second, np.array([[3.2, 4.2, 0.1]]), 1.0)
    assert residual[0] < 1e-5
    assert on_both[0, 0] == pytest.approx(3.0, abs=1e-5)  # the circle of radius 4 in the plane x = 3


def test_interface_points_lie_on_their_spheres() -> None:
    radius = np.linalg.norm(sample_interfaces(shells(), LOW, HIGH, uniform_size(1.5)), axis=1)
    nearest = np.abs(radius[:, None] - [6.0, 8.0, 10.0]).min(axis=1)
    assert nearest.max() < 0.02
    counts = [np.count_nonzero(np.abs(radius - r) < 0.1) for r in (6.0, 8.0, 10.0)]
    for count, r in zip(counts, (6.0, 8.0, 10.0), strict=True):
        density = count * 1.5**2 / (4 * np.pi * r**2)
        assert 0.8 < density < 2.0  # points per square of the wanted edge


def test_nested_balls_have_their_volumes_and_no_leak(nested: Tetrahedra) -> None:
    size = np.bincount(nested.labels, volumes(nested.points, nested.cells))
    want = 4 / 3 * np.pi * np.array([6.0**3, 8.0**3 - 6.0**3, 10.0**3 - 8.0**3])
    np.testing.assert_allclose(size, want, rtol=0.04)
    across = neighbours(nested.cells)
    cell, face = np.nonzero(across >= 0)
    touching = np.stack([nested.labels[cell], nested.labels[across[cell, face]]], axis=1)
    assert not np.any(np.all(touching == (0, 2), axis=1))


def test_cells_are_positive_and_well_shaped(nested: Tetrahedra) -> None:
    ratio = mean_ratio(nested.points, nested.cells)
    assert ratio.min() > 0.15
    assert ratio.mean() > 0.7
    assert goodness(nested.points, nested.cells).min() > 0.8


def test_surface_is_closed_and_points_outwards(nested: Tetrahedra) -> None:
    faces, _ = boundary_faces(nested.cells)
    a, b, c = (nested.points[faces[:, i]] for i in range(3))
    enclosed = np.einsum("ij,ij->", np.cross(a, b), c) / 6.0
    assert enclosed == pytest.approx(volumes(nested.points, nested.cells).sum(), rel=1e-12)


def test_same_input_gives_the_same_mesh(nested: Tetrahedra) -> None:
    again = tetrahedralise(shells(), LOW, HIGH, uniform_size(1.5))
    np.testing.assert_array_equal(again.points, nested.points)
    np.testing.assert_array_equal(again.cells, nested.cells)


def test_faces_follow_the_spheres(nested: Tetrahedra) -> None:
    """The middle of a face of edge e on a sphere of radius r lies e^2 / 6r inside; e is at most 1.4 h."""
    fit = fidelity_of(shells(), nested.points, nested.cells, nested.labels)
    assert fit.distance_p95_mm < (1.4 * 1.5) ** 2 / (3.0 * 2.0 * 6.0)
    assert fit.normal_error_median_deg < 3.0
    assert fit.normal_error_p95_deg < 12.0
    assert fit.holes["mt1_cortex"] == 0.0
    assert fit.exposed == {}


def test_a_tissue_that_leaves_bone_at_a_small_angle_makes_no_bulge() -> None:
    """Every vertex of a ball of bone lies on it, though a band leaves it at about 20 degrees."""
    bone, band = ball(np.zeros(3), 6.0), ball(np.array([2.0, 0.0, 0.0]), 6.0)
    parts = [
        Part(Region.MT1_CORTEX, bone),
        Part(Region.FLEXOR_BAND_1, band),
        Part(Region.SOFT_TISSUE, ball(np.zeros(3), 10.0)),
    ]
    mesh = tetrahedralise(enclose(parts, LOW, HIGH), LOW, HIGH, uniform_size(1.2))
    faces = boundary_faces(mesh.cells[mesh.labels == 0])[0]
    off = np.abs(bone(mesh.points[np.unique(faces)]))
    assert off.max() < 0.15
    assert np.mean(off < 0.01) > 0.95


def test_a_layer_thinner_than_the_edges_keeps_both_sides() -> None:
    """On a coarse mesh, cortex of 1 mm under edges of 1.8 mm still has its own outer surface."""
    parts = [
        Part(Region.MT1_CORE, ball(np.zeros(3), 6.0)),
        Part(Region.MT1_CORTEX, ball(np.zeros(3), 7.0)),
        Part(Region.SOFT_TISSUE, ball(np.zeros(3), 11.0)),
    ]
    mesh = tetrahedralise(enclose(parts, LOW, HIGH), LOW, HIGH, uniform_size(1.8, 1.8))
    faces = boundary_faces(mesh.cells[mesh.labels <= 1])[0]
    radius = np.linalg.norm(mesh.points[np.unique(faces)], axis=1)
    assert np.mean(np.abs(radius - 7.0) < 0.02) > 0.98


def test_holes_of_the_sampling_are_found_on_edges() -> None:
    """Of a sphere with no point sampled on a quarter, the missing ones come from the edges that cross it."""
    tissue, rng = shells(), np.random.default_rng(3)
    interface = sample_interfaces(tissue, LOW, HIGH, uniform_size(1.5))
    torn = interface[(interface[:, 0] < 0.0) | (interface[:, 1] < 0.0)]
    grid = np.arange(-13.0, 13.1, 1.5)
    filler = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), axis=-1).reshape(-1, 3)
    filler = filler[cKDTree(torn).query(filler)[0] > 1.2] + rng.uniform(-0.1, 0.1, 3)
    corners = np.array(list(itertools.product((-14.0, 14.0), repeat=3)))
    points, cells, found = triangulated(tissue, torn, filler, corners)
    new = found[len(torn) :]
    assert len(new) > 50
    radius = np.linalg.norm(new, axis=1)
    np.testing.assert_allclose(np.abs(radius[:, None] - [6.0, 8.0, 10.0]).min(axis=1), 0.0, atol=1e-3)
    inside = np.arange(len(points)) >= len(found)
    own = tissue.label(points)
    inside[len(points) - len(corners) :] = False
    edges = cells[:, EDGES].reshape(-1, 2)
    both = inside[edges].all(axis=1)
    assert np.all(own[edges[both, 0]] == own[edges[both, 1]])


def test_sharp_edges_are_sampled() -> None:
    """Edge points of a cylinder lie on its surface, most of them on its two rims."""
    low, high, size = (
        np.full(3, -8.0),
        np.full(3, 8.0),
        SizeField(np.full(3, -8.0), 8.0, np.full((3, 3, 3), 1.0)),
    )
    shape = cylinder(np.array([0.0, 0, -4]), np.array([0.0, 0, 4]), 5.0)
    tissue = enclose([Part(Region.SOFT_TISSUE, shape)], low, high)
    x, edge = surface_boxes(tissue.parts[0], low, high, size)
    x, normal = visible(tissue, 0, x, edge, size)
    rim = crease_points(tissue, 0, x, normal, size)
    assert len(rim) > 60
    np.testing.assert_allclose(shape(rim), 0.0, atol=0.02)
    off = np.hypot(np.hypot(rim[:, 0], rim[:, 1]) - 5.0, np.abs(rim[:, 2]) - 4.0)
    assert np.mean(off < 0.02) > 0.8
    turn = np.sort(np.arctan2(rim[off < 0.02, 1], rim[off < 0.02, 0]))
    assert np.diff(turn).max() < 1.5 / 5.0  # no gap wider than one and a half edges


STACK = [Region.MT1_CORE, Region.MT1_CORTEX, Region.PP1_CORTEX, Region.SOFT_TISSUE]


def column(labels: list[int]) -> tuple[Array, Cells, Labels]:
    """A row of cells that share a face with the next: vertices along a helix."""
    turn = np.arange(len(labels) + 3) * 2.3
    points = np.stack([np.cos(turn), np.sin(turn), 0.4 * turn], axis=1)
    cells = np.stack([np.arange(len(labels)) + k for k in range(4)], axis=1)
    return points, oriented(points, cells), np.array(labels, np.int16)


def test_a_pinhole_is_found_and_closed(nested: Tetrahedra) -> None:
    """Core cells put through the shell: their outermost join the shell, nothing else changes."""
    regions = [Region.MT1_CORE, Region.MT1_CORTEX, Region.SOFT_TISSUE]
    centre = nested.points[nested.cells].mean(axis=1)
    through = (np.hypot(centre[:, 0], centre[:, 1]) < 1.5) & (centre[:, 2] > 0.0) & (nested.labels == 1)
    pierced = np.where(through, 0, nested.labels).astype(np.int16)

    def missing(labels: Labels) -> float:
        return holes(nested.points, interface_of(nested.cells, labels, 3), regions)["mt1_cortex"]

    assert missing(nested.labels) == 0.0
    assert missing(pierced) > 0.0
    closed = repaired(nested.cells, pierced, regions, 3)
    assert missing(closed) == 0.0
    assert np.all(through[closed != pierced])


LAYERED = [Region.MT1_CORTEX, Region.MTP1_CARTILAGE_MT1, Region.MTP1_GAP, Region.SOFT_TISSUE]


def slabs(width: int) -> tuple[Array, Cells, Labels]:
    """Bone, cartilage and gap, each one cube of six cells thick, ``width`` cubes wide, soft tissue around."""
    points, cells = box((width, width, 5.0), (width, width, 5))
    x = points[cells].mean(axis=1)
    labels = np.select([x[:, 2] < 1.0, x[:, 2] > 4.0], [3, 3], np.floor(x[:, 2]).astype(int) - 1)
    rim = (x[:, :2].min(axis=1) < 1.0) | (x[:, :2].max(axis=1) > width - 1.0)
    return points, cells, np.where(rim, 3, labels).astype(np.int16)


def test_a_hole_in_cartilage_is_found_and_closed() -> None:
    """One cube of cartilage taken by the gap bares 1 mm2 of bone; cartilage still meets the gap on 28 mm2."""
    points, cells, labels = slabs(7)
    assert holes(points, interface_of(cells, labels, 4), LAYERED)["mtp1_cartilage_mt1"] == 0.0
    x = points[cells].mean(axis=1)
    middle = np.all(np.abs(x[:, :2] - 3.5) < 0.5, axis=1) & (labels == 1)
    assert np.count_nonzero(middle) == 6
    pierced = np.where(middle, 2, labels).astype(np.int16)
    share = holes(points, interface_of(cells, pierced, 4), LAYERED)["mtp1_cartilage_mt1"]
    assert share == pytest.approx(1.0 / (24.0 + 4.0))
    closed = repaired(cells, pierced, LAYERED, 4)
    assert holes(points, interface_of(cells, closed, 4), LAYERED)["mtp1_cartilage_mt1"] == 0.0


def test_bone_beside_the_gap_at_the_rim_is_no_hole() -> None:
    """Where soft tissue is at hand the layer merely ends."""
    points, cells, labels = slabs(7)
    x = points[cells].mean(axis=1)
    outermost = (x[:, 0] < 2.0) & (labels == 1)
    short = np.where(outermost, 2, labels).astype(np.int16)
    assert np.count_nonzero(outermost) == 30
    assert holes(points, interface_of(cells, short, 4), LAYERED)["mtp1_cartilage_mt1"] == 0.0


def test_core_and_cortex_of_one_bone_may_touch() -> None:
    _, cells, labels = column([0, 1, 0, 1, 3])
    assert touching(cells, labels, STACK) == []
    _, cells, labels = column([0, 2])
    assert touching(cells, labels, STACK) == ["mt1_cortex and pp1_cortex"]


def test_bones_that_share_a_vertex_are_found_and_parted() -> None:
    _, cells, labels = column([1, 1, 1, 3, 2, 2, 2])
    assert touching(cells, labels, STACK) == ["mt1_cortex and pp1_cortex"]
    labels = repaired(cells, labels, STACK, 4)
    assert touching(cells, labels, STACK) == []
    assert labels[0] == 1
    assert labels[-1] == 2


def test_bone_on_the_outside_is_a_crack() -> None:
    _, cells, labels = column([1, 3, 3])
    assert exposed(interface_of(cells, labels, 4), 4, STACK) == {"mt1_cortex": 3}


def flat_star() -> tuple[Array, Cells]:
    """A nearly flat cell with a good one on each side of its shared face."""
    points = np.array(
        [[0.0, 0, 0], [1, 0, 0], [0.3, 1, 0], [0.4, 0.35, 0.004], [0.4, 0.3, 1.0], [0.4, 0.3, -1.0]]
    )
    return points, np.array([[0, 1, 2, 3], [0, 1, 3, 4], [1, 2, 3, 4], [2, 0, 3, 4], [0, 2, 1, 5]])


def test_relief_raises_the_worst_cell_and_spoils_none() -> None:
    points, cells = flat_star()
    inside = np.zeros(len(cells), np.int16), np.zeros(len(points), bool)
    moved = relieve(shells(), points, cells, *inside)
    assert goodness(points, cells).min() < 0.5
    assert goodness(moved, cells).min() > 2.0 * goodness(points, cells).min()
    assert volumes(moved, cells).min() > 0.0


def test_relief_keeps_interface_vertices_on_their_surface(nested: Tetrahedra) -> None:
    """Every vertex between two tissues is within 0.1 mm of one of the three spheres."""
    around = [np.unique(nested.cells[nested.labels == label]) for label in range(3)]
    for inner in (0, 1):
        between = np.intersect1d(around[inner], around[inner + 1])
        radius = np.linalg.norm(nested.points[between], axis=1)
        assert np.abs(radius[:, None] - [6.0, 8.0, 10.0]).min(axis=1).max() < 0.1

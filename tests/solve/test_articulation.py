"""Opening of joint spaces: what goes, what parts, and what still holds together."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.regions import Region, Sole
from pipeline.solve.articulation import Joint, even_facets, opened, shared_faces
from pipeline.solve.mesh_file import MeshFile
from pipeline.tetrahedron import FACES, outer_faces
from tests.solve.boxes import bottom_facets, box

PARTS = (
    (1.0, Region.SOFT_TISSUE),
    (2.0, Region.IP_CARTILAGE_DP1),
    (3.0, Region.IP_GAP),
    (4.0, Region.IP_CARTILAGE_PP1),
    (5.0, Region.PROXIMAL_BLOCK),
)


def sandwich(gap_to: float = 9.0, rim_from: float = 9.0) -> MeshFile:
    """A column of 4 x 2 x 5 mm in slabs, the joint space between heights 2 and 3.

    Args:
        gap_to: beyond this x the joint space is closed: its cells are proximal cartilage.
        rim_from: beyond this x soft tissue bridges the joint space.
    """
    points, cells = box((4.0, 2.0, 5.0), (4, 2, 5))
    x, _, z = points[cells].mean(axis=1).T
    region = np.array([int(part) for _, part in PARTS])[np.searchsorted([top for top, _ in PARTS], z)]
    space = region == Region.IP_GAP
    region[space & (x > gap_to)] = Region.IP_CARTILAGE_PP1
    region[space & (x > rim_from)] = Region.SOFT_TISSUE
    facets = bottom_facets(points, cells)
    sole = np.full(len(facets), int(Sole.SOLE_HALLUX))
    return MeshFile(points, cells, region, facets, sole)


def area(mesh: MeshFile, facets: np.ndarray) -> float:  # type: ignore[type-arg]
    a, b, c = (mesh.points[facets[:, k]] for k in range(3))
    return float(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())


def test_an_open_joint_has_two_bare_sides() -> None:
    """The space is gone with its volume, both sides have its area and nothing in common."""
    file = sandwich()
    open_ = opened(file, [Joint.IP])
    assert file.volume_mm3.sum() - open_.volume_mm3.sum() == pytest.approx(8.0)
    assert not np.any(open_.region == Region.IP_GAP)
    near, far = (open_.contact_facets[open_.contact_side == Joint.IP.value + k] for k in (0, 1))
    assert set(open_.points[near][..., 2].ravel()) == {3.0}
    assert set(open_.points[far][..., 2].ravel()) == {2.0}
    assert area(open_, near) == pytest.approx(8.0)
    assert area(open_, far) == pytest.approx(8.0)
    assert open_.sole_area_mm2.sum() == pytest.approx(8.0)


def test_sides_that_touch_are_parted() -> None:
    """Where the coarse mesh has no space left, points are doubled, and both sides still face each other."""
    file = sandwich(gap_to=2.0)
    open_ = opened(file, [Joint.IP])
    near, far = (open_.contact_facets[open_.contact_side == Joint.IP.value + k] for k in (0, 1))
    assert not np.intersect1d(near, far).size
    flat = near[np.all(open_.points[near][..., 2] == 2.0, axis=1)]
    assert area(open_, flat) == pytest.approx(4.0)
    assert area(open_, far) == pytest.approx(8.0)
    faces = shared_faces(open_.cells)
    pairs = {frozenset(map(int, pair)) for pair in open_.region[faces.cells]}
    assert frozenset((int(Region.IP_CARTILAGE_PP1), int(Region.IP_CARTILAGE_DP1))) not in pairs


def test_steps_across_the_surface_are_left_out() -> None:
    """Where the space ends in a step of one cell, the riser is no part of either surface; the flats are."""
    open_ = opened(sandwich(gap_to=2.0), [Joint.IP])
    corners = open_.points[open_.contact_facets]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    upright = np.abs(normal[:, 2]) / np.linalg.norm(normal, axis=1)
    np.testing.assert_allclose(upright, 1.0, atol=1e-12)


def test_a_cylinder_keeps_all_its_facets() -> None:
    """Facets of a smooth surface of the size of a joint all face as their neighbourhood does."""
    points, cells = box((12.0, 10.0, 3.0), (12, 10, 3))
    turn, radius = (points[:, 0] - 6.0) / 7.0, 7.0 + points[:, 2]
    bent = np.column_stack([radius * np.sin(turn), points[:, 1], radius * np.cos(turn)])
    cell, place = outer_faces(cells)
    facets = cells[cell[:, None], FACES[place]]
    top = np.all(points[facets][..., 2] == 3.0, axis=1)
    even = even_facets(bent, facets[top], cells[cell[top]], np.ones(top.sum(), np.int64))
    assert np.all(even)
    whole = even_facets(bent, facets, cells[cell], np.ones(len(facets), np.int64))
    assert not np.all(whole)  # the sides meet the top at right angles


def test_tissue_around_the_rim_still_holds() -> None:
    """Soft tissue that bridges the space keeps its points on both sides; only free edges are parted."""
    open_ = opened(sandwich(rim_from=3.0), [Joint.IP])
    bridge = open_.region == Region.SOFT_TISSUE
    corners = np.unique(open_.cells[bridge & (open_.points[open_.cells][..., 2].max(axis=1) > 2)])
    for side in (Region.IP_CARTILAGE_PP1, Region.IP_CARTILAGE_DP1):
        shared = np.intersect1d(corners, open_.cells[open_.region == side])
        assert np.any(np.isclose(open_.points[shared][:, 0], 4.0))
    assert len(open_.points) == len(np.unique(open_.points, axis=0))


def test_facets_are_on_the_surface() -> None:
    """Every facet named is an outer face of the mesh that is left, once."""
    open_ = opened(sandwich(gap_to=1.0, rim_from=3.0), [Joint.IP, Joint.MTP1])
    cells, places = outer_faces(open_.cells)
    outer = {frozenset(np.delete(open_.cells[c], k).tolist()) for c, k in zip(cells, places, strict=True)}
    named = [frozenset(map(int, facet)) for facet in open_.contact_facets]
    assert set(named) <= outer
    assert len(set(named)) == len(named) > 0


def test_a_joint_that_is_not_there_is_left_alone() -> None:
    file = sandwich()
    same = opened(file, [Joint.MTP1])
    np.testing.assert_array_equal(same.cells, file.cells)
    assert len(same.contact_facets) == 0

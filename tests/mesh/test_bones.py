"""Bones have the walls, the bow and the length their configuration asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from pipeline.config import Case, sized
from pipeline.mesh.bones import bones_of, centre_line, wall_thickness
from pipeline.mesh.implicit import Frame, Shape
from pipeline.mesh.posture import stand
from tests.mesh.test_surface import box, write
from tests.mesh.variation import with_value


def side_of(shape: Shape, frame: Frame, along: float, rise: float) -> float:
    """Half width of a shape on the medial side of its centre line at a position, mm."""
    return float(brentq(lambda m: shape(frame.at(along, rise, m)[None])[0], 0.0, 20.0, xtol=1e-10))


@pytest.mark.parametrize("fraction", [0.15, 0.2, 0.35, 0.5, 0.65, 0.8])
def test_cortex_has_the_thickness_of_the_configuration(normal: Case, fraction: float) -> None:
    bone, frame = normal.anatomy.mt2, stand(normal).mt2
    solid = bones_of(normal, stand(normal))["mt2"]
    along = fraction * bone.length_mm.value
    rise = float(centre_line(bone, np.array([fraction]))[0])
    wall = side_of(solid.outer, frame, along, rise) - side_of(solid.core, frame, along, rise)
    sides, _, _ = wall_thickness(bone, normal.anatomy.shape, np.array([fraction]))
    assert wall == pytest.approx(sides[0], abs=0.06)  # the core's centre line lies a little lower


def test_outer_width_is_that_of_the_sections(normal: Case) -> None:
    bone, frame = normal.anatomy.mt2, stand(normal).mt2
    outer = bones_of(normal, stand(normal))["mt2"].outer
    for fraction, width in zip(bone.sections.fraction[1:5], bone.sections.mediolateral_mm[1:], strict=False):
        rise = float(centre_line(bone, np.array([fraction]))[0])
        half = side_of(outer, frame, fraction * bone.length_mm.value, rise)
        assert 2.0 * half == pytest.approx(width, abs=0.06)


def test_bow_rises_by_its_sagitta_between_its_ends(normal: Case) -> None:
    bone = normal.anatomy.mt2
    rise = centre_line(bone, np.array([0.0, 0.2, 0.5, 0.8, 1.0]))
    np.testing.assert_allclose(rise, [0.0, 0.0, bone.sagittal_bow_mm.value, 0.0, 0.0], atol=1e-12)


def test_shortening_leaves_the_ip_end_of_the_phalanx_as_it_was(fused: Case) -> None:
    """Sections seen from the IP joint are the same whatever surgery took from the base."""
    halves = []
    for shortening in (0.0, 5.0):
        case = with_value(fused, "joint.shortening_mm", shortening)
        posture = stand(case)
        outer = bones_of(case, posture)["pp1"].outer
        from_joint = Frame(posture.ip, posture.pp1.axis, posture.pp1.dorsal)
        halves.append([side_of(outer, from_joint, -back, 0.0) for back in (2.0, 6.0, 10.0)])
    np.testing.assert_allclose(halves[1], halves[0], atol=0.02)


def rise_of(shape: Shape, frame: Frame, along: float, middle: float, side: float) -> float:
    """Height of the dorsal (side 1) or plantar (side -1) surface over the axis at a position, mm."""
    return float(
        brentq(lambda d: shape(frame.at(along, d)[None])[0], middle, middle + side * 20.0, xtol=1e-10)
    )


def test_cortex_differs_around_the_shaft(normal: Case) -> None:
    bone, frame, solid = normal.anatomy.mt2, stand(normal).mt2, bones_of(normal, stand(normal))["mt2"]
    along, rise = 0.5 * bone.length_mm.value, float(centre_line(bone, np.array([0.5]))[0])
    for side, want in ((1.0, 1.8), (-1.0, 2.0)):
        heights = [rise_of(shape, frame, along, rise, side) for shape in (solid.outer, solid.core)]
        assert abs(heights[0] - heights[1]) == pytest.approx(want, abs=0.01)


def test_changed_length_comes_from_the_middle_of_the_shaft(normal: Case) -> None:
    """Sections at the base and, seen from the head, at the neck stay; the distance between them changes."""
    halves = []
    for change in (0.0, -8.0, 6.0):
        case = with_value(normal, "anatomy.mt1_length_change_mm", change)
        posture = stand(case)
        outer = bones_of(case, posture)["mt1"].outer
        from_head = posture.mt1.moved(posture.mtp1)
        halves.append(
            [side_of(outer, posture.mt1, t, 0.0) for t in (8.0, 16.0)]
            + [side_of(outer, from_head, t, 0.0) for t in (-4.0, -8.0)]
        )
    np.testing.assert_allclose(halves[1:], [halves[0]] * 2, atol=0.05)


@pytest.mark.parametrize("lost", [0.2, 0.5, 1.5, 3.0])
def test_flat_head_has_lost_what_was_asked(stiff: Case, lost: float) -> None:
    case = with_value(stiff, "joint.head_flattening_mm", lost)
    posture = stand(case)
    outer, axis = bones_of(case, posture)["mt1"].outer, posture.pp1.axis
    tip = brentq(lambda t: outer((posture.mtp1 + t * axis)[None])[0], 0.0, 15.0)
    assert tip == pytest.approx(case.anatomy.mt1_head_radius_mm.value - lost, abs=0.05)


@pytest.mark.parametrize(("resection", "shortening"), [("cup", 6.0), ("flat", 6.0)])
def test_resection_takes_half_from_each_bone(fused: Case, resection: str, shortening: float) -> None:
    case = with_value(with_value(fused, "joint.resection", resection), "joint.shortening_mm", shortening)
    posture = stand(case)
    bones, axis = bones_of(case, posture), posture.pp1.axis
    radius, space = case.anatomy.mt1_head_radius_mm.value, case.joint.joint_space_mm.value
    tip = brentq(lambda t: bones["mt1"].outer((posture.mtp1 + t * axis)[None])[0], 0.0, 15.0)
    base = brentq(lambda t: -bones["pp1"].base((posture.mtp1 + t * axis)[None])[0], 0.0, 20.0)
    assert tip == pytest.approx(radius - shortening / 2.0, abs=0.1)  # the barrel is wider off its middle
    assert base - tip == pytest.approx(space, abs=0.01)


def test_changed_length_is_that_of_the_bone(normal: Case) -> None:
    """From the base to the tip of the head the outer surface is as much longer or shorter as wanted."""
    lengths = []
    for change in (0.0, -8.0, 6.0):
        case = with_value(normal, "anatomy.mt1_length_change_mm", change)
        posture = stand(case)
        outer, frame = bones_of(case, posture)["mt1"].outer, posture.mt1
        far = case.anatomy.mt1.length_mm.value + change

        def along(t: float, outer: Shape = outer, frame: Frame = frame) -> float:
            return float(outer(frame.at(t)[None])[0])

        lengths.append(brentq(along, far - 5.0, far + 5.0) - brentq(along, -5.0, 5.0))
    assert lengths[0] == pytest.approx(normal.anatomy.mt1.length_mm.value, abs=0.1)
    assert lengths[1] - lengths[0] == pytest.approx(-8.0, abs=1e-6)
    assert lengths[2] - lengths[0] == pytest.approx(6.0, abs=1e-6)


def test_real_bone_grows_with_the_foot(normal: Case, tmp_path: Path) -> None:
    """A rod of 40 x 9 x 11 mm in a foot of factor 0.8 is 32 x 7.2 x 8.8 mm, its head where it belongs."""
    write(tmp_path / "rod.stl", box((20.0, 5.5, 4.5)))
    given = {"source": "A test", "status": "assumed"}
    surface = given | {
        "file": str(tmp_path / "rod.stl"),
        "unit": "mm",
        "base_mm": [-20.0, 0.0, 0.0],
        "head_mm": [15.0, 0.0, 0.0],
        "dorsal": [0.0, 1.0, 0.0],
        "smoothing_mm": given | {"value": 0.0},
    }
    for factor in (1.0, 0.8):
        case = with_value(normal, "anatomy.mt1.surface", surface)
        case = sized(with_value(case, "patient.foot_length_factor", factor))
        posture = stand(case)
        outer, frame = bones_of(case, posture)["mt1"].outer, posture.mt1.moved(posture.mtp1)
        for place in ((5.0, 0.0, 0.0), (-35.0, 0.0, 0.0), (-15.0, 5.5, 0.0), (-15.0, 0.0, -4.5)):
            assert abs(outer(frame.at(*(factor * np.array(place)))[None])[0]) < 0.02, place


def test_bases_of_the_metatarsals_keep_apart(normal: Case) -> None:
    bones = bones_of(normal, stand(normal))
    x = np.random.default_rng(5).uniform(-25.0, 25.0, (200000, 3)) + stand(normal).mt2.origin
    inside = bones["mt2"].outer(x) < 0.0
    assert inside.sum() > 1000
    assert bones["mt1"].outer(x[inside]).min() > 1.15

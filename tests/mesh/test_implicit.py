"""Shapes have the sign, the zero surface and the distance they promise."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.mesh import implicit
from pipeline.mesh.implicit import Array, Frame, Shape

UPRIGHT = Frame(np.zeros(3), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]))


def at(shape: Shape, *point: float) -> float:
    return float(shape(np.array([point]))[0])


def slope(shape: Shape, x: Array) -> Array:
    step = 1e-6
    return np.stack([(shape(x + step * e) - shape(x - step * e)) / (2 * step) for e in np.eye(3)], axis=1)


def test_frame_is_right_handed_and_points_down_by_its_declination() -> None:
    frame = Frame.declined(np.array([1.0, 2.0, 3.0]), 30.0, 9.0)
    np.testing.assert_allclose(
        np.stack([frame.axis, frame.dorsal, frame.medial]) @ frame.axis, [1, 0, 0], atol=1e-15
    )
    assert frame.axis[2] == pytest.approx(-0.5)
    assert frame.medial[1] > 0.9
    assert frame.axis[1] > 0.0  # a positive yaw points medially


def test_local_coordinates_undo_at() -> None:
    frame = Frame.declined(np.array([1.0, -2.0, 3.0]), 20.0, -5.0)
    local = frame.local(frame.at(4.0, 5.0, 6.0)[None])
    np.testing.assert_allclose(np.concatenate(local), [4.0, 5.0, 6.0], rtol=1e-13)


def test_capsule_is_an_exact_distance() -> None:
    shape = implicit.capsule(np.zeros(3), np.array([10.0, 0.0, 0.0]), 2.0)
    assert at(shape, 5.0, 3.0, 4.0) == pytest.approx(3.0)
    assert at(shape, 13.0, 0.0, 0.0) == pytest.approx(1.0)
    assert at(shape, 5.0, 0.0, 0.0) == pytest.approx(-2.0)


def test_roller_is_a_ball_stretched_sideways() -> None:
    shape = implicit.roller(np.zeros(3), np.array([0.0, 1.0, 0.0]), 2.0, 6.0)
    assert at(shape, 6.0, 0.0, 0.0) == pytest.approx(0.0)
    assert at(shape, 0.0, 8.0, 0.0) == pytest.approx(0.0)
    assert at(shape, 6.0, 2.0, 0.0) == pytest.approx(0.0)


def test_barrel_has_both_radii_and_an_exact_distance() -> None:
    across = np.array([0.0, 1.0, 0.0])
    shape = implicit.barrel(np.zeros(3), across, 10.5, 13.5)
    assert at(shape, 10.5, 0.0, 0.0) == pytest.approx(0.0)
    assert at(shape, 12.5, 0.0, 0.0) == pytest.approx(2.0)
    rho = np.sqrt(13.5**2 - 6.0**2) - 3.0  # on the arc of radius 13.5 about a point 3 mm behind the centre
    assert at(shape, 0.0, 6.0, -rho) == pytest.approx(0.0)
    step = 1.5 * np.array([0.0, 6.0, -(rho + 3.0)]) / 13.5
    assert at(shape, *(np.array([0.0, 6.0, -rho]) + step)) == pytest.approx(1.5)
    narrow = implicit.barrel(np.zeros(3), across, 7.0, 5.2)
    assert at(narrow, 7.0, 0.0, 0.0) == pytest.approx(0.0)
    assert at(narrow, 0.0, 5.2, 0.0) == pytest.approx(0.0)


def test_cylinder_has_its_length_and_radius() -> None:
    shape = implicit.cylinder(np.zeros(3), np.array([10.0, 0.0, 0.0]), 2.0)
    assert at(shape, 5.0, 2.0, 0.0) == pytest.approx(0.0)
    assert at(shape, 10.0, 1.0, 0.0) == pytest.approx(0.0)
    assert at(shape, 12.0, 0.0, 0.0) == pytest.approx(2.0)
    assert at(shape, 5.0, 0.0, 0.0) == pytest.approx(-2.0)


def test_elliptic_cone_opens_by_its_angles() -> None:
    shape = implicit.elliptic_cone(UPRIGHT, 40.0, 60.0)
    for degrees, point in ((40.0, (0.0, 1.0)), (60.0, (1.0, 0.0))):
        for off, sign in ((-1.0, -1.0), (1.0, 1.0)):
            a = np.radians(degrees + off)
            assert sign * at(shape, 10 * np.cos(a), *(10 * np.sin(a) * np.array(point))) > 0.0


def test_pillar_is_an_endless_ellipse() -> None:
    shape = implicit.pillar(UPRIGHT, 5.0, 3.0)
    assert at(shape, 5.0, 0.0, 70.0) == pytest.approx(0.0)
    assert at(shape, 0.0, 3.0, -70.0) == pytest.approx(0.0)


def test_cylinder_is_an_exact_distance_beside_its_wall_and_its_ends() -> None:
    shape = implicit.cylinder(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 9.0]), 2.0)
    assert at(shape, 4.0, 6.0, 5.0) == pytest.approx(3.0)  # 5 mm from the axis
    assert at(shape, 1.5, 2.5, 1.0) == pytest.approx(2.0)
    assert at(shape, 1.0, 2.0, 3.5) == pytest.approx(-0.5)


def test_rounded_common_only_takes_from_the_edge() -> None:
    """Two planes at a right angle: the edge itself is a quarter of the rounding outside."""
    planes = [implicit.half_space(np.zeros(3), n) for n in np.eye(3)[:2]]
    sharp, soft = implicit.common(*planes), implicit.rounded_common(planes[0], planes[1], 2.0)
    assert at(soft, 0.0, 0.0, 5.0) == pytest.approx(2.0 / 4.0)
    assert at(soft, -0.25, -1.25, 0.0) == pytest.approx(-0.25 + 1.0 / 8.0)  # blend of 2 - 1 = 1 mm
    x = np.random.default_rng(8).uniform(-6.0, 6.0, (2000, 3))
    assert np.all(soft(x) >= sharp(x))
    away = np.abs(x[:, 0] - x[:, 1]) > 2.0
    np.testing.assert_array_equal(soft(x[away]), sharp(x[away]))


def test_barrel_is_a_distance_everywhere_outside() -> None:
    """Slope one, and a step of the value along it lands on the surface."""
    shape = implicit.barrel(np.zeros(3), np.array([0.0, 1.0, 0.0]), 10.5, 13.5)
    x = np.random.default_rng(9).uniform(-20.0, 20.0, (2000, 3))
    x = x[shape(x) > 0.1]
    normal = slope(shape, x)
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(shape(x - shape(x)[:, None] * normal), 0.0, atol=1e-6)


def test_nearby_changes_nothing_within_its_reach() -> None:
    exact, bound = implicit.ball(np.zeros(3), 2.0), implicit.ball(np.zeros(3), 3.0)
    x = np.random.default_rng(6).uniform(-12.0, 12.0, (3000, 3))
    quick = implicit.nearby(exact, bound, 4.0)(x)
    near = bound(x) < 4.0
    np.testing.assert_array_equal(quick[near], exact(x)[near])
    assert np.all(quick[~near] >= 4.0)
    assert np.all(quick <= exact(x) + 1e-12)


def test_pronation_turns_the_dorsum_medially() -> None:
    turned = UPRIGHT.rolled(90.0)
    np.testing.assert_allclose(turned.dorsal, UPRIGHT.medial, atol=1e-15)
    np.testing.assert_allclose(turned.axis, UPRIGHT.axis)


def test_box_has_its_corners_and_an_exact_distance_to_a_face() -> None:
    shape = implicit.box(UPRIGHT, np.array([0.0, -2.0, -3.0]), np.array([8.0, 2.0, 3.0]), 0.5)
    assert at(shape, 8.0, 0.0, 0.0) == pytest.approx(0.0)
    assert at(shape, 4.0, 0.0, 3.5) == pytest.approx(1.5)  # dorsal is the second coordinate
    assert at(shape, 4.0, 3.5, 0.0) == pytest.approx(0.5)


def test_loft_passes_through_its_section_and_its_rise() -> None:
    stations, half = np.array([0.0, 20.0, 40.0]), np.full(3, 5.0)
    shape = implicit.loft(UPRIGHT, stations, half, 0.8 * half, rise=np.array([0.0, 2.0, 0.0]))
    assert at(shape, 20.0, 5.0, 2.0) == pytest.approx(0.0, abs=1e-9)  # widest at the risen centre line
    assert at(shape, 20.0, 0.0, 6.0) == pytest.approx(0.0, abs=1e-9)  # 2 of rise and 4 of half height
    assert at(shape, 20.0, 0.0, -2.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    "shape",
    [
        implicit.ellipsoid(UPRIGHT, 6.0, 4.0, 5.0),
        implicit.loft(UPRIGHT, np.array([0.0, 40.0]), np.array([8.0, 6.0]), np.array([5.0, 6.0])),
    ],
)
def test_slope_is_near_one_on_the_surface(shape: Shape) -> None:
    x = np.random.default_rng(1).uniform([2.0, -8.0, -8.0], [5.5, 8.0, 8.0], (4000, 3))
    near = x[np.abs(shape(x)) < 0.05]
    assert len(near) > 20
    size = np.linalg.norm(slope(shape, near), axis=1)
    assert size.min() > 0.9
    assert size.max() < 1.15


def test_fillet_only_adds_material() -> None:
    a, b = implicit.ball(np.zeros(3), 3.0), implicit.ball(np.array([4.0, 0.0, 0.0]), 3.0)
    x = np.random.default_rng(2).uniform(-5.0, 8.0, (500, 3))
    sharp, soft = implicit.union(a, b)(x), implicit.union(a, b, rounding=2.0)(x)
    assert np.all(soft <= sharp)
    assert soft.min() < 0.0
    np.testing.assert_allclose(soft[np.abs(a(x) - b(x)) > 2.0], sharp[np.abs(a(x) - b(x)) > 2.0])

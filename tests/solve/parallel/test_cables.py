"""Cables: derivatives, tension, balance, and the windlass."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import MeshError
from pipeline.solve.attachments import patch_near, spread, vertices_of
from pipeline.solve.body import Body
from pipeline.solve.cable import Cable, Drum, Elastic, Point, Tension
from pipeline.solve.linear import LinearSettings
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.system import System
from tests.solve.boxes import Floats
from tests.solve.models import agree
from tests.solve.two_blocks import (
    blocks,
    cells_where,
    left,
    patch,
    resultant,
    right,
    support_forces,
    taylor_orders,
    turned,
    wavy,
)

NEAR, VIA, FAR = np.array([3.0, 1.0, 1.0]), np.array([9.0, 3.0, 0.5]), np.array([3.5, 3.0, 3.5])
CENTRE, SIDE = np.array([6.0, 2.0, 4.0]), np.array([0.0, 0.0, -1.0])
RADIUS = 3.0


def threaded(body: Body, law: Tension | Elastic) -> Cable:
    """A cable from the left block through a point of the right one and back."""
    ends = [Point(place, patch(body, left, place)) for place in (NEAR, FAR)]
    return Cable(body, [ends[0], Point(VIA, patch(body, right, VIA)), ends[1]], law)


def windlass(body: Body, law: Tension | Elastic, sign: float = 1.0) -> Cable:
    """A cable from the left block under a drum that moves with it to the right block."""
    start, end = np.array([2.0, 1.5, 2.0]), np.array([10.0, 2.5, 2.0])
    head = patch(body, left, np.array([4.0, 2.0, 4.0]))
    drum = Drum(0, CENTRE, np.array([0.0, sign, 0.0]), SIDE, RADIUS, head)
    points = [Point(start, patch(body, left, start)), Point(end, patch(body, right, end))]
    return Cable(body, points, law, [drum])


@pytest.mark.parametrize("make", [threaded, windlass])
@pytest.mark.parametrize("law", [Tension(7.0), Elastic(500.0, 0.1)])
@pytest.mark.parametrize("kind", ["aij", "baij"])
def test_force_and_tangent_are_exact(make: object, law: Tension | Elastic, kind: str) -> None:
    """Energy to force and force to tangent, at a state without symmetry."""
    body = blocks()
    body.u.interpolate(wavy)
    cable = threaded(body, law) if make is threaded else windlass(body, law)
    cable.refresh()
    assert cable.tension_N > 1.0
    for orders in taylor_orders(body, cable, kind):
        assert orders[-2:] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("kind", ["direct", "multigrid"])
def test_a_muscle_pulls_with_its_tension(kind: str) -> None:
    """Two blocks held at their far faces answer a cable between them with its tension along its line."""
    body = blocks()
    ends = [Point(NEAR, patch(body, left, NEAR)), Point(VIA, patch(body, right, VIA))]
    cable = Cable(body, ends, Tension(50.0))
    linear = LinearSettings("direct" if kind == "direct" else "multigrid", 1e-8)
    Newton(System(body, [cable], linear), NewtonSettings(1e-9)).solve()
    line = cable.means.at_present()
    along = (line[1] - line[0]) / np.linalg.norm(line[1] - line[0])
    assert cable.length_mm < cable.built_mm
    np.testing.assert_allclose(support_forces(body, right)[0], 50.0 * along, atol=1e-7)
    np.testing.assert_allclose(support_forces(body, left)[0], -50.0 * along, atol=1e-7)


def test_a_cable_slides_through_a_point_without_friction() -> None:
    """The block it runs through feels T (e1 + e2)."""
    body = blocks()
    cable = threaded(body, Tension(30.0))
    Newton(System(body, [cable]), NewtonSettings(1e-9)).solve()
    y = cable.means.at_present()
    e1, e2 = ((y[i] - y[1]) / np.linalg.norm(y[i] - y[1]) for i in (0, 2))
    np.testing.assert_allclose(cable.pull_N[1], 30.0 * (e1 + e2), rtol=1e-13)
    np.testing.assert_allclose(support_forces(body, right)[0], -30.0 * (e1 + e2), atol=1e-7)
    agree([round(value, 9) for value in cable.pull_N.ravel().tolist()])


def test_the_same_numbers_on_any_ranks() -> None:
    """Length under load, as one rank found it."""
    body = blocks()
    cable = threaded(body, Elastic(2000.0, 0.05))
    Newton(System(body, [cable]), NewtonSettings(1e-10)).solve()
    assert (cable.length_mm, cable.tension_N) == pytest.approx(SAME, rel=1e-10)


SAME = (12.301424112928936, 48.729940030448276)
"""mm, N."""


@pytest.mark.parametrize("stretch", [0.5, -0.5])
def test_an_elastic_cable_has_a_stiffness_in_tension_only(stretch: float) -> None:
    """Pulled by d along its line it answers E A d / l, pushed it answers nothing."""
    body = blocks("whole", lambda x: np.where(x[0] > 6.0, 1.0, 0.0) * np.array([[stretch], [0.0], [0.0]]))
    end = NEAR + np.array([6.0, 0.0, 0.0])
    points = [Point(NEAR, patch(body, left, NEAR)), Point(end, patch(body, right, end))]
    cable = Cable(body, points, Elastic(500.0))
    assert cable.built_mm == pytest.approx(6.0, rel=1e-13)
    assert cable.tension_N == pytest.approx(500.0 * max(stretch, 0.0) / 6.0, rel=1e-12)
    assert cable.energy() == pytest.approx(0.5 * cable.tension_N * max(stretch, 0.0), abs=1e-12)


def test_prestrain_and_tension_grow_with_the_load() -> None:
    """At half of the load a muscle pulls half, and a slip is shortened by half its prestrain; slack stays."""
    body = blocks()
    muscle, slip, slack = (
        threaded(body, law) for law in (Tension(8.0), Elastic(100.0, 0.1), Elastic(100.0, -0.1))
    )
    for cable in (muscle, slip, slack):
        cable.share = 0.5
        cable.refresh()
    assert [muscle.tension_N, slip.tension_N, slack.tension_N] == pytest.approx([4.0, 5.0, 0.0])


@pytest.mark.parametrize("make", [threaded, windlass])
def test_forces_and_moments_balance(make: object) -> None:
    """All forces of a cable that touches nothing but the body add up to nothing, at any state."""
    body = blocks("none")
    body.u.interpolate(wavy)
    cable = threaded(body, Tension(40.0)) if make is threaded else windlass(body, Tension(40.0))
    cable.refresh()
    force, moment = resultant(body, cable)
    np.testing.assert_allclose(force, 0.0, atol=1e-11)
    np.testing.assert_allclose(moment, 0.0, atol=1e-10)


def test_energy_does_not_depend_on_the_observer() -> None:
    """Turned by 70 degrees as a whole, cable and drum are as long as before."""
    body = blocks("none")
    cable = windlass(body, Tension(1.0))
    body.u.interpolate(turned(70.0, np.array([1.0, 2.0, 3.0]), part=-1.0))
    cable.refresh()
    assert cable.length_mm == pytest.approx(cable.built_mm, rel=1e-13)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("angle_deg", [10.0, 45.0, 90.0])
def test_windlass_takes_up_its_radius_times_the_angle(angle_deg: float, sign: float) -> None:
    """The toe turns about the axis of the head: the slip lengthens by r theta and bends it back by T r."""
    body = blocks("none")
    cable = windlass(body, Tension(20.0), sign)
    body.u.interpolate(turned(angle_deg, CENTRE))
    cable.refresh()
    flat = np.hypot(cable_plane(cable.built_mm) + RADIUS * np.radians(angle_deg), 1.0)
    assert cable.length_mm == pytest.approx(flat, rel=1e-12)
    force, moment = resultant(body, cable, right)
    about = moment - np.cross(CENTRE, force)
    share = np.sqrt(1.0 - (1.0 / cable.length_mm) ** 2)
    assert about[1] == pytest.approx(20.0 * RADIUS * share, rel=1e-11)


def cable_plane(length: float) -> float:
    """Length in the plane of a cable that runs 1 mm along the axis."""
    return float(np.sqrt(length**2 - 1.0))


def test_windlass_lets_go_of_the_drum() -> None:
    """Turned down until the line is clear of the drum, the cable is straight."""
    body = blocks("none")
    cable = windlass(body, Tension(1.0))
    body.u.interpolate(lambda x: np.where(x[0] > 6.0, 1.0, 0.0) * np.array([[0.0], [0.0], [-6.0]]))
    cable.refresh()
    assert cable.length_mm == pytest.approx(np.sqrt(8.0**2 + 1.0 + 6.0**2), rel=1e-13)
    assert cable.built_mm > np.sqrt(8.0**2 + 1.0) + 0.1


def test_tension_of_a_slip_rises_with_the_angle() -> None:
    """Windlass of an elastic slip between prescribed blocks: T = EA r theta / l."""
    tensions = []
    for angle_deg in (0.0, 10.0, 20.0):
        body = blocks("whole", turned(angle_deg, CENTRE))
        cable = windlass(body, Elastic(500.0))
        tensions.append(cable.tension_N)
    plane = cable_plane(cable.built_mm)
    lengths = np.hypot(plane + RADIUS * np.radians([0.0, 10.0, 20.0]), 1.0)
    assert tensions == pytest.approx((500.0 * (lengths / cable.built_mm - 1.0)).tolist(), abs=1e-10)


def test_patch_is_the_same_in_any_order_and_follows_its_point() -> None:
    """The choice does not depend on how vertices are dealt out; weights give the point, inside or not."""
    body = blocks()
    node, place = vertices_of(body, cells_where(body.domain, right))
    found = place[spread(place, VIA, 3.0, 8)]
    shuffled = np.random.default_rng(1).permutation(len(place))
    np.testing.assert_array_equal(place[shuffled][spread(place[shuffled], VIA, 3.0, 8)], found)
    assert (len(node), len(np.unique(found, axis=0))) == (27, 8)
    one = patch(body, right, VIA)
    off: Floats = VIA - np.array([0.0, 0.0, 3.0])
    weight = one.point(off)
    assert weight.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weight @ one.place_mm, off, atol=1e-12)
    body.u.interpolate(turned(33.0, CENTRE))
    present = Cable(body, [Point(CENTRE), Point(off, one)], Tension(1.0)).means.at_present()
    np.testing.assert_allclose(present[1], off + turned(33.0, CENTRE)(off[:, None])[:, 0], atol=1e-12)


def test_a_flat_or_absent_patch_is_refused_on_all_ranks() -> None:
    """Vertices of one plane cannot carry a point beside it; no vertex carries nothing."""
    body = blocks()
    every = vertices_of(body, cells_where(body.domain, right))
    with pytest.raises(MeshError, match="heel: all its vertices are in one plane"):
        patch_near(every, VIA, "heel", where=lambda x: np.isclose(x[:, 2], 0.0))
    with pytest.raises(MeshError, match="heel: only 0 vertices; at least 4 are needed"):
        patch_near(every, VIA, "heel", where=lambda x: x[:, 2] > 99.0)

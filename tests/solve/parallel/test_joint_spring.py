"""Joint springs: moment against angle, end-stops, balance, derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.moment_law import DEG, MomentLaw
from pipeline.solve.body import Body
from pipeline.solve.joint_spring import JointSpring
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.system import System
from tests.solve.models import agree
from tests.solve.two_blocks import (
    blocks,
    left,
    patch,
    resultant,
    right,
    support_forces,
    taylor_orders,
    turned,
    wavy,
)

CENTRE = np.array([6.0, 2.0, 2.0])
AHEAD, UP = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
LAW = MomentLaw(15.0, 40.0, 25.0, -20.0, 2.0)


def spring(body: Body, law: MomentLaw = LAW, built_deg: float = 0.0) -> JointSpring:
    """Spring between the facing ends of both blocks."""
    near = [patch(body, where, CENTRE, 14) for where in (left, right)]
    return JointSpring(body, law, near[0], near[1], AHEAD, UP, built_deg)


@pytest.mark.parametrize("kind", ["aij", "baij"])
@pytest.mark.parametrize("built_deg", [0.0, 30.0, -30.0])
def test_force_and_tangent_are_exact(kind: str, built_deg: float) -> None:
    """Energy to force and force to tangent, between the stops and beyond either, both blocks bent."""
    body = blocks()
    body.u.interpolate(wavy)
    joint = spring(body, built_deg=built_deg)
    joint.share = 0.7
    joint.refresh()
    for orders in taylor_orders(body, joint, kind):
        assert orders[-2:] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("angle_deg", [-30.0, -10.0, 5.0, 20.0, 30.0, 40.0])
def test_moment_follows_the_law(angle_deg: float) -> None:
    """The toe turned by an angle is bent back by M, the other bone by its opposite, with no force."""
    body = blocks("none")
    joint = spring(body)
    body.u.interpolate(turned(angle_deg, CENTRE))
    joint.refresh()
    over, under = max(angle_deg - 25.0, 0.0), max(-20.0 - angle_deg, 0.0)
    expected = 15.0 * (angle_deg - 2.0) + 40.0 * (over**2 - under**2)
    assert joint.angle_deg == pytest.approx(angle_deg, abs=1e-11)
    assert joint.moment_Nmm == pytest.approx(expected, rel=1e-11)
    for where, sign in ((right, 1.0), (left, -1.0)):
        force, moment = resultant(body, joint, where)
        np.testing.assert_allclose(force, 0.0, atol=1e-9)
        # a turn from x to z is one about -y
        np.testing.assert_allclose(moment, [0.0, sign * expected, 0.0], atol=1e-9)


def test_held_blocks_feel_the_moment_at_forty_degrees() -> None:
    """Solved with bending blocks: the support of the toe carries M of the angle found, to 1e-6."""
    move = turned(40.0, CENTRE)
    body = blocks("faces", move)
    joint = spring(body)
    body.u.interpolate(move)
    Newton(System(body, [joint]), NewtonSettings(1e-8)).solve()
    force, moment = support_forces(body, right)
    a1, a2 = joint.means.at_present()[:2]
    axis = np.cross(a1, a2) / np.linalg.norm(np.cross(a1, a2))
    # the axis of the metatarsal is -y, turned a little as the block bends
    assert axis @ moment == pytest.approx(LAW.moment_Nmm(joint.angle_deg), rel=1e-9)
    assert moment[1] == pytest.approx(-LAW.moment_Nmm(joint.angle_deg), rel=1e-3)
    assert 25.0 < joint.angle_deg < 40.0
    np.testing.assert_allclose(force, 0.0, atol=1e-6)
    assert joint.angle_deg == pytest.approx(SAME_deg, rel=1e-9)
    agree(round(joint.moment_Nmm, 6))


SAME_deg = 27.196231432217225
"""As one rank found it."""


def test_moment_does_not_depend_on_the_observer() -> None:
    """Both bones turned by 100 degrees more, and a turn across the axis: the angle stays."""
    body = blocks("none")
    joint = spring(body)
    toe, whole = turned(15.0, CENTRE), turned(100.0, np.zeros(3), part=-1.0)
    body.u.interpolate(lambda x: toe(x) + whole(x + toe(x)))
    joint.refresh()
    assert joint.angle_deg == pytest.approx(15.0, abs=1e-10)
    assert resultant(body, joint)[0] == pytest.approx([0.0] * 3, abs=1e-9)
    assert resultant(body, joint)[1] == pytest.approx([0.0] * 3, abs=1e-8)


def test_angle_of_the_unloaded_model_and_load_share() -> None:
    """Built at 30 degrees the joint carries M(30), and only its share of it while the load grows."""
    body = blocks()
    joint = spring(body, built_deg=30.0)
    assert joint.angle_deg == pytest.approx(30.0, abs=1e-12)
    assert joint.moment_Nmm == pytest.approx(LAW.moment_Nmm(30.0), rel=1e-12)
    joint.share = 0.25
    joint.refresh()
    assert joint.moment_Nmm == pytest.approx(0.25 * LAW.moment_Nmm(30.0), rel=1e-12)


def test_spring_of_one_bone_against_space() -> None:
    """Without a proximal patch the bone turns against the block, which is at rest."""
    body = blocks("whole", turned(12.0, CENTRE))
    joint = JointSpring(body, MomentLaw(10.0), None, patch(body, right, CENTRE), AHEAD, UP)
    assert joint.moment_Nmm == pytest.approx(120.0, rel=1e-11)


def test_stop_steepens_from_nothing() -> None:
    """The law is smooth at its stops: stiffness k there, then rising by 2 s per degree on both sides."""
    inner = [LAW.stiffness_at(angle) for angle in (-20.0, 0.0, 25.0)]
    assert inner == [15.0] * 3
    assert [LAW.stiffness_at(26.0), LAW.stiffness_at(-22.0)] == [15.0 + 80.0, 15.0 + 160.0]
    for angle in (-31.0, 3.0, 33.0):
        slope = (LAW.energy_Nmm(angle + 1e-4) - LAW.energy_Nmm(angle - 1e-4)) / (2e-4 * DEG)
        assert slope == pytest.approx(LAW.moment_Nmm(angle), rel=1e-6)
    assert MomentLaw(3.0).moment_Nmm(50.0) == 150.0

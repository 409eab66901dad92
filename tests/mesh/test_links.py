"""The first ray as rigid links: limits in which the rule of equilibrium has a known answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.mesh.links import Balance, Heights, Ray, Spans, lift
from pipeline.moment_law import MomentLaw

SPANS = Spans(mt1=55.0, pp1=35.0, dp1=30.0, mt2=67.0, toe2=60.0)
HEIGHTS = Heights(mt1_head=29.0, mt2_head=20.0, ip=14.5, hallux_tip=12.0, toe2_tip=9.0)
FLAT = 24.5
"""Declination at which a hallux of these heights lies flat, deg."""
TILT = 35.0
RAY = Ray(29.0 + 55.0 * np.sin(np.radians(56.0)), SPANS, 56.0, FLAT, 20.0)
LAW = MomentLaw(45.0, 100.0, upper_deg=20.0)
BALANCE = Balance(LAW, 4000.0, 50.0, 463.0)


def rest(**changes: object) -> tuple[float, float]:
    """Elevation and dorsiflexion with something else in the balance."""
    return replace(BALANCE, **changes).rest(RAY, HEIGHTS, FLAT + TILT)  # type: ignore[arg-type]


def test_a_free_joint_lets_the_toe_lie() -> None:
    """Without a moment the toe carries nothing: the ray lifts as its head asks, the toe just touches."""
    elevation, turned = rest(mtp1=MomentLaw(0.0))
    lifted, _ = rest(mtp1=MomentLaw(0.0), base_Nmm_per_deg=1e9)
    assert lifted == pytest.approx(0.0, abs=1e-4)
    assert 0.5 < elevation < 3.0
    room = replace(RAY, hallux=FLAT + TILT - turned).clearances(elevation, HEIGHTS)
    assert min(room[1:]) >= -1e-6


def test_a_hard_stop_and_hard_pads_are_the_kinematic_rule() -> None:
    """The toe stops at its limit, and the ray rises until it is free of the floor."""
    hard = MomentLaw(0.0, 1e9, upper_deg=20.0)
    elevation, turned = rest(mtp1=hard, pad_N_per_mm=1e7, base_Nmm_per_deg=0.01)
    kinematic = lift(replace(RAY, hallux=FLAT + TILT - 20.0), HEIGHTS)
    assert kinematic > 5.0
    assert turned == pytest.approx(20.0, abs=0.05)
    assert elevation == pytest.approx(kinematic, abs=0.05)


def test_stiffer_joints_lift_the_ray_more() -> None:
    """The stiffer the toe, the less it bends and the more the ray rises; a firm base bends the toe."""
    laws = [MomentLaw(k, 100.0, upper_deg=limit) for k, limit in ((14.9, 60.0), (45.0, 20.0), (75.0, 10.0))]
    found = [rest(mtp1=law) for law in laws]
    elevation, turned = zip(*found, strict=True)
    assert list(elevation) == sorted(elevation)
    assert list(turned) == sorted(turned, reverse=True)
    firm = rest(base_Nmm_per_deg=40000.0)
    assert firm[0] < found[1][0]
    assert firm[1] > found[1][1]


def test_at_rest_nothing_turns() -> None:
    """Moment of the base by the links' own work: the energy is stationary, seen by the pads' forces."""
    ray, law = RAY, LAW
    standing = FLAT + TILT
    elevation, turned = rest(pad_N_per_mm=500.0)

    def energy(e: float, a: float) -> float:
        room = np.array([*replace(ray, hallux=standing - a).clearances(e, HEIGHTS), 0.0])
        shares = np.array([500.0, 250.0, 250.0, 500.0])
        low, high = room.min(), room.max() + 50.0
        for _ in range(200):
            middle = 0.5 * (low + high)
            force = shares @ np.maximum(middle - room, 0.0)
            low, high = (middle, high) if force < 463.0 else (low, middle)
        pressed = np.maximum(low - room, 0.0)
        base = 0.5 * np.radians(1.0) * 4000.0 * e**2
        return float(0.5 * shares @ pressed**2 + base + law.energy_Nmm(a) - 463.0 * low)

    best = energy(elevation, turned)
    for de, da in ((0.2, 0.0), (-0.2, 0.0), (0.0, 0.2), (0.2, 0.2), (-0.2, 0.2)):
        assert energy(elevation + de, turned + da) >= best - 1e-6

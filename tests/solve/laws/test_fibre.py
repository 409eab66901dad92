"""Fibres: slack in compression, their stress over the stretch, and the direction they lie in."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate

from tests.solve.laws.states import MCL, Floats, Point, generic, material, rotation

ALONG = np.array([1.0, 0.0, 0.0])
GROUND = material("mooney_rivlin", c10_MPa=MCL["c1_MPa"], c01_MPa=0.0, bulk_MPa=50.0)
LIGAMENT = material("transversely_isotropic", **MCL, bulk_MPa=50.0)
TOE = np.expm1(MCL["c4"] * (MCL["straight_stretch"] - 1.0)) * MCL["c3_MPa"]
"""Fibre stress where the fibres are straight, MPa."""


def pulled(stretch: float) -> Floats:
    """A stretch along the fibres without change of volume."""
    return np.diag([stretch, stretch**-0.5, stretch**-0.5])


@pytest.fixture(scope="module")
def fibres() -> Point:
    return Point(LIGAMENT, fibre=ALONG)


@pytest.fixture(scope="module")
def ground() -> Point:
    return Point(GROUND)


def fibre_stress(fibres: Point, ground: Point, stretch: float) -> float:
    """Cauchy stress along the fibres beyond that of the ground, less the pressure."""
    own = fibres.cauchy(pulled(stretch)) - ground.cauchy(pulled(stretch))
    return float(own[0, 0] - own[1, 1])


@pytest.mark.parametrize("stretch", [0.5, 0.9, 0.999999])
def test_no_fibre_stress_in_compression(fibres: Point, ground: Point, stretch: float) -> None:
    """Nor fibre stiffness: energy, stress and tangent are those of the ground, to the last digits."""
    F = pulled(stretch)
    assert fibres.W(F) == ground.W(F)
    np.testing.assert_allclose(fibres.P(F), ground.P(F), atol=1e-15)
    np.testing.assert_allclose(fibres.A(F), ground.A(F), atol=1e-12)


@pytest.mark.parametrize("stretch", [1.0001, 1.01, 1.04, 1.0629, 1.0631, 1.1, 1.3])
def test_fibre_stress_over_stretch(fibres: Point, ground: Point, stretch: float) -> None:
    """C3 (e^(C4 (l - 1)) - 1), then a slope of C5."""
    if stretch < MCL["straight_stretch"]:
        expected = MCL["c3_MPa"] * np.expm1(MCL["c4"] * (stretch - 1.0))
    else:
        expected = TOE + MCL["c5_MPa"] * (stretch - MCL["straight_stretch"])
    assert fibre_stress(fibres, ground, stretch) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("at", [1.0, MCL["straight_stretch"]])
def test_stress_is_continuous_where_the_law_changes(fibres: Point, ground: Point, at: float) -> None:
    """Energy is C1: the stress does not jump, though its slope does."""
    below, above = (fibre_stress(fibres, ground, at + step) for step in (-1e-9, 1e-9))
    assert above == pytest.approx(below, abs=3e-6)
    slopes = [
        (fibre_stress(fibres, ground, at + end) - fibre_stress(fibres, ground, at + start)) / 1e-4
        for start, end in ((-1.1e-4, -1e-5), (1e-5, 1.1e-4))
    ]
    rising = MCL["c3_MPa"] * MCL["c4"]
    if at > 1.0:
        assert slopes == pytest.approx([rising * np.exp(MCL["c4"] * 0.063), MCL["c5_MPa"]], rel=0.01)
    else:
        assert slopes == pytest.approx([0.0, rising], rel=0.01, abs=1e-9)


@pytest.mark.parametrize("stretch", [1.03, 1.2])
def test_energy_is_the_work_of_the_stress(fibres: Point, ground: Point, stretch: float) -> None:
    work, _ = scipy.integrate.quad(
        lambda s: fibre_stress(fibres, ground, s) / s,
        1.0,
        stretch,
        points=[min(1.063, stretch)],
        epsrel=1e-11,
    )
    assert fibres.W(pulled(stretch)) - ground.W(pulled(stretch)) == pytest.approx(work, rel=1e-9)


def test_longest_toe_is_integrated_to_nine_digits() -> None:
    """A toe region with C4 (l_m - 1) = 6, the most that a case may ask for."""
    longest = {**MCL, "c4": 30.0, "straight_stretch": 1.2}
    F = pulled(1.1999)
    own = Point(material("transversely_isotropic", **longest, bulk_MPa=50.0), fibre=ALONG).cauchy(F)
    own -= Point(GROUND).cauchy(F)
    assert own[0, 0] - own[1, 1] == pytest.approx(0.57 * np.expm1(30.0 * 0.1999), rel=1e-8)


def test_fibres_turn_with_the_tissue() -> None:
    """Fibres along Q x in tissue stretched by Q F Q^T act as those along x under F, whatever their length."""
    Q, F = rotation(), pulled(1.08) @ generic(0.02)
    straight, turned = Point(LIGAMENT, fibre=ALONG), Point(LIGAMENT, fibre=7.0 * Q @ ALONG)
    np.testing.assert_allclose(turned.P(Q @ F @ Q.T), Q @ straight.P(F) @ Q.T, atol=1e-10)
    assert turned.W(F) != pytest.approx(straight.W(F), rel=0.1)


def test_fibres_across_the_pull_stay_slack(ground: Point) -> None:
    F = pulled(1.2)
    across = Point(LIGAMENT, fibre=np.array([0.0, 0.6, 0.8]))
    np.testing.assert_allclose(across.P(F), ground.P(F), atol=1e-14)

"""Ogden: exact powers of principal stretches, the error of keeping them apart, and the three conventions."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.solve.laws.ogden import APART
from tests.solve.laws.states import EXAMPLES, EYE, OGDEN, STATES, Floats, Point, example, material, ogden

FACTORS = {name: EXAMPLES[name].factors for name in OGDEN}


def exact_stress(name: str, F: Floats) -> Floats:
    """First Piola-Kirchhoff stress from the singular values of F, whose powers need no regularisation."""
    left, stretch, right = np.linalg.svd(F)
    J = float(np.prod(stretch))
    pull = np.zeros(3)
    for factor, alpha in FACTORS[name]:
        powers = (stretch * J ** (-1 / 3)) ** alpha
        pull += factor * alpha * (powers - powers.mean())
    kirchhoff = pull + EXAMPLES[name].initial_bulk_modulus_MPa * np.log(J)
    return np.asarray(left @ np.diag(kirchhoff / stretch) @ right)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", OGDEN)
def test_stress_against_principal_stretches(name: str, state: str) -> None:
    """Equal or not, the stretches give the exact stress to 2e-7 of the shear modulus or of the stress."""
    F = STATES[state]
    expected = exact_stress(name, F)
    scale = max(EXAMPLES[name].initial_shear_modulus_MPa, float(np.abs(expected).max()))
    np.testing.assert_allclose(example(name).P(F), expected, atol=2e-7 * scale)


@pytest.mark.parametrize("name", ["pad", "skin"])
def test_error_is_as_derived_and_no_smaller(name: str) -> None:
    """Shear modulus at rest times 1 + (a - 1)(a^2 - 3 a + 6) / (2 a) APART^2, with a = alpha / 2."""
    ((_, alpha),) = FACTORS[name]
    a, shear = alpha / 2, EXAMPLES[name].initial_shear_modulus_MPa
    H = np.zeros((3, 3))
    H[0, 1] = 1.0
    found = example(name).change(EYE, H)[0, 1] / shear - 1.0
    assert found == pytest.approx((a - 1) * (a**2 - 3 * a + 6) / (2 * a) * APART**2, rel=1e-2)


@pytest.mark.parametrize("stretch", [0.5, 0.55, 0.8, 1.5])
def test_bar_of_the_pad(stretch: float) -> None:
    """Convention of Abaqus: sigma = 2 mu / alpha (l^alpha - l^(-alpha / 2)), incompressible."""
    F = np.diag([stretch, stretch**-0.5, stretch**-0.5])
    stress = example("pad").cauchy(F)
    expected = 2 * 0.020 / 11 * (stretch**11 - stretch**-5.5)
    assert stress[0, 0] - stress[1, 1] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("name", "at_45_kPa", "at_50_kPa"), [("pad", 98.0, 164.0), ("heel", 37.0, 51.0)])
def test_hand_table_of_pads(name: str, at_45_kPa: float, at_50_kPa: float) -> None:
    """Stress at 45 and 50 % compression as in the parameter table, rounded to whole kPa there."""
    for stretch, expected in ((0.55, at_45_kPa), (0.50, at_50_kPa)):
        stress = example(name).cauchy(np.diag([stretch, stretch**-0.5, stretch**-0.5]))
        assert -1e3 * (stress[0, 0] - stress[1, 1]) == pytest.approx(expected, abs=0.6)


def test_three_conventions_of_one_law() -> None:
    """The mu of Abaqus is mu alpha / 2 in the plain one, and c is mu alpha there."""
    alpha, shear = 6.82, 0.03
    laws = [
        ogden("abaqus", (shear, alpha), bulk_MPa=2.0),
        ogden("plain", (2 * shear / alpha, alpha), bulk_MPa=2.0),
        ogden("febio", (2 * shear, alpha), bulk_MPa=2.0),
    ]
    stresses = [Point(law).P(STATES["generic"]) for law in laws]
    for law, stress in zip(laws, stresses, strict=True):
        assert law.initial_shear_modulus_MPa == pytest.approx(shear, rel=1e-14)
        np.testing.assert_allclose(stress, stresses[0], rtol=1e-12)
    swapped = Point(ogden("plain", (shear, alpha), bulk_MPa=2.0)).P(STATES["generic"])
    assert np.abs(swapped - stresses[0]).max() > 0.01


def test_power_two_is_neo_hookean_and_minus_two_the_second_invariant() -> None:
    """c10 (I1 - 3) + c01 (I2 - 3) is an Ogden law of exponents 2 and -2."""
    F = STATES["generic"]
    rubber = Point(material("mooney_rivlin", c10_MPa=0.4, c01_MPa=0.1, bulk_MPa=8.0))
    same = Point(ogden("plain", (0.8, 2.0), (-0.2, -2.0), bulk_MPa=8.0))
    np.testing.assert_allclose(same.P(F), rubber.P(F), atol=1e-7)
    assert same.W(F) == pytest.approx(rubber.W(F), rel=1e-7)


@pytest.mark.parametrize("stretch", [0.12, 6.0])
def test_extreme_stretches_are_still_numbers(stretch: float) -> None:
    F = np.diag([stretch, stretch**-0.5, stretch**-0.5])
    np.testing.assert_allclose(
        example("heel").P(F),
        exact_stress("heel", F),
        rtol=1e-4,
        atol=1e-4 * np.abs(exact_stress("heel", F)).max(),
    )

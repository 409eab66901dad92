"""MAT-1 to MAT-4: homogeneous states with known stretches and stresses, MPa."""

from __future__ import annotations

import numpy as np
import pytest

from tests.solve.laws.states import EYE, MCL, Point, material

NEO_HOOKEAN = material("neo_hookean", young_MPa=1.0, poisson=0.3)
STIFF_VOLUME = 1e4
"""Bulk over shear modulus of tissue taken as incompressible."""


@pytest.mark.parametrize(
    ("stretch", "side", "cauchy", "nominal"),
    [
        (0.5, 1.2107674, -0.6380485, -0.9353521),
        (0.8, 1.0673384, -0.2106768, -0.2400054),
        (1.2, 0.9456326, 0.1956218, 0.1749291),
        (2.0, 0.7980775, 1.0154129, 0.6467447),
    ],
)
def test_mat_1_compressible_neo_hookean_bar(
    stretch: float, side: float, cauchy: float, nominal: float
) -> None:
    """FEBio ma36: coupled neo-Hookean, E = 1, nu = 0.3."""
    point = Point(NEO_HOOKEAN)
    F = point.bar(stretch)
    assert F[1, 1] == pytest.approx(side, abs=1e-7)
    assert point.cauchy(F)[0, 0] == pytest.approx(cauchy, abs=1e-7)
    assert point.P(F)[0, 0] == pytest.approx(nominal, abs=1e-7)


@pytest.mark.parametrize(
    ("c01", "stretch", "side", "norm"),
    [(0.1, 2.0, 0.7156560, 0.804246159), (10.0, 0.2, 1.4166238, 1.1783901556)],
)
def test_mat_2_uncoupled_mooney_rivlin_bar(c01: float, stretch: float, side: float, norm: float) -> None:
    """FEBio ma37 and mi03, c10 = 1, K = 100; the norm is that of the eight free displacements."""
    point = Point(material("mooney_rivlin", c10_MPa=1.0, c01_MPa=c01, bulk_MPa=100.0))
    F = point.bar(stretch)
    assert F[1, 1] == pytest.approx(side, abs=1e-7)
    assert np.sqrt(8.0) * abs(1.0 - F[1, 1]) == pytest.approx(norm, abs=2e-9)
    if stretch == 2.0:
        assert np.linalg.det(F) == pytest.approx(1.0243271, abs=1e-7)
        assert point.cauchy(F)[0, 0] == pytest.approx(7.0395343, abs=1e-6)


RUBBER = Point(material("mooney_rivlin", c10_MPa=0.4, c01_MPa=0.1, bulk_MPa=STIFF_VOLUME))
NEO = Point(
    material(
        "neo_hookean_uncoupled",
        young_MPa=9 * STIFF_VOLUME / (3 * STIFF_VOLUME + 1),
        poisson=(3 * STIFF_VOLUME - 2) / (6 * STIFF_VOLUME + 2),
    )
)
"""Shear modulus 1 and bulk modulus 1e4 MPa."""


@pytest.mark.parametrize(
    ("stretch", "cauchy"), [(0.5, -1.75), (0.7, -0.9385714), (1.5, 1.5833333), (2.0, 3.5)]
)
def test_mat_3_neo_hookean_bar(stretch: float, cauchy: float) -> None:
    assert NEO.cauchy(NEO.bar(stretch))[0, 0] == pytest.approx(cauchy, rel=1e-3)


@pytest.mark.parametrize(
    ("stretch", "cauchy"), [(0.6, -1.4808889), (0.8, -0.6405), (1.25, 0.7320), (1.5, 1.4777778), (2.0, 3.15)]
)
def test_mat_3_mooney_rivlin_bar(stretch: float, cauchy: float) -> None:
    assert RUBBER.cauchy(RUBBER.bar(stretch))[0, 0] == pytest.approx(cauchy, rel=1e-3)


@pytest.mark.parametrize(
    ("stretch", "cauchy"),
    [(0.6, -6.4144751), (0.8, -1.671705), (1.25, 1.2826013), (1.5, 2.5655864), (2.0, 6.3)],
)
def test_mat_3_mooney_rivlin_sheet(stretch: float, cauchy: float) -> None:
    assert RUBBER.cauchy(RUBBER.sheet(stretch))[0, 0] == pytest.approx(cauchy, rel=1e-3)


def test_mat_3_simple_shear_and_its_normal_stresses() -> None:
    """Sign and size of the Poynting effect at a shear of 0.5; the pressure drops out of differences."""
    F = EYE.copy()
    F[0, 1] = 0.5
    stress = RUBBER.cauchy(F)
    assert stress[0, 1] == pytest.approx(0.5, abs=1e-12)
    assert stress[0, 0] - stress[2, 2] == pytest.approx(0.2, abs=1e-12)
    assert stress[1, 1] - stress[2, 2] == pytest.approx(-0.05, abs=1e-12)


@pytest.mark.parametrize(
    ("stretch", "cauchy"),
    [
        (0.95, -0.432379),
        (1.02, 1.091490),
        (1.04, 3.663724),
        (1.06, 10.103123),
        (1.08, 19.790115),
        (1.10, 29.306168),
    ],
)
def test_mat_4_ligament_along_its_fibres(stretch: float, cauchy: float) -> None:
    point = Point(material("transversely_isotropic", **MCL, bulk_MPa=1e5), fibre=np.array([1.0, 0.0, 0.0]))
    assert point.cauchy(point.bar(stretch))[0, 0] == pytest.approx(cauchy, rel=1e-3)


def incompressible_bar(slopes: tuple[float, float], stretch: float) -> float:
    """Cauchy stress 2 (l^2 - 1/l)(dW/dI1 + dW/dI2 / l) of an incompressible bar, MPa."""
    return 2 * (stretch**2 - 1 / stretch) * (slopes[0] + slopes[1] / stretch)


@pytest.mark.parametrize("stretch", [0.55, 0.8, 1.3, 1.6])
def test_yeoh_and_polynomial_bars(stretch: float) -> None:
    """The deviator of the stress in a state without change of volume, against the textbook formula."""
    a, b = stretch**2 + 2 / stretch - 3, 2 * stretch + stretch**-2 - 3
    F = np.diag([stretch, stretch**-0.5, stretch**-0.5])
    yeoh = Point(material("yeoh", c10_MPa=0.5, c20_MPa=0.2, c30_MPa=0.1, bulk_MPa=5.0)).cauchy(F)
    expected = incompressible_bar((0.5 + 0.4 * a + 0.3 * a**2, 0.0), stretch)
    assert yeoh[0, 0] - yeoh[1, 1] == pytest.approx(expected, rel=1e-12)
    given = {"c10_MPa": 0.3, "c01_MPa": 0.2, "c20_MPa": 0.7, "c11_MPa": 0.4, "c02_MPa": 0.9, "bulk_MPa": 5.0}
    stress = Point(material("polynomial2", **given)).cauchy(F)
    expected = incompressible_bar((0.3 + 1.4 * a + 0.4 * b, 0.2 + 0.4 * a + 1.8 * b), stretch)
    assert stress[0, 0] - stress[1, 1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("stretch", [0.8, 1.001, 1.2])
def test_saint_venant_kirchhoff_bar_held_at_its_sides(stretch: float) -> None:
    """P = (lambda + 2 mu) stretch (stretch^2 - 1) / 2, also as metal with yield, however high the stress."""
    young, poisson = 3.0, 0.3
    stiffness = young * (1 - poisson) / ((1 + poisson) * (1 - 2 * poisson))
    F = np.diag([stretch, 1.0, 1.0])
    given = {"young_MPa": young, "poisson": poisson}
    for tissue in (
        material("saint_venant_kirchhoff", **given),
        material("elastic_plastic_flag", **given, yield_MPa=1e-3),
    ):
        assert Point(tissue).P(F)[0, 0] == pytest.approx(
            stiffness * stretch * (stretch**2 - 1) / 2, rel=1e-12
        )
    assert Point(material("linear_elastic", **given)).P(F)[0, 0] == pytest.approx(
        stiffness * (stretch - 1), rel=1e-11
    )


def test_uncoupled_neo_hookean_pressure() -> None:
    """Without change of shape the pressure is kappa/2 (J - 1/J)."""
    J, young, poisson = 1.3, 3.0, 0.4
    bulk = young / (3 * (1 - 2 * poisson))
    stress = Point(material("neo_hookean_uncoupled", young_MPa=young, poisson=poisson)).cauchy(
        EYE * J ** (1 / 3)
    )
    np.testing.assert_allclose(stress, bulk / 2 * (J - 1 / J) * EYE, atol=1e-12)

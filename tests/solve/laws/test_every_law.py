"""What all laws share: nothing at rest, objectivity, moduli at small strain, exact derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.solve.laws import LAWS
from tests.solve.laws.states import EXAMPLES, EYE, OGDEN, STATES, Floats, example, generic, rotation

QUADRATIC = ("linear_elastic",)
KINKED = (("ligament", "rest"), ("ligament", "nearly at rest"))
"""Fibres take hold at rest, so the tangent jumps there."""


def test_every_law_has_an_example() -> None:
    assert {tissue.law for tissue in EXAMPLES.values()} == set(LAWS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_energy_and_no_stress_at_rest(name: str) -> None:
    point, tissue = example(name), EXAMPLES[name]
    assert abs(point.W(EYE)) < 1e-15 * tissue.initial_bulk_modulus_MPa
    assert np.abs(point.P(EYE)).max() < 1e-15 * tissue.initial_bulk_modulus_MPa
    assert np.abs(point.change(EYE, np.diag([1.0, 0, 0]))).max() > tissue.initial_shear_modulus_MPa


@pytest.mark.parametrize("name", EXAMPLES)
def test_energy_is_objective(name: str) -> None:
    """W(Q F) = W(F) and P(Q F) = Q P(F); linear elasticity takes the turn for a strain."""
    point, F, Q = example(name), generic(), rotation()
    assert point.W(F) > 1e-3 * EXAMPLES[name].initial_shear_modulus_MPa
    if name == "linear_elastic":
        assert point.W(Q @ F) > 1.5 * point.W(F)
        return
    assert point.W(Q @ F) == pytest.approx(point.W(F), rel=1e-12)
    np.testing.assert_allclose(point.P(Q @ F), Q @ point.P(F), atol=1e-9 * np.abs(point.P(F)).max())


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "ligament"])
def test_tangent_at_rest_is_linear_elasticity(name: str) -> None:
    """With the shear and bulk modulus that the material says it has; E0 = 3 G0 if incompressible."""
    tissue = EXAMPLES[name]
    shear, bulk = tissue.initial_shear_modulus_MPa, tissue.initial_bulk_modulus_MPa
    one = np.einsum("ij,kl->ijkl", EYE, EYE)
    pairs = np.einsum("ik,jl->ijkl", EYE, EYE) + np.einsum("il,jk->ijkl", EYE, EYE)
    expected = (bulk - 2 / 3 * shear) * one + shear * pairs
    tolerance = 1e-7 if name in OGDEN else 1e-12
    np.testing.assert_allclose(example(name).A(EYE), expected, atol=tolerance * shear + 1e-14 * bulk)


def remainders(name: str, F: Floats, H: Floats, step: float) -> tuple[float, float]:
    """What the first-order expansions of energy and stress leave, MPa."""
    point = example(name)
    energy = point.W(F + step * H) - point.W(F) - step * np.sum(point.P(F) * H)
    stress = point.P(F + step * H) - point.P(F) - step * point.change(F, H)
    return abs(float(energy)), float(np.abs(stress).max())


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_taylor_remainders_fall_with_the_square(name: str, state: str) -> None:
    """MAT-7: energy to stress and stress to tangent, halving a step."""
    F, H = STATES[state], generic(1.0, 7) - EYE
    coarse, fine = (remainders(name, F, H, step) for step in (2e-3, 1e-3))
    assert np.log2(coarse[0] / fine[0]) > 1.9
    if name in QUADRATIC:
        assert coarse[1] < 1e-14
    elif (name, state) not in KINKED:
        assert np.log2(coarse[1] / fine[1]) > 1.85


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_tangent_against_differences(name: str, state: str) -> None:
    """MAT-7: central differences of the stress, improved once, give the tangent to 1e-6."""
    point, F = example(name), STATES[state]
    if (name, state) in KINKED:
        pytest.skip("fibres take hold here")
    A = point.A(F)
    scale = np.abs(A).max()
    np.testing.assert_allclose(A, np.einsum("ijkl->klij", A), atol=1e-8 * scale)
    worst = 0.0
    for H in np.eye(9).reshape(9, 3, 3):
        first, second = ((point.P(F + h * H) - point.P(F - h * H)) / (2 * h) for h in (2e-5, 1e-5))
        worst = max(worst, float(np.abs((4 * second - first) / 3 - point.change(F, H)).max()))
    assert worst < 1e-6 * min(scale, 1e3 * EXAMPLES[name].initial_shear_modulus_MPa)

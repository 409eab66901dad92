r"""Powers of the principal stretches, smooth where stretches are equal.

The squared stretches are the roots of a cubic, in closed form cosines of a third of an angle. Each root
by itself has no derivative where two are equal, as in rest and in any uniaxial state, although a
symmetric sum over the roots has all of them. With the deviator D of :math:`\bar C`, its mean m and

.. math:: q = \tfrac16 D : D, \qquad h = \tfrac12 \det D, \qquad
    \bar\lambda_k^2 = m + 2 \rho \cos \tfrac{\theta + 2 \pi k}{3}, \qquad
    \rho^2 = q, \quad \cos \theta = h / \rho^3

the sum is an analytic function of m, q and h. So it is taken at :math:`\rho^2 = q + (\varepsilon m)^2`
instead, with :math:`\varepsilon` = :data:`APART`, which keeps the roots apart by about
:math:`\sqrt 3\, \varepsilon m`. Energy, stress and tangent stay derivatives of each other. They change by
the order of :math:`\varepsilon^2`: the shear modulus at small strain is

.. math:: 1 + \frac{(a - 1)(a^2 - 3 a + 6)}{2 a} \varepsilon^2, \qquad a = \tfrac12 \alpha,

times its value, 2e-8 more for alpha = 18. Without deformation the stress is exactly zero, since q and h
have no slope there. The cosine stays below 1 by :math:`\tfrac32 \varepsilon^2` or more of it, far above
rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pipeline.solve.laws.kinematics import IDENTITY, Expr, isochoric_scale, right_cauchy_green
from pipeline.solve.laws.rubber import volume_energy

import ufl  # isort: skip

APART = 3e-5
"""Distance of equal squared stretches over their mean; see the head of this module."""


def ogden_energy(F: Expr, bulk: Expr, *terms: Expr) -> Expr:
    r"""Ogden solid of any number of terms; shear modulus at small strain half the sum of f alpha^2.

    .. math:: W = \sum_p f_p \Bigl(\sum_{k=1}^3 \bar\lambda_k^{\alpha_p} - 3\Bigr) + \tfrac{K}{2} (\ln J)^2

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
        bulk: bulk modulus K, scalar, MPa.
        terms: for each term its factor f, MPa (:func:`pipeline.config.rubber.ogden_factor`), and its
            exponent alpha, dimensionless.

    Returns:
        Energy per reference volume, scalar, MPa.

    Source:
        Ogden 1972, Proc R Soc A 326:565-584; the roots after Smith 1961, Commun ACM 4:168; their
        distance and its error bound are derived in the head of this module.
    """
    roots = list(squared_stretches(F))
    gap = math.sqrt(3.0) * APART
    energy = volume_energy(F, bulk)
    for factor, alpha in pairs(terms):
        half = alpha / 2
        rest = sum(root**half for root in (1.0 + gap, 1.0, 1.0 - gap))
        energy += factor * (sum(root**half for root in roots) - rest)
    return energy


def pairs(values: Sequence[Expr]) -> Iterator[tuple[Expr, Expr]]:
    """Factor and exponent of each term; a term that no cell has is left out."""
    for factor, alpha in zip(values[::2], values[1::2], strict=True):
        if not (isinstance(factor, float) and factor == 0.0):
            yield factor, alpha


def squared_stretches(F: Expr) -> Iterator[Expr]:
    """Principal values of the right Cauchy-Green tensor without its change of volume, kept apart.

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
    """
    C = isochoric_scale(F) * right_cauchy_green(F)
    mean = ufl.tr(C) / 3
    deviator = C - mean * IDENTITY
    square = ufl.inner(deviator, deviator) / 6 + (APART * mean) ** 2
    radius = ufl.sqrt(square)
    angle = ufl.acos(ufl.det(deviator) / (2 * square * radius))
    for turn in range(3):
        yield mean + 2 * radius * ufl.cos((angle + 2 * math.pi * turn) / 3)

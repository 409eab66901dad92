"""Strain energies of the benchmarks as functions of the deformation gradient, with their constants."""

from __future__ import annotations

from pipeline.solve.body import Density
from pipeline.solve.verification.set_up import constant

import ufl  # isort: skip
from dolfinx import mesh  # isort: skip


def lame(young: float, poisson: float) -> tuple[float, float]:
    """Lame constants lambda = E nu / ((1 + nu)(1 - 2 nu)) and mu = E / (2 (1 + nu)), MPa."""
    return young * poisson / ((1 + poisson) * (1 - 2 * poisson)), young / (2 * (1 + poisson))


def small_strain(domain: mesh.Mesh, young: float, poisson: float) -> Density:
    r"""Linear elasticity, in the small strain :math:`\varepsilon = \operatorname{sym}(F - 1)`.

    .. math:: \Psi = \tfrac{\lambda}{2}(\operatorname{tr}\varepsilon)^2 + \mu\,\varepsilon : \varepsilon

    Args:
        domain: mesh that the constants belong to.
        young: Young's modulus, MPa.
        poisson: Poisson's ratio.
    """
    lam, mu = (constant(domain, value) for value in lame(young, poisson))

    def energy(F: ufl.core.expr.Expr) -> ufl.core.expr.Expr:
        strain = ufl.sym(F - ufl.Identity(3))
        return lam / 2 * ufl.tr(strain) ** 2 + mu * ufl.inner(strain, strain)

    return energy


def saint_venant(domain: mesh.Mesh, young: float, poisson: float) -> Density:
    r"""Linear elasticity in the Green strain :math:`E = (F^T F - 1)/2`, for large rotations.

    .. math:: \Psi = \tfrac{\lambda}{2}(\operatorname{tr} E)^2 + \mu\, E : E

    Args:
        domain: mesh that the constants belong to.
        young: Young's modulus, MPa.
        poisson: Poisson's ratio.
    """
    lam, mu = (constant(domain, value) for value in lame(young, poisson))

    def energy(F: ufl.core.expr.Expr) -> ufl.core.expr.Expr:
        strain = (F.T * F - ufl.Identity(3)) / 2
        return lam / 2 * ufl.tr(strain) ** 2 + mu * ufl.inner(strain, strain)

    return energy


def neo_hookean(domain: mesh.Mesh, mu: float, lam: float) -> Density:
    r"""Compressible neo-Hookean solid.

    .. math:: \Psi = \tfrac{\mu}{2}(I_1 - 3) - \mu \ln J + \tfrac{\lambda}{2}(\ln J)^2

    Args:
        domain: mesh that the constants belong to.
        mu: shear modulus, MPa.
        lam: first Lame constant, MPa.
    """
    m, la = constant(domain, mu), constant(domain, lam)

    def energy(F: ufl.core.expr.Expr) -> ufl.core.expr.Expr:
        log_j = ufl.ln(ufl.det(F))
        return m / 2 * (ufl.inner(F, F) - 3) - m * log_j + la / 2 * log_j**2

    return energy


def split_neo_hookean(domain: mesh.Mesh, mu: float, bulk: float) -> Density:
    r"""Neo-Hookean solid whose shape and volume are apart.

    .. math:: \Psi = \tfrac{\mu}{2}(J^{-2/3} I_1 - 3) + \tfrac{\kappa}{4}(J^2 - 1 - 2 \ln J)

    Args:
        domain: mesh that the constants belong to.
        mu: shear modulus, MPa.
        bulk: bulk modulus kappa, MPa.
    """
    m, k = constant(domain, mu), constant(domain, bulk)

    def energy(F: ufl.core.expr.Expr) -> ufl.core.expr.Expr:
        J = ufl.det(F)
        return m / 2 * (J ** (-2 / 3) * ufl.inner(F, F) - 3) + k / 4 * (J**2 - 1 - 2 * ufl.ln(J))

    return energy


def mooney_rivlin(domain: mesh.Mesh, c10: float, c01: float, bulk: float, c20: float = 0.0) -> Density:
    r"""Mooney-Rivlin solid, with Signorini's quadratic term; shape and volume are apart.

    .. math:: \Psi = c_{10}(\bar I_1 - 3) + c_{01}(\bar I_2 - 3) + c_{20}(\bar I_1 - 3)^2
        + \tfrac{\kappa}{2}(\ln J)^2

    Args:
        domain: mesh that the constants belong to.
        c10: first constant, MPa.
        c01: second constant, MPa.
        bulk: bulk modulus kappa, MPa.
        c20: constant of the quadratic term, MPa.
    """
    a, b, k, q = (constant(domain, value) for value in (c10, c01, bulk, c20))

    def energy(F: ufl.core.expr.Expr) -> ufl.core.expr.Expr:
        J, C = ufl.det(F), F.T * F
        first = ufl.tr(C)
        one = J ** (-2 / 3) * first - 3
        two = J ** (-4 / 3) * (first**2 - ufl.inner(C, C)) / 2 - 3
        return a * one + b * two + q * one**2 + k / 2 * ufl.ln(J) ** 2

    return energy

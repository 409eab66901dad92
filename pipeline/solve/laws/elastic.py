"""Laws with the two constants of isotropic elasticity, and the change of constants."""

from __future__ import annotations

from pipeline.solve.laws.kinematics import (
    IDENTITY,
    Expr,
    green_strain,
    isochoric_invariants,
    log_volume,
)

import ufl  # isort: skip


def lame(young: float, poisson: float) -> tuple[float, float]:
    """Lame constants E nu / ((1 + nu)(1 - 2 nu)) and E / (2 (1 + nu)), MPa.

    Args:
        young: Young's modulus, MPa.
        poisson: Poisson's ratio, below 0.5.
    """
    return young * poisson / ((1 + poisson) * (1 - 2 * poisson)), young / (2 * (1 + poisson))


def bulk_modulus(shear: float, poisson: float) -> float:
    """Bulk modulus 2 G (1 + nu) / (3 (1 - 2 nu)), MPa, of a shear modulus, MPa, and Poisson's ratio."""
    return 2 * shear * (1 + poisson) / (3 * (1 - 2 * poisson))


def young_modulus(shear: float, bulk: float) -> float:
    """Young's modulus 9 K G / (3 K + G), MPa, of shear and bulk modulus, MPa."""
    return 9 * bulk * shear / (3 * bulk + shear)


def linear_elastic_energy(F: Expr, lam: Expr, mu: Expr) -> Expr:
    r"""Isotropic linear elasticity in the small strain :math:`\varepsilon = \operatorname{sym}(F - 1)`.

    .. math:: W = \tfrac{\lambda}{2} (\operatorname{tr} \varepsilon)^2 + \mu\, \varepsilon : \varepsilon

    Not objective: a turn by an angle a is taken for a strain of cos a - 1 across its axis, -0.4 % at
    5 degrees and -1.5 % at 10. Only for parts that turn little.

    Args:
        F: deformation gradient, shape (3, 3), dimensionless.
        lam: first Lame constant, scalar, MPa.
        mu: shear modulus, scalar, MPa.

    Returns:
        Energy per reference volume, scalar, MPa (= N mm / mm^3).

    Source:
        Landau and Lifshitz, Theory of Elasticity, section 4, equation 4.1.
    """
    return _quadratic(ufl.sym(F - IDENTITY), lam, mu)


def saint_venant_kirchhoff_energy(F: Expr, lam: Expr, mu: Expr) -> Expr:
    r"""Linear elasticity in the Green strain :math:`E = \tfrac12 (F^T F - 1)`, for any rotation.

    .. math:: W = \tfrac{\lambda}{2} (\operatorname{tr} E)^2 + \mu\, E : E

    For strains of a few per cent: bone and metal. In compression it softens and collapses; the force
    on a laterally held bar is largest at a stretch of 0.577.

    Args:
        F: deformation gradient, shape (3, 3), dimensionless.
        lam: first Lame constant, scalar, MPa.
        mu: shear modulus, scalar, MPa.

    Returns:
        Energy per reference volume, scalar, MPa.

    Source:
        Holzapfel 2000, Nonlinear Solid Mechanics, equation 6.151.
    """
    return _quadratic(green_strain(F), lam, mu)


def neo_hookean_energy(F: Expr, lam: Expr, mu: Expr) -> Expr:
    r"""Compressible neo-Hookean solid, shape and volume coupled.

    .. math:: W = \tfrac{\mu}{2} (I_1 - 3) - \mu \ln J + \tfrac{\lambda}{2} (\ln J)^2

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
        lam: first Lame constant at small strain, scalar, MPa.
        mu: shear modulus at small strain, scalar, MPa.

    Returns:
        Energy per reference volume, scalar, MPa.

    Source:
        Bonet and Wood 2008, Nonlinear Continuum Mechanics for Finite Element Analysis, equation 6.27.
    """
    ln_J = log_volume(F)
    return mu * ((ufl.inner(F, F) - 3) / 2 - ln_J) + lam / 2 * ln_J * ln_J


def neo_hookean_uncoupled_energy(F: Expr, mu: Expr, bulk: Expr) -> Expr:
    r"""Neo-Hookean solid whose shape and volume are apart.

    .. math:: W = \tfrac{\mu}{2} (J^{-2/3} I_1 - 3) + \tfrac{\kappa}{4} (J^2 - 1 - 2 \ln J)

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
        mu: shear modulus at small strain, scalar, MPa.
        bulk: bulk modulus kappa at small strain, scalar, MPa.

    Returns:
        Energy per reference volume, scalar, MPa.

    Source:
        Simo and Miehe 1992, Comput Methods Appl Mech Eng 98:41-104, for the volume part.
    """
    J = ufl.det(F)
    first, _ = isochoric_invariants(F)
    return mu / 2 * (first - 3) + bulk / 4 * (J * J - 1 - 2 * log_volume(F))


def _quadratic(strain: Expr, lam: Expr, mu: Expr) -> Expr:
    """The quadratic energy of isotropic elasticity in any strain, MPa."""
    return lam / 2 * ufl.tr(strain) ** 2 + mu * ufl.inner(strain, strain)

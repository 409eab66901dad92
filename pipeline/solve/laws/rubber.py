r"""Polynomials in the invariants of the shape, with one energy of the volume.

All are nearly incompressible: :math:`W = \bar W(\bar I_1, \bar I_2) + \tfrac{K}{2} (\ln J)^2`. The
pressure of that volume part is largest at J = e, far beyond tissue under load. Abaqus writes
:math:`(J - 1)^2 / D_1` instead; both have :math:`K = 2 / D_1` at small strain and differ by the third
power of J - 1.
"""

from __future__ import annotations

from pipeline.solve.laws.kinematics import Expr, isochoric_invariants, log_volume


def volume_energy(F: Expr, bulk: Expr) -> Expr:
    r"""Energy of a change of volume, :math:`\tfrac{K}{2} (\ln J)^2`, MPa.

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
        bulk: bulk modulus, scalar, MPa.

    Source:
        Simo, Taylor and Pister 1985, Comput Methods Appl Mech Eng 51:177-208.
    """
    ln_J = log_volume(F)
    return bulk / 2 * ln_J * ln_J


def mooney_rivlin_energy(F: Expr, c10: Expr, c01: Expr, bulk: Expr) -> Expr:
    r"""Mooney-Rivlin solid; shear modulus at small strain 2 (c10 + c01).

    .. math:: W = c_{10} (\bar I_1 - 3) + c_{01} (\bar I_2 - 3) + \tfrac{K}{2} (\ln J)^2

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
        c10: coefficient of the first invariant, scalar, MPa.
        c01: coefficient of the second invariant, scalar, MPa.
        bulk: bulk modulus K, scalar, MPa.

    Returns:
        Energy per reference volume, scalar, MPa.

    Source:
        Mooney 1940, J Appl Phys 11:582-592.
    """
    first, second = isochoric_invariants(F)
    return c10 * (first - 3) + c01 * (second - 3) + volume_energy(F, bulk)


def yeoh_energy(F: Expr, c10: Expr, c20: Expr, c30: Expr, bulk: Expr) -> Expr:
    r"""Yeoh solid; shear modulus at small strain 2 c10.

    .. math:: W = c_{10} a + c_{20} a^2 + c_{30} a^3 + \tfrac{K}{2} (\ln J)^2, \qquad a = \bar I_1 - 3

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
        c10: coefficient of a, scalar, MPa.
        c20: coefficient of a squared, scalar, MPa.
        c30: coefficient of a cubed, scalar, MPa.
        bulk: bulk modulus K, scalar, MPa.

    Returns:
        Energy per reference volume, scalar, MPa.

    Source:
        Yeoh 1993, Rubber Chem Technol 66:754-771.
    """
    first, _ = isochoric_invariants(F)
    a = first - 3
    return a * (c10 + a * (c20 + c30 * a)) + volume_energy(F, bulk)


def polynomial2_energy(F: Expr, c10: Expr, c01: Expr, c20: Expr, c11: Expr, c02: Expr, bulk: Expr) -> Expr:
    r"""Polynomial of the second order, also called five-term Mooney-Rivlin.

    .. math:: W = c_{10} a + c_{01} b + c_{20} a^2 + c_{11} a b + c_{02} b^2 + \tfrac{K}{2} (\ln J)^2,
        \qquad a = \bar I_1 - 3,\ b = \bar I_2 - 3

    Shear modulus at small strain 2 (c10 + c01).

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
        c10: coefficient of a, scalar, MPa.
        c01: coefficient of b, scalar, MPa.
        c20: coefficient of a squared, scalar, MPa.
        c11: coefficient of a b, scalar, MPa.
        c02: coefficient of b squared, scalar, MPa.
        bulk: bulk modulus K, scalar, MPa.

    Returns:
        Energy per reference volume, scalar, MPa.

    Source:
        Rivlin and Saunders 1951, Philos Trans R Soc A 243:251-288.
    """
    first, second = isochoric_invariants(F)
    a, b = first - 3, second - 3
    return a * (c10 + c20 * a + c11 * b) + b * (c01 + c02 * b) + volume_energy(F, bulk)

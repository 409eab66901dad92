r"""A soft ground with one family of fibres: fascia, ligament, plantar plate.

Fibres crimp under compression, stiffen as they straighten and are linear beyond. The stress of the toe
region, an exponential over the stretch, has no energy in elementary functions; the energy is a Gauss sum
over the stretch, and stress and tangent are its derivatives.
"""

from __future__ import annotations

import numpy as np

from pipeline.solve.laws.kinematics import Expr, isochoric_invariants, isochoric_scale
from pipeline.solve.laws.rubber import volume_energy

import ufl  # isort: skip

GAUSS_POINTS = 7
"""Enough for a relative error of the stress below 1e-9 while C4 (lambda_m - 1) <= 6."""


def transversely_isotropic_energy(
    F: Expr, c1: Expr, c3: Expr, c4: Expr, c5: Expr, straight: Expr, bulk: Expr, *, fibre: Expr
) -> Expr:
    r"""Neo-Hookean ground with one family of fibres of stretch :math:`\lambda` at constant volume.

    .. math:: W = C_1 (\bar I_1 - 3) + F_2(\lambda) + \tfrac{K}{2} (\ln J)^2, \qquad
        \lambda^2 = f \cdot \bar C f

    .. math:: \lambda F_2' = 0\ (\lambda \le 1), \quad
        C_3 (e^{C_4 (\lambda - 1)} - 1)\ (1 < \lambda < \lambda_m), \quad
        C_5 \lambda + C_6\ (\lambda \ge \lambda_m)

    with :math:`C_6` such that the stress is continuous at :math:`\lambda_m`; its slope is not.

    Args:
        F: deformation gradient, shape (3, 3), dimensionless, det F > 0.
        c1: half the shear modulus of the ground, scalar, MPa.
        c3: scale of the stress in the toe region, scalar, MPa.
        c4: rate of straightening, scalar, dimensionless.
        c5: modulus of straight fibres, scalar, MPa.
        straight: stretch lambda_m at which fibres are straight, scalar, above 1, or 0 with all others 0.
        bulk: bulk modulus K, scalar, MPa.
        fibre: unit vector f along the fibres in the reference state, shape (3,).

    Returns:
        Energy per reference volume, scalar, MPa.

    Source:
        Weiss, Maker and Govindjee 1996, Comput Methods Appl Mech Eng 135:107-128; the Gauss sum is ours.
    """
    first, _ = isochoric_invariants(F)
    along = F * fibre
    stretch = ufl.sqrt(isochoric_scale(F) * ufl.inner(along, along))
    return c1 * (first - 3) + fibre_energy(stretch, c3, c4, c5, straight) + volume_energy(F, bulk)


def fibre_energy(stretch: Expr, c3: Expr, c4: Expr, c5: Expr, straight: Expr) -> Expr:
    r"""Energy :math:`F_2` of fibres, MPa; see :func:`transversely_isotropic_energy`."""
    end = _larger(straight, 1.0)
    pulled = _larger(stretch, 1.0)
    beyond = _larger(pulled, end)
    toe = pulled - (beyond - end) - 1.0
    meeting = c3 * (ufl.exp(c4 * (end - 1.0)) - 1.0) - c5 * end
    energy = c5 * (beyond - end) + meeting * ufl.ln(beyond / end)
    for point, weight in zip(*np.polynomial.legendre.leggauss(GAUSS_POINTS), strict=True):
        gain = toe * float((1.0 + point) / 2.0)
        energy += float(weight / 2.0) * c3 * toe * (ufl.exp(c4 * gain) - 1.0) / (1.0 + gain)
    return energy


def _larger(first: Expr, second: Expr) -> Expr:
    """The larger of two; at equality the second, with its slope."""
    return ufl.conditional(ufl.gt(first, second), first, second)

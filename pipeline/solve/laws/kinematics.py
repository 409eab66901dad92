"""Measures of deformation that several energies share.

Forms are compiled from the graph of the expression, in which equal parts are one, so energies may
each call these without paying twice.
"""

from __future__ import annotations

from typing import Any

import ufl  # isort: skip

Expr = Any
"""A UFL expression; UFL carries no types."""

IDENTITY = ufl.Identity(3)


def right_cauchy_green(F: Expr) -> Expr:
    """Right Cauchy-Green tensor C = F^T F, shape (3, 3), dimensionless."""
    return F.T * F


def green_strain(F: Expr) -> Expr:
    """Green-Lagrange strain (F^T F - 1) / 2, shape (3, 3), dimensionless."""
    return (right_cauchy_green(F) - IDENTITY) / 2


def log_volume(F: Expr) -> Expr:
    """Logarithm of the volume ratio J = det F; not a number where a cell is turned over."""
    return ufl.ln(ufl.det(F))


def isochoric_scale(F: Expr) -> Expr:
    """Factor J^(-2/3) that takes the change of volume out of C."""
    return ufl.exp(-2.0 / 3.0 * log_volume(F))


def isochoric_invariants(F: Expr) -> tuple[Expr, Expr]:
    r"""First two invariants of :math:`\bar C = J^{-2/3} C`, each 3 without deformation.

    .. math:: \bar I_1 = \operatorname{tr} \bar C, \qquad
        \bar I_2 = \tfrac12 (\bar I_1^2 - \bar C : \bar C)

    Source:
        Holzapfel 2000, Nonlinear Solid Mechanics, section 6.4.
    """
    scale, C = isochoric_scale(F), right_cauchy_green(F)
    trace = ufl.inner(F, F)
    return scale * trace, scale * scale * (trace * trace - ufl.inner(C, C)) / 2

"""The tissue laws of the product, with the constants of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.solve.body import Density
from pipeline.solve.laws import LAWS, lame
from pipeline.solve.verification.set_up import constant

from dolfinx import mesh  # isort: skip


def of_law(domain: mesh.Mesh, name: str, *parameters: float, fibre: Sequence[float] | None = None) -> Density:
    """Energy of a law of :data:`pipeline.solve.laws.LAWS`, the same everywhere.

    Args:
        domain: mesh that the constants belong to.
        name: of the law.
        parameters: in the order of the law's names; moduli in MPa.
        fibre: unit vector along the fibres, for laws that have them, (3,).

    Raises:
        ValueError: the law has another number of parameters.
    """
    law = LAWS[name]
    if len(parameters) != len(law.names):
        raise ValueError(f"{name} takes {', '.join(law.names)}; got {len(parameters)} parameters")
    values = [constant(domain, value) for value in parameters]
    extra = {} if fibre is None else {"fibre": constant(domain, fibre)}
    return lambda F: law.energy(F, *values, **extra)


def small_strain(domain: mesh.Mesh, young: float, poisson: float) -> Density:
    """Linear elasticity of Young's modulus, MPa, and Poisson's ratio."""
    return of_law(domain, "linear_elastic", *lame(young, poisson))


def saint_venant(domain: mesh.Mesh, young: float, poisson: float) -> Density:
    """Linear elasticity in the Green strain, of Young's modulus, MPa, and Poisson's ratio."""
    return of_law(domain, "saint_venant_kirchhoff", *lame(young, poisson))


def neo_hookean(domain: mesh.Mesh, young: float, poisson: float) -> Density:
    """Compressible neo-Hookean solid of Young's modulus, MPa, and Poisson's ratio at small strain."""
    return of_law(domain, "neo_hookean", *lame(young, poisson))


def split_neo_hookean(domain: mesh.Mesh, mu: float, bulk: float) -> Density:
    """Neo-Hookean solid of shear and bulk modulus, MPa, whose shape and volume are apart."""
    return of_law(domain, "neo_hookean_uncoupled", mu, bulk)

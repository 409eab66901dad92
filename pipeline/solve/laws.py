"""Tissue laws: each gives a strain energy, and the solve derives stress and tangent from it.

A law is one entry of :data:`LAWS`: the energy as a function of the displacement gradient and of its
parameters, and the parameters as functions of a material of the case. One compiled form serves all
tissues, with parameters constant in each cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.errors import ConfigError
from pipeline.regions import Region
from pipeline.solve.model import FootMesh

import ufl  # isort: skip
from dolfinx import fem  # isort: skip

Expr = Any
"""A UFL expression; UFL carries no types."""


def small_strain(grad_u: Expr) -> Expr:
    """Small strain tensor, (grad u + grad u^T) / 2, shape (3, 3), dimensionless."""
    return ufl.sym(grad_u)


def linear_elastic_energy(grad_u: Expr, lam: Expr, mu: Expr) -> Expr:
    r"""Strain energy density of an isotropic linear elastic solid at small strain.

    .. math:: \Psi = \tfrac{\lambda}{2} (\operatorname{tr} \varepsilon)^2 + \mu\, \varepsilon : \varepsilon

    Args:
        grad_u: displacement gradient, shape (3, 3), dimensionless.
        lam: first Lame constant, scalar, MPa.
        mu: shear modulus, scalar, MPa.

    Returns:
        Energy per unit volume, scalar, MPa (= N mm / mm^3).

    Source:
        Landau and Lifshitz, Theory of Elasticity, section 4, equation 4.1.
    """
    strain = small_strain(grad_u)
    return lam / 2 * ufl.tr(strain) ** 2 + mu * ufl.inner(strain, strain)


def lame(young: float, poisson: float) -> tuple[float, float]:
    """Lame constants E nu / ((1 + nu)(1 - 2 nu)) and E / (2 (1 + nu)), MPa.

    Args:
        young: Young's modulus, MPa.
        poisson: Poisson's ratio, below 0.5.
    """
    return young * poisson / ((1 + poisson) * (1 - 2 * poisson)), young / (2 * (1 + poisson))


@dataclass(frozen=True)
class Law:
    """A strain energy and where its parameters come from.

    Attributes:
        energy: energy density from the displacement gradient and the parameters in order, MPa.
        parameters: values of the parameters from a material of the case.
        names: what the parameters are called.
    """

    energy: Callable[..., Expr]
    parameters: Callable[[Any], tuple[float, ...]]
    names: tuple[str, ...]


LAWS: Mapping[str, Law] = {
    "linear_elastic": Law(
        energy=linear_elastic_energy,
        parameters=lambda material: lame(material.young_MPa.value, material.poisson.value),
        names=("lam", "mu"),
    )
}
"""Law of every name that a material of a case may carry."""


def energy_density(foot: FootMesh, materials: Mapping[Region, Any]) -> Callable[[Expr], Expr]:
    """Strain energy density of the whole model as a function of the displacement gradient.

    Args:
        foot: the mesh.
        materials: the material of every region that the mesh has.

    Returns:
        Function of grad u, shape (3, 3), giving the density in MPa.

    Raises:
        ConfigError: a region has no material, or a law is not known.
    """
    kinds = {material.law for material in materials.values()}
    if unknown := sorted(kinds - LAWS.keys()):
        raise ConfigError(f"materials: law {', '.join(unknown)} is not known; known: {', '.join(LAWS)}")
    space = fem.functionspace(foot.domain, ("DG", 0))
    terms = [(LAWS[kind], _parameter_fields(foot, space, materials, kind)) for kind in sorted(kinds)]
    return lambda F: sum(law.energy(F - ufl.Identity(3), *fields) for law, fields in terms)


def _parameter_fields(
    foot: FootMesh, space: fem.FunctionSpace, materials: Mapping[Region, Any], kind: str
) -> list[fem.Function]:
    """One cell-wise constant per parameter of a law; zero where the cell has another law."""
    law = LAWS[kind]
    table = np.full((max(Region) + 1, len(law.names)), np.nan)
    for region, material in materials.items():
        table[region] = law.parameters(material) if material.law == kind else 0.0
    values = table[foot.region]
    fields = []
    for name, column in zip(law.names, values.T, strict=True):
        field = fem.Function(space, name=name)
        field.x.array[space.dofmap.list[: len(column), 0]] = column
        field.x.scatter_forward()
        fields.append(field)
    return fields

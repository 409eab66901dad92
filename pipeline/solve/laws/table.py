"""Every law a material may name: its energy, and its parameters from the keys of the material."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config.rubber import MOST_TERMS
from pipeline.solve.laws.elastic import (
    lame,
    linear_elastic_energy,
    neo_hookean_energy,
    neo_hookean_uncoupled_energy,
    saint_venant_kirchhoff_energy,
)
from pipeline.solve.laws.fibre import transversely_isotropic_energy
from pipeline.solve.laws.kinematics import Expr
from pipeline.solve.laws.ogden import ogden_energy
from pipeline.solve.laws.rubber import mooney_rivlin_energy, polynomial2_energy, yeoh_energy


@dataclass(frozen=True)
class Law:
    """A strain energy and where its parameters come from.

    With all parameters 0, energy, stress and tangent are exactly 0 wherever they are numbers.

    Attributes:
        energy: density, MPa, from the deformation gradient and the parameters in order; with
            ``needs_fibre`` also from the keyword ``fibre``, a unit vector.
        parameters: values of the parameters from a material of the case.
        names: what the parameters are called.
        needs_fibre: whether the energy takes the direction of fibres.
        needs_volume: whether it is a number only for det F > 0.
    """

    energy: Callable[..., Expr]
    parameters: Callable[[Any], tuple[float, ...]]
    names: tuple[str, ...]
    needs_fibre: bool = False
    needs_volume: bool = True


def _lame(material: Any) -> tuple[float, ...]:
    """Lame constants of a material with Young's modulus, given or from density, MPa."""
    density = getattr(material, "density", None)
    young = material.young_MPa.value if density is None else density.young_modulus_MPa
    return lame(young, material.poisson.value)


def _shear_and_bulk(material: Any) -> tuple[float, ...]:
    """Moduli of the uncoupled neo-Hookean law, MPa."""
    return material.initial_shear_modulus_MPa, material.initial_bulk_modulus_MPa


def _given(*keys: str) -> Callable[[Any], tuple[float, ...]]:
    """Parameters that stand in the material as they are, then the bulk modulus, MPa."""

    def parameters(material: Any) -> tuple[float, ...]:
        return (*(getattr(material, key).value for key in keys), material.initial_bulk_modulus_MPa)

    return parameters


def _ogden(material: Any) -> tuple[float, ...]:
    """Bulk modulus, MPa, then factor, MPa, and exponent of each term; zeros where there is none."""
    values = [material.initial_bulk_modulus_MPa]
    for factor, alpha in material.factors:
        values += [factor, alpha]
    return (*values, *(0.0,) * (1 + 2 * MOST_TERMS - len(values)))


LAWS: Mapping[str, Law] = {
    "linear_elastic": Law(linear_elastic_energy, _lame, ("lam", "mu"), needs_volume=False),
    "saint_venant_kirchhoff": Law(saint_venant_kirchhoff_energy, _lame, ("lam", "mu"), needs_volume=False),
    "elastic_plastic_flag": Law(saint_venant_kirchhoff_energy, _lame, ("lam", "mu"), needs_volume=False),
    "neo_hookean": Law(neo_hookean_energy, _lame, ("lam", "mu")),
    "neo_hookean_uncoupled": Law(neo_hookean_uncoupled_energy, _shear_and_bulk, ("mu", "bulk")),
    "mooney_rivlin": Law(mooney_rivlin_energy, _given("c10_MPa", "c01_MPa"), ("c10", "c01", "bulk")),
    "yeoh": Law(yeoh_energy, _given("c10_MPa", "c20_MPa", "c30_MPa"), ("c10", "c20", "c30", "bulk")),
    "polynomial2": Law(
        polynomial2_energy,
        _given("c10_MPa", "c01_MPa", "c20_MPa", "c11_MPa", "c02_MPa"),
        ("c10", "c01", "c20", "c11", "c02", "bulk"),
    ),
    "ogden": Law(
        ogden_energy,
        _ogden,
        ("bulk", *(f"{part}_{n + 1}" for n in range(MOST_TERMS) for part in ("factor", "alpha"))),
    ),
    "transversely_isotropic": Law(
        transversely_isotropic_energy,
        _given("c1_MPa", "c3_MPa", "c4", "c5_MPa", "straight_stretch"),
        ("c1", "c3", "c4", "c5", "straight", "bulk"),
        needs_fibre=True,
    ),
}
"""Law of every name that a material of a case may carry."""

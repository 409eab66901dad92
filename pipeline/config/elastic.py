"""Laws with the two constants of elasticity, and what all laws share: moduli at small strain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.sourced import FaultsError, Modulus, PoissonRatio, Sourced, Strict

BoneDensity = Annotated[float, Field(title="BoneDensity", gt=0.0, le=3.0)]
"""Apparent density in g/cm3."""
Rate = Annotated[float, Field(title="Rate", gt=0.0, le=1000.0)]

LAW = "Law of the material"
POISSON = "Poisson's ratio, above -1 and below 0.5"


def exactly_one(given: Mapping[str, Any], use: str) -> None:
    """Fault unless one of two keys has a value.

    Args:
        given: the two keys and their values, the usual one first.
        use: what they are for.

    Raises:
        FaultsError: none or both are there.
    """
    first, second = given
    there = [key for key, value in given.items() if value is not None]
    if not there:
        raise FaultsError([((first,), f"missing; give {first} or {second}, {use}")])
    if len(there) == 2:
        raise FaultsError([((second,), f"stands beside {first}; give one of the two, {use}")])


class DensityLaw(Strict):
    """Young's modulus of bone from its density, E = a rho^b."""

    density_g_per_cm3: Sourced[BoneDensity] = Field(description="Apparent density rho")
    coefficient_MPa: Sourced[Modulus] = Field(description="Modulus a at a density of 1 g/cm3")
    exponent: Sourced[Rate] = Field(description="Exponent b")

    @property
    def young_modulus_MPa(self) -> float:
        """Young's modulus, MPa."""
        return self.coefficient_MPa.value * self.density_g_per_cm3.value**self.exponent.value


class Moduli(Strict):
    """What every law has: moduli at small strain, in MPa."""

    @property
    def initial_shear_modulus_MPa(self) -> float:
        """Shear modulus at small strain, of the ground if there are fibres."""
        raise NotImplementedError

    @property
    def initial_bulk_modulus_MPa(self) -> float:
        """Bulk modulus at small strain."""
        raise NotImplementedError

    @property
    def initial_young_modulus_MPa(self) -> float:
        """Young's modulus 9 K G / (3 K + G) at small strain; 3 G for an incompressible tissue."""
        shear, bulk = self.initial_shear_modulus_MPa, self.initial_bulk_modulus_MPa
        return 9 * bulk * shear / (3 * bulk + shear)


class Elastic(Moduli):
    """A law with Young's modulus, given or from density, and Poisson's ratio."""

    young_MPa: Sourced[Modulus] | None = Field(
        default=None, description="Young's modulus; bone may give density in its place"
    )
    density: DensityLaw | None = Field(default=None, description="Young's modulus of bone from its density")
    poisson: Sourced[PoissonRatio] = Field(description=POISSON)

    @model_validator(mode="after")
    def _one_modulus(self) -> Self:
        exactly_one({"young_MPa": self.young_MPa, "density": self.density}, "for Young's modulus")
        return self

    @property
    def initial_young_modulus_MPa(self) -> float:
        """Young's modulus."""
        if self.density is not None:
            return self.density.young_modulus_MPa
        assert self.young_MPa is not None
        return self.young_MPa.value

    @property
    def initial_shear_modulus_MPa(self) -> float:
        """Shear modulus E / (2 (1 + nu))."""
        return self.initial_young_modulus_MPa / (2 * (1 + self.poisson.value))

    @property
    def initial_bulk_modulus_MPa(self) -> float:
        """Bulk modulus E / (3 (1 - 2 nu))."""
        return self.initial_young_modulus_MPa / (3 * (1 - 2 * self.poisson.value))


class LinearElastic(Elastic):
    """Isotropic linear elasticity at small strain, sigma = lambda tr(eps) 1 + 2 mu eps; turns add strain."""

    law: Literal["linear_elastic"] = Field(description=LAW)


class SaintVenantKirchhoff(Elastic):
    """Linear elasticity in the Green strain, for small strain and any turn: bone and metal."""

    law: Literal["saint_venant_kirchhoff"] = Field(description=LAW)


class ElasticPlasticFlag(Elastic):
    """Metal: linear elasticity in the Green strain; stress beyond yield is reported, not relieved."""

    law: Literal["elastic_plastic_flag"] = Field(description=LAW)
    yield_MPa: Sourced[Modulus] = Field(description="Von Mises stress above which a result is flagged")


class NeoHookean(Elastic):
    """Compressible neo-Hookean solid, W = mu/2 (I1 - 3) - mu ln J + lambda/2 (ln J)^2."""

    law: Literal["neo_hookean"] = Field(description=LAW)


class NeoHookeanUncoupled(Elastic):
    """Neo-Hookean solid, W = mu/2 (J^(-2/3) I1 - 3) + K/4 (J^2 - 1 - 2 ln J)."""

    law: Literal["neo_hookean_uncoupled"] = Field(description=LAW)

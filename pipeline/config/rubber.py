"""Laws of nearly incompressible tissue: rubber-like ones, and a soft ground with fibres."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.elastic import LAW, Moduli, Rate, exactly_one
from pipeline.config.sourced import FaultsError, Modulus, PoissonRatio, Sourced, Strict
from pipeline.config.stability import (
    Hessian,
    Strains,
    hessian_of_polynomial,
    hessian_of_powers,
    unstable,
)

Faults = list[tuple[tuple[str | int, ...], str]]

Coefficient = Annotated[float, Field(title="Coefficient", ge=-1.0e6, le=1.0e6)]
"""Coefficient of an energy in MPa; may be negative."""
Exponent = Annotated[float, Field(title="Exponent", ge=-100.0, le=100.0)]
StraightStretch = Annotated[float, Field(title="StraightStretch", gt=1.0, le=2.0)]

MOST_TERMS = 3
"""Terms of an Ogden law."""
LARGEST_TOE = 6.0
"""Largest exponent of the toe region of fibres; up to here the solve's energy is exact to 1e-9."""

BULK = "Bulk modulus; or give poisson"
POISSON_AT_REST = "Poisson's ratio at small strain, which gives the bulk modulus; or give bulk_MPa"


def ogden_factor(convention: str, mu: float, alpha: float) -> float:
    r"""Factor f of a term :math:`f (\sum_k \lambda_k^\alpha - 3)`, MPa, from published constants.

    Args:
        convention: which energy the constants are meant for.

            ``abaqus``: :math:`2 \mu / \alpha^2`, shear modulus at small strain the sum of mu.
            ``plain``: :math:`\mu / \alpha`, shear modulus half the sum of mu alpha (Ogden 1972).
            ``febio``: :math:`c / m^2` with c given as mu and m as alpha, shear modulus half the sum of c.
        mu: modulus of the term, MPa.
        alpha: exponent of the term, dimensionless, not 0.
    """
    return {"abaqus": 2 * mu / alpha**2, "plain": mu / alpha, "febio": mu / alpha**2}[convention]


class Rubber(Moduli):
    """A nearly incompressible law whose volume part is K/2 (ln J)^2."""

    bulk_MPa: Sourced[Modulus] | None = Field(default=None, description=BULK)
    poisson: Sourced[PoissonRatio] | None = Field(default=None, description=POISSON_AT_REST)

    @property
    def initial_bulk_modulus_MPa(self) -> float:
        """Bulk modulus, given or 2 G (1 + nu) / (3 (1 - 2 nu))."""
        if self.bulk_MPa is not None:
            return self.bulk_MPa.value
        assert self.poisson is not None
        nu = self.poisson.value
        return 2 * self.initial_shear_modulus_MPa * (1 + nu) / (3 * (1 - 2 * nu))

    def hessian(self) -> Callable[[Strains], Hessian]:
        """Hessian of the energy at constant volume; see :mod:`pipeline.config.stability`."""
        raise NotImplementedError

    def own_faults(self) -> Faults:
        """What is wrong with the constants before their moduli can be asked for."""
        return []

    @model_validator(mode="after")
    def _is_stable(self) -> Self:
        exactly_one({"bulk_MPa": self.bulk_MPa, "poisson": self.poisson}, "for the change of volume")
        if faults := self.own_faults():
            raise FaultsError(faults)
        shear = self.initial_shear_modulus_MPa
        if shear <= 0.0:
            raise FaultsError([((), f"shear modulus at small strain is {shear:g} MPa; must be above 0")])
        if fault := unstable(self.hessian()):
            raise FaultsError([((), fault)])
        return self


class TwoInvariants(Rubber):
    """A law with terms linear in both invariants of the shape."""

    c10_MPa: Sourced[Coefficient] = Field(description="Coefficient of I1 - 3")
    c01_MPa: Sourced[Coefficient] = Field(description="Coefficient of I2 - 3")

    @property
    def initial_shear_modulus_MPa(self) -> float:
        """Shear modulus 2 (c10 + c01)."""
        return 2 * (self.c10_MPa.value + self.c01_MPa.value)


class MooneyRivlin(TwoInvariants):
    """Mooney-Rivlin solid, W = c10 (I1 - 3) + c01 (I2 - 3) + K/2 (ln J)^2 in the shape's invariants."""

    law: Literal["mooney_rivlin"] = Field(description=LAW)

    def hessian(self) -> Callable[[Strains], Hessian]:
        """Hessian of the energy at constant volume."""
        return hessian_of_polynomial(c10=self.c10_MPa.value, c01=self.c01_MPa.value)


class Polynomial2(TwoInvariants):
    """Polynomial of second order in I1 - 3 and I2 - 3, also called five-term Mooney-Rivlin."""

    law: Literal["polynomial2"] = Field(description=LAW)
    c20_MPa: Sourced[Coefficient] = Field(description="Coefficient of (I1 - 3)^2")
    c11_MPa: Sourced[Coefficient] = Field(description="Coefficient of (I1 - 3)(I2 - 3)")
    c02_MPa: Sourced[Coefficient] = Field(description="Coefficient of (I2 - 3)^2")

    def hessian(self) -> Callable[[Strains], Hessian]:
        """Hessian of the energy at constant volume."""
        return hessian_of_polynomial(
            c10=self.c10_MPa.value,
            c01=self.c01_MPa.value,
            c20=self.c20_MPa.value,
            c11=self.c11_MPa.value,
            c02=self.c02_MPa.value,
        )


class Yeoh(Rubber):
    """Yeoh solid, W = c10 a + c20 a^2 + c30 a^3 + K/2 (ln J)^2, a = I1 - 3 of the shape."""

    law: Literal["yeoh"] = Field(description=LAW)
    c10_MPa: Sourced[Coefficient] = Field(description="Coefficient of I1 - 3")
    c20_MPa: Sourced[Coefficient] = Field(description="Coefficient of (I1 - 3)^2")
    c30_MPa: Sourced[Coefficient] = Field(description="Coefficient of (I1 - 3)^3")

    @property
    def initial_shear_modulus_MPa(self) -> float:
        """Shear modulus 2 c10."""
        return 2 * self.c10_MPa.value

    def hessian(self) -> Callable[[Strains], Hessian]:
        """Hessian of the energy at constant volume."""
        return hessian_of_polynomial(c10=self.c10_MPa.value, c20=self.c20_MPa.value, c30=self.c30_MPa.value)


class OgdenTerm(Strict):
    """One term of an Ogden law."""

    mu_MPa: Sourced[Coefficient] = Field(description="Modulus mu of the term; c for convention febio")
    alpha: Sourced[Exponent] = Field(description="Exponent alpha of the term, not 0; m for convention febio")


class Ogden(Rubber):
    """Ogden solid, a sum of f (l1^alpha + l2^alpha + l3^alpha - 3) in the shape's stretches, + K/2 (ln J)^2.

    The factor f is 2 mu / alpha^2 (abaqus), mu / alpha (plain) or c / m^2 (febio).
    """

    law: Literal["ogden"] = Field(description=LAW)
    convention: Literal["abaqus", "plain", "febio"] = Field(
        description="Meaning of mu: shear modulus is sum mu (abaqus), sum mu alpha / 2 (plain), "
        "sum mu / 2 (febio, mu being its c)"
    )
    terms: Annotated[
        tuple[OgdenTerm, ...],
        Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": MOST_TERMS}),
    ] = Field(description=f"One to {MOST_TERMS} terms")

    def own_faults(self) -> Faults:
        """Too many terms or none, or one without a power."""
        if not 1 <= len(self.terms) <= MOST_TERMS:
            return [(("terms",), f"has {len(self.terms)} entries; give one to {MOST_TERMS} terms")]
        return [
            (("terms", n, "alpha", "value"), "0 is not allowed; a stretch to the power 0 is always 1")
            for n, term in enumerate(self.terms)
            if term.alpha.value == 0.0
        ]

    @property
    def factors(self) -> list[tuple[float, float]]:
        """Factor f, MPa, and exponent alpha of each term."""
        return [
            (ogden_factor(self.convention, term.mu_MPa.value, term.alpha.value), term.alpha.value)
            for term in self.terms
        ]

    @property
    def initial_shear_modulus_MPa(self) -> float:
        """Shear modulus, half the sum of f alpha^2."""
        return sum(factor * alpha**2 for factor, alpha in self.factors) / 2

    def hessian(self) -> Callable[[Strains], Hessian]:
        """Hessian of the energy at constant volume."""
        return hessian_of_powers(self.factors)


class TransverselyIsotropic(Moduli):
    """Neo-Hookean ground with one family of fibres that take no compression: fascia, ligament, plate.

    Fibre stress is c3 (e^(c4 (l - 1)) - 1) up to straight_stretch and of slope c5 beyond, over the stretch l.
    """

    law: Literal["transversely_isotropic"] = Field(description=LAW)
    c1_MPa: Sourced[Modulus] = Field(description="Half the shear modulus of the ground")
    c3_MPa: Sourced[Modulus] = Field(description="Scale of the fibre stress while fibres straighten")
    c4: Sourced[Rate] = Field(description="Rate at which fibres straighten")
    c5_MPa: Sourced[Modulus] = Field(description="Modulus of straight fibres")
    straight_stretch: Sourced[StraightStretch] = Field(description="Stretch at which fibres are straight")
    bulk_MPa: Sourced[Modulus] = Field(description="Bulk modulus")

    @model_validator(mode="after")
    def _toe_is_short(self) -> Self:
        toe = self.c4.value * (self.straight_stretch.value - 1.0)
        if toe > LARGEST_TOE:
            text = f"c4 (straight_stretch - 1) is {toe:.3g}; must be at most {LARGEST_TOE:g}"
            raise FaultsError([(("straight_stretch", "value"), text)])
        return self

    @property
    def initial_shear_modulus_MPa(self) -> float:
        """Shear modulus of the ground, 2 c1."""
        return 2 * self.c1_MPa.value

    @property
    def initial_bulk_modulus_MPa(self) -> float:
        """Bulk modulus."""
        return self.bulk_MPa.value

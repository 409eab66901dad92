"""Energy, stress and tangent of materials at a given deformation gradient, by the compiled expressions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray
from pydantic import TypeAdapter

from pipeline.config.materials import Material
from pipeline.solve import compat
from pipeline.solve.laws import energy_density

import ufl  # isort: skip
from dolfinx import fem, mesh  # isort: skip
from mpi4py import MPI  # isort: skip

Floats = NDArray[np.float64]

EYE = np.eye(3)
CELLS = 6
"""Tetrahedra of a cube."""
FIBRE = np.array([2.0, -1.0, 2.0]) / 3.0
CENTRE = np.full((1, 3), 0.25)


def given(value: float) -> dict[str, Any]:
    """A sourced value as in a case."""
    return {"value": float(value), "source": "A test", "status": "assumed"}


def material(law: str, **values: Any) -> Any:
    """A validated material from the keys of a case; numbers get a source."""
    block = {key: each if isinstance(each, str | list) else given(each) for key, each in values.items()}
    return TypeAdapter(Material).validate_python({"law": law, **block})


def ogden(convention: str, *terms: tuple[float, float], **values: Any) -> Any:
    """An Ogden material from mu, MPa, and alpha of its terms."""
    blocks = [{"mu_MPa": given(mu), "alpha": given(alpha)} for mu, alpha in terms]
    return material("ogden", convention=convention, terms=blocks, **values)


def bone() -> Any:
    """Bone whose modulus is from its density."""
    density = {"density_g_per_cm3": given(1.2), "coefficient_MPa": given(2.0), "exponent": given(1.5)}
    block = {"law": "neo_hookean", "density": density, "poisson": given(0.3)}
    return TypeAdapter(Material).validate_python(block)


MCL = {"c1_MPa": 1.44, "c3_MPa": 0.57, "c4": 48.0, "c5_MPa": 467.1, "straight_stretch": 1.063}
LEMMON = {"c10_MPa": 0.08556, "c01_MPa": -0.05841, "c20_MPa": 0.039, "c11_MPa": -0.02319, "c02_MPa": 0.00851}

EXAMPLES = {
    "linear_elastic": material("linear_elastic", young_MPa=3.0, poisson=0.3),
    "saint_venant_kirchhoff": material("saint_venant_kirchhoff", young_MPa=3.0, poisson=0.3),
    "metal": material("elastic_plastic_flag", young_MPa=3.0, poisson=0.3, yield_MPa=0.1),
    "bone": bone(),
    "neo_hookean": material("neo_hookean", young_MPa=3.0, poisson=0.3),
    "neo_hookean_uncoupled": material("neo_hookean_uncoupled", young_MPa=3.0, poisson=0.4),
    "mooney_rivlin": material("mooney_rivlin", c10_MPa=0.4, c01_MPa=0.1, bulk_MPa=8.0),
    "yeoh": material("yeoh", c10_MPa=0.5, c20_MPa=-0.02, c30_MPa=0.1, poisson=0.45),
    "polynomial2": material("polynomial2", **LEMMON, bulk_MPa=0.54754),
    "pad": ogden("abaqus", (0.02, 11.0), poisson=0.49),
    "heel": ogden("abaqus", (0.01645, 6.82), poisson=0.45),
    "fat": ogden("plain", (0.0235, 12.07), poisson=0.45),
    "skin": ogden("abaqus", (0.122, 18.0), poisson=0.45),
    "two_terms": ogden("febio", (9.685e-9, 24.326), (1e-3, 2.0), poisson=0.495),
    "three_terms": ogden("plain", (0.63, 1.3), (0.0012, 5.0), (-0.01, -2.0), bulk_MPa=9.0),
    "ligament": material("transversely_isotropic", **MCL, bulk_MPa=50.0),
}  # fmt: skip
"""One material of each law and of each exponent in use."""
OGDEN = ("pad", "heel", "fat", "skin", "two_terms", "three_terms")


class Point:
    """Energy and its derivatives at one deformation gradient; each cell of a cube has its own material.

    Args:
        materials: material of each cell; the last one has all that are left.
        fibre: direction of the fibres.
    """

    def __init__(self, *materials: Any, fibre: Floats = FIBRE) -> None:
        self._domain = mesh.create_unit_cube(MPI.COMM_SELF, 1, 1, 1)
        region = np.minimum(np.arange(CELLS), len(materials) - 1)
        fibres = fem.Function(fem.functionspace(self._domain, ("DG", 0, (3,))))
        fibres.x.array[:] = np.tile(fibre, CELLS)
        density = energy_density(self._domain, region, dict(enumerate(materials)), fibres)
        self._F, self._H = (fem.Constant(self._domain, np.zeros((3, 3))) for _ in range(2))
        share = ufl.variable(fem.Constant(self._domain, 0.0))
        F = ufl.variable(self._F + share * self._H)
        energy = density(F)
        stress = ufl.diff(energy, F)
        self._parts = {"W": energy, "P": stress, "A": ufl.diff(stress, share)}
        self._compiled: dict[str, fem.Expression] = {}

    def _value(self, part: str, F: Floats, H: Floats, cell: int) -> Floats:
        """One of the parts at F, in the direction H."""
        if part not in self._compiled:
            self._compiled[part] = compat.compile_expression(self._parts[part], CENTRE, MPI.COMM_SELF)
        self._F.value[:], self._H.value[:] = F, H
        return np.array(self._compiled[part].eval(self._domain, np.array([cell], dtype=np.int32)))

    def W(self, F: Floats, cell: int = 0) -> float:
        """Energy density, MPa."""
        return float(self._value("W", F, F, cell).reshape(()))

    def P(self, F: Floats, cell: int = 0) -> Floats:
        """First Piola-Kirchhoff stress, shape (3, 3), MPa."""
        return self._value("P", F, F, cell).reshape(3, 3)

    def change(self, F: Floats, H: Floats, cell: int = 0) -> Floats:
        """Change of P per change H of F, shape (3, 3), MPa."""
        return self._value("A", F, H, cell).reshape(3, 3)

    def A(self, F: Floats, cell: int = 0) -> Floats:
        """Tangent dP/dF, shape (3, 3, 3, 3), MPa."""
        columns = [self.change(F, unit.reshape(3, 3), cell) for unit in np.eye(9)]
        return np.moveaxis(np.array(columns), 0, -1).reshape(3, 3, 3, 3)

    def cauchy(self, F: Floats) -> Floats:
        """Cauchy stress, shape (3, 3), MPa."""
        return self.P(F) @ F.T / np.linalg.det(F)

    def bar(self, stretch: float) -> Floats:
        """Deformation gradient of a bar along x whose sides are free."""
        return self._free(lambda side: np.diag([stretch, side, side]), stretch**-0.5)

    def sheet(self, stretch: float) -> Floats:
        """Deformation gradient of a sheet stretched alike along x and y, free across."""
        return self._free(lambda side: np.diag([stretch, stretch, side]), stretch**-2.0)

    def _free(self, state: Callable[[float], Floats], start: float) -> Floats:
        """The state whose last direction carries no stress; stress rises with the stretch there."""

        def stress(side: float) -> float:
            return float(self.P(state(side))[2, 2])

        low = high = start
        while stress(low) > 0.0:
            low *= 0.99
        while stress(high) < 0.0:
            high *= 1.01
        return (
            state(scipy.optimize.brentq(stress, low, high, xtol=1e-15, rtol=1e-14))
            if low < high
            else state(low)
        )


@cache
def example(name: str) -> Point:
    """The example of a law, compiled once."""
    return Point(EXAMPLES[name])


def generic(size: float = 0.25, seed: int = 3) -> Floats:
    """A deformation with three different stretches, shear and turn."""
    return EYE + size * np.random.default_rng(seed).uniform(-1.0, 1.0, (3, 3))


def rotation(angle: float = 0.9) -> Floats:
    """A turn about the axis (1, 2, 2) / 3."""
    x, y, z = 1 / 3, 2 / 3, 2 / 3
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return EYE + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


STATES = {
    "rest": EYE,
    "pulled": np.diag([1.3, 0.9, 0.9]),
    "squeezed": np.diag([1.2, 1.2, 0.6]),
    "nearly at rest": EYE + 1e-4 * (generic(1.0, 11) - EYE),
    "generic": generic(),
    "turned": rotation() @ generic(0.1, 5),
}
"""Deformation gradients: equal stretches, two equal ones, and three different ones."""

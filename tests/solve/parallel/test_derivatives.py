"""MAT-7: energy, force and tangent belong together, for the body, its loads and the floor.

With exact derivatives the remainder of a first-order expansion falls with the square of the length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from pipeline.solve import compat
from pipeline.solve.body import Body, Density, Load
from pipeline.solve.floor import Floor, FloorProfile
from pipeline.solve.level import Floats, support_where
from pipeline.solve.system import System
from pipeline.solve.term import Term
from pipeline.solve.verification.energies import (
    neo_hookean,
    of_law,
    saint_venant,
    small_strain,
    split_neo_hookean,
)
from pipeline.solve.verification.meshes import even, lattice, spread
from pipeline.solve.verification.set_up import (
    body_force,
    constant,
    plane,
    pressure,
    surface,
    tagged,
    traction,
)
from tests.solve.models import COMM

import ufl  # isort: skip
from dolfinx import fem, mesh  # isort: skip
from petsc4py import PETSc  # isort: skip

LENGTHS = [0.02 * 0.5**k for k in range(5)]

DENSITIES: dict[str, Callable[[mesh.Mesh], Density]] = {
    "small strain": lambda domain: small_strain(domain, 10.0, 0.3),
    "Saint-Venant": lambda domain: saint_venant(domain, 10.0, 0.3),
    "neo-Hookean": lambda domain: neo_hookean(domain, 10.0, 0.3),
    "split neo-Hookean": lambda domain: split_neo_hookean(domain, 4.0, 400.0),
    "Mooney-Rivlin": lambda domain: of_law(domain, "mooney_rivlin", 1.0, 0.4, 100.0),
    "Yeoh": lambda domain: of_law(domain, "yeoh", 1.0, 0.3, 0.1, 100.0),
    "polynomial": lambda domain: of_law(domain, "polynomial2", 1.0, 0.4, 0.3, 0.2, 0.1, 100.0),
}


def unit_cube() -> mesh.Mesh:
    return spread(COMM, lambda: lattice((even(0, 1, 2),) * 3))


class Expansion:
    """A system at a state that is no equilibrium, and a direction from there."""

    def __init__(self, body: Body, terms: Sequence[Term] = ()) -> None:
        self.body, self.system = body, System(body, terms)
        body.u.interpolate(
            lambda x: 0.1 * np.array([x[2] ** 2, np.sin(x[0] + x[1]) - 0.5, x[0] * x[1] - 0.6])
        )
        body.prescribe()
        way = fem.Function(body.level.space)
        way.interpolate(lambda x: np.array([np.sin(2 * x[1]), x[0] * x[2], np.cos(3 * x[0]) * x[2] + 0.3]))
        way.x.array[body.level.held] = 0.0
        self.start, self.way = body.u.x.array.copy(), way
        self.direction = compat.petsc_vector(way)

    def force(self, length: float) -> PETSc.Vec:
        """Force at a length along the direction, of which the terms' state then is."""
        self.body.u.x.array[:] = self.start + length * self.way.x.array
        out = self.direction.duplicate()
        self.system.force(out)
        return out

    def energies(self) -> list[float]:
        """|E(h) - E(0) - h F.d| at all lengths."""
        slope = self.force(0.0).dot(self.direction)
        start, left = self.system.energy(), []
        for h in LENGTHS:
            self.force(h)
            left.append(abs(self.system.energy() - start - h * slope))
        return left

    def forces(self) -> list[float]:
        """|F(h) - F(0) - h K d| at all lengths."""
        start, slope = self.force(0.0), self.direction.duplicate()
        self.system.assemble()
        self.system.matrix.mult(self.direction, slope)
        self.system.zero_held(slope)
        return [float((self.force(h) - start - h * slope).norm()) for h in LENGTHS]


def order(left: Sequence[float]) -> float:
    """Order at which the last remainders fall."""
    return float(np.log2(left[-2] / left[-1]))


@pytest.mark.parametrize("name", DENSITIES)
def test_force_is_the_slope_of_the_energy(name: str) -> None:
    domain = unit_cube()
    body = Body(domain, DENSITIES[name](domain), [support_where(domain, plane(0, 0.0))])
    assert order(Expansion(body).energies()) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", DENSITIES)
def test_tangent_is_the_slope_of_the_force(name: str) -> None:
    """The force of the small strain is linear: nothing but rounding is left of it."""
    domain = unit_cube()
    body = Body(domain, DENSITIES[name](domain), [support_where(domain, plane(0, 0.0))])
    expansion = Expansion(body)
    left = expansion.forces()
    if name == "small strain":
        assert max(left) < 1e-12 * expansion.force(1.0).norm()
    else:
        assert order(left) == pytest.approx(2.0, abs=0.1)


def loads(domain: mesh.Mesh) -> dict[str, Load]:
    """One load of every kind; the soft body of the test leaves the load to show."""
    ds, force = surface(domain, plane(0, 1.0), plane(2, 1.0)), constant(domain, (0.3, -0.5, 2.0))
    dx = ufl.dx(domain=domain)
    return {
        "pressure": pressure(constant(domain, 5.0), ds),
        "traction": traction(force, ds),
        "body force": body_force(force, dx),
    }


@pytest.mark.parametrize("name", ["pressure", "traction", "body force"])
def test_tangent_holds_the_load(name: str) -> None:
    """Following or dead: the tangent has the whole derivative, also where it is not symmetric."""
    domain = unit_cube()
    body = Body(
        domain,
        saint_venant(domain, 1e-3, 0.3),
        [support_where(domain, plane(0, 0.0))],
        [loads(domain)[name]],
    )
    assert order(Expansion(body).forces()) == pytest.approx(2.0, abs=0.1)


def test_dead_loads_are_the_slope_of_their_work() -> None:
    """A traction moves the residual by its resultant: the sum over free and held nodes is its force."""
    domain = unit_cube()
    ds = surface(domain, plane(2, 1.0))
    body = Body(
        domain, neo_hookean(domain, 10.0, 0.3), [], [traction(constant(domain, (0.3, -0.5, 2.0)), ds)]
    )
    total = Expansion(body).force(0.0).array.reshape(-1, 3).sum(axis=0)
    np.testing.assert_allclose(COMM.allreduce(total), [-0.3, 0.5, -2.0], atol=1e-12)


def floor_below(body: Body, profile: FloorProfile, rise: float) -> Floor:
    """A floor that all points of the bottom are in contact with."""
    floor = Floor(body, tagged(body.domain, plane(2, 0.0)), 7.0, profile)
    floor.value = rise
    return floor


@pytest.mark.parametrize("profile", [FloorProfile(), FloorProfile(0.0, 0.35, 0.9)], ids=["flat", "rocker"])
def test_floor_belongs_together(profile: FloorProfile) -> None:
    """Energy, force and tangent of the floor; its points stay closed, for at the edge there is a kink."""
    domain = unit_cube()
    body = Body(domain, saint_venant(domain, 1e-3, 0.3), [support_where(domain, plane(2, 1.0))])
    floor = floor_below(body, profile, 1.0)
    expansion = Expansion(body, [floor])
    assert order(expansion.energies()) == pytest.approx(2.0, abs=0.1)
    assert order(expansion.forces()) == pytest.approx(2.0, abs=0.1)
    assert COMM.allreduce(int(np.count_nonzero(floor.gap_mm >= 0.0))) == 0


def test_coupling_is_the_slope_by_the_descent() -> None:
    """By the descent: force by coupling, pull by stiffness, energy by pull."""
    domain = unit_cube()
    body = Body(domain, saint_venant(domain, 1.0, 0.3), [support_where(domain, plane(2, 1.0))])
    floor = floor_below(body, FloorProfile(0.0, 0.35, 0.9), 1.0)
    expansion = Expansion(body, [floor])

    def at(rise: float) -> tuple[Floats, float, float]:
        floor.value = rise
        force = expansion.force(0.0).array.copy()
        return force, floor.pull(), floor.energy()

    (low, pull_low, energy_low), (high, pull_high, energy_high) = at(1.0), at(1.25)
    numbers, values = floor.coupling()
    coupling = expansion.direction.duplicate()
    coupling.set(0.0)
    coupling.setValues(numbers.astype(PETSc.IntType), values, addv=PETSc.InsertMode.ADD)
    coupling.assemble()
    np.testing.assert_allclose(high - low, 0.25 * coupling.array, atol=1e-12)
    assert pull_high - pull_low == pytest.approx(0.25 * floor.stiffness(), rel=1e-12)
    assert energy_high - energy_low == pytest.approx(0.125 * (pull_low + pull_high), rel=1e-12)

"""One form for many materials: each cell has its own law, and the others are not there."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import ConfigError, MeshError
from pipeline.solve import compat
from pipeline.solve.laws import LAWS, energy_density
from tests.solve.laws.states import EXAMPLES, EYE, FIBRE, Point, example, generic

import ufl  # isort: skip
from dolfinx import fem, la, mesh  # isort: skip
from mpi4py import MPI  # isort: skip

MIXED = ("linear_elastic", "saint_venant_kirchhoff", "neo_hookean", "polynomial2", "pad", "ligament")
"""One per cell of a cube."""


@pytest.fixture(scope="module")
def mixed() -> Point:
    return Point(*(EXAMPLES[name] for name in MIXED))


@pytest.mark.parametrize("cell", range(len(MIXED)))
def test_each_cell_has_its_law_and_nothing_else(mixed: Point, cell: int) -> None:
    """Energy, stress and tangent are those of the law alone, so all others give exactly nothing."""
    alone, F, H = example(MIXED[cell]), generic(), generic(1.0, 7)
    assert mixed.W(F, cell) == pytest.approx(alone.W(F), rel=1e-14)
    np.testing.assert_allclose(mixed.P(F, cell), alone.P(F), atol=1e-13 * np.abs(alone.P(F)).max())
    change = alone.change(F, H)
    np.testing.assert_allclose(mixed.change(F, H, cell), change, atol=1e-11 * np.abs(change).max())


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("F", [EYE, generic()], ids=["rest", "generic"])
def test_law_without_parameters_is_exactly_nothing(name: str, F: np.typing.NDArray[np.float64]) -> None:
    """Zeros in, zeros out, in energy, stress and tangent, at rest too."""
    law, domain = LAWS[name], mesh.create_unit_cube(MPI.COMM_SELF, 1, 1, 1)
    zeros = [fem.Constant(domain, 0.0) for _ in law.names]
    extra = {"fibre": fem.Constant(domain, FIBRE)} if law.needs_fibre else {}
    share = ufl.variable(fem.Constant(domain, 0.0))
    gradient = ufl.variable(fem.Constant(domain, F) + share * fem.Constant(domain, generic(1.0, 7)))
    energy = law.energy(gradient, *zeros, **extra)
    stress = ufl.diff(energy, gradient)
    for part in (energy, stress, ufl.diff(stress, share)):
        value = compat.compile_expression(part, np.full((1, 3), 0.25), MPI.COMM_SELF).eval(
            domain, np.zeros(1, dtype=np.int32)
        )
        assert np.all(value == 0.0)


@pytest.mark.parametrize("cell", [0, 1])
def test_stiff_cell_may_turn_over_without_spoiling_the_form(mixed: Point, cell: int) -> None:
    """A linear cell with det F < 0 has the stress of its own law; the logarithms of others do not see it."""
    F = np.diag([-0.1, 1.0, 1.0])
    np.testing.assert_allclose(mixed.P(F, cell), example(MIXED[cell]).P(F), atol=1e-13)
    assert np.isfinite(mixed.A(F, cell)).all()
    assert not np.isfinite(mixed.W(F, MIXED.index("pad")))


def cube() -> mesh.Mesh:
    return mesh.create_unit_cube(MPI.COMM_WORLD, 2, 2, 2)


def cells_of(domain: mesh.Mesh) -> int:
    """Local cells, owned then ghosts."""
    cells = domain.topology.index_map(3)
    return int(cells.size_local + cells.num_ghosts)


def fibre_field(domain: mesh.Mesh, value: np.typing.NDArray[np.float64]) -> fem.Function:
    fibres = fem.Function(fem.functionspace(domain, ("DG", 0, (3,))))
    fibres.x.array[:] = np.tile(value, len(fibres.x.array) // 3)
    return fibres


def test_tangent_of_the_whole_form() -> None:
    """MAT-7 on quadratic elements with a law per cell: R(u + h d) - R(u) - h K d falls with h^2."""
    domain = cube()
    regions = np.arange(cells_of(domain)) % len(MIXED)
    materials = dict(enumerate(EXAMPLES[name] for name in MIXED))
    density = energy_density(domain, regions, materials, fibre_field(domain, FIBRE))
    space = fem.functionspace(domain, ("P", 2, (3,)))
    u, d = fem.Function(space), fem.Function(space)
    u.interpolate(lambda x: 0.06 * np.array([np.sin(3 * x[1]), x[0] * x[2], np.cos(2 * x[0])]))
    d.interpolate(lambda x: np.array([x[2] * x[0], np.cos(3 * x[2]), np.sin(2 * x[1])]))
    dx = ufl.dx(domain=domain, metadata={"quadrature_degree": 2})
    residual = ufl.derivative(density(ufl.Identity(3) + ufl.grad(u)) * dx, u, ufl.TestFunction(space))
    forms = [compat.compile_form(part) for part in (residual, ufl.derivative(residual, u, d))]

    def assembled(form: fem.Form) -> la.Vector:
        vector = fem.assemble_vector(form)
        vector.scatter_reverse(la.InsertMode.add)
        return vector.array[: space.dofmap.index_map.size_local * 3].copy()

    start, slope, base, left = assembled(forms[0]), assembled(forms[1]), u.x.array.copy(), []
    for h in (2e-4, 1e-4):
        u.x.array[:] = base + h * d.x.array
        rest = assembled(forms[0]) - start - h * slope
        left.append(np.sqrt(domain.comm.allreduce(float(rest @ rest))))
    size = np.sqrt(domain.comm.allreduce(float(slope @ slope)))
    assert np.log2(left[0] / left[1]) > 1.9
    assert left[1] / (1e-4 * size) < 1e-2


def test_unknown_law() -> None:
    domain = cube()

    class Jelly:
        law = "jelly"

    with pytest.raises(ConfigError, match=r"law jelly is not known; known: linear_elastic, "):
        energy_density(domain, np.zeros(cells_of(domain)), {0: Jelly()})


def test_region_without_a_material() -> None:
    domain = cube()
    with pytest.raises(ConfigError, match=r"cells of region 7 have no material"):
        energy_density(domain, np.full(cells_of(domain), 7), {3: EXAMPLES["pad"]})


def test_fibres_that_are_missing() -> None:
    """No field at all, or none in the cells that need it; zeros elsewhere do no harm."""
    domain, materials = cube(), {1: EXAMPLES["ligament"], 2: EXAMPLES["pad"]}
    regions = np.ones(cells_of(domain), dtype=np.int64)
    with pytest.raises(ConfigError, match=r"law transversely_isotropic needs the direction of fibres"):
        energy_density(domain, regions, materials)
    nothing = fibre_field(domain, np.zeros(3))
    with pytest.raises(MeshError, match=r"cells of a law with fibres have no direction"):
        energy_density(domain, regions, materials, nothing)
    energy_density(domain, 2 * regions, materials, nothing)

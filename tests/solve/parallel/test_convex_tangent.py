"""Newton where the energy does not curve up: the convex tangent, and the way back from there."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.solve.body import Body
from pipeline.solve.laws.elastic import neo_hookean_energy
from pipeline.solve.level import Floats, support_where
from pipeline.solve.linear import LinearSettings
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.system import System
from pipeline.solve.term import Tangent
from tests.solve.models import COMM

from dolfinx import mesh  # isort: skip
from petsc4py import PETSc  # isort: skip


def slab() -> Body:
    """A block of 2 x 2 x 1 mm held at its bottom, lam 1.4 and mu 1 MPa."""
    domain = mesh.create_box(COMM, [np.zeros(3), np.array([2.0, 2.0, 1.0])], [2, 2, 2])
    held = support_where(domain, lambda x: np.isclose(x[2], 0.0))
    return Body(domain, lambda F: neo_hookean_energy(F, 1.4, 1.0), [held])


def squashed(x: Floats) -> Floats:
    """To 0.3 of the height, wider by a quarter at the top."""
    return np.stack([0.25 * x[2] * (x[0] - 1.0), 0.25 * x[2] * (x[1] - 1.0), -0.7 * x[2]])


def pivots(body: Body, tangent: Tangent) -> tuple[int, Floats]:
    """Negative pivots of a tangent, and the tangent applied to ones. Collective."""
    system = System(body)
    system.force(system.vector())
    system.assemble(tangent)
    matrix = system.matrix
    ones, out = matrix.createVecRight(), matrix.createVecLeft()
    ones.set(1.0)
    matrix.mult(ones, out)
    matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
    matrix.setOption(PETSc.Mat.Option.SPD, False)
    ksp = PETSc.KSP().create(COMM)
    ksp.setType(PETSc.KSP.Type.PREONLY)
    ksp.setOperators(matrix)
    pc = ksp.getPC()
    pc.setType(PETSc.PC.Type.CHOLESKY)
    pc.setFactorSolverType(PETSc.Mat.SolverType.MUMPS)
    pc.setFactorSetUpSolverType()
    pc.getFactorMatrix().setMumpsIcntl(24, 1)  # else MUMPS does not count
    ksp.setUp()
    return int(pc.getFactorMatrix().getInertia()[0]), np.asarray(out.array.copy())


def test_convex_where_the_exact_tangent_is_not() -> None:
    """A squashed slab is unstable by its exact tangent; the convex one has no negative pivot."""
    body = slab()
    body.u.interpolate(squashed)
    assert pivots(body, Tangent.EXACT)[0] > 0
    assert pivots(body, Tangent.CONVEX)[0] == 0


def test_small_strain_has_one_tangent() -> None:
    """Where no strain is large nothing is added."""
    body = slab()
    body.u.interpolate(lambda x: 0.05 * squashed(x))
    exact, convex = (pivots(body, kind)[1] for kind in (Tangent.EXACT, Tangent.CONVEX))
    np.testing.assert_allclose(convex, exact, rtol=0, atol=1e-12 * np.abs(exact).max())


@pytest.mark.parametrize("kind", ["direct", "multigrid"])
def test_newton_comes_back_from_an_unstable_state(kind: str) -> None:
    """From the squashed state Newton finds rest, by the convex tangent where conjugate gradients fail."""
    body = slab()
    body.u.interpolate(squashed)
    system = System(body, settings=LinearSettings(kind, 1e-8))  # type: ignore[arg-type]
    lines: list[str] = []
    Newton(system, NewtonSettings(1e-10, 40), log=lines.append).solve()
    assert kind == "direct" or any("mild 3" in line for line in lines)
    assert system.energy() == pytest.approx(0.0, abs=1e-12)
    assert np.abs(body.u.x.array).max(initial=0.0) < 1e-9

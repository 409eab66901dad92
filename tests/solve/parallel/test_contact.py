"""The column on the floor: closed forms, balance, scaling, and the two linear solvers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import ConvergenceError, LinearSolverError
from pipeline.solve.elasticity import ElasticBody
from pipeline.solve.fields import collect
from pipeline.solve.floor import Floor
from pipeline.solve.laws import energy_density
from pipeline.solve.linear import LinearSettings
from pipeline.solve.mpi import integrate
from pipeline.solve.newton import NewtonFailureError, StepReport, line_search
from pipeline.solve.operator import Operator
from tests.solve.boxes import Floats
from tests.solve.models import COMM, Column, agree, dome

import ufl  # isort: skip
from dolfinx import fem, mesh  # isort: skip
from dolfinx.fem import petsc as fem_petsc  # isort: skip
from petsc4py import PETSc  # isort: skip

CURVED = Column(poisson=0.45, shape=dome, force=4.0, counts=(4, 4, 5))


@pytest.mark.parametrize("kind", ["multigrid", "direct"])
def test_column_on_floor_is_two_springs(shared: Path, kind: str) -> None:
    """With nu = 0 the compliances H/E of the free 8 mm and 1/k of the floor add."""
    column = Column(kind="multigrid" if kind == "multigrid" else "direct")
    analysis = column.solve(shared)
    stiffness = 16.0 / (8.0 / column.young + 1.0 / column.penalty)
    assert analysis.floor.descent == pytest.approx(column.force / stiffness, rel=1e-8)
    forces = analysis.steps[-1]["region_force_N"]
    assert list(forces.values()) == pytest.approx([column.force / 4] * 4, rel=1e-8)
    fields = collect(analysis.body, analysis.floor)
    if fields is not None:
        np.testing.assert_allclose(fields.sole_pressure_MPa, column.force / 16.0, rtol=1e-8)


def test_confined_column_has_the_confined_modulus(shared: Path) -> None:
    """With nu = 0.49 and sides that only slide, H/M and 1/k add; M = E (1 - nu) / ((1 + nu)(1 - 2 nu))."""
    column, nu, rise = Column(poisson=0.49), 0.49, 0.01
    foot = column.mesh(shared)
    body = ElasticBody(foot, energy_density(foot, column.materials))
    floor = Floor(body, column.penalty)
    floor.descent = rise
    force = body.residual() + floor.residual()
    tangent = ufl.derivative(force, body.u, ufl.TrialFunction(body.space))
    walls = [
        fem.dirichletbc(PETSc.ScalarType(0.0), _side_dofs(body, axis), body.space.sub(axis))
        for axis in (0, 1)
    ]
    direct = {"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_type": "mumps"}
    answer = fem_petsc.LinearProblem(tangent, -force, bcs=[body.bc, *walls], petsc_options=direct).solve()
    body.u.x.array[:] = answer.x.array
    body.u.x.scatter_forward()
    confined = column.young * (1.0 - nu) / ((1.0 + nu) * (1.0 - 2.0 * nu))
    expected = 16.0 * rise / (8.0 / confined + 1.0 / column.penalty)
    assert floor.force(floor.gap()) == pytest.approx(expected, rel=1e-9)


def _side_dofs(body: ElasticBody, axis: int) -> Any:
    """Dofs of one component on the two walls across it."""

    def on_wall(x: Floats) -> NDArray[np.bool_]:
        return np.isclose(x[axis], 0.0) | np.isclose(x[axis], 4.0)

    facets = mesh.locate_entities_boundary(body.foot.domain, 2, on_wall)
    return fem.locate_dofs_topological(body.space.sub(axis), 2, facets)


def test_slender_column_is_stiffened_by_its_clamp_only(shared: Path) -> None:
    """At nu = 0.49 the free column bulges below the clamp: its descent is 85 to 100 % of H/E + 1/k."""
    column = Column(poisson=0.49, counts=(2, 2, 5))
    analysis = column.solve(shared)
    free = column.force / 16.0 * (8.0 / column.young + 1.0 / column.penalty)
    assert 0.85 * free < analysis.floor.descent < free


@pytest.mark.parametrize("kind", ["multigrid", "direct"])
def test_forces_balance(shared: Path, kind: str) -> None:
    """INV-1: the clamp's force on the model is the opposite of the floor's."""
    column = replace(CURVED, kind="multigrid" if kind == "multigrid" else "direct")
    analysis = column.solve(shared)
    np.testing.assert_allclose(analysis.reaction_N(), [0.0, 0.0, -column.force], atol=1e-8 * column.force)
    agree(analysis.steps[-1]["force_N"])


def test_work_is_stored(shared: Path) -> None:
    """INV-2: half the floor's work on the linear column is the stored energy of tissue and floor."""
    column = Column(poisson=0.3)
    analysis = column.solve(shared)
    gap = analysis.floor.gap()
    spring = 0.5 * analysis.floor.work(gap, gap)
    stored = integrate(analysis.body.energy())
    assert stored + spring == pytest.approx(0.5 * column.force * analysis.floor.descent, rel=1e-8)


def test_stiffness_and_load_scale(shared: Path) -> None:
    """INV-3: all stiffnesses and loads times 1e6 (Pa for MPa) leave the descent unchanged."""
    scaled = replace(CURVED, young=CURVED.young * 1e6, penalty=CURVED.penalty * 1e6, force=CURVED.force * 1e6)
    one, other = CURVED.solve(shared), scaled.solve(shared)
    assert other.floor.descent == pytest.approx(one.floor.descent, rel=1e-8)


def test_multigrid_equals_direct(shared: Path) -> None:
    """Both solvers give the same displacement and stress, to 1e-8 of the largest."""
    both = [column.solve(shared) for column in (CURVED, replace(CURVED, kind="direct"))]
    one, other = (collect(analysis.body, analysis.floor) for analysis in both)
    if one is not None and other is not None:
        for a, b in ((one.displacement_mm, other.displacement_mm), (one.stress_MPa, other.stress_MPa)):
            assert np.max(np.abs(a - b)) < 1e-8 * np.max(np.abs(a))


def test_result_does_not_depend_on_the_load_steps(shared: Path) -> None:
    """One load step or three: the problem has no path."""
    one, three = CURVED.solve(shared), replace(CURVED, steps=3).solve(shared)
    assert len(three.steps) == 3
    assert three.floor.descent == pytest.approx(one.floor.descent, rel=1e-9)


def test_contact_grows_with_force(shared: Path) -> None:
    """On the curved sole a larger force is met at a smaller compliance."""
    light, full = replace(CURVED, force=0.4).solve(shared), CURVED.solve(shared)
    assert full.floor.descent / 4.0 < light.floor.descent / 0.4
    assert full.steps[-1]["set_ups"] >= 1


def test_step_is_halved_when_newton_fails(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Newton fails above half of the force, that is reached first, and the result is the same."""
    enough, analysis = CURVED.solve(shared), CURVED.set_up(shared)
    newton, tried = analysis.control._newton, []

    def fragile(target: float, report: StepReport) -> None:
        tried.append(target)
        newton(target, report)
        if len(tried) == 1:
            raise NewtonFailureError("spoiled by the test")

    monkeypatch.setattr(analysis.control, "_newton", fragile)
    report = analysis.control.advance(4.0)
    assert (tried, report.cuts) == ([4.0, 2.0, 4.0], 1)
    assert analysis.floor.descent == pytest.approx(enough.floor.descent, rel=1e-9)


def test_too_few_iterations_fail_with_a_diagnosis(shared: Path) -> None:
    """No result without equilibrium: all ranks raise, the message names the cure."""
    with pytest.raises(ConvergenceError, match=r"no equilibrium after 1 iterations .*max_newton"):
        replace(CURVED, max_newton=1, linear_rtol=0.5).solve(shared)


def test_tolerance_below_rounding_is_named(shared: Path) -> None:
    """A residual that cannot fall further stops the solve instead of running on."""
    with pytest.raises(ConvergenceError, match=r"residual is flat.*newton_rtol asks for more"):
        replace(CURVED, newton_rtol=1e-17, max_newton=60).solve(shared)


def test_linear_failure_names_petsc_reason(shared: Path) -> None:
    """A linear solve that runs out of iterations says so in PETSc's words."""
    analysis = CURVED.set_up(shared)
    settings = LinearSettings("multigrid", 1e-12, max_iterations=2)
    operator = Operator(analysis.body, analysis.floor, settings, lambda _: None)
    analysis.floor.descent = 1.0
    operator.update()
    force = operator.matrix.createVecLeft()
    force.set(1.0)
    with pytest.raises(LinearSolverError, match=r"DIVERGED_(MAX_IT|ITS)"):
        operator.solver.solve(force, operator.matrix.createVecRight())


def test_small_mumps_workspace_is_enlarged(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-14: a workspace that MUMPS finds too small is doubled, with a line in the log, but not for ever."""
    lines: list[str] = []
    analysis = CURVED.set_up(shared)
    operator = Operator(analysis.body, analysis.floor, LinearSettings("direct", 1e-6), lines.append)
    analysis.floor.descent = 1.0
    answers = iter([-9, -8])
    factorise = operator.solver._factorise
    monkeypatch.setattr(operator.solver, "_factorise", lambda: next(answers, None) or factorise())
    operator.update()
    assert operator.solver.ksp.getPC().getFactorMatrix().getMumpsIcntl(14) == 120
    assert ["ICNTL(14) = 60 %" in lines[0], "ICNTL(14) = 120 %" in lines[1]] == [True, True]
    monkeypatch.setattr(operator.solver, "_factorise", lambda: -9)
    with pytest.raises(LinearSolverError, match=r"MUMPS error -9: workspace too small even with ICNTL\(14\)"):
        operator.update()


def test_settings_reach_petsc(shared: Path) -> None:
    """What the settings say is what PETSc will do."""
    analysis = CURVED.set_up(shared)
    settings = LinearSettings("multigrid", 1e-7, max_iterations=123, smoothing=5)
    operator = Operator(analysis.body, analysis.floor, settings, lambda _: None)
    analysis.floor.descent = 1.0
    operator.update()
    ksp = operator.solver.ksp
    operator.solver.solve(operator.matrix.createVecLeft(), operator.matrix.createVecRight(), atol=1e-3)
    assert ksp.getTolerances() == (1e-7, 1e-3, ksp.getTolerances()[2], 123)
    assert ksp.getNormType() == PETSc.KSP.NormType.UNPRECONDITIONED
    pc = ksp.getPC()
    assert (ksp.getType(), pc.getType(), pc.getMGLevels()) == ("cg", "mg", 2)
    smoother, coarse = pc.getMGSmoother(1), pc.getMGCoarseSolve()
    assert (smoother.getType(), smoother.getPC().getType(), smoother.getTolerances()[3]) == (
        "chebyshev",
        "pbjacobi",
        5,
    )
    assert (coarse.getType(), coarse.getPC().getType()) == ("preonly", "cholesky")
    assert coarse.getPC().getFactorSolverType() == "mumps"
    assert (
        ksp.getOptionsPrefix()
        != Operator(analysis.body, analysis.floor, settings, lambda _: None).solver.ksp.getOptionsPrefix()
    )


def test_coarse_level_is_the_galerkin_product(shared: Path) -> None:
    """The directly assembled coarse matrix equals P^T K P for the free coarse dofs."""
    analysis = CURVED.set_up(shared)
    operator = Operator(analysis.body, analysis.floor, LinearSettings("direct", 1e-6), lambda _: None)
    both = Operator(analysis.body, analysis.floor, LinearSettings("multigrid", 1e-6), lambda _: None)
    analysis.floor.descent = 1.0
    operator.update()
    both.update()
    prolongation = both.solver.ksp.getPC().getMGInterpolation(1)
    assert both._coarse is not None
    coarse = both._coarse.matrix
    x = coarse.createVecRight()
    x.setRandom()
    fine, image = operator.matrix.createVecRight(), operator.matrix.createVecLeft()
    prolongation.mult(x, fine)
    operator.matrix.mult(fine, image)
    product, direct = coarse.createVecLeft(), coarse.createVecLeft()
    prolongation.multTranspose(image, product)
    coarse.mult(x, direct)
    free = product.array != 0.0
    scale = direct.norm(PETSc.NormType.INFINITY)
    assert np.max(np.abs(product.array - direct.array)[free], initial=0.0) < 1e-10 * scale
    assert COMM.allreduce(int(free.sum())) > 0


@pytest.mark.parametrize("root", [0.3, 1.7, 5.0])
def test_line_search_finds_where_the_slope_falls(root: float) -> None:
    """On a kinked convex function the slope at the found factor is within half of the first."""

    def slope(s: float) -> float:
        return (s - root) * (1.0 if s < root else 7.0)

    assert abs(slope(line_search(slope))) <= 0.5 * abs(slope(0.0))


def test_line_search_leaves_a_good_step_alone() -> None:
    """A full Newton step that has done its work is taken whole."""
    assert line_search(lambda s: s - 1.0) == 1.0

"""The column on the floor: closed forms, balance, scaling, and the two linear solvers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import ConvergenceError, LinearSolverError
from pipeline.regions import Region
from pipeline.solve.analysis import Analysis
from pipeline.solve.body import Body
from pipeline.solve.fields import collect
from pipeline.solve.floor import Floor
from pipeline.solve.laws import energy_density
from pipeline.solve.level import Support, support_where
from pipeline.solve.linear import LinearSettings
from pipeline.solve.march import March
from pipeline.solve.newton import Newton, NewtonFailureError, NewtonReport, NewtonSettings, forcing, search
from pipeline.solve.system import System
from tests.solve.boxes import Floats
from tests.solve.models import COMM, Column, agree, dome

from petsc4py import PETSc  # isort: skip

CURVED = Column(poisson=0.45, shape=dome, force=4.0, counts=(4, 4, 5))


@pytest.mark.parametrize("kind", ["multigrid", "direct"])
def test_column_on_floor_is_two_springs(shared: Path, kind: str) -> None:
    """With nu = 0 the compliances H/E of the free 8 mm and 1/k of the floor add."""
    column = Column(kind="multigrid" if kind == "multigrid" else "direct")
    analysis = column.solve(shared)
    stiffness = 16.0 / (8.0 / column.young + 1.0 / column.penalty)
    assert analysis.floor.value == pytest.approx(column.force / stiffness, rel=1e-8)
    forces = analysis.steps[-1]["region_force_N"]
    assert list(forces.values()) == pytest.approx([column.force / 4] * 4, rel=1e-8)
    fields = collect(analysis.foot, analysis.body, analysis.floor)
    if fields is not None:
        np.testing.assert_allclose(fields.sole_pressure_MPa, column.force / 16.0, rtol=1e-8)


def test_confined_column_has_the_confined_modulus(shared: Path) -> None:
    """With nu = 0.49 and sides that only slide, H/M and 1/k add; M = E (1 - nu) / ((1 + nu)(1 - 2 nu))."""
    column, nu, rise = Column(poisson=0.49), 0.49, 0.01
    foot = column.mesh(shared)
    walls = [support_where(foot.domain, partial(on_walls, axis), (axis,)) for axis in (0, 1)]
    clamp = Support(3, foot.cells_of(Region.PROXIMAL_BLOCK))
    body = Body(foot.domain, energy_density(foot.domain, foot.region, column.materials), [clamp, *walls])
    floor = Floor(body, foot.sole, column.penalty)
    floor.value = rise
    Newton(System(body, [floor]), NewtonSettings(1e-11)).solve()
    confined = column.young * (1.0 - nu) / ((1.0 + nu) * (1.0 - 2.0 * nu))
    expected = 16.0 * rise / (8.0 / confined + 1.0 / column.penalty)
    assert floor.pull() == pytest.approx(expected, rel=1e-9)


def on_walls(axis: int, x: Floats) -> NDArray[np.bool_]:
    """The two walls of the column across an axis."""
    return np.asarray(np.isclose(x[axis], 0.0) | np.isclose(x[axis], 4.0))


def test_slender_column_is_stiffened_by_its_clamp_only(shared: Path) -> None:
    """At nu = 0.49 the free column bulges below the clamp: its descent is 85 to 100 % of H/E + 1/k."""
    column = Column(poisson=0.49, counts=(2, 2, 5))
    analysis = column.solve(shared)
    free = column.force / 16.0 * (8.0 / column.young + 1.0 / column.penalty)
    assert 0.85 * free < analysis.floor.value < free


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
    assert analysis.system.energy() == pytest.approx(0.5 * column.force * analysis.floor.value, rel=1e-8)


def test_stiffness_and_load_scale(shared: Path) -> None:
    """INV-3: all stiffnesses and loads times 1e6 (Pa for MPa) leave the descent unchanged."""
    scaled = replace(CURVED, young=CURVED.young * 1e6, penalty=CURVED.penalty * 1e6, force=CURVED.force * 1e6)
    one, other = CURVED.solve(shared), scaled.solve(shared)
    assert other.floor.value == pytest.approx(one.floor.value, rel=1e-8)


def test_multigrid_equals_direct(shared: Path) -> None:
    """Both solvers give the same displacement and stress, to 1e-8 of the largest."""
    both = [column.solve(shared) for column in (CURVED, replace(CURVED, kind="direct"))]
    one, other = (collect(analysis.foot, analysis.body, analysis.floor) for analysis in both)
    if one is not None and other is not None:
        for a, b in ((one.displacement_mm, other.displacement_mm), (one.stress_MPa, other.stress_MPa)):
            assert np.max(np.abs(a - b)) < 1e-8 * np.max(np.abs(a))


def test_result_does_not_depend_on_the_load_steps(shared: Path) -> None:
    """One load step or three: the problem has no path."""
    one, three = CURVED.solve(shared), replace(CURVED, steps=3).solve(shared)
    assert len(three.steps) == 3
    assert three.floor.value == pytest.approx(one.floor.value, rel=1e-9)


def test_contact_grows_with_force(shared: Path) -> None:
    """On the curved sole a larger force is met at a smaller compliance."""
    light, full = replace(CURVED, force=0.4).solve(shared), CURVED.solve(shared)
    assert full.floor.value / 4.0 < light.floor.value / 0.4
    assert full.steps[-1]["set_ups"] >= 1


def march(analysis: Analysis, column: Column) -> March:
    """The way to the column's force, driven by its floor."""

    def load(share: float) -> float:
        analysis.floor.meet(share * column.force)
        return share * column.force

    settings = NewtonSettings(column.newton_rtol * column.force, column.max_newton)
    return March(Newton(analysis.system, settings, analysis.floor), load)


def test_step_is_halved_when_newton_fails(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Newton fails above half of the force, that is reached first, and the result is the same."""
    enough, analysis = CURVED.solve(shared), CURVED.set_up(shared)
    way, tried = march(analysis, CURVED), []
    solve = way.newton.solve

    def fragile(target: float = 0.0) -> NewtonReport:
        tried.append(target)
        report = solve(target)
        if len(tried) == 1:
            raise NewtonFailureError("spoiled by the test")
        return report

    monkeypatch.setattr(way.newton, "solve", fragile)
    steps = way.run()
    assert (tried, [step.cuts for step in steps]) == ([4.0, 2.0, 4.0], [1, 0])
    assert analysis.floor.value == pytest.approx(enough.floor.value, rel=1e-9)


def test_easy_steps_grow(shared: Path) -> None:
    """A linear column takes ever longer steps: each half as long again, the last to the full load."""
    column = Column()
    analysis = column.set_up(shared)
    way = march(analysis, column)
    way.first_share = 0.1
    shares = [step.share for step in way.run()]
    np.testing.assert_allclose(shares, [0.1, 0.25, 0.475, 0.8125, 1.0])


def test_failed_march_leaves_the_last_good_state(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past a third of the load nothing converges: the state is that of the last step that did."""
    analysis = CURVED.set_up(shared)
    way = march(analysis, CURVED)
    way.first_share = 0.25
    solve = way.newton.solve

    def limited(target: float = 0.0) -> NewtonReport:
        report = solve(target)
        if target > 1.0 + 1.0 / 3.0:
            raise NewtonFailureError("spoiled by the test")
        return report

    monkeypatch.setattr(way.newton, "solve", limited)
    with pytest.raises(ConvergenceError, match=r"even with steps of .*: spoiled .* last good state"):
        way.run()
    analysis.floor.refresh()
    assert 1.0 <= analysis.floor.pull() == pytest.approx(CURVED.force * way.steps[-1].share, rel=1e-8)


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
    system = System(analysis.body, [analysis.floor], settings)
    analysis.floor.value = 1.0
    analysis.floor.refresh()
    system.update()
    force = system.matrix.createVecLeft()
    force.set(1.0)
    with pytest.raises(LinearSolverError, match=r"DIVERGED_(MAX_IT|ITS)"):
        system.solver.solve(force, system.matrix.createVecRight())


def test_small_mumps_workspace_is_enlarged(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-14: a workspace that MUMPS finds too small is doubled, with a line in the log, but not for ever."""
    lines: list[str] = []
    analysis = CURVED.set_up(shared)
    system = System(analysis.body, [analysis.floor], LinearSettings("direct", 1e-6), lines.append)
    analysis.floor.value = 1.0
    analysis.floor.refresh()
    answers = iter([-9, -8])
    factorise = system.solver._factorise
    monkeypatch.setattr(system.solver, "_factorise", lambda: next(answers, None) or factorise())
    system.update()
    assert system.solver.ksp.getPC().getFactorMatrix().getMumpsIcntl(14) == 120
    assert ["ICNTL(14) = 60 %" in lines[0], "ICNTL(14) = 120 %" in lines[1]] == [True, True]
    monkeypatch.setattr(system.solver, "_factorise", lambda: -9)
    with pytest.raises(LinearSolverError, match=r"MUMPS error -9: workspace too small even with ICNTL\(14\)"):
        system.update()


def test_settings_reach_petsc(shared: Path) -> None:
    """What the settings say is what PETSc will do."""
    analysis = CURVED.set_up(shared)
    settings = LinearSettings("multigrid", 1e-7, max_iterations=123, smoothing=5)
    system = System(analysis.body, [analysis.floor], settings)
    analysis.floor.value = 1.0
    analysis.floor.refresh()
    system.update()
    ksp = system.solver.ksp
    system.solver.solve(system.matrix.createVecLeft(), system.matrix.createVecRight(), atol=1e-3)
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
        != System(analysis.body, [analysis.floor], settings).solver.ksp.getOptionsPrefix()
    )


def test_coarse_level_is_the_galerkin_product(shared: Path) -> None:
    """The directly assembled coarse matrix equals P^T K P for the free coarse dofs."""
    analysis = CURVED.set_up(shared)
    system = System(analysis.body, [analysis.floor], LinearSettings("direct", 1e-6))
    both = System(analysis.body, [analysis.floor], LinearSettings("multigrid", 1e-6))
    analysis.floor.value = 1.0
    analysis.floor.refresh()
    system.update()
    both.update()
    prolongation = both.solver.ksp.getPC().getMGInterpolation(1)
    assert both._coarse is not None
    coarse = both._coarse.matrix
    x = coarse.createVecRight()
    x.setRandom()
    fine, image = system.matrix.createVecRight(), system.matrix.createVecLeft()
    prolongation.mult(x, fine)
    system.matrix.mult(fine, image)
    product, direct = coarse.createVecLeft(), coarse.createVecLeft()
    prolongation.multTranspose(image, product)
    coarse.mult(x, direct)
    free = product.array != 0.0
    scale = direct.norm(PETSc.NormType.INFINITY)
    assert np.max(np.abs(product.array - direct.array)[free], initial=0.0) < 1e-10 * scale
    assert COMM.allreduce(int(free.sum())) > 0


@pytest.mark.parametrize("root", [0.1, 0.3, 0.55])
def test_search_finds_where_the_slope_falls(root: float) -> None:
    """On a kinked convex function the slope at the found factor is within a share of the first."""

    def slope(s: float) -> float:
        return (s - root) * (1.0 if s < root else 7.0)

    assert abs(slope(search(slope, slope(0.0)))) <= 0.7 * abs(slope(0.0))


def test_search_leaves_a_good_step_alone() -> None:
    """A full Newton step that has done its work is taken whole."""
    assert search(lambda s: s - 1.0, -1.0) == 1.0


def test_search_backs_off_where_there_is_no_slope() -> None:
    """Beyond 0.3 cells turn over: the step is halved until they do not; where they always do, Newton ends."""
    assert search(lambda s: np.nan if s > 0.3 else s - 1.0, -1.0) == 0.25
    with pytest.raises(NewtonFailureError, match="turn over"):
        search(lambda _: np.nan, -1.0)


def test_linear_solves_tighten_as_newton_converges() -> None:
    """Never looser than the setting, the square of the last fall below it, and no tighter than the least."""
    assert forcing([1.0], 1e-2) == 1e-2
    assert forcing([1.0, 2.0], 1e-2) == 1e-2
    assert forcing([1.0, 0.03], 1e-2) == pytest.approx(0.9 * 0.03**2)
    assert forcing([1.0, 1e-5], 1e-2) == 1e-6

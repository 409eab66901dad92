"""The elastic body: exact fields, a bending beam, the tangent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.regions import Region
from pipeline.solve import compat
from pipeline.solve.elasticity import ElasticBody
from pipeline.solve.fields import collect
from pipeline.solve.floor import Floor
from pipeline.solve.laws import energy_density, lame
from pipeline.solve.mesh_file import MeshFile, read_mesh_file
from pipeline.solve.model import distribute
from pipeline.solve.mpi import integrate
from tests.solve.boxes import Floats, bottom_facets, box, quarters, write_msh
from tests.solve.models import COMM, Column, dome, elastic

import ufl  # isort: skip
from dolfinx import fem, mesh  # isort: skip
from dolfinx.fem import petsc as fem_petsc  # isort: skip

H = np.array([[0.05, 0.02, 0.0], [0.01, -0.03, 0.02], [0.0, 0.04, 0.02]])


def affine(x: Floats) -> Floats:
    return np.asarray(H @ x)


def uneven(points: Floats) -> Floats:
    """Move the inner points of a 3 mm cube, keep its faces flat."""
    inside = np.sin(np.pi * points / 3.0).prod(axis=1, keepdims=True)
    return points + 0.2 * inside * np.cos(7.0 * np.roll(points, 1, axis=1))


def cube(folder: Path) -> MeshFile | None:
    if COMM.rank != 0:
        return None
    points, cells = box((3.0, 3.0, 3.0), (3, 3, 3))
    region = np.where(
        points[cells].mean(axis=1)[:, 2] > 2, int(Region.PROXIMAL_BLOCK), int(Region.SOFT_TISSUE)
    )
    facets = bottom_facets(points, cells)
    path = write_msh(folder / "m.msh", uneven(points), cells, region, facets, quarters(points, facets))
    return read_mesh_file(path, [Region.PROXIMAL_BLOCK, Region.SOFT_TISSUE])


def solve_with_boundary(body: ElasticBody) -> None:
    """Displace the whole boundary by the affine field and solve."""
    domain = body.foot.domain
    domain.topology.create_connectivity(2, 3)
    dofs = fem.locate_dofs_topological(body.space, 2, mesh.exterior_facet_indices(domain.topology))
    exact = fem.Function(body.space)
    exact.interpolate(affine)
    v, du = ufl.TestFunction(body.space), ufl.TrialFunction(body.space)
    residual = body.residual()
    tangent = ufl.derivative(residual, body.u, du)
    problem = fem_petsc.LinearProblem(
        tangent,
        ufl.inner(fem.Constant(domain, np.zeros(3)), v) * ufl.dx,
        bcs=[fem.dirichletbc(exact, dofs)],
        u=body.u,
        petsc_options={"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_type": "mumps"},
    )
    problem.solve()
    body.u.x.scatter_forward()


@pytest.mark.parametrize("poisson", [0.3, 0.4999])
def test_affine_displacement_is_reproduced(shared: Path, poisson: float) -> None:
    """Patch test: an affine boundary displacement gives that field inside, and one stress everywhere."""
    material = elastic(2.0, poisson)
    foot = distribute(COMM, cube(shared))
    density = energy_density(foot, {Region.PROXIMAL_BLOCK: material, Region.SOFT_TISSUE: material})
    body = ElasticBody(foot, density)
    solve_with_boundary(body)
    x = ufl.SpatialCoordinate(foot.domain)
    error = body.u - ufl.as_matrix(H.tolist()) * x
    assert np.sqrt(integrate(ufl.inner(error, error) * ufl.dx)) < 1e-10
    fields = collect(body, Floor(body, 1.0))
    if fields is not None:
        strain = (H + H.T) / 2
        lam, mu = lame(2.0, poisson)
        stress = lam * np.trace(strain) * np.eye(3) + 2 * mu * strain
        order = ([0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2])
        np.testing.assert_allclose(
            fields.strain, np.broadcast_to(strain[order], fields.strain.shape), atol=1e-10
        )
        np.testing.assert_allclose(
            fields.stress_MPa, np.broadcast_to(stress[order], fields.stress_MPa.shape), atol=1e-9 * lam
        )


def tip_deflection(folder: Path, degree: int) -> float:
    """LIN-7: cantilever of 10 x 1 x 1 mm, E = 1000 MPa, end shear 0.1 N; the clamp is a block of its own."""
    points, cells = box((11.0, 1.0, 1.0), (33, 3, 3))
    file = None
    if COMM.rank == 0:
        region = np.where(
            points[cells].mean(axis=1)[:, 0] < 1, int(Region.PROXIMAL_BLOCK), int(Region.SOFT_TISSUE)
        )
        facets = bottom_facets(points, cells)
        path = write_msh(folder / "beam.msh", points, cells, region, facets, quarters(points, facets))
        file = read_mesh_file(path, [Region.PROXIMAL_BLOCK, Region.SOFT_TISSUE])
    foot = distribute(COMM, file)
    material = elastic(1000.0, 0.3)
    density = energy_density(foot, {Region.PROXIMAL_BLOCK: material, Region.SOFT_TISSUE: material})
    body = ElasticBody(foot, density, degree)
    end = mesh.locate_entities_boundary(foot.domain, 2, lambda x: np.isclose(x[0], 11.0))
    tags = mesh.meshtags(foot.domain, 2, np.sort(end), np.ones(len(end), dtype=np.int32))
    ds = ufl.Measure("ds", domain=foot.domain, subdomain_data=tags)(1)
    v, du = ufl.TestFunction(body.space), ufl.TrialFunction(body.space)
    problem = fem_petsc.LinearProblem(
        ufl.derivative(body.residual(), body.u, du),
        ufl.inner(ufl.as_vector((0.0, 0.0, 0.1)), v) * ds,
        bcs=[body.bc],
        u=body.u,
        petsc_options={"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_type": "mumps"},
    )
    problem.solve()
    body.u.x.scatter_forward()
    return integrate(body.u[2] * ds)


def test_cantilever_bends_as_timoshenko_says(shared: Path) -> None:
    """LIN-7: quadratic displacement gives 0.40312 mm within 1 %; linear displacement locks visibly."""
    assert tip_deflection(shared, 2) == pytest.approx(0.40312, rel=0.01)
    assert tip_deflection(shared, 1) < 0.9 * 0.40312


def taylor_orders(residual: Any, u: fem.Function) -> Floats:
    """Orders at which |R(u + h d) - R(u) - h J d| falls as h is halved; 2 for an exact tangent."""
    direction = fem.Function(u.function_space)
    direction.interpolate(lambda x: np.array([np.sin(x[1]), x[0] * x[2] / 9, np.cos(x[0])]))
    start_u = u.x.array.copy()
    tangent = ufl.derivative(residual, u, ufl.TrialFunction(u.function_space))
    compiled = compat.compile_form(residual)
    slope = _assembled(compat.compile_form(ufl.action(tangent, direction)))
    start, left = _assembled(compiled), []
    for h in (0.1 * 0.5**k for k in range(5)):
        u.x.array[:] = start_u + h * direction.x.array
        left.append((_assembled(compiled) - start - slope * h).norm())
    u.x.array[:] = start_u
    return np.log2(np.array(left[:-1]) / np.array(left[1:]))


def _assembled(form: fem.Form) -> Any:
    vector = fem_petsc.assemble_vector(form)
    vector.ghostUpdate(addv=1, mode=1)
    return vector


def test_tangent_of_the_tissue_is_exact(shared: Path) -> None:
    """A smooth finite-strain energy through the same path: the tangent is its second derivative."""
    foot = Column().mesh(shared)

    def density(grad_u: Any) -> Any:
        F = ufl.Identity(3) + grad_u
        return ufl.inner(F, F) + (ufl.det(F) - 1) ** 2

    body = ElasticBody(foot, density)
    body.u.interpolate(lambda x: 0.02 * np.array([x[2], np.sin(x[0]), x[1] ** 2]))
    assert taylor_orders(body.residual(), body.u) == pytest.approx(2.0, abs=0.1)


def test_tangent_of_the_floor_is_exact(shared: Path) -> None:
    """The floor force is piecewise linear, so its tangent leaves no remainder while the contact stays."""
    column = Column(shape=dome)
    foot = column.mesh(shared)
    body = ElasticBody(foot, energy_density(foot, column.materials))
    floor = Floor(body, 5.0)
    floor.descent = 0.52
    direction = fem.Function(body.space)
    direction.interpolate(lambda x: 1e-6 * np.array([x[0], x[1], np.sin(x[0] + x[1])]))
    slope = _assembled(
        compat.compile_form(
            ufl.action(ufl.derivative(floor.residual(), body.u, ufl.TrialFunction(body.space)), direction)
        )
    )
    residual = compat.compile_form(floor.residual())
    start = _assembled(residual)
    body.u.x.array[:] += direction.x.array
    assert slope.norm() > 0
    assert (_assembled(residual) - start - slope).norm() < 1e-9 * slope.norm()

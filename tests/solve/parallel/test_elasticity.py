"""The elastic body: exact fields, a bending beam, the tangent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.linalg

from pipeline.regions import Region
from pipeline.solve.body import Body
from pipeline.solve.fields import collect
from pipeline.solve.floor import Floor
from pipeline.solve.laws import energy_density, lame
from pipeline.solve.level import Support
from pipeline.solve.mesh_file import MeshFile, read_mesh_file
from pipeline.solve.model import distribute
from pipeline.solve.mpi import integrate
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.system import System
from tests.solve.boxes import Floats, bottom_facets, box, quarters, write_msh
from tests.solve.models import COMM, Column, elastic

import ufl  # isort: skip
from dolfinx import fem, mesh  # isort: skip

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


@pytest.mark.parametrize("poisson", [0.3, 0.4999])
def test_affine_displacement_is_reproduced(shared: Path, poisson: float) -> None:
    """Patch test: an affine boundary displacement gives that field inside, and one stress everywhere."""
    material = elastic(2.0, poisson)
    foot = distribute(COMM, cube(shared))
    foot.domain.topology.create_connectivity(2, 3)
    walls = Support(2, mesh.exterior_facet_indices(foot.domain.topology), value=affine)
    both = {Region.PROXIMAL_BLOCK: material, Region.SOFT_TISSUE: material}
    body = Body(foot.domain, energy_density(foot.domain, foot.region, both), [walls])
    body.prescribe()
    Newton(System(body), NewtonSettings(1e-9)).solve()
    x = ufl.SpatialCoordinate(foot.domain)
    error = body.u - ufl.as_matrix(H.tolist()) * x
    assert np.sqrt(integrate(ufl.inner(error, error) * ufl.dx)) < 1e-10
    fields = collect(foot, body, Floor(body, foot.sole, 1.0))
    if fields is not None:
        f = np.eye(3) + H
        lam, mu = lame(2.0, poisson)
        strain = (H + H.T) / 2
        nominal = lam * np.trace(strain) * np.eye(3) + 2 * mu * strain
        true = nominal @ f.T / np.linalg.det(f)
        root = scipy.linalg.sqrtm(f.T @ f) - np.eye(3)
        order = ([0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2])
        np.testing.assert_allclose(
            fields.strain, np.broadcast_to(root[order], fields.strain.shape), atol=1e-10
        )
        np.testing.assert_allclose(
            fields.stress_MPa, np.broadcast_to(true[order], fields.stress_MPa.shape), atol=1e-9 * lam
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
    end = mesh.locate_entities_boundary(foot.domain, 2, lambda x: np.isclose(x[0], 11.0))
    tags = mesh.meshtags(foot.domain, 2, np.sort(end), np.ones(len(end), dtype=np.int32))
    ds = ufl.Measure("ds", domain=foot.domain, subdomain_data=tags)(1)
    body = Body(
        foot.domain,
        energy_density(
            foot.domain, foot.region, {Region.PROXIMAL_BLOCK: material, Region.SOFT_TISSUE: material}
        ),
        [Support(3, foot.cells_of(Region.PROXIMAL_BLOCK))],
        [lambda _, v: ufl.inner(ufl.as_vector((0.0, 0.0, 0.1)), v) * ds],
        degree,
    )
    Newton(System(body), NewtonSettings(1e-9)).solve()
    return integrate(body.u[2] * ds)


def test_cantilever_bends_as_timoshenko_says(shared: Path) -> None:
    """LIN-7: quadratic displacement gives 0.40312 mm within 1 %; linear displacement locks visibly."""
    assert tip_deflection(shared, 2) == pytest.approx(0.40312, rel=0.01)
    assert tip_deflection(shared, 1) < 0.9 * 0.40312


def test_tangent_of_the_tissue_is_exact(shared: Path) -> None:
    """A smooth finite-strain energy: |R(u + h d) - R(u) - h K d| falls with the square of h."""
    foot = Column().mesh(shared)
    body = Body(foot.domain, lambda F: ufl.inner(F, F) + (ufl.det(F) - 1) ** 2)
    body.u.interpolate(lambda x: 0.02 * np.array([x[2], np.sin(x[0]), x[1] ** 2]))
    direction = fem.Function(body.level.space)
    direction.interpolate(lambda x: np.array([np.sin(x[1]), x[0] * x[2] / 9, np.cos(x[0])]))
    system = System(body)
    force, slope = system.matrix.createVecLeft(), system.matrix.createVecLeft()
    start_u, start = body.u.x.array.copy(), body.u.x.petsc_vec.duplicate()
    system.force(start)
    system.assemble()
    system.matrix.mult(direction.x.petsc_vec, slope)
    left = []
    for h in (0.1 * 0.5**k for k in range(5)):
        body.u.x.array[:] = start_u + h * direction.x.array
        after = start.duplicate()
        system.force(after)
        after.copy(force)
        left.append((force - start - slope * h).norm())
    orders = np.log2(np.array(left[:-1]) / np.array(left[1:]))
    assert orders == pytest.approx(2.0, abs=0.1)

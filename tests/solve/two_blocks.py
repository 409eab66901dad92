"""Two separate blocks in one mesh, as two bones: what lies between them is up to the terms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.solve.attachments import Patch, patch_near, vertices_of
from pipeline.solve.body import Body
from pipeline.solve.level import Support, support_where
from pipeline.solve.linear import LinearSettings
from pipeline.solve.mpi import global_sum
from pipeline.solve.system import System
from pipeline.solve.term import Term
from tests.solve.boxes import Floats, Ints, box
from tests.solve.models import COMM

import basix.ufl  # isort: skip
import ufl  # isort: skip
from dolfinx import fem, la, mesh  # isort: skip

YOUNG_MPa = 1000.0
Move = Callable[[Floats], Floats]


def neo_hooke(F: ufl.core.expr.Expr) -> ufl.core.expr.Expr:
    """Compressible neo-Hookean solid of 1000 MPa and ratio 0.25, MPa."""
    mu, log = 0.4 * YOUNG_MPa, ufl.ln(ufl.det(F))
    return mu / 2 * (ufl.inner(F, F) - 3) - mu * log + mu / 2 * log**2


def two_blocks() -> mesh.Mesh:
    """Blocks of 4 x 4 x 4 mm over 0 < x < 4 and 8 < x < 12."""
    points: Floats = np.empty((0, 3))
    cells: Ints = np.empty((0, 4), dtype=np.int64)
    if COMM.rank == 0:
        points, cells = box((12.0, 4.0, 4.0), (6, 2, 2))
        middle = points[cells].mean(axis=1)[:, 0]
        used, flat = np.unique(cells[(middle < 4.0) | (middle > 8.0)], return_inverse=True)
        points, cells = points[used], flat.reshape(-1, 4)
    element = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
    domain = mesh.create_mesh(COMM, cells, points, element, mesh.create_cell_partitioner(mesh.GhostMode.none))
    domain.topology.create_connectivity(2, 3)
    return domain


def cells_where(domain: mesh.Mesh, marker: Callable[[Floats], NDArray[np.bool_]]) -> NDArray[np.int32]:
    """Local cells whose centre satisfies a marker of places (n, 3)."""
    return np.flatnonzero(marker(domain.geometry.x[domain.geometry.dofmap].mean(axis=1))).astype(np.int32)


def right(x: Floats) -> NDArray[np.bool_]:
    return np.asarray(x[:, 0] > 6.0)


def left(x: Floats) -> NDArray[np.bool_]:
    return np.asarray(x[:, 0] < 6.0)


def held_at_far_faces(domain: mesh.Mesh, move: Move | None = None) -> list[Support]:
    """Left block held at x = 0, right block moved at x = 12."""
    return [
        support_where(domain, lambda x: np.isclose(x[0], 0.0)),
        support_where(domain, lambda x: np.isclose(x[0], 12.0), value=move),
    ]


def blocks(supports: str = "faces", move: Move | None = None) -> Body:
    """The blocks, held at their far faces, or moved as wholes: the left at rest, the right as told.

    Args:
        supports: ``faces``, ``whole`` or ``none``.
        move: displacement of the right block, (3, n) to (3, n).
    """
    domain = two_blocks()
    held = held_at_far_faces(domain, move) if supports == "faces" else []
    if supports == "whole":
        held = [Support(3, cells_where(domain, left)), Support(3, cells_where(domain, right), value=move)]
    body = Body(domain, neo_hooke, held)
    body.prescribe()
    return body


def patch(body: Body, where: Callable[[Floats], NDArray[np.bool_]], point: Floats, most: int = 12) -> Patch:
    """Patch of one block near a point, without nodes of the far faces, which may be held. Collective."""

    def inside(x: Floats) -> NDArray[np.bool_]:
        return np.asarray((x[:, 0] > 1.0) & (x[:, 0] < 11.0))

    vertices = vertices_of(body, cells_where(body.domain, where))
    return patch_near(vertices, point, "test", 3.0, most, inside)


def turned(angle_deg: float, centre: Floats, part: float = 6.0) -> Move:
    """Turn about y, from x to z, of what lies beyond an x."""
    a = np.radians(angle_deg)
    R = np.array([[np.cos(a), 0.0, -np.sin(a)], [0.0, 1.0, 0.0], [np.sin(a), 0.0, np.cos(a)]])

    def move(x: Floats) -> Floats:
        away = x - centre[:, None]
        return np.where(x[0] > part, R @ away - away, 0.0)

    return move


def wavy(x: Floats) -> Floats:
    """A smooth displacement without symmetry, mm."""
    y = 0.3 * x
    return 0.3 * np.array([np.sin(y[1] + y[2]), np.cos(y[0] - y[2]), np.sin(y[0]) * y[1]])


def places(body: Body) -> Floats:
    """Present place of every local node, (nodes, 3), mm."""
    return np.asarray(body.level.space.tabulate_dof_coordinates() + body.u.x.array.reshape(-1, 3))


def resultant(
    body: Body, term: Term, where: Callable[[Floats], NDArray[np.bool_]] = lambda x: np.full(len(x), True)
) -> tuple[Floats, Floats]:
    """Force, N, and moment about the origin, N mm, that a term puts on a part of the body. Collective.

    The body must have no supports, so that every dof has its number.
    """
    number, values = term.force()
    node = number.reshape(-1, 3)[:, 0] // 3 - body.level.space.dofmap.index_map.local_range[0]
    rest = body.level.space.tabulate_dof_coordinates()[node]
    force: Floats = -values.reshape(-1, 3) * where(rest)[:, None]
    return (
        np.asarray(global_sum(COMM, force.sum(axis=0))),
        np.asarray(global_sum(COMM, np.cross(places(body)[node], force).sum(axis=0))),
    )


def support_forces(body: Body, where: Callable[[Floats], NDArray[np.bool_]]) -> tuple[Floats, Floats]:
    """Force, N, and moment about the origin, N mm, of the supports on a part of the body. Collective."""
    residual = fem.assemble_vector(body._residual)
    residual.scatter_reverse(la.InsertMode.add)
    owned = body.level.owned
    held = np.where(body.level.held[:owned], residual.array[:owned], 0.0).reshape(-1, 3)
    force: Floats = held * where(body.level.space.tabulate_dof_coordinates()[: owned // 3])[:, None]
    return (
        np.asarray(global_sum(COMM, force.sum(axis=0))),
        np.asarray(global_sum(COMM, np.cross(places(body)[: owned // 3], force).sum(axis=0))),
    )


def taylor_orders(body: Body, term: Term, kind: str) -> tuple[Floats, Floats]:
    """Orders at which energy - slope and force - tangent leave off as a step is halved; both 2. Collective.

    Args:
        body: the body; its displacement is the base state.
        term: the term.
        kind: ``aij`` or ``baij``: matrix of the direct or of the multigrid solver.
    """
    system = System(body, [term], LinearSettings("multigrid" if kind == "baij" else "direct", 1e-8))
    direction = fem.Function(body.level.space)
    direction.interpolate(lambda x: np.array([np.sin(x[1]), np.cos(x[0] + x[2]), 0.1 * x[0] * x[2]]))
    direction.x.array[body.level.held] = 0.0
    base, bare = body.u.x.array.copy(), System(body)
    vectors = [direction.x.petsc_vec.duplicate() for _ in range(5)]
    force, own, slope, own_slope, after = vectors

    def measure(out: object) -> float:
        system.force(out)
        bare.force(own)
        out.axpy(-1.0, own)  # type: ignore[attr-defined]
        return term.energy()

    energy = measure(force)
    system.assemble()
    bare.assemble()
    system.matrix.mult(direction.x.petsc_vec, slope)
    bare.matrix.mult(direction.x.petsc_vec, own_slope)
    slope.axpy(-1.0, own_slope)
    rate, left_energy, left_force = force.dot(direction.x.petsc_vec), [], []
    for h in (0.4 * 0.5**k for k in range(5)):
        body.u.x.array[:] = base + h * direction.x.array
        left_energy.append(abs(measure(after) - energy - h * rate))
        after.axpy(-1.0, force)
        after.axpy(-h, slope)
        left_force.append(after.norm())
    body.u.x.array[:] = base
    logs = np.log2(np.array([left_energy, left_force]))
    return -np.diff(logs[0]), -np.diff(logs[1])

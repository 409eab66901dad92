"""What the benchmarks measure: values at a vertex, stress, the work of a support."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.solve import compat
from pipeline.solve.body import Body, Expr
from pipeline.solve.level import Floats, Support
from pipeline.solve.mpi import global_max, global_sum, integrate
from pipeline.solve.verification.set_up import shift

import basix  # isort: skip
import ufl  # isort: skip
from dolfinx import fem, mesh  # isort: skip
from mpi4py import MPI  # isort: skip


def at_vertex(domain: mesh.Mesh, expression: Expr, place: Sequence[float]) -> Floats:
    """Mean over the cells at a vertex of an expression there, flat, the same on all ranks. Collective.

    Raises:
        ValueError: no vertex of the mesh is there.
    """
    corners = basix.geometry(basix.CellType.tetrahedron)
    compiled = compat.compile_expression(expression, corners, domain.comm)
    number = domain.topology.index_map(3).size_local
    nodes = domain.geometry.x[domain.geometry.dofmap[:number]]
    extent = global_max(domain.comm, np.abs(domain.geometry.x))
    cell, corner = np.nonzero(np.linalg.norm(nodes - np.asarray(place), axis=2) <= 1e-7 * extent)
    size = int(np.prod(expression.ufl_shape, dtype=int))
    values = compiled.eval(domain, cell.astype(np.int32)).reshape(len(cell), 4, size)
    local = values[np.arange(len(cell)), corner].sum(axis=0)
    count = global_sum(domain.comm, len(cell))
    if count == 0:
        raise ValueError(f"no vertex at {tuple(place)}")
    return np.asarray(global_sum(domain.comm, local) / count)


def displacement_at(body: Body, place: Sequence[float]) -> Floats:
    """Displacement of a vertex, (3,). Collective."""
    return at_vertex(body.domain, body.u, place)


def stress_at(body: Body, place: Sequence[float]) -> Floats:
    """First Piola-Kirchhoff stress at a vertex, mean of its cells, (3, 3). Collective.

    Of an energy of the small strain this is the stress of linear elasticity.
    """
    return at_vertex(body.domain, piola_stress(body), place).reshape(3, 3)


def piola_stress(body: Body) -> Expr:
    """First Piola-Kirchhoff stress, (3, 3), MPa."""
    F = ufl.variable(ufl.Identity(3) + ufl.grad(body.u))
    return ufl.diff(body.density(F), F)


def support_work(body: Body, support: Support, direction: Callable[[Floats], Floats]) -> float:
    """Work of the force of one support in a virtual displacement of its nodes, N mm. Collective.

    Only body and loads count, so no other term may act on these nodes.

    Args:
        body: the body in equilibrium.
        support: the support.
        direction: virtual displacement, (3, n), of the unloaded places, (3, n), mm.
    """
    space = body.level.space
    nodes = fem.locate_dofs_topological(space, support.dim, support.entities)
    w, everywhere = fem.Function(space), fem.Function(space)
    everywhere.interpolate(direction)
    w.x.array.reshape(-1, 3)[nodes] = everywhere.x.array.reshape(-1, 3)[nodes]
    return integrate(ufl.action(body.residual(), w))


def push_up(body: Body, support: Support) -> float:
    """Force of a support on the model along z, N. Collective."""
    return support_work(body, support, shift(0.0, 1.0))


def elliptic(comm: MPI.Comm, pressure: Floats, weight: Floats, square: Floats) -> tuple[float, float]:
    """Peak and half width of p^2 = p0^2 (1 - r^2 / a^2) through pressures. Collective.

    Args:
        comm: communicator.
        pressure: p at the points of this rank, MPa.
        weight: area that each stands for, mm^2.
        square: r^2 of each, mm^2.
    """
    p2, weight = pressure**2, weight * (pressure > 0.0)
    terms = (1.0 + 0 * square, square, square**2, p2, p2 * square)
    one, x, xx, y, xy = global_sum(comm, np.array([np.sum(weight * term) for term in terms]))
    slope, start = np.linalg.solve([[x, one], [xx, x]], [y, xy])
    return float(np.sqrt(start)), float(np.sqrt(-start / slope))

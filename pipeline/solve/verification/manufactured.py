r"""MMS: a chosen displacement, and the orders at which the error falls.

The displacement u is smooth and no polynomial. Its body force :math:`b = -\operatorname{Div} P(1 + \nabla u)`
and the tractions P n come from the energy itself by UFL, so residual, tangent, quadrature and supports must
all be right for the error to fall as the theory says: order k + 1 in L2 and k in H1 for degree k.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from pipeline.solve.body import Body, Expr
from pipeline.solve.level import Floats, support_where
from pipeline.solve.mpi import integrate
from pipeline.solve.verification.benchmark import Benchmark, Quantity
from pipeline.solve.verification.energies import neo_hookean, saint_venant
from pipeline.solve.verification.equilibrium import Solver, prescribed, settle
from pipeline.solve.verification.meshes import even, lattice, spread
from pipeline.solve.verification.set_up import body_force, plane, surface, traction

import ufl  # isort: skip
from mpi4py import MPI  # isort: skip

EXACT_DEGREE = 6
"""Quadrature degree of the body force and of the errors, high enough to add no error of their own."""


def exact(x: Expr, words: ModuleType) -> list[Expr]:
    """The displacement, mm, in the words of NumPy or of UFL."""
    return [
        0.10 * words.sin(1.3 * x[1] + 0.4) * words.cos(0.9 * x[2]) + 0.05 * x[0] * words.exp(0.5 * x[2]),
        0.08 * words.cos(1.1 * x[0] - 0.3) * words.sin(1.2 * x[1] + 0.5 * x[2]),
        0.07 * words.exp(0.6 * x[0]) * words.sin(1.4 * x[2]) * words.cos(0.8 * x[1]),
    ]


def errors(comm: MPI.Comm, law: str, degree: int, count: int, kind: Solver) -> tuple[float, float]:
    """L2 and H1 error on a cube of count^3 cubes; tractions act on x = 1 and z = 1. Collective."""
    domain = spread(comm, lambda: lattice((even(0, 1, count),) * 3))
    density = (neo_hookean if law == "neo-Hookean" else saint_venant)(domain, 10.0, 0.3)
    u = ufl.as_vector(exact(ufl.SpatialCoordinate(domain), ufl))
    F = ufl.variable(ufl.Identity(3) + ufl.grad(u))
    stress = ufl.diff(density(F), F)
    dx = ufl.dx(domain=domain, metadata={"quadrature_degree": EXACT_DEGREE})
    loaded = surface(domain, plane(0, 1.0), plane(2, 1.0), degree=EXACT_DEGREE)

    def held(x: Floats) -> Floats:
        return np.array(exact(x, np))

    walls = [plane(0, 0.0), plane(1, 0.0), plane(1, 1.0), plane(2, 0.0)]
    body = Body(
        domain,
        density,
        [support_where(domain, wall, value=held) for wall in walls],
        [body_force(-ufl.div(stress), dx), traction(stress * ufl.FacetNormal(domain), loaded)],
        degree,
        quadrature_degree=max(2, 2 * degree - 2),
    )
    settle(body, 1e-9, kind=kind, load=prescribed(body))
    off = body.u - u
    l2 = integrate(ufl.inner(off, off) * dx) ** 0.5
    h1 = integrate(ufl.inner(ufl.grad(off), ufl.grad(off)) * dx) ** 0.5
    return l2, h1


CASES = (
    ("neo-Hookean", 1, (4, 6, 9, 12)),
    ("neo-Hookean", 2, (2, 3, 4, 6)),
    ("Saint-Venant", 2, (2, 3, 4, 6)),
)
"""Law, degree of displacement, cubes along an edge."""


def orders(comm: MPI.Comm) -> dict[str, float]:
    """MMS-1: slopes of the errors between the two finest meshes."""
    found = {}
    for law, degree, counts in CASES:
        kind: Solver = "multigrid" if law == "neo-Hookean" and degree == 2 else "direct"
        fallen = np.log([errors(comm, law, degree, count, kind) for count in counts])
        slopes = -np.diff(fallen, axis=0) / np.diff(np.log(counts))[:, None]
        found[f"order in L2, {law}, degree {degree}"] = slopes[-1, 0]
        found[f"order in H1, {law}, degree {degree}"] = slopes[-1, 1]
    return found


BENCHMARKS = (
    Benchmark(
        "MMS-1",
        "manufactured finite-strain displacement",
        "theory of finite elements",
        tuple(
            quantity
            for law, degree, _ in CASES
            for quantity in (
                Quantity(f"order in L2, {law}, degree {degree}", degree + 1, 0.1, "absolute"),
                Quantity(f"order in H1, {law}, degree {degree}", degree, 0.1, "absolute"),
            )
        ),
        orders,
    ),
)

"""FIN: problems of large displacement and large strain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.level import Floats, Support, support_where
from pipeline.solve.mpi import integrate
from pipeline.solve.verification.benchmark import Benchmark, Quantity
from pipeline.solve.verification.energies import neo_hookean, saint_venant, split_neo_hookean
from pipeline.solve.verification.equilibrium import prescribed, ramped, settle
from pipeline.solve.verification.linear import cook_mesh
from pipeline.solve.verification.meshes import even, graded, lattice, octant, sector, spread
from pipeline.solve.verification.probe import displacement_at, support_work
from pipeline.solve.verification.set_up import (
    Marker,
    constant,
    cylinder,
    held_everywhere,
    plane,
    pressure,
    sphere,
    surface,
    traction,
)

import ufl  # isort: skip
from dolfinx import mesh  # isort: skip
from mpi4py import MPI  # isort: skip

BULK_BY_SHEAR = 1e3
"""K / mu of the bodies whose reference is incompressible. The closed forms then change by about mu / K;
displacement alone takes no more harm from it, for quadratic tetrahedra with four points do not lock."""


def cook_compressible(comm: MPI.Comm) -> dict[str, float]:
    """FIN-1: Cook's membrane, E = 240.565, nu = 0.3, dead traction 6.25."""
    body = _loaded_membrane(comm, 240.565, 0.3, split=False)
    middle = displacement_at(body, (48.0, 52.0, 0.0))
    return {"u_x at (48, 52)": middle[0], "u_y at (48, 52)": middle[1]}


def cook_nearly_incompressible(comm: MPI.Comm) -> dict[str, float]:
    """FIN-2: Cook's membrane, K / mu = 50."""
    body = _loaded_membrane(comm, 80.1938, 4009.0, split=True)
    return {"u_y at (48, 52)": displacement_at(body, (48.0, 52.0, 0.0))[1]}


def _loaded_membrane(comm: MPI.Comm, first: float, second: float, *, split: bool) -> Body:
    domain = cook_mesh(comm, 12, 1.0)
    energy = split_neo_hookean(domain, first, second) if split else neo_hookean(domain, first, second)
    supports = [support_where(domain, plane(0, 0.0)), held_everywhere(domain, 2)]
    shear = constant(domain, (0.0, 6.25, 0.0))
    body = Body(domain, energy, supports, [traction(shear, surface(domain, plane(0, 48.0)))])
    settle(body, 1e-8, kind="direct" if split else "multigrid", load=ramped(shear), first_share=0.5)
    return body


def shell(comm: MPI.Comm, around: int) -> mesh.Mesh:
    """Octant of the hollow sphere of radii 1 and 2, with a number of cubes along its edges."""
    axes = (graded(1, 2, 5, 2.5), even(0, np.pi / 2, around), even(0, np.pi / 2, around))
    return spread(comm, lambda: lattice(axes, octant))


def ring(comm: MPI.Comm) -> mesh.Mesh:
    """Quarter of the hollow cylinder of radii 1 and 2, thickness 0.1."""
    axes = (graded(1, 2, 8, 3.0), even(0, np.pi / 2, 20), even(0, 0.1, 1))
    return spread(comm, lambda: lattice(axes, sector))


def supports_of_symmetry(domain: mesh.Mesh, axes: int) -> list[Support]:
    """The planes x = 0, y = 0 and, with three axes, z = 0; with two axes z is held everywhere."""
    planes = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in range(axes)]
    return planes if axes == 3 else [*planes, held_everywhere(domain, 2)]


def pressed_apart(comm: MPI.Comm, axes: int, values: Sequence[float]) -> list[Body]:
    """Shell (3 axes) or ring (2 axes) under following pressures inside, mu = 1; one body for each."""
    domain = shell(comm, 8) if axes == 3 else ring(comm)
    ds = surface(domain, _inner(axes))
    bodies: list[Body] = []
    for value in values:
        p = constant(domain, value)
        energy = split_neo_hookean(domain, 1.0, BULK_BY_SHEAR)
        body = Body(domain, energy, supports_of_symmetry(domain, axes), [pressure(p, ds)])
        share = 0.5
        if bodies:  # goes on where the one before ended
            body.u.x.array[:] = bodies[-1].u.x.array
            share = 1.0
        settle(body, 1e-9, load=ramped(p), first_share=share)
        bodies.append(body)
    return bodies


def moved_apart(comm: MPI.Comm, axes: int, stretches: Sequence[float]) -> Iterator[tuple[float, Body, float]]:
    """Shell or ring whose inner surface is moved out in proportion: stretch, body and pressure, one by one.

    The pressure is the derivative of the energy by the volume of the cavity.
    """
    domain = shell(comm, 6) if axes == 3 else ring(comm)
    most = stretches[-1] - 1.0

    def radial(x: Floats) -> Floats:
        return np.concatenate([x[:axes], np.zeros_like(x[axes:])])

    components = tuple(range(axes))
    inner = support_where(domain, _inner(axes), components, lambda x: np.asarray(most * radial(x)))
    energy = split_neo_hookean(domain, 1.0, BULK_BY_SHEAR)
    body = Body(domain, energy, [*supports_of_symmetry(domain, axes), inner])
    load, done = prescribed(body), 0.0
    x, normal = ufl.SpatialCoordinate(domain), ufl.FacetNormal(domain)
    out = ufl.as_vector([x[i] if i < axes else 0.0 * x[i] for i in range(3)])
    volume = -integrate(ufl.inner(out, normal) * surface(domain, _inner(axes)))
    for stretch in stretches:
        now = (stretch - 1.0) / most
        settle(body, 1e-9, load=partial(_between, load, done, now), first_share=0.1)
        yield stretch, body, support_work(body, inner, radial) / (stretch ** (axes - 1) * volume)
        done = now


def _between(load: Callable[[float], float], first: float, last: float, share: float) -> float:
    """A load at a share of the way from one share of it to another."""
    return load(first + share * (last - first))


def _inner(axes: int) -> Marker:
    return sphere(1.0) if axes == 3 else cylinder(1.0)


def inflated_sphere(comm: MPI.Comm) -> dict[str, float]:
    """FIN-3: radii 1 and 2, neo-Hookean, by pressure and by displacement of the inner surface."""
    found = {}
    values = (0.2871548, 0.5518685)
    for value, body in zip(values, pressed_apart(comm, 3, values), strict=True):
        found[f"u_r(a) at p = {value}"] = displacement_at(body, (1.0, 0.0, 0.0))[0]
    for stretch, body, p in moved_apart(comm, 3, (2.0, 3.0)):
        found[f"p at stretch {stretch}"] = p
        found[f"outer stretch at {stretch}"] = 1.0 + displacement_at(body, (2.0, 0.0, 0.0))[0] / 2.0
    return found


def inflated_cylinder(comm: MPI.Comm) -> dict[str, float]:
    """FIN-4: radii 1 and 2, plane strain, by pressure and by displacement of the inner surface."""
    values = (0.1315623, 0.2757115)
    bodies = pressed_apart(comm, 2, values)
    found = {
        f"u_r(a) at p = {value}": displacement_at(body, (1.0, 0.0, 0.0))[0]
        for value, body in zip(values, bodies, strict=True)
    }
    found["outer radius at p = 0.1315623"] = 2.0 + displacement_at(bodies[0], (2.0, 0.0, 0.0))[0]
    return found | {f"p at stretch {stretch}": p for stretch, _, p in moved_apart(comm, 2, (1.5, 2.0))}


def elastica(comm: MPI.Comm) -> dict[str, float]:
    """FIN-5: cantilever 50 x 1 x 1, nu = 0, EI = 1000, dead load at the tip."""
    found = {}
    for load in (1, 2, 3):
        domain = spread(comm, lambda: lattice((even(0, 50, 32), even(0, 1, 1), even(0, 1, 1))))
        clamp = support_where(domain, plane(0, 0.0))
        shear = constant(domain, (0.0, 0.0, load * 1000.0 / 50.0**2))
        body = Body(
            domain,
            saint_venant(domain, 12000.0, 0.0),
            [clamp],
            [traction(shear, surface(domain, plane(0, 50.0)))],
        )
        settle(body, 1e-6, kind="multigrid" if load == 2 else "direct", load=ramped(shear), first_share=0.2)
        low, top = displacement_at(body, (50.0, 0.0, 0.0)), displacement_at(body, (50.0, 0.0, 1.0))
        tip, across = 0.5 * (low + top), top - low + (0.0, 0.0, 1.0)
        found[f"deflection / L, load {load}"] = tip[2] / 50.0
        found[f"shortening / L, load {load}"] = -tip[0] / 50.0
        if load == 1:
            found["tip angle, load 1"] = float(np.arctan2(-across[0], across[2]))
    return found


BENCHMARKS = (
    Benchmark(
        "FIN-1",
        "Cook's membrane, neo-Hookean, nu = 0.3",
        "converged p-FEM on graded meshes",
        (Quantity("u_x at (48, 52)", -4.2875, 0.005), Quantity("u_y at (48, 52)", 7.8927, 0.005)),
        cook_compressible,
    ),
    Benchmark(
        "FIN-2",
        "Cook's membrane, K/mu = 50",
        "converged p-FEM on graded meshes, +-0.004",
        (Quantity("u_y at (48, 52)", 7.073, 0.01),),
        cook_nearly_incompressible,
    ),
    Benchmark(
        "FIN-3",
        "inflated thick sphere, K/mu = 1000",
        "closed form for the incompressible solid",
        (
            Quantity("u_r(a) at p = 0.2871548", 0.10, 0.01),
            Quantity("u_r(a) at p = 0.5518685", 0.25, 0.01),
            *(
                quantity
                for stretch, value, outer in (
                    (2.0, 0.8069266, 1.2331060),
                    (3.0, 0.6345067, 1.6198059),
                )
                for quantity in (
                    Quantity(f"p at stretch {stretch}", value, 0.01),
                    Quantity(f"outer stretch at {stretch}", outer, 0.01),
                )
            ),
        ),
        inflated_sphere,
    ),
    Benchmark(
        "FIN-4",
        "inflated thick cylinder, plane strain, K/mu = 1000",
        "closed form for the incompressible solid",
        (
            Quantity("u_r(a) at p = 0.1315623", 0.10, 0.01),
            Quantity("outer radius at p = 0.1315623", 2.0518285, 0.001),
            Quantity("u_r(a) at p = 0.2757115", 0.25, 0.01),
            Quantity("p at stretch 1.5", 0.4282284, 0.01),
            Quantity("p at stretch 2.0", 0.5740536, 0.01),
        ),
        inflated_cylinder,
    ),
    Benchmark(
        "FIN-5",
        "elastica, slenderness 50",
        "elliptic integrals, inextensible",
        (
            Quantity("deflection / L, load 1", 0.3017208, 0.01),
            Quantity("shortening / L, load 1", 0.0564332, 0.01),
            Quantity("tip angle, load 1", 0.4613519, 0.01),
            Quantity("deflection / L, load 2", 0.4934575, 0.01),
            Quantity("shortening / L, load 2", 0.1606417, 0.01),
            Quantity("deflection / L, load 3", 0.6032534, 0.01),
            Quantity("shortening / L, load 3", 0.2544202, 0.01),
        ),
        elastica,
    ),
)

"""LIN: problems of linear elasticity, solved with an energy of the small strain."""

from __future__ import annotations

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.laws import lame
from pipeline.solve.level import Floats, Support, support_where
from pipeline.solve.mpi import integrate
from pipeline.solve.verification.benchmark import Benchmark, Quantity
from pipeline.solve.verification.energies import small_strain
from pipeline.solve.verification.equilibrium import settle
from pipeline.solve.verification.meshes import even, graded, lattice, sector, spread
from pipeline.solve.verification.probe import displacement_at, piola_stress, stress_at
from pipeline.solve.verification.set_up import constant, cylinder, held_everywhere, plane, surface, traction

import ufl  # isort: skip
from dolfinx import mesh  # isort: skip
from mpi4py import MPI  # isort: skip

STEEL = (210e9, 0.3)
"""Young's modulus, Pa, and Poisson's ratio of the NAFEMS problems, which are in metres and newtons."""

GRADIENT = np.array([[0.050, 0.021, -0.013], [0.008, -0.031, 0.024], [-0.017, 0.042, 0.019]])
"""Displacement gradient of the patch test."""


def uneven(points: Floats) -> Floats:
    """Move the inner points of the unit cube, keep its faces flat."""
    inside = np.sin(np.pi * points).prod(axis=1, keepdims=True)
    return points + 0.09 * inside * np.cos(9.0 * np.roll(points, 1, axis=1))


def patch_test(comm: MPI.Comm) -> dict[str, float]:
    """LIN-1: an affine displacement of the boundary gives that field and one stress inside."""
    found = {}
    for poisson in (0.3, 0.4999):
        domain = spread(comm, lambda: lattice((even(0, 1, 3),) * 3, uneven))
        walls = Support(
            2, mesh.exterior_facet_indices(domain.topology), value=lambda x: np.asarray(GRADIENT @ x)
        )
        body = Body(domain, small_strain(domain, 1.0, poisson), [walls])
        settle(body, 1e-12, kind="multigrid" if poisson == 0.3 else "direct")
        off = body.u - ufl.as_matrix(GRADIENT.tolist()) * ufl.SpatialCoordinate(domain)
        lam, mu = lame(1.0, poisson)
        stress = lam * np.trace(GRADIENT) * np.eye(3) + mu * (GRADIENT + GRADIENT.T)
        wrong = piola_stress(body) - ufl.as_matrix(stress.tolist())
        found[f"error of u, nu = {poisson}"] = integrate(ufl.inner(off, off) * ufl.dx) ** 0.5
        rms = integrate(ufl.inner(wrong, wrong) * ufl.dx) ** 0.5
        found[f"error of stress, nu = {poisson}"] = rms / float(np.linalg.norm(stress))
    return found


def between_ellipses(points: Floats) -> Floats:
    """Map (share of the way out, angle, z) to the region between the ellipses of LE1 and LE10."""
    s, angle, z = points.T
    along, across = 2.0 + 1.25 * s, 1.0 + 1.75 * s
    return np.column_stack([along * np.cos(angle), across * np.sin(angle), z])


def on_outer_ellipse(x: Floats) -> np.ndarray:  # type: ignore[type-arg]
    """The outer elliptic face."""
    return np.asarray(np.isclose((x[0] / 3.25) ** 2 + (x[1] / 2.75) ** 2, 1.0))


def elliptic_membrane(comm: MPI.Comm) -> dict[str, float]:
    """LIN-2, NAFEMS LE1: half the thickness of the membrane, its middle plane held in z."""
    axes = (graded(0, 1, 14, 4.0), graded(0, np.pi / 2, 24, 3.0), even(0, 0.05, 1))
    domain = spread(comm, lambda: lattice(axes, between_ellipses))
    supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in range(3)]
    ds = surface(domain, on_outer_ellipse)
    tension = 10e6 * ufl.FacetNormal(domain)
    body = Body(domain, small_strain(domain, *STEEL), supports, [traction(tension, ds)])
    settle(body, 1e-2, kind="multigrid")
    corner = (2.0, 0.0, 0.0)
    return {
        "sigma_yy at D, MPa": stress_at(body, corner)[1, 1] / 1e6,
        "u_x at D, m": displacement_at(body, corner)[0],
    }


def elliptic_plate(comm: MPI.Comm) -> dict[str, float]:
    """LIN-3, NAFEMS LE10: thick plate under pressure, held in z on the mid-height line of its outer face."""
    axes = (graded(0, 1, 8, 3.0), graded(0, np.pi / 2, 14, 2.0), even(-0.3, 0.3, 4))
    domain = spread(comm, lambda: lattice(axes, between_ellipses))

    def on_line(x: Floats) -> np.ndarray:  # type: ignore[type-arg]
        return on_outer_ellipse(x) & np.isclose(x[2], 0.0, atol=1e-9)

    line = Support(1, mesh.locate_entities_boundary(domain, 1, on_line), (2,))
    sides = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
    outer = support_where(domain, on_outer_ellipse, (0, 1))
    ds = surface(domain, plane(2, 0.3))
    load = traction(constant(domain, (0.0, 0.0, -1e6)), ds)
    body = Body(domain, small_strain(domain, *STEEL), [*sides, outer, line], [load])
    settle(body, 1e-3)
    reaction = float(body.support_force_N()[2])
    return {
        "sigma_yy at D, MPa": stress_at(body, (2.0, 0.0, 0.3))[1, 1] / 1e6,
        "reaction in z, MN": reaction / 1e6,
        "reaction by load": reaction / (1e6 * integrate(constant(domain, 1.0) * ds)),
    }


def thick_cylinder(comm: MPI.Comm) -> dict[str, float]:
    """LIN-5: Lame's cylinder, a = 1, b = 2, pressure 1 inside, E = 1000, plane strain."""
    found = {}
    axes = (graded(1, 2, 10, 3.0), even(0, np.pi / 2, 24), even(0, 0.1, 1))
    for poisson in (0.3, 0.499, 0.4999):
        domain = spread(comm, lambda: lattice(axes, sector))
        supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
        load = traction(-ufl.FacetNormal(domain), surface(domain, cylinder(1.0)))
        energy = small_strain(domain, 1000.0, poisson)
        body = Body(domain, energy, [*supports, held_everywhere(domain, 2)], [load])
        settle(body, 1e-8)
        inner, outer = (1.0, 0.0, 0.0), (2.0, 0.0, 0.0)
        found[f"u_r(a), nu = {poisson}"] = displacement_at(body, inner)[0]
        found[f"u_r(b), nu = {poisson}"] = displacement_at(body, outer)[0]
        if poisson == 0.3:
            found["sigma_r(a)"], found["sigma_theta(a)"], _ = np.diag(stress_at(body, inner))
            found["sigma_theta(b)"] = stress_at(body, outer)[1, 1]
    return found


def hole_to_square(points: Floats) -> Floats:
    """Map (logarithmic share of the way out, angle, z) to the plate [0, 4]^2 with a hole of radius 1."""
    s, angle, z = points.T
    direction = np.column_stack([np.cos(angle), np.sin(angle)])
    out = 4.0 / np.abs(direction).max(axis=1)
    r = out**s
    return np.column_stack([r * direction[:, 0], r * direction[:, 1], z])


def kirsch_stress(x: ufl.core.expr.Expr) -> ufl.core.expr.Expr:
    """Stress around a hole of radius 1 under unit tension in x far away, (3, 3) without its zz part."""
    r2 = x[0] ** 2 + x[1] ** 2
    cos, sin = (x[0] ** 2 - x[1] ** 2) / r2, 2 * x[0] * x[1] / r2
    rr = (1 - 1 / r2) / 2 + (1 - 4 / r2 + 3 / r2**2) / 2 * cos
    tt = (1 + 1 / r2) / 2 - (1 + 3 / r2**2) / 2 * cos
    rt = -(1 + 2 / r2 - 3 / r2**2) / 2 * sin
    e_r = ufl.as_vector([x[0], x[1], 0]) / ufl.sqrt(r2)
    e_t = ufl.as_vector([-x[1], x[0], 0]) / ufl.sqrt(r2)
    return (
        rr * ufl.outer(e_r, e_r) + tt * ufl.outer(e_t, e_t) + rt * (ufl.outer(e_r, e_t) + ufl.outer(e_t, e_r))
    )


def plate_with_hole(comm: MPI.Comm) -> dict[str, float]:
    """LIN-6: Kirsch's plate with the exact tractions on x = 4 and y = 4."""
    axes = (even(0, 1, 28), even(0, np.pi / 2, 56), even(0, 0.2, 1))
    domain = spread(comm, lambda: lattice(axes, hole_to_square))
    supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
    exact = kirsch_stress(ufl.SpatialCoordinate(domain)) * ufl.FacetNormal(domain)
    load = traction(exact, surface(domain, plane(0, 4.0), plane(1, 4.0), degree=6))
    energy = small_strain(domain, 1000.0, 0.3)
    body = Body(domain, energy, [*supports, held_everywhere(domain, 2)], [load])
    settle(body, 1e-9, kind="multigrid")
    middle = stress_at(body, (0.0, 2.0, 0.0))
    return {
        "sigma_theta at the hole, 90 deg": stress_at(body, (0.0, 1.0, 0.0))[0, 0],
        "sigma_theta at the hole, 0 deg": stress_at(body, (1.0, 0.0, 0.0))[1, 1],
        "sigma_r at r = 2, 90 deg": middle[1, 1],
        "sigma_theta at r = 2, 90 deg": middle[0, 0],
    }


def cantilever(comm: MPI.Comm) -> dict[str, float]:
    """LIN-7: 10 x 1 x 1, E = 1000, nu = 0.3, end shear 0.1."""
    tip = {}
    for degree in (1, 2):
        domain = spread(comm, lambda: lattice((even(0, 10, 30), even(0, 1, 4), even(0, 1, 4))))
        clamp = support_where(domain, plane(0, 0.0))
        load = traction(constant(domain, (0.0, 0.0, 0.1)), surface(domain, plane(0, 10.0)))
        body = Body(domain, small_strain(domain, 1000.0, 0.3), [clamp], [load], degree)
        settle(body, 1e-9, kind="multigrid" if degree == 2 else "direct")
        tip[degree] = displacement_at(body, (10.0, 0.5, 0.5))[2]
    return {"tip deflection": tip[2], "shortfall of linear displacement": 1.0 - tip[1] / 0.40312}


def cook(points: Floats) -> Floats:
    """Map the unit square times z to Cook's membrane."""
    s, t, z = points.T
    return np.column_stack([48.0 * s, 44.0 * s + t * (44.0 - 28.0 * s), z])


def cook_mesh(comm: MPI.Comm, count: int, thickness: float) -> mesh.Mesh:
    """Cook's membrane as a slab of one layer, finer at the clamp. Collective."""
    axes = (graded(0, 1, count, 4.0), _both_ends(count), even(0, thickness, 1))
    return spread(comm, lambda: lattice(axes, cook))


def _both_ends(count: int) -> Floats:
    """Even number of intervals of the unit length, finer at both ends."""
    half = graded(0.0, 0.5, count // 2, 4.0)
    return np.concatenate([half, 1.0 - half[-2::-1]])


def cook_linear(comm: MPI.Comm) -> dict[str, float]:
    """LIN-8: Cook's membrane in plane stress and plane strain; vertical displacement of the mid-edge."""
    found = {}
    cases = (
        ("plane stress, nu = 1/3", 1.0, 1 / 3, 1 / 16),
        ("plane strain, nu = 1/3", 70.0, 1 / 3, 6.25),
        ("plane strain, nu = 0.499", 70.0, 0.499, 6.25),
    )
    for name, young, poisson, shear in cases:
        domain = cook_mesh(comm, 12, 1.0)
        in_plane = name.startswith("plane strain")
        held = held_everywhere(domain, 2) if in_plane else support_where(domain, plane(2, 0.0), (2,))
        clamp = support_where(domain, plane(0, 0.0), (0, 1, 2) if in_plane else (0, 1))
        load = traction(constant(domain, (0.0, shear, 0.0)), surface(domain, plane(0, 48.0)))
        body = Body(domain, small_strain(domain, young, poisson), [clamp, held], [load])
        settle(body, 1e-8, kind="direct" if in_plane else "multigrid")
        found[f"u_y, {name}"] = displacement_at(body, (48.0, 52.0, 0.0))[1]
    return found


BENCHMARKS = (
    Benchmark(
        "LIN-1",
        "patch test on an uneven mesh",
        "exact",
        tuple(
            Quantity(f"error of {what}, nu = {nu}", 0.0, 1e-10, "absolute")
            for nu in (0.3, 0.4999)
            for what in ("u", "stress")
        ),
        patch_test,
    ),
    Benchmark(
        "LIN-2",
        "NAFEMS LE1, elliptic membrane",
        "converged p-FEM (published target 92.7)",
        (Quantity("sigma_yy at D, MPa", 92.6582, 0.01), Quantity("u_x at D, m", -1.0221e-4, 0.01)),
        elliptic_membrane,
    ),
    Benchmark(
        "LIN-3",
        "NAFEMS LE10, thick elliptic plate",
        "NAFEMS target; reaction is pressure times area",
        (
            Quantity("sigma_yy at D, MPa", -5.38, 0.02),
            Quantity("reaction in z, MN", 5.4487, 0.005),
            Quantity("reaction by load", 1.0, 1e-8),
        ),
        elliptic_plate,
    ),
    Benchmark(
        "LIN-5",
        "Lame's thick cylinder, plane strain",
        "closed form",
        (
            Quantity("u_r(a), nu = 0.3", 1.906667e-3, 0.005),
            Quantity("u_r(b), nu = 0.3", 1.213333e-3, 0.005),
            Quantity("u_r(a), nu = 0.499", 1.999666e-3, 0.005),
            Quantity("u_r(b), nu = 0.499", 1.001332e-3, 0.005),
            Quantity("u_r(a), nu = 0.4999", 1.99996666e-3, 0.005),
            Quantity("u_r(b), nu = 0.4999", 1.00013332e-3, 0.005),
            Quantity("sigma_r(a)", -1.0, 0.005),
            Quantity("sigma_theta(a)", 5 / 3, 0.005),
            Quantity("sigma_theta(b)", 2 / 3, 0.005),
        ),
        thick_cylinder,
    ),
    Benchmark(
        "LIN-6",
        "Kirsch's plate with a hole, exact tractions",
        "closed form",
        (
            Quantity("sigma_theta at the hole, 90 deg", 3.0, 0.01),
            Quantity("sigma_theta at the hole, 0 deg", -1.0, 0.01),
            Quantity("sigma_r at r = 2, 90 deg", 0.28125, 0.01),
            Quantity("sigma_theta at r = 2, 90 deg", 1.21875, 0.01),
        ),
        plate_with_hole,
    ),
    Benchmark(
        "LIN-7",
        "cantilever under end shear",
        "Timoshenko, k = 5/6",
        (
            Quantity("tip deflection", 0.40312, 0.01),
            Quantity("shortfall of linear displacement", 0.1, 0.0, "at least"),
        ),
        cantilever,
    ),
    Benchmark(
        "LIN-8",
        "Cook's membrane, small strain",
        "converged p-FEM on graded meshes",
        (
            Quantity("u_y, plane stress, nu = 1/3", 23.9677, 0.005),
            Quantity("u_y, plane strain, nu = 1/3", 30.749, 0.005),
            Quantity("u_y, plane strain, nu = 0.499", 26.475, 0.005),
        ),
        cook_linear,
    ),
)

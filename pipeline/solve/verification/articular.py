"""CON: articular contact in plane strain: two blocks, a disk on its base."""

from __future__ import annotations

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.contact import Cartilage, Contact
from pipeline.solve.level import Floats, Int32s, Support, support_where
from pipeline.solve.mpi import global_max
from pipeline.solve.samples import FacetSamples
from pipeline.solve.verification.benchmark import Benchmark, Quantity
from pipeline.solve.verification.energies import neo_hookean, small_strain
from pipeline.solve.verification.equilibrium import at_share, ramped, settle
from pipeline.solve.verification.meshes import (
    Tetrahedra,
    even,
    fine_then_growing,
    growing,
    joined,
    lattice,
    spread,
)
from pipeline.solve.verification.probe import displacement_at, elliptic, push_up
from pipeline.solve.verification.set_up import (
    Marker,
    constant,
    held_everywhere,
    plane,
    shift,
    surface,
    tagged,
    traction,
)

from dolfinx import mesh  # isort: skip
from mpi4py import MPI  # isort: skip


def sides(domain: mesh.Mesh, marker: Marker) -> tuple[Int32s, Int32s]:
    """Boundary facets of a part that face up, and those that face down. Collective."""
    facets = tagged(domain, marker).indices
    up = FacetSamples(domain, facets).normal[:, 2] > 0.0
    return facets[up], facets[~up]


PRESSURE, DEPTH, BLOCK = 109.89, 0.25, (1e6, 0.3)
"""CON-1: pressure on top, thickness of the slab, Young's modulus and Poisson's ratio; any unit of force."""
MEETINGS = {
    "matching, slave above": (6, 6, True),
    "matching, slave below": (6, 6, False),
    "finer slave": (6, 9, True),
    "coarser slave": (6, 9, False),
}
"""Intervals along the contact of the lower and the upper block, and whether the upper one is the slave."""
PATCH_FACTORS = (10.0, 50.0)
"""Stiffness of the contact in CON-1 over that of a block of 0.5 held at its sides; 10 is the product's."""


def patch_of_two(comm: MPI.Comm) -> dict[str, float]:
    """CON-1: two blocks of 1 x 0.5 in plane strain, pressed together; one stress in both."""
    found: dict[str, float] = {}
    for factor in PATCH_FACTORS:
        worst: Floats = np.zeros(2)
        for name, (lower, upper, upper_slave) in MEETINGS.items():
            values, loss = _patch(comm, (lower, upper), upper_slave, factor)
            found |= {f"{what}, {name}, f = {factor:g}": value for what, value in values.items()}
            worst = np.maximum(worst, loss)
        found[f"contact force off by, f = {factor:g}"] = worst[0]
        found[f"deepest penetration by h, f = {factor:g}"] = worst[1]
    return found


def _patch(
    comm: MPI.Comm, counts: tuple[int, int], upper_slave: bool, factor: float
) -> tuple[dict[str, float], tuple[float, float]]:
    """Pressures and strains; then the error of the resultant, and the penetration by an element's edge."""
    slab = even(0.0, DEPTH, 1)
    lower, upper = (
        lattice((even(0, 1, count), slab, even(below, below + 0.5, 6)))
        for count, below in zip(counts, (0.0, 0.5), strict=True)
    )
    domain = spread(comm, lambda: joined(lower, upper))
    supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 2)]
    supports.append(held_everywhere(domain, 1))
    push = constant(domain, (0.0, 0.0, -PRESSURE))
    load = traction(push, surface(domain, plane(2, 1.0)))
    body = Body(domain, small_strain(domain, *BLOCK), supports, [load])
    master, slave = sides(domain, plane(2, 0.5))
    if not upper_slave:
        master, slave = slave, master
    contact = Contact(body, slave, master, Cartilage(*BLOCK, 0.5, factor))
    settle(body, 1e-9, terms=[contact], load=ramped(push))
    result, weight = contact.result(), contact.slave.samples.weight_mm2
    of_facet = np.sum(contact.pressure_MPa * weight, axis=1) / weight.sum(axis=1)
    side = displacement_at(body, (1.0, 0.0, 0.25))
    values = {
        "mean pressure": result.mean_pressure_MPa,
        "facets off by": global_max(comm, np.abs(of_facet / PRESSURE - 1.0)),
        "strain zz": side[2] / 0.25,
        "strain xx": side[0],
    }
    force = abs(result.force_N[2]) / (PRESSURE * DEPTH)
    return values, (abs(force - 1.0), result.penetration_mm * max(counts))


def _of_patch(factor: float) -> list[Quantity]:
    """Quantities at one stiffness; facets of meshes that match carry the exact pressure."""
    found = [
        Quantity(f"contact force off by, f = {factor:g}", 0.0, 1e-6, "absolute"),
        Quantity(f"deepest penetration by h, f = {factor:g}", 0.0, 0.05, "absolute"),
    ]
    for name in MEETINGS:
        scatter = 1e-6 if name.startswith("matching") else 0.03
        found += [
            Quantity(f"mean pressure, {name}, f = {factor:g}", PRESSURE, 1e-3),
            Quantity(f"facets off by, {name}, f = {factor:g}", 0.0, scatter, "absolute"),
            Quantity(f"strain zz, {name}, f = {factor:g}", -1.0e-4, 1e-3),
            Quantity(f"strain xx, {name}, f = {factor:g}", 4.2857e-5, 1e-3),
        ]
    return found


DISK, SOLID, DOWN, SIDEWAYS = 3000.0, (1.0, 0.3), 2.0, 1.4
"""CON-4 in mm and MPa for metres and Pa: radius; Young's modulus and Poisson's ratio; ways of the equator."""
DISK_WIDTH, SLAB = 49.9159, 20.0
"""Half width by Hertz and thickness of the slab, mm."""
DISK_FACTORS = (30.0, 100.0)
"""Stiffness of the contact in CON-4 over that of a confined layer as thick as the half width."""


def disk_on_base(comm: MPI.Comm) -> dict[str, float]:
    """CON-4: lower half of a disk in plane strain on a rigid base, pushed down and then sideways."""
    found: dict[str, float] = {}
    edge = DISK_WIDTH / 8
    domain = spread(comm, lambda: _disk_and_base(edge))
    for factor in DISK_FACTORS:
        body, contact, _ = _disk(domain, 0.0, factor)
        settle(body, 1e-9 * SLAB, terms=[contact])
        force = float(contact.result().force_N[2])
        square = contact.slave.samples.place_mm[..., 0] ** 2
        peak, width = elliptic(comm, contact.pressure_MPa, contact.slave.samples.weight_mm2, square)
        moved, after, equator = _disk(domain, SIDEWAYS, factor)
        moved.u.x.array[:] = body.u.x.array
        settle(moved, 1e-9 * SLAB, terms=[after], load=at_share(moved))
        end = after.result()
        found |= {
            f"force by thickness, N/mm, f = {factor:g}": force / SLAB,
            f"peak pressure p0, MPa, f = {factor:g}": peak,
            f"half width a, mm, f = {factor:g}": width,
            f"force moved sideways by force before, f = {factor:g}": end.force_N[2] / force,
            f"contact by support force, f = {factor:g}": -end.force_N[2] / push_up(moved, equator),
            f"deepest penetration by h, f = {factor:g}": end.penetration_mm / edge,
        }
    return found


def _disk_and_base(edge: float) -> Tetrahedra:
    slab = even(0.0, SLAB, 1)
    half = fine_then_growing(edge / DISK, 10, np.pi / 2, 11)
    radii = (DISK - growing(0.0, DISK, 13, edge))[::-1]

    def polar(points: Floats) -> Floats:
        r, angle, y = points.T
        return np.column_stack([r * np.sin(angle), y, DISK - r * np.cos(angle)])

    disk = lattice((radii, np.concatenate([-half[:0:-1], half]), slab), polar)
    return joined(lattice((even(-2500.0, 2500.0, 10), slab, even(-1000.0, 0.0, 2))), disk)


def _disk(domain: mesh.Mesh, way: float, factor: float) -> tuple[Body, Contact, Support]:
    """The disk over the base, their contact, and the support of its equator, which is also moved a way in x.

    The base is held as a whole: its source holds the face of the contact.
    """
    equator = support_where(domain, plane(2, DISK), (0, 2), shift(way, -DOWN))
    base = Support(3, mesh.locate_entities(domain, 3, lambda x: x[2] < 1e-9))
    supports = [held_everywhere(domain, 1), base, equator]
    body = Body(domain, neo_hookean(domain, *SOLID), supports)
    round_face = tagged(domain, lambda x: np.isclose(np.hypot(x[0], x[2] - DISK), DISK, rtol=1e-9)).indices
    flat_face = tagged(domain, plane(2, 0.0)).indices
    return body, Contact(body, round_face, flat_face, Cartilage(*SOLID, DISK_WIDTH, factor)), equator


BENCHMARKS = (
    Benchmark(
        "CON-1",
        "patch test of two blocks (NAFEMS CGS-1)",
        "exact; of meshes that do not match, points of a penalty pass in the mean",
        tuple(quantity for factor in PATCH_FACTORS for quantity in _of_patch(factor)),
        patch_of_two,
    ),
    Benchmark(
        "CON-4",
        "half disk on a rigid base, moved sideways",
        "MOOSE (force), Hertz for that force",
        tuple(
            quantity
            for f in DISK_FACTORS
            for quantity in (
                Quantity(f"force by thickness, N/mm, f = {f:g}", 0.71681107539, 0.02),
                Quantity(f"peak pressure p0, MPa, f = {f:g}", 9.14210e-3, 0.02),
                Quantity(f"half width a, mm, f = {f:g}", DISK_WIDTH, 0.02),
                Quantity(f"force moved sideways by force before, f = {f:g}", 1.0, 1e-6),
                Quantity(f"contact by support force, f = {f:g}", 1.0, 1e-6),
                Quantity(f"deepest penetration by h, f = {f:g}", 0.0, 0.05, "absolute"),
            )
        ),
        disk_on_base,
    ),
)

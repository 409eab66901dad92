"""MAT: states of one stretch everywhere, which any mesh must reproduce; the mesh is uneven on purpose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.solve.body import Body, Density
from pipeline.solve.level import Floats, support_where
from pipeline.solve.verification.benchmark import Benchmark, Quantity
from pipeline.solve.verification.energies import neo_hookean, of_law
from pipeline.solve.verification.equilibrium import ramped, settle
from pipeline.solve.verification.linear import uneven
from pipeline.solve.verification.meshes import even, lattice, spread
from pipeline.solve.verification.probe import displacement_at, stress_at
from pipeline.solve.verification.set_up import constant, held_everywhere, plane, surface, traction

from dolfinx import mesh  # isort: skip
from mpi4py import MPI  # isort: skip

Law = Callable[[mesh.Mesh], Density]
CORNER = (1.0, 1.0, 1.0)
BULK = 1e4
"""Bulk modulus of the near-incompressible bodies, whose shear modulus is 1."""


def cube(comm: MPI.Comm) -> mesh.Mesh:
    """Unit cube of uneven cells. Collective."""
    return spread(comm, lambda: lattice((even(0, 1, 2),) * 3, uneven))


def pulled(
    comm: MPI.Comm, law: Law, stretch: float, axes: tuple[int, ...] = (0,), tolerance_N: float = 1e-10
) -> tuple[Floats, Floats]:
    """Cube whose faces across some axes are moved; deformation gradient and Cauchy stress, (3, 3) both."""
    domain = cube(comm)
    supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in range(3)]
    for axis in axes:
        supports.append(
            support_where(domain, plane(axis, 1.0), (axis,), lambda x: np.full_like(x, stretch - 1.0))
        )
    body = Body(domain, law(domain), supports)
    settle(body, tolerance_N, first_share=0.25)
    F = np.eye(3) + np.diag(displacement_at(body, CORNER))
    return F, stress_at(body, CORNER) @ F.T / np.linalg.det(F)


def sheared(comm: MPI.Comm, law: Law, shear: float) -> Floats:
    """Cube in simple shear u_x = shear y on all faces; Cauchy stress, (3, 3)."""
    domain = cube(comm)

    def move(x: Floats) -> Floats:
        return np.stack([shear * x[1], 0.0 * x[1], 0.0 * x[1]])

    domain.topology.create_connectivity(2, 3)
    faces = [
        support_where(domain, plane(axis, place), value=move) for axis in range(3) for place in (0.0, 1.0)
    ]
    body = Body(domain, law(domain), faces)
    settle(body, 1e-10)
    F = np.eye(3)
    F[0, 1] = shear
    return stress_at(body, CORNER) @ F.T


def compressible_neo_hookean(comm: MPI.Comm) -> dict[str, float]:
    """MAT-1: uniaxial stretch, E = 1, nu = 0.3."""
    found = {}
    for stretch in (0.5, 0.8, 1.2, 2.0):
        F, stress = pulled(comm, lambda domain: neo_hookean(domain, 1.0, 0.3), stretch)
        found[f"lateral stretch at {stretch}"] = F[1, 1]
        found[f"Cauchy stress at {stretch}"] = stress[0, 0]
    return found


def uncoupled_mooney_rivlin(comm: MPI.Comm) -> dict[str, float]:
    """MAT-2: uniaxial stretch, c1 = 1, c2 = 0.1, K = 100."""
    F, stress = pulled(comm, lambda domain: of_law(domain, "mooney_rivlin", 1.0, 0.1, 100.0), 2.0)
    return {
        "lateral stretch at 2": F[1, 1],
        "J at 2": float(np.linalg.det(F)),
        "Cauchy stress at 2": stress[0, 0],
    }


UNIAXIAL = {
    "neo-Hookean": {0.5: -1.75, 0.7: -0.9385714, 1.5: 1.5833333, 2.0: 3.5},
    "Mooney-Rivlin": {0.6: -1.4808889, 0.8: -0.6405, 1.25: 0.7320, 2.0: 3.15},
}
EQUIBIAXIAL = {0.6: -6.4144751, 0.8: -1.671705, 1.25: 1.2826013, 1.5: 2.5655864}
CONSTANTS = {"neo-Hookean": (0.5, 0.0), "Mooney-Rivlin": (0.4, 0.1)}


def incompressible_limits(comm: MPI.Comm) -> dict[str, float]:
    """MAT-3: uniaxial, equibiaxial, simple shear; K / mu = 1e4."""
    found = {}

    def law(name: str) -> Law:
        return lambda domain: of_law(domain, "mooney_rivlin", *CONSTANTS[name], BULK)

    for name, stresses in UNIAXIAL.items():
        for stretch in stresses:
            _, stress = pulled(comm, law(name), stretch)
            found[f"{name}, uniaxial {stretch}"] = stress[0, 0]
    for stretch in EQUIBIAXIAL:
        _, stress = pulled(comm, law("Mooney-Rivlin"), stretch, (0, 1))
        found[f"Mooney-Rivlin, equibiaxial {stretch}"] = stress[0, 0]
    stress = sheared(comm, law("Mooney-Rivlin"), 0.5)
    found["simple shear 0.5, s12"] = stress[0, 1]
    found["simple shear 0.5, s11 - s33"] = stress[0, 0] - stress[2, 2]
    found["simple shear 0.5, s22 - s33"] = stress[1, 1] - stress[2, 2]
    return found


LIGAMENT = (1.44, 0.57, 48.0, 467.1, 1.063)
"""C1, C3, MPa, C4, C5, MPa, and the stretch at which the fibres are straight."""
ALONG_FIBRES = {
    0.95: -0.432379,
    1.02: 1.091490,
    1.04: 3.663724,
    1.06: 10.103123,
    1.08: 19.790115,
    1.10: 29.306168,
}
LIGAMENT_BULK = 3e6
"""Bulk modulus, MPa: it is the stiff fibres that would change the volume, so it is large beside C5."""


def ligament(comm: MPI.Comm) -> dict[str, float]:
    """MAT-4: fibres along x, pulled and pressed along x; K / C5 = 6000."""

    def law(domain: mesh.Mesh) -> Density:
        along = (1.0, 0.0, 0.0)
        return of_law(domain, "transversely_isotropic", *LIGAMENT, LIGAMENT_BULK, fibre=along)

    found = {}
    for stretch in ALONG_FIBRES:
        _, stress = pulled(comm, law, stretch, tolerance_N=1e-6)
        found[f"Cauchy stress at {stretch}"] = stress[0, 0]
    return found


PRESSED = {
    "Mooney-Rivlin": ((0.709, 2.3456, 0.0), -0.034009),
    "neo-Hookean": ((1.2345, 0.0, 0.0), -0.078180),
    "Signorini": ((0.1234, 1.2345, 0.456), -0.070936),
}
"""Constants c10, c01, c20, and displacement of the incompressible solid."""


def pressed_cube(comm: MPI.Comm) -> dict[str, float]:
    """MAT-5: plane strain, dead pressure 0.876 on top, nu = 0.499 and nearly 0.5."""
    found = {}
    for name, ((c10, c01, c20), _) in PRESSED.items():
        for poisson in (0.499, 0.499999):
            bulk = 6 * (c10 + c01) / (3 * (1 - 2 * poisson))
            domain = cube(comm)
            supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
            push = constant(domain, (0.0, -0.876, 0.0))
            body = Body(
                domain,
                of_law(domain, "polynomial2", c10, c01, c20, 0.0, 0.0, bulk),
                [*supports, held_everywhere(domain, 2)],
                [traction(push, surface(domain, plane(1, 1.0)))],
            )
            settle(body, 1e-9, load=ramped(push), first_share=0.5)
            found[f"{name}, nu = {poisson}"] = displacement_at(body, CORNER)[1]
    return found


BENCHMARKS = (
    Benchmark(
        "MAT-1",
        "compressible neo-Hookean, uniaxial",
        "closed form; FEBio ma36",
        tuple(
            quantity
            for stretch, lateral, stress in (
                (0.5, 1.2107674, -0.6380485),
                (0.8, 1.0673384, -0.2106768),
                (1.2, 0.9456326, 0.1956218),
                (2.0, 0.7980775, 1.0154129),
            )
            for quantity in (
                Quantity(f"lateral stretch at {stretch}", lateral, 1e-6),
                Quantity(f"Cauchy stress at {stretch}", stress, 1e-6),
            )
        ),
        compressible_neo_hookean,
    ),
    Benchmark(
        "MAT-2",
        "uncoupled Mooney-Rivlin, uniaxial",
        "closed form; FEBio ma37",
        (
            Quantity("lateral stretch at 2", 0.7156560, 1e-6),
            Quantity("J at 2", 1.0243271, 1e-6),
            Quantity("Cauchy stress at 2", 7.0395343, 1e-6),
        ),
        uncoupled_mooney_rivlin,
    ),
    Benchmark(
        "MAT-3",
        "incompressible limits, K/mu = 1e4",
        "closed form for the incompressible solid",
        (
            *(
                Quantity(f"{name}, uniaxial {stretch}", stress, 1e-3)
                for name, stresses in UNIAXIAL.items()
                for stretch, stress in stresses.items()
            ),
            *(
                Quantity(f"Mooney-Rivlin, equibiaxial {stretch}", stress, 1e-3)
                for stretch, stress in EQUIBIAXIAL.items()
            ),
            Quantity("simple shear 0.5, s12", 0.5, 1e-3),
            Quantity("simple shear 0.5, s11 - s33", 0.2, 1e-3),
            Quantity("simple shear 0.5, s22 - s33", -0.05, 1e-3),
        ),
        incompressible_limits,
    ),
    Benchmark(
        "MAT-4",
        "ligament along its fibres",
        "closed form for the incompressible solid; constants of Weiss and Gardiner",
        tuple(Quantity(f"Cauchy stress at {stretch}", s, 1e-3) for stretch, s in ALONG_FIBRES.items()),
        ligament,
    ),
    Benchmark(
        "MAT-5",
        "plane-strain cube under pressure",
        "closed form for the incompressible solid; Code_Aster SSNV187",
        tuple(
            Quantity(f"{name}, nu = {poisson}", value, tolerance)
            for name, (_, value) in PRESSED.items()
            for poisson, tolerance in ((0.499, 0.002), (0.499999, 1e-4))
        ),
        pressed_cube,
    ),
)

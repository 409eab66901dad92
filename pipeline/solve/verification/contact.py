"""CON: contact of an elastic body with the rigid floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.errors import ConvergenceError
from pipeline.solve.body import Body
from pipeline.solve.floor import Floor
from pipeline.solve.level import Floats, support_where
from pipeline.solve.mpi import global_max
from pipeline.solve.verification.benchmark import Benchmark, Quantity
from pipeline.solve.verification.energies import neo_hookean, small_strain
from pipeline.solve.verification.equilibrium import ramped, settle
from pipeline.solve.verification.meshes import even, graded, lattice, quarter_ball, sector, spread
from pipeline.solve.verification.probe import displacement_at, elliptic
from pipeline.solve.verification.set_up import body_force, constant, plane, tagged

import ufl  # isort: skip
from mpi4py import MPI  # isort: skip


@dataclass(frozen=True)
class Hertz:
    """A ball on a rigid plane: Hertz's half width, peak pressure and approach.

    Attributes:
        radius: R, mm.
        young: E, MPa.
        poisson: nu.
        force: P, N.
    """

    radius: float = 10.0
    young: float = 10.0
    poisson: float = 0.3
    force: float = 1.0

    @property
    def half_width(self) -> float:
        """Half width a = (3 P R / (4 E*))^(1/3) with E* = E / (1 - nu^2), mm."""
        return float((0.75 * self.force * self.radius * (1 - self.poisson**2) / self.young) ** (1 / 3))

    @property
    def peak(self) -> float:
        """Peak pressure 3 P / (2 pi a^2), MPa."""
        return 1.5 * self.force / (np.pi * self.half_width**2)

    @property
    def approach(self) -> float:
        """Approach a^2 / R, mm."""
        return self.half_width**2 / self.radius


HERTZ = Hertz()
PENALTIES = (400.0, 1000.0)
"""Stiffness of the floor in CON-2, MPa/mm; by the half-space 1 mm of approach meets about 8 MPa."""


def ball_on_floor(comm: MPI.Comm) -> dict[str, float]:
    """CON-2: quarter of a half ball, its equator held in z, pressed by a floor with a given force."""
    found = {}
    a = HERTZ.half_width
    domain = spread(comm, lambda: quarter_ball(HERTZ.radius, a / 8, 1.1 * a, 0.45))
    supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
    supports.append(support_where(domain, plane(2, HERTZ.radius), (2,)))
    near = tagged(domain, lambda x: np.asarray((np.linalg.norm(x, axis=0) < 2 * a) & on_ball(x)))
    for penalty in PENALTIES:
        body = Body(domain, neo_hookean(domain, HERTZ.young, HERTZ.poisson), supports)
        floor = Floor(body, near, penalty)
        quarter = HERTZ.force / 4
        settle(body, 1e-8, terms=[floor], kind="multigrid", load=pressing(floor, quarter), driver=floor)
        square = np.sum(floor.samples.place_mm[..., :2] ** 2, axis=-1)
        peak, width = elliptic(comm, floor.pressure_MPa, floor.samples.weight_mm2, square)
        found[f"half width a, mm, k = {penalty:g}"] = width
        found[f"peak pressure p0, MPa, k = {penalty:g}"] = peak
        found[f"approach, mm, k = {penalty:g}"] = floor.value
        found[f"floor force by load, k = {penalty:g}"] = floor.total_force_N()[2] / quarter
        deepest = global_max(comm, -floor.gap_mm)
        found[f"deepest penetration by h, k = {penalty:g}"] = deepest / (a / 8)
    return found


def pressing(floor: Floor, force_N: float) -> Callable[[float], float]:
    """Load of a march that presses the floor up with a force. Collective."""

    def load(share: float) -> float:
        floor.meet(share * force_N)
        return share * force_N

    return load


def on_ball(x: Floats) -> np.ndarray:  # type: ignore[type-arg]
    """The surface of the ball that stands on the origin."""
    away = np.linalg.norm(x - np.array([[0.0], [0.0], [HERTZ.radius]]), axis=0)
    return np.asarray(np.isclose(away, HERTZ.radius, rtol=1e-6))


HAYES = {(0.4, 0.3): 1.4726, (1.0, 0.4): 2.7938, (2.0, 0.4): 5.2985}
"""Factor kappa of P = 4 G a w kappa / (1 - nu) by a / h and nu."""


def flat_punch(comm: MPI.Comm) -> dict[str, float]:
    """CON-5: layer of thickness 1, radius 8, bonded above, met from below by a stiff floor within r < a."""
    found = {}
    depth, modulus = 1e-3, 1.0
    for (a, poisson), _ in HAYES.items():
        inside, outside = graded(a, 0.0, 7, 8.0)[::-1], graded(a, 8.0, 11, 120.0)
        axes = (
            np.concatenate([inside, outside[1:]]),
            even(0, np.pi / 2, 8),
            graded(0.0, 1.0, 6, 6.0),
        )
        domain = spread(comm, lambda: lattice(axes, sector))  # noqa: B023
        supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
        supports.append(support_where(domain, plane(2, 1.0)))
        body = Body(domain, small_strain(domain, modulus, poisson), supports)
        under = tagged(
            domain,
            lambda x: np.asarray((np.hypot(x[0], x[1]) < a * (1 + 1e-9)) & (np.abs(x[2]) < 1e-9)),  # noqa: B023
        )
        floor = Floor(body, under, 1e4 * modulus)
        floor.value = depth
        settle(body, 1e-10, terms=[floor], kind="multigrid")
        shear = modulus / (2 * (1 + poisson))
        found[f"kappa, a/h = {a}, nu = {poisson}"] = (
            4 * floor.pull() * (1 - poisson) / (4 * shear * a * depth)
        )
    return found


HEIGHT, WEIGHT_DENSITY, SOFT, SIDE = 0.1, 9810.0, (1e5, 0.3), 0.05
"""CON-7 in metres and newtons: height, weight per volume, Young's modulus and Poisson's ratio, side."""


def column(comm: MPI.Comm) -> tuple[Body, Floor, float]:
    """Column between smooth walls under its weight, and a floor that carries it; the body has no other."""
    axes = (even(0, SIDE, 2), even(0, SIDE, 2), even(0, HEIGHT, 4))
    domain = spread(comm, lambda: lattice(axes))
    walls = [support_where(domain, plane(axis, place), (axis,)) for axis in (0, 1) for place in (0.0, SIDE)]
    gravity = body_force(constant(domain, (0.0, 0.0, -WEIGHT_DENSITY)), ufl.dx(domain=domain))
    body = Body(domain, neo_hookean(domain, *SOFT), walls, [gravity])
    stiffness = 1e3 * SOFT[0] / HEIGHT
    floor = Floor(body, tagged(domain, plane(2, 0.0)), stiffness)
    floor.value = WEIGHT_DENSITY * HEIGHT / stiffness
    return body, floor, WEIGHT_DENSITY * HEIGHT * SIDE**2


def standing_column(comm: MPI.Comm) -> dict[str, float]:
    """CON-7: with the floor it stands, without it the solve fails and says why."""
    body, floor, weight = column(comm)
    settle(body, 1e-10 * weight, terms=[floor])
    found = {
        "floor force by weight": floor.total_force_N()[2] / weight,
        "base pressure, Pa": floor.pull() / SIDE**2,
        "u_z at the top, m": displacement_at(body, (0.0, 0.0, HEIGHT))[2],
    }
    fallen, _, _ = column(comm)
    try:
        settle(fallen, 1e-10 * weight, load=ramped())
        found["fails without the floor, saying that a body is free"] = 0.0
    except ConvergenceError as fault:
        found["fails without the floor, saying that a body is free"] = float("free to move" in str(fault))
    return found


BENCHMARKS = (
    Benchmark(
        "CON-2",
        "elastic ball on the rigid floor",
        "Hertz; the approach is counted to the equator, not to infinity",
        tuple(
            quantity
            for k in PENALTIES
            for quantity in (
                Quantity(f"half width a, mm, k = {k:g}", 0.880442, 0.05),
                Quantity(f"peak pressure p0, MPa, k = {k:g}", 0.615942, 0.05),
                Quantity(f"approach, mm, k = {k:g}", 0.0775179, 0.05),
                Quantity(f"floor force by load, k = {k:g}", 1.0, 1e-6),
                Quantity(f"deepest penetration by h, k = {k:g}", 0.0, 0.05, "absolute"),
            )
        ),
        ball_on_floor,
    ),
    Benchmark(
        "CON-5",
        "flat punch on a bonded layer (Hayes)",
        "Fredholm equation, confirmed by axisymmetric p-FEM",
        tuple(Quantity(f"kappa, a/h = {a}, nu = {nu}", kappa, 0.02) for (a, nu), kappa in HAYES.items()),
        flat_punch,
    ),
    Benchmark(
        "CON-7",
        "column under gravity on the floor",
        "closed form",
        (
            Quantity("floor force by weight", 1.0, 1e-8),
            Quantity("base pressure, Pa", 981.0, 1e-8),
            Quantity("u_z at the top, m", -3.643714e-4, 0.01),
            Quantity("fails without the floor, saying that a body is free", 1.0, 0.0, "absolute"),
        ),
        standing_column,
    ),
)

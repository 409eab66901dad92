"""CON: articular contact of round bodies: two balls, a ball in its socket."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.contact import Cartilage, Contact
from pipeline.solve.level import support_where
from pipeline.solve.verification.benchmark import Benchmark, Quantity
from pipeline.solve.verification.contact import Hertz
from pipeline.solve.verification.energies import small_strain
from pipeline.solve.verification.equilibrium import at_share, settle
from pipeline.solve.verification.meshes import (
    Tetrahedra,
    ball,
    fine_then_growing,
    growing,
    joined,
    shell,
    spread,
)
from pipeline.solve.verification.probe import elliptic, push_up
from pipeline.solve.verification.set_up import plane, shift, sphere, tagged

from mpi4py import MPI  # isort: skip


@dataclass(frozen=True)
class Pressed:
    """What two round bodies carry on a quarter of their contact.

    Attributes:
        force: four times the force of the contact, N.
        peak: peak pressure p0, MPa.
        width: half width a, mm.
        penetration: deepest penetration, mm.
    """

    force: float
    peak: float
    width: float
    penetration: float

    @classmethod
    def of(cls, comm: MPI.Comm, contact: Contact) -> Pressed:
        """Measured at the present state. Collective."""
        result, samples = contact.result(), contact.slave.samples
        square = np.sum(samples.place_mm[..., :2] ** 2, axis=-1)
        peak, width = elliptic(comm, contact.pressure_MPa, samples.weight_mm2, square)
        return cls(4 * abs(float(result.force_N[2])), peak, width, result.penetration_mm)


BALL, SOLID, NEARER, BALLS_WIDTH = 50.0, (20000.0, 0.3), 2.0, 10.0
"""CON-3: radius, mm; Young's modulus, MPa, and Poisson's ratio; way of each equator, mm; half width, mm."""
BALL_FACTORS = (10.0, 20.0)
"""Stiffness of the contact in CON-3 over that of a confined layer as thick as the half width."""


def two_balls(comm: MPI.Comm) -> dict[str, float]:
    """CON-3: two equal balls, their equators moved towards each other and free to widen.

    Up to its equator a ball that is pressed at both poles yields 7 % less than Hertz counts to infinity
    (Tatara 1991, J. Eng. Mater. Technol. 113:285-291). For the same way that is 4 % more of the peak and the
    half width, of which the penetration takes some of the peak back. So both are compared, too, with what
    Hertz gives for the force that is found.
    """
    found: dict[str, float] = {}
    edge = BALLS_WIDTH / 5
    for factor in BALL_FACTORS:
        domain = spread(comm, lambda: joined(ball(BALL, edge, 7, -BALL, 1.0), ball(BALL, edge, 7, BALL)))
        supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
        below, above = (
            support_where(domain, plane(2, side * BALL), (2,), shift(0.0, -side * NEARER)) for side in (-1, 1)
        )
        body = Body(domain, small_strain(domain, *SOLID), [*supports, below, above])
        lower, upper = (tagged(domain, sphere(BALL, side * BALL)).indices for side in (-1, 1))
        contact = Contact(body, upper, lower, Cartilage(*SOLID, BALLS_WIDTH, factor))
        settle(body, 1e-3, terms=[contact])
        pressed = Pressed.of(comm, contact)
        hertz = Hertz(BALL / 2, SOLID[0] / 2, SOLID[1], pressed.force)
        found |= {
            f"peak pressure p0, MPa, f = {factor:g}": pressed.peak,
            f"half width a, mm, f = {factor:g}": pressed.width,
            f"p0 by Hertz's for the force, f = {factor:g}": pressed.peak / hertz.peak,
            f"a by Hertz's for the force, f = {factor:g}": pressed.width / hertz.half_width,
            f"contact by support force, f = {factor:g}": pressed.force / (4 * push_up(body, below)),
            f"deepest penetration by h, f = {factor:g}": pressed.penetration / edge,
        }
    return found


HEAD, SOCKET, JOINT, PRESS = 10.0, 12.0, (10.0, 0.4), 0.5
"""CON-6: radii of ball and socket, mm; Young's modulus, MPa, and Poisson's ratio; force, N."""
JOINT_WIDTH, JOINT_APPROACH = 1.557748, 0.0404430
"""Half width and approach by Hertz, mm."""
JOINT_FACTORS = (10.0, 30.0)
"""Stiffness of the contact in CON-6 over that of a confined layer as thick as the half width."""


def ball_in_socket(comm: MPI.Comm) -> dict[str, float]:
    """CON-6: half ball, its equator moved, in a socket held ten times its radius away; not matching."""
    found: dict[str, float] = {}
    edge = JOINT_WIDTH / 6
    domain = spread(comm, lambda: joined(_socket(JOINT_WIDTH / 4, 5), ball(HEAD, edge, 8, HEAD)))
    for factor in JOINT_FACTORS:
        supports = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
        supports.append(support_where(domain, plane(2, HEAD), (2,), shift(0.0, -JOINT_APPROACH)))
        outside = support_where(domain, sphere(10 * SOCKET, SOCKET))
        body = Body(domain, small_strain(domain, *JOINT), [*supports, outside])
        head, socket = (tagged(domain, sphere(radius, radius)).indices for radius in (HEAD, SOCKET))
        contact = Contact(body, head, socket, Cartilage(*JOINT, JOINT_WIDTH, factor))
        share = _share_that_carries(comm, body, contact)
        pressed = Pressed.of(comm, contact)
        found |= {
            f"half width a, mm, f = {factor:g}": pressed.width,
            f"peak pressure p0, MPa, f = {factor:g}": pressed.peak,
            f"approach, mm, f = {factor:g}": share * JOINT_APPROACH,
            f"contact force by load, f = {factor:g}": pressed.force / PRESS,
            f"contact by support force, f = {factor:g}": pressed.force / (4 * push_up(body, outside)),
            f"deepest penetration by h, f = {factor:g}": pressed.penetration / edge,
        }
    return found


def _socket(fine: float, inner: int) -> Tetrahedra:
    radii = growing(SOCKET, 10 * SOCKET, 9, fine)
    return shell(radii, fine_then_growing(fine / SOCKET, inner, np.pi / 2, 6), SOCKET)


def _share_that_carries(comm: MPI.Comm, body: Body, contact: Contact) -> float:
    """Share of the approach at which the contact carries the load, from P ~ approach^(3/2). Collective."""
    share, force = 1.0, PRESS
    for _ in range(5):
        share *= (PRESS / force) ** (2 / 3)
        settle(body, 1e-9 * PRESS, terms=[contact], load=at_share(body, share))
        force = Pressed.of(comm, contact).force
    return share


BENCHMARKS = (
    Benchmark(
        "CON-3",
        "two balls (SSNV104)",
        "Hertz; the approach is counted to the equators, not to infinity",
        tuple(
            quantity
            for f in BALL_FACTORS
            for quantity in (
                Quantity(f"peak pressure p0, MPa, f = {f:g}", 2798.3287, 0.03),
                Quantity(f"half width a, mm, f = {f:g}", BALLS_WIDTH, 0.05),
                Quantity(f"p0 by Hertz's for the force, f = {f:g}", 1.0, 0.03),
                Quantity(f"a by Hertz's for the force, f = {f:g}", 1.0, 0.03),
                Quantity(f"contact by support force, f = {f:g}", 1.0, 1e-6),
                Quantity(f"deepest penetration by h, f = {f:g}", 0.0, 0.1, "absolute"),
            )
        ),
        two_balls,
    ),
    Benchmark(
        "CON-6",
        "ball in a conforming socket",
        "Hertz; the approach is counted to the equator, not to infinity",
        tuple(
            quantity
            for f in JOINT_FACTORS
            for quantity in (
                Quantity(f"half width a, mm, f = {f:g}", JOINT_WIDTH, 0.05),
                Quantity(f"peak pressure p0, MPa, f = {f:g}", 0.0983823, 0.05),
                Quantity(f"approach, mm, f = {f:g}", JOINT_APPROACH, 0.05),
                Quantity(f"contact force by load, f = {f:g}", 1.0, 1e-6),
                Quantity(f"contact by support force, f = {f:g}", 1.0, 1e-6),
                Quantity(f"deepest penetration by h, f = {f:g}", 0.0, 0.05, "absolute"),
            )
        ),
        ball_in_socket,
    ),
)

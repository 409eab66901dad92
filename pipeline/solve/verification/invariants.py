"""INV: what holds for every model, shown on a soft dome that a rigid floor presses against its clamp."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.floor import FLAT, Floor, FloorProfile
from pipeline.solve.level import Floats, Support, support_where
from pipeline.solve.mpi import global_sum, integrate
from pipeline.solve.system import System
from pipeline.solve.verification.benchmark import Benchmark, Quantity
from pipeline.solve.verification.contact import pressing
from pipeline.solve.verification.energies import neo_hookean
from pipeline.solve.verification.equilibrium import Solver, settle
from pipeline.solve.verification.meshes import even, lattice, spread
from pipeline.solve.verification.probe import displacement_at, support_work
from pipeline.solve.verification.set_up import constant, plane, surface, tagged, traction

import ufl  # isort: skip
from mpi4py import MPI  # isort: skip

SIDE, HEIGHT, FORCE = 4.0, 6.0, 3.0
"""Side and height of the dome, and the force on it; mm, N."""


@dataclass
class Dome:
    """A dome of 4 x 4 x 6 mm, clamped above, on a floor. Making it is collective.

    Attributes:
        comm: communicator.
        length: what a millimetre is in the units of the model; 1e-3 for metres.
        stress: what a megapascal is.
        profile: height of the floor, in mm.
        side_MPa: dead traction in y on the wall at the largest x.
    """

    comm: MPI.Comm
    length: float = 1.0
    stress: float = 1.0
    profile: FloorProfile = FLAT
    side_MPa: float = 0.0

    def __post_init__(self) -> None:
        axes = (even(0, SIDE, 4), even(0, SIDE, 4), even(0, HEIGHT, 4))
        domain = spread(self.comm, lambda: lattice(axes, self._bent))
        low = tagged(domain, lambda x: np.asarray(x[2] < 0.85 * self.length))
        self.clamp: Support = support_where(domain, plane(2, HEIGHT * self.length))
        self.force = FORCE * self.stress * self.length**2
        self.side = surface(domain, plane(0, SIDE * self.length))
        self.push = constant(domain, (0.0, self.side_MPa * self.stress, 0.0))
        loads = [traction(self.push, self.side)] if self.side_MPa else []
        energy = neo_hookean(domain, 1.6 * self.stress, 0.38)
        self.body = Body(domain, energy, [self.clamp], loads)
        self.floor = Floor(self.body, low, 5.0 * self.stress / self.length, self.profile)

    def _bent(self, points: Floats) -> Floats:
        moved = points.copy()
        off = (points[:, 0] - SIDE / 2) ** 2 + (points[:, 1] - SIDE / 2) ** 2
        moved[:, 2] += 0.1 * off * (1.0 - points[:, 2] / HEIGHT)
        return self.length * moved

    def press(self, kind: Solver = "direct") -> Dome:
        """Bring it to its force. Collective."""
        load = pressing(self.floor, self.force)
        settle(self.body, 1e-11 * self.force, terms=[self.floor], kind=kind, load=load, driver=self.floor)
        return self

    def press_to(self, rise: float) -> System:
        """Bring it to a rise of the floor. Collective."""
        self.floor.value = rise
        return settle(self.body, 1e-11 * self.force, terms=[self.floor], load=lambda _: 0.0)

    def corner(self, x: float, y: float) -> Floats:
        """Displacement of a corner of the bottom by the length of a millimetre. Collective."""
        z = 0.1 * ((x - SIDE / 2) ** 2 + (y - SIDE / 2) ** 2)
        place = (self.length * x, self.length * y, self.length * z)
        return np.asarray(displacement_at(self.body, place) / self.length)


def balance(comm: MPI.Comm) -> dict[str, float]:
    """INV-1: clamp, floor and side load hold each other, in force and in moment where they act now."""
    rocker = FloorProfile(0.0, 1.5, 12.0)
    dome = Dome(comm, profile=rocker, side_MPa=0.02).press("multigrid")
    body, floor = dome.body, dome.floor
    now = ufl.SpatialCoordinate(body.domain) + body.u
    side = np.array([integrate(dome.push[i] * dome.side) for i in range(3)])
    force = body.support_force_N() + floor.total_force_N() + side
    place = floor.samples.place_mm + floor.samples.on(body.level).field(body.u.x.array)
    push = np.zeros_like(place)
    push[..., 2] = floor.pressure_MPa * floor.samples.weight_mm2
    push[..., 0] = -push[..., 2] * rocker.slope(place[..., 0])
    moment = np.asarray(global_sum(comm, np.cross(place, push).sum(axis=(0, 1))))
    turned = ufl.cross(now, dome.push)
    for axis, unit in enumerate(np.eye(3)):
        moment[axis] += integrate(turned[axis] * dome.side)
        moment[axis] += support_work(body, dome.clamp, partial(rotation, unit))
    return {
        "sum of forces by load": float(np.linalg.norm(force)) / dome.force,
        "sum of moments by load and height": float(np.linalg.norm(moment)) / (dome.force * HEIGHT),
    }


def rotation(axis: Floats, x: Floats) -> Floats:
    """Displacement of places, (3, n), in a small rotation about an axis through the origin."""
    return np.asarray(np.cross(axis, x.T).T)


def work(comm: MPI.Comm) -> dict[str, float]:
    """INV-2: what the rising floor does is stored in dome and floor; Gauss's rule with five points."""
    dome, first, last = Dome(comm), 0.2, 1.2
    begin = dome.press_to(first).energy()
    points, weights = np.polynomial.legendre.leggauss(5)
    done = 0.0
    for point, weight in zip(points, weights, strict=True):
        dome.press_to(first + (last - first) * (point + 1.0) / 2.0)
        done += weight * (last - first) / 2.0 * dome.floor.pull()
    return {"work by stored energy": done / (dome.press_to(last).energy() - begin)}


def scaled(comm: MPI.Comm, length: float, stress: float) -> dict[str, float]:
    """A dome in other units, by that in millimetres and megapascals. Collective."""
    plain, other = (Dome(comm, *units).press("multigrid") for units in ((1.0, 1.0), (length, stress)))
    corner = plain.corner(SIDE, 0.0)
    off = np.linalg.norm(other.corner(SIDE, 0.0) - corner) / np.linalg.norm(corner)
    return {
        "rise of the floor by that of the first": other.floor.value / length / plain.floor.value,
        "a corner apart": float(off),
    }


def stress_units(comm: MPI.Comm) -> dict[str, float]:
    """INV-3: all stiffnesses and loads times 1e6, as in pascals, leave the displacement as it is."""
    return scaled(comm, 1.0, 1e6)


def length_units(comm: MPI.Comm) -> dict[str, float]:
    """INV-4: metres for millimetres give the same shape."""
    return scaled(comm, 1e-3, 1.0)


def symmetry(comm: MPI.Comm) -> dict[str, float]:
    """INV-5: on a flat floor all four corners of the dome move alike."""
    dome = Dome(comm).press()
    alike = np.array(
        [
            dome.corner(x, y) * (1.0 if x == 0.0 else -1.0, 1.0 if y == 0.0 else -1.0, 1.0)
            for x in (0.0, SIDE)
            for y in (0.0, SIDE)
        ]
    )
    return {"corners apart": float(np.ptp(alike, axis=0).max() / np.abs(alike).max())}


SAME = (
    Quantity("rise of the floor by that of the first", 1.0, 1e-8),
    Quantity("a corner apart", 0.0, 1e-8, "absolute"),
)

BENCHMARKS = (
    Benchmark(
        "INV-1",
        "forces and moments balance",
        "statics",
        (
            Quantity("sum of forces by load", 0.0, 1e-8, "absolute"),
            Quantity("sum of moments by load and height", 0.0, 1e-8, "absolute"),
        ),
        balance,
    ),
    Benchmark(
        "INV-2",
        "work is stored",
        "conservation of energy",
        (Quantity("work by stored energy", 1.0, 1e-3),),
        work,
    ),
    Benchmark("INV-3", "stress units do not matter", "dimensional analysis", SAME, stress_units),
    Benchmark("INV-4", "length units do not matter", "dimensional analysis", SAME, length_units),
    Benchmark(
        "INV-5",
        "a symmetric model moves symmetrically",
        "symmetry",
        (Quantity("corners apart", 0.0, 1e-8, "absolute"),),
        symmetry,
    ),
)

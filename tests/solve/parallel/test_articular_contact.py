"""Contact of two meshed surfaces: derivatives, balance, patch, Hertz, socket, large turns, lost contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from pipeline.errors import ConvergenceError
from pipeline.solve.body import Body
from pipeline.solve.contact import Cartilage, Contact, ContactResult, penetration_share, tighten
from pipeline.solve.contact.smoothing import heights
from pipeline.solve.contact.triangle import EDGES
from pipeline.solve.level import Floats, Support, support_where
from pipeline.solve.linear import LinearSettings
from pipeline.solve.mpi import global_max, global_sum
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.samples import FacetSamples
from pipeline.solve.system import System
from tests.solve.models import agree
from tests.solve.pairs import COMM, LOWER_FACE, LOWER_FAR, UPPER_FACE, UPPER_FAR, Block, Pair, pair

import ufl  # isort: skip
from dolfinx import fem  # isort: skip

ORDERS = [(UPPER_FACE, LOWER_FACE), (LOWER_FACE, UPPER_FACE)]


def small_strain(young: float, poisson: float) -> Callable[[Any], Any]:
    """Density of small strain, which is what the closed forms below are of."""
    lam, mu = young * poisson / ((1 + poisson) * (1 - 2 * poisson)), young / (2 * (1 + poisson))

    def density(F: Any) -> Any:
        strain = ufl.sym(F - ufl.Identity(3))
        return lam / 2 * ufl.tr(strain) ** 2 + mu * ufl.inner(strain, strain)

    return density


def neo_hooke(F: Any) -> Any:
    """Compressible neo-Hookean solid of 10 MPa and ratio 0.3."""
    mu, lam, log = 10 / 2.6, 3 / (1.3 * 0.4), ufl.ln(ufl.det(F))
    return mu / 2 * (ufl.inner(F, F) - 3) - mu * log + lam / 2 * log**2


def even(first: float, last: float, count: int) -> Floats:
    """Evenly spaced coordinates."""
    return np.linspace(first, last, count).astype(np.float64)


def contact_of(body: Body, two: Pair, sides: tuple[int, int], layer: Cartilage, **more: Any) -> Contact:
    """Contact of both facing sides, the slave first."""
    return Contact(body, two.tagged(sides[0]), two.tagged(sides[1]), layer, **more)


def bowls() -> Pair:
    """Two blocks of different meshes with a shallow bowl and a ball of nearly its radius, 0.05 mm apart."""

    def bowl(points: Floats) -> Floats:
        x, y, z = points.T
        return np.column_stack([x, y, z + (z / 2.0) * (x**2 + y**2) / 20.0])

    def ball(points: Floats) -> Floats:
        x, y, z = points.T
        return np.column_stack([x, y, z + (1.0 - (z - 2.05) / 2.0) * (x**2 + y**2) / 18.0])

    lower = Block((even(-3.0, 3.0, 6), even(-3.0, 3.0, 5), even(0.0, 2.0, 3)), bowl)
    upper = Block((even(-2.0, 2.0, 4), even(-2.0, 2.0, 4), even(2.05, 4.05, 3)), ball)
    return pair(lower, upper)


def deep(sides: tuple[int, int] = ORDERS[0]) -> tuple[Body, Contact]:
    """The bowls pressed and twisted into each other by 0.2 mm, pressures of 0.9 MPa."""
    two = bowls()
    body = Body(two.domain, neo_hooke)
    contact = contact_of(body, two, sides, Cartilage(10.0, 0.3, 4.0, 0.9))
    body.u.interpolate(
        lambda x: np.array(
            [0.2 * np.sin(x[1]) + 0.1 * x[2], 0.1 * x[0] - 0.05 * x[1], 0.1 * np.cos(x[0]) - 0.12 * x[2]]
        )
    )
    below = fem.Function(body.level.space)
    below.interpolate(lambda x: np.array([0 * x[0], 0 * x[0], 0.2 + 0.05 * np.sin(x[0])]), cells0=two.lower)
    body.u.x.array[:] += below.x.array
    body.u.x.scatter_forward()
    contact.refresh()
    return body, contact


@pytest.mark.parametrize("kind", ["direct", "multigrid"])
def test_slope_and_curvature_are_those_of_the_energy(kind: Any) -> None:
    """Taylor: E(u + h d) - E - h E' d and the remainder of the force both fall with the square of h."""
    body, contact = deep()
    system, bare = System(body, [contact], LinearSettings(kind, 1e-8)), System(body)
    direction = fem.Function(body.level.space)
    direction.interpolate(lambda x: np.array([np.cos(2 * x[1]), np.sin(x[0] + x[2]), np.cos(x[0] * x[1])]))
    d, start = direction.x.petsc_vec, body.u.x.array.copy()
    force, after, own, slope, own_slope = (system.vector() for _ in range(5))

    def measure(out: Any) -> float:
        system.force(out)
        bare.force(own)
        out.axpy(-1.0, own)
        return contact.energy()

    energy = measure(force)
    system.assemble()
    bare.assemble()
    system.matrix.mult(d, slope)
    bare.matrix.mult(d, own_slope)
    slope.axpy(-1.0, own_slope)
    left_energy, left_force, rate = [], [], force.dot(d)
    for h in (2e-3 * 0.5**k for k in range(5)):
        body.u.x.array[:] = start + h * direction.x.array
        left_energy.append(abs(measure(after) - energy - h * rate))
        left_force.append((after - force - h * slope).norm())
    for left in (left_energy, left_force):
        assert np.log2(np.array(left[:-1]) / left[1:]) == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("sides", ORDERS)
def test_force_and_moment_balance(sides: tuple[int, int]) -> None:
    """The forces of a pair and their moments sum to zero to rounding, and half of them are the resultant."""
    body, contact = deep(sides)
    number, values = contact.force()
    space = body.level.space
    nodes = space.dofmap.index_map.size_global
    whole = np.zeros((nodes, 3))
    first, last = space.dofmap.index_map.local_range
    whole[first:last] = (space.tabulate_dof_coordinates() + body.u.x.array.reshape(-1, 3))[: last - first]
    place = global_sum(COMM, whole)[number.reshape(-1, 3)[:, 0] // 3]
    force = values.reshape(-1, 3)
    found = contact.result()
    assert found.load_N > 5.0
    assert np.abs(global_sum(COMM, force.sum(axis=0))).max() < 1e-14 * found.load_N
    assert np.abs(global_sum(COMM, np.cross(place, force).sum(axis=0))).max() < 1e-13 * found.load_N
    assert np.linalg.norm(found.force_N) == pytest.approx(found.load_N, rel=0.02)


def test_the_same_on_any_number_of_ranks() -> None:
    """Force, area, centre and peak as one rank found them, to 1e-10."""
    found = deep()[1].result()
    assert found.force_N == pytest.approx(FORCE_N, rel=1e-10)
    assert found.centre_mm == pytest.approx(CENTRE_mm, rel=1e-10)
    assert [found.area_mm2, found.peak_pressure_MPa] == pytest.approx(AREA_PEAK, rel=1e-10)
    agree([round(float(x), 9) for x in found.force_N])


FORCE_N = [-0.20663063446608645, 0.020342673144924175, 7.021650071773045]
CENTRE_mm = [0.5266699273165507, 0.030417153367942724, 2.0059434116057027]
AREA_PEAK = [15.163194784384954, 0.6243785944546888]
"""As one rank found them."""


def test_height_of_a_sphere_over_its_facets() -> None:
    """Over the middle of an edge h of a sphere R it is h^2 / 8R, at the border of the patch too, to 2 %."""
    two = pair(cap(np.array([10.0, 12.0]), 30.0, 10), Block((even(0, 1, 2), even(0, 1, 2), even(0, 1, 2))))
    contact = contact_of(Body(two.domain, neo_hooke), two, ORDERS[1], Cartilage(1.0, 0.3, 1.0))
    rest = contact.slave.rest_mm
    chord = np.linalg.norm(rest[:, EDGES[:, 0]] - rest[:, EDGES[:, 1]], axis=-1)
    found = heights(rest, contact.slave.identity)
    np.testing.assert_allclose(found[:, 3:], -(chord**2) / 80.0, rtol=0.02)
    np.testing.assert_array_equal(found[:, :3], 0.0)


@pytest.mark.parametrize("sides", ORDERS)
@pytest.mark.parametrize("matching", [True, False])
def test_patch_of_two_blocks(sides: tuple[int, int], matching: bool) -> None:
    """CON-1: 109.89 MPa on two blocks, plane strain, E = 1e6, nu = 0.3: that pressure at every point.

    Meshes that do not match pass in the weak sense of a penalty at points: measured, points are off by up to
    2.9 % with the finer side as slave and 8.9 % with the coarser one, means of facets by 1.0 and 2.0 %.
    """
    pressure = 109.89
    lower = even(0.0, 1.0, 4)
    upper = lower if matching else even(0.0, 1.0, 6)
    flat = np.array([0.0, 0.3])
    two = pair(Block((lower, flat, even(0.0, 0.5, 3))), Block((upper, flat, even(0.5, 1.0, 3))))
    supports = [
        support_where(two.domain, lambda x: np.isclose(x[2], 0.0), (2,)),
        support_where(two.domain, lambda x: np.isclose(x[0], 0.0), (0,)),
        support_where(two.domain, lambda x: np.isclose(x[1], 0.0) | np.isclose(x[1], 0.3), (1,)),
    ]
    on_top = ufl.conditional(ufl.gt(ufl.SpatialCoordinate(two.domain)[2], 0.999), 1.0, 0.0)
    load = lambda _, v: -pressure * on_top * v[2] * ufl.ds  # noqa: E731
    body = Body(two.domain, small_strain(1e6, 0.3), supports, [load])
    contact = contact_of(body, two, sides, Cartilage(1e6, 0.3, 0.5))
    Newton(System(body, [contact]), NewtonSettings(1e-8)).solve()
    found = contact.result()
    assert abs(found.force_N[2]) == pytest.approx(pressure * 0.3, rel=1e-9)
    assert found.area_mm2 == pytest.approx(0.3, rel=1e-3)
    weight = contact.slave.samples.weight_mm2
    mean = np.sum(contact.pressure_MPa * weight, axis=1) / weight.sum(axis=1)
    point_off, facet_off = (
        global_max(COMM, np.abs(each / pressure - 1.0)) for each in (contact.pressure_MPa, mean)
    )
    assert point_off < (1e-9 if matching else 0.10)
    assert facet_off < (1e-9 if matching else 0.025)


@dataclass(frozen=True)
class Hertz:
    """Two bodies of equal tissue, z = r^2 / 2R both, the upper one above; mm, MPa.

    Only a / R counts for what the theory leaves out, and it is 0.04 here.
    """

    lower_radius: float
    upper_radius: float
    poisson: float
    young: float = 10.0
    half_width: float = 0.4

    @property
    def radius(self) -> float:
        """Of the sphere on a plane with the same gap."""
        return 1.0 / (1.0 / self.upper_radius - 1.0 / self.lower_radius)

    @property
    def force(self) -> float:
        """4 E* a^3 / 3R with E* = E / 2 (1 - nu^2), N."""
        return 2.0 * self.young / (1.0 - self.poisson**2) * self.half_width**3 / (3.0 * self.radius)

    @property
    def peak(self) -> float:
        """3 P / 2 pi a^2, MPa."""
        return 1.5 * self.force / (np.pi * self.half_width**2)

    @property
    def far(self) -> float:
        """Extent of the model."""
        return 8.0 * self.half_width

    def pressure(self, r: Floats) -> Floats:
        """Pressure at distances from the axis."""
        return self.peak * np.sqrt(np.maximum(0.0, 1.0 - (r / self.half_width) ** 2))

    def point_load(self, x: Floats, sign: float) -> Floats:
        """Displacement of a half-space under the force, (3, n); Johnson 1985, equations 3.18 and 3.19."""
        depth, r = np.abs(x[2]), np.hypot(x[0], x[1])
        rho = np.hypot(depth, r)
        scale = self.force * (1.0 + self.poisson) / (2.0 * np.pi * self.young)
        out = scale * (depth / rho**3 - (1.0 - 2.0 * self.poisson) / (rho * (rho + depth)))
        down = scale * (2.0 * (1.0 - self.poisson) / rho + depth**2 / rho**3)
        return np.array([out * x[0], out * x[1], sign * down])

    def pair(self) -> Pair:
        """Quarters of both, with meshes that do not match."""

        def curved(radius: float) -> Callable[[Floats], Floats]:
            def bend(points: Floats) -> Floats:
                x, y, z = points.T
                lift = (1.0 - np.abs(z) / self.far) * (x**2 + y**2) / (2.0 * radius)
                return np.column_stack([x, y, z + lift])

            return bend

        fine, coarse, down = (self._graded(n, 1.3 if n > 3 else 1.0) for n in (5, 4, 3))
        lower = Block((fine, fine, -down[::-1]), curved(self.lower_radius))
        return pair(lower, Block((coarse, coarse, down), curved(self.upper_radius)))

    def _graded(self, inner: int, fine: float) -> Floats:
        near = np.linspace(0.0, fine * self.half_width, inner + 1)
        return np.concatenate([near, np.geomspace(near[-1], self.far, 5)[1:]])

    def supports(self, two: Pair) -> list[Support]:
        """Far sides move as under a point load, the upper ones also by the approach; symmetry on the rest."""
        found = []
        for tag, sign in ((LOWER_FAR, -1.0), (UPPER_FAR, 1.0)):
            facets = two.tagged(tag)
            corners = FacetSamples(two.domain, facets).corner_mm
            near = [np.all(np.isclose(corners[..., k], 0.0), axis=1) for k in (0, 1)]
            approach = self.half_width**2 / self.radius if sign > 0 else 0.0

            def move(x: Floats, sign: float = sign, approach: float = approach) -> Floats:
                return self.point_load(x, sign) - np.array([[0.0], [0.0], [approach]])

            found.append(Support(2, facets[~(near[0] | near[1])], value=move))
            found += [Support(2, facets[near[k]], (k,)) for k in (0, 1)]
        return found


@pytest.mark.parametrize(
    ("case", "sides"), [(Hertz(-20.0, 20.0, 0.3), ORDERS[1]), (Hertz(12.0, 10.0, 0.4), ORDERS[0])]
)
def test_hertz(case: Hertz, sides: tuple[int, int]) -> None:
    """CON-3 and CON-6: his approach needs his force to 2 %, and facets carry his pressure to 3 % of the peak.

    Two balls, and a ball of 10 mm in a socket of 12 mm. The far sides move as a point load on a half-space
    would move them, so the approach is that between far points. Measured with the penalty alone: force 2.1
    and 1.1 % low, pressures off by 2.4 and 2.0 % of the peak (root mean square over facets); after one update
    of the multipliers force within 0.1 and 0.5 %, pressures 1.9 and 2.4 %. Without the heights of the smooth
    surface over the facets they are off by 6 to 8 %.
    """
    two = case.pair()
    body = Body(two.domain, small_strain(case.young, case.poisson), case.supports(two))
    layer = Cartilage(case.young, case.poisson, case.half_width)
    contact = contact_of(body, two, sides, layer)
    body.prescribe()
    newton = Newton(
        System(body, [contact], LinearSettings("multigrid", 1e-2)), NewtonSettings(1e-6 * case.force)
    )
    newton.solve()
    tighten([contact], newton.solve, limit=5e-4)
    found = contact.result()
    assert 4.0 * abs(found.force_N[2]) == pytest.approx(case.force, rel=0.02)
    assert off_hertz(case, contact) < 0.03
    assert found.peak_pressure_MPa == pytest.approx(case.peak, rel=0.06)


def off_hertz(case: Hertz, contact: Contact) -> float:
    """Root mean square of the error of the facets' pressures inside the contact, as a share of the peak."""
    samples = contact.slave.samples
    r = np.linalg.norm(samples.place_mm[..., :2], axis=2)
    area = samples.weight_mm2.sum(axis=1)
    off = np.sum((contact.pressure_MPa - case.pressure(r)) * samples.weight_mm2, axis=1) / area
    inside = r.mean(axis=1) < case.half_width
    square, whole = global_sum(COMM, np.array([np.sum((area * off**2)[inside]), area[inside].sum()]))
    return float(np.sqrt(square / whole) / case.peak)


SOCKET, BALL = 11.0, 10.0


def cap(radii: Floats, half_deg: float, count: int) -> Block:
    """Part of a spherical shell about the origin, below it, as far as ``half_deg`` to either side."""
    angle = np.radians(np.linspace(-half_deg, half_deg, count + 1))

    def bend(points: Floats) -> Floats:
        way = np.column_stack([np.tan(points[:, 0]), np.tan(points[:, 1]), -np.ones(len(points))])
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        return np.asarray(-points[:, 2:] * way)

    return Block((angle, angle, -radii[::-1]), bend)


def turn(degrees: float) -> Floats:
    """Rotation from x to z."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), 0.0, -np.sin(a)], [0.0, 1.0, 0.0], [np.sin(a), 0.0, np.cos(a)]])


def in_socket(two: Pair, degrees: float, whole: float, deeper: float = 0.06) -> Contact:
    """A stiff ball that moved around the socket by an angle and turned by half of it; then all turns."""

    def socket(x: Floats) -> Floats:
        return turn(whole) @ x - x

    def ball(x: Floats) -> Floats:
        centre = turn(degrees) @ [0.0, 0.0, -(SOCKET - BALL + deeper)]
        return turn(whole) @ (turn(degrees / 2.0) @ x + centre[:, None]) - x

    supports = [two.held(LOWER_FAR, socket), Support(3, two.upper, value=ball)]
    body = Body(two.domain, neo_hooke, supports)
    contact = contact_of(body, two, ORDERS[0], Cartilage(10.0, 0.3, 3.0), reach_mm=2.0)
    body.u.interpolate(socket)
    body.prescribe()
    Newton(System(body, [contact]), NewtonSettings(1e-9)).solve()
    return contact


def caps() -> Pair:
    """A socket of 11 mm, 3 mm thick, and a ball of 10 mm that starts 1 mm above it."""
    return pair(cap(np.array([SOCKET, 12.5, 14.0]), 45.0, 12), cap(np.array([7.0, BALL]), 36.0, 9))


@pytest.mark.parametrize("degrees", [0.0, 20.0])
def test_a_ball_rolls_in_a_socket(degrees: float) -> None:
    """Large sliding: the force passes through both centres to 1 degree, and stays the same to 1 %.

    It slides over three facets. Measured: 0.03 degrees off, 0.1 % between the two places.
    """
    found = in_socket(caps(), degrees, 0.0).result()
    up = turn(degrees) @ [0.0, 0.0, 1.0]
    size = np.linalg.norm(found.force_N)
    arm = np.linalg.norm(np.cross(found.centre_mm + (SOCKET - BALL + 0.06) * up, found.force_N)) / size
    assert size == pytest.approx(ROLLING_N, rel=0.01)
    assert found.force_N @ up / size > np.cos(np.radians(1.0))
    assert arm < BALL * np.sin(np.radians(1.0))


ROLLING_N = 5.354


def test_a_turn_of_the_whole_changes_nothing() -> None:
    """Ball and socket together turned by 60 degrees: pressure, area and depth to 1e-9, the force turned."""
    two = caps()
    first, after = (in_socket(two, 10.0, whole).result() for whole in (0.0, 60.0))

    def scalars(found: ContactResult) -> list[float]:
        return [found.load_N, found.area_mm2, found.peak_pressure_MPa, found.penetration_mm]

    assert scalars(after) == pytest.approx(scalars(first), rel=1e-9)
    assert after.force_N == pytest.approx(turn(60.0) @ first.force_N, rel=1e-9)


def test_penetration_is_brought_down() -> None:
    """A soft and a stiff penalty, augmented to their limits, carry the same force to 1 %."""
    two, forces = caps(), []
    for factor, limit, rounds in ((2.0, 5e-4, 4), (50.0, 2e-4, 1)):
        down = Support(3, two.upper, value=lambda x: 0.0 * x - [[0.0], [0.0], [1.06]])
        body = Body(two.domain, neo_hooke, [two.held(LOWER_FAR), down])
        contact = contact_of(body, two, ORDERS[0], Cartilage(10.0, 0.3, 3.0, factor), reach_mm=2.0)
        body.prescribe()
        newton = Newton(System(body, [contact]), NewtonSettings(1e-9))
        newton.solve()
        with pytest.raises(ConvergenceError, match="penetrated by"):
            tighten([contact], lambda: None, limit, most=0)
        assert tighten([contact], newton.solve, limit) == rounds
        assert penetration_share(contact) <= limit
        forces.append(float(contact.result().force_N[2]))
    assert forces[0] == pytest.approx(forces[1], rel=0.01)


def test_parted_surfaces_carry_nothing() -> None:
    """Out of reach, and on ranks without facets: no force, no blocks, a centre that is not a number."""
    two = bowls()
    body = Body(two.domain, neo_hooke)
    body.u.interpolate(lambda x: np.array([0 * x[0], 0 * x[0], 50.0 * (x[2] > 2.03)]), cells0=two.upper)
    contact = contact_of(body, two, ORDERS[0], Cartilage(10.0, 0.3, 1.0))
    none = Contact(body, two.tagged(UPPER_FACE)[:0], two.tagged(LOWER_FACE), Cartilage(10.0, 0.3, 1.0))
    for each in (contact, none):
        found = each.result()
        assert [found.load_N, found.area_mm2, found.peak_pressure_MPa, found.penetration_mm] == [0.0] * 4
        assert found.summary()["centre_mm"] == []
        assert each.energy() == 0.0
        assert len(each.force()[0]) == 0
        assert [len(blocks.values) for blocks in each.tangent(body.level)] == [0]
        assert each.augment() == 0.0


def test_a_film_closes_the_space_of_the_mesh() -> None:
    """With a film as wide as the space bowls touch everywhere; moved on by 0.001 mm, all of it carries."""
    two = bowls()
    body = Body(two.domain, neo_hooke)
    contact = contact_of(body, two, ORDERS[0], Cartilage(10.0, 0.3, 1.0))
    assert 0.03 < contact.apart_mm(0.0) < 0.06
    contact.thicken(contact.apart_mm(100.0))
    np.testing.assert_allclose(contact.gap_mm, 0.0, atol=1e-12)
    assert contact.result().load_N == pytest.approx(0.0, abs=1e-9)
    body.u.interpolate(lambda x: np.array([0 * x[0], 0 * x[0], 0 * x[0] - 1e-3]), cells0=two.upper)
    whole = global_sum(COMM, contact.slave.samples.weight_mm2.sum())
    contact.refresh()
    assert contact.result().area_mm2 == pytest.approx(float(whole), rel=1e-3)


def test_kept_partners_are_those_of_the_search() -> None:
    """Frozen, the gap is as it was; moved on, no point finds or loses a partner until it may search again."""
    body, contact = deep()

    def held() -> float:
        return float(global_sum(COMM, int(np.isfinite(contact.gap_mm).sum())))

    before, energy, count = contact.gap_mm.copy(), contact.energy(), held()
    contact.frozen = True
    contact.refresh()
    np.testing.assert_allclose(contact.gap_mm, before, atol=1e-12)
    assert contact.energy() == pytest.approx(energy, rel=1e-12)
    body.u.x.array[0::3] += 2.0 * (body.level.space.tabulate_dof_coordinates()[:, 2] > 2.03)
    contact.refresh()
    assert held() == count
    contact.frozen = False
    contact.refresh()
    assert held() < count

"""Joint surfaces that taper towards their rims."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.solve.body import Body
from pipeline.solve.contact import Cartilage, Contact, Taper
from pipeline.solve.contact.rim import rim_distance
from pipeline.solve.level import Floats
from pipeline.solve.mpi import global_max, global_min
from tests.solve.pairs import LOWER_FACE, UPPER_FACE, Block, Pair, pair

from dolfinx import fem  # isort: skip

TAPER = Taper(width_mm=1.0, depth_mm=0.2)


def even(first: float, last: float, count: int) -> Floats:
    return np.linspace(first, last, count).astype(np.float64)


def blocks(lower_half: float = 3.0, upper_half: float = 2.0) -> Pair:
    """Two flat blocks about the z axis that touch at z = 1, of given half widths."""
    lower, upper = (even(-half, half, int(4 * half) + 1) for half in (lower_half, upper_half))
    return pair(Block((lower, lower, even(0.0, 1.0, 3))), Block((upper, upper, even(1.0, 2.0, 3))))


def contact_of(two: Pair, taper: Taper | None) -> tuple[Body, Contact]:
    """The upper block as slave on the lower one."""
    body = Body(two.domain, lambda F: 0.0 * F[0, 0] ** 2)
    layer = Cartilage(10.0, 0.3, 1.0)
    contact = Contact(body, two.tagged(UPPER_FACE), two.tagged(LOWER_FACE), layer, taper=taper, reach_mm=1.0)
    return body, contact


def sunk(body: Body, two: Pair, depth: float, along: float = 0.0) -> None:
    """Move the upper block down and along x as a whole."""
    field = fem.Function(body.level.space)
    field.interpolate(lambda x: np.stack([0 * x[0] + along, 0 * x[0], 0 * x[0] - depth]), cells0=two.upper)
    body.u.x.array[:] = field.x.array
    body.u.x.scatter_forward()


def test_distance_to_the_rim_of_a_square() -> None:
    """Within a quarter of an edge length, since the rim is sampled."""
    two = blocks()
    _, contact = contact_of(two, None)
    places = contact.slave.samples.place_mm
    true = 2.0 - np.abs(places[..., :2]).max(axis=-1)
    found = rim_distance(contact.slave, places)
    assert np.abs(found - true).max(initial=0.0) < 0.07


def test_the_gap_opens_by_the_taper() -> None:
    """Over a master that is far wider, the gap is the depth of the taper at each point."""
    two = blocks(lower_half=4.0)
    body, contact = contact_of(two, TAPER)
    distance = rim_distance(contact.slave, contact.slave.samples.place_mm)
    np.testing.assert_allclose(contact.gap_mm, TAPER.at(distance), atol=1e-12)
    assert global_max(body.domain.comm, contact.gap_mm) > 0.15
    assert global_min(body.domain.comm, contact.gap_mm) == pytest.approx(0.0, abs=1e-12)


def test_a_point_that_leaves_the_master_has_let_go() -> None:
    """As the slave slides off the edge no pressure jumps: next to the rim of the master it has faded."""
    for taper, fades in ((TAPER, True), (None, False)):
        two = blocks(lower_half=2.0)
        body, contact = contact_of(two, taper)
        sunk(body, two, 0.1, along=1.1)
        contact.refresh()
        place = contact.slave.samples.place_mm + np.array([1.1, 0.0, 0.0])
        edge = (place[..., 0] > 1.75) & (place[..., 0] < 2.0) & (np.abs(place[..., 1]) < 0.8)
        pressed = global_max(body.domain.comm, np.where(edge, contact.pressure_MPa, 0.0))
        middle = global_max(body.domain.comm, contact.pressure_MPa)
        assert (pressed < 0.1 * middle) == fades

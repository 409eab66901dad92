"""Distribution of the mesh, reductions, and fields in the order of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError, MeshError
from pipeline.regions import Region, Sole
from pipeline.solve.analysis import foot_body
from pipeline.solve.fields import STRESS_SHARES, collect
from pipeline.solve.floor import Floor, FloorProfile
from pipeline.solve.laws import energy_density
from pipeline.solve.mpi import gather_rows, global_max, global_min, on_root, raise_together
from tests.solve.models import COMM, CURVED_COUNTS, Column, dome, elastic

TENSOR = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2]])
"""Places of the entries of a symmetric tensor in xx, yy, zz, xy, yz, xz."""


def test_one_rank_alone_raises_on_all() -> None:
    """A fault on the last rank is raised everywhere, naming that rank."""
    fault = "cell inside out" if COMM.rank == COMM.size - 1 else None
    with pytest.raises(MeshError, match=f"rank {COMM.size - 1}: cell inside out"):
        raise_together(COMM, fault, MeshError)
    raise_together(COMM, None, MeshError)


def test_fault_of_the_root_reaches_all() -> None:
    """What rank 0 finds wrong is raised on every rank; what it returns is had by all."""

    def fail() -> None:
        raise ConfigError("no such file")

    with pytest.raises(ConfigError, match="no such file"):
        on_root(COMM, fail)
    assert on_root(COMM, lambda: 42) == 42


def test_extremes_ignore_ranks_that_own_nothing() -> None:
    """Only the last rank has values; the extremes are its own."""
    values = np.array([-3.0, -2.0]) if COMM.rank == COMM.size - 1 else np.array([])
    assert (global_min(COMM, values), global_max(COMM, values)) == (-3.0, -2.0)


def test_rows_come_in_the_order_of_their_numbers() -> None:
    """Rows dealt out to ranks in turn come back in order on rank 0."""
    mine = np.arange(COMM.rank, 11, COMM.size)[::-1]
    whole = gather_rows(COMM, mine, mine[:, None] * np.array([1.0, 10.0]), 11)
    if COMM.rank == 0:
        assert whole is not None
        np.testing.assert_array_equal(whole, np.arange(11)[:, None] * [1.0, 10.0])
    else:
        assert whole is None


def test_an_affine_displacement_comes_back_in_file_order(shared: Path) -> None:
    """Vertex displacement follows the points of the file, stress points the vertices of its cells."""
    column = Column(shape=dome, counts=CURVED_COUNTS)
    file = column.file(shared)
    foot = column.mesh(shared)
    body = foot_body(foot, column.materials)
    body.u.interpolate(lambda x: np.array([x[0] ** 2 / 2, x[1] ** 2 / 2, x[0] * x[1]]))
    floor = Floor(body, foot.sole, 5.0)
    floor.value = 0.25
    fields = collect(foot, body, floor)
    if fields is None:
        return
    assert file is not None
    x, y = file.points[:, 0], file.points[:, 1]
    np.testing.assert_allclose(
        fields.displacement_mm, np.column_stack([x**2 / 2, y**2 / 2, x * y - 0.25]), atol=1e-12
    )
    places = np.einsum("kv,cvi->cki", STRESS_SHARES, file.points[file.cells])
    gradient = np.zeros((*places.shape[:2], 3, 3)) + np.eye(3)
    gradient[..., 0, 0] += places[..., 0]
    gradient[..., 1, 1] += places[..., 1]
    gradient[..., 2, 0], gradient[..., 2, 1] = places[..., 1], places[..., 0]
    stretch = fields.strain[..., TENSOR] + np.eye(3)
    square = gradient.swapaxes(-1, -2) @ gradient
    np.testing.assert_allclose(stretch @ stretch, square, atol=1e-11 * np.abs(square).max())
    assert np.linalg.eigvalsh(stretch).min() > 0.0


def test_floor_force_is_that_of_its_patches(shared: Path) -> None:
    """The slope of the energy, the pull of the descent and the sum of the patches are one force."""
    column = Column(shape=dome, counts=CURVED_COUNTS)
    foot = column.mesh(shared)
    body = foot_body(foot, column.materials)
    floor = Floor(body, foot.sole, 5.0)
    floor.value = 0.6
    body.u.interpolate(lambda x: 0.1 * np.array([x[0], x[1], np.sin(x[0] - x[1])]))
    floor.refresh()
    number, values = floor.force()
    total = COMM.allreduce(float(values[number % 3 == 2].sum()))
    assert total == pytest.approx(-floor.pull(), rel=1e-12)
    assert sum(floor.region_forces().values()) == pytest.approx(-total, rel=1e-12)
    assert set(floor.region_forces()) == {sole.label for sole in Sole}
    assert not np.any(values[number % 3 != 2])


def test_foundation_descent_meets_its_force(shared: Path) -> None:
    """The first guess closes points, and is lower for a smaller force."""
    column = Column(shape=dome, counts=CURVED_COUNTS)
    foot = column.mesh(shared)
    body = foot_body(foot, column.materials)
    floor = Floor(body, foot.sole, 5.0)
    floor.meet(1.0)
    high = floor.value
    floor.meet(0.1)
    assert 0.0 < floor.value < high
    assert floor.pull() == pytest.approx(0.1 * 5.0 / 0.1, rel=1e-6)


def test_unknown_law_is_refused(shared: Path) -> None:
    """A material whose law the solve does not know is an error on all ranks."""
    material = elastic(1.0, 0.3)
    material.law = "jelly"
    foot = Column().mesh(shared)
    with pytest.raises(ConfigError, match="law jelly is not known; known: linear_elastic"):
        energy_density(
            foot.domain, foot.region, {Region.SOFT_TISSUE: material, Region.PROXIMAL_BLOCK: material}
        )


def test_rocker_floor_falls_away_in_an_arc(shared: Path) -> None:
    """Force on the undeformed column 1 mm deep: k W int (1 - <x - 2>^2 / 2R) dx over 0 to 4 mm."""
    column = Column()
    foot = column.mesh(shared)
    body = foot_body(foot, column.materials)
    floor = Floor(body, foot.sole, 5.0, FloorProfile(height_mm=-3.0, apex_x_mm=2.0, radius_mm=20.0))
    floor.value = 4.0
    floor.refresh()
    expected = 5.0 * 4.0 * (4.0 - 2.0**3 / (3.0 * 2.0 * 20.0))
    assert floor.pull() == pytest.approx(expected, rel=1e-12)
    backwards = -5.0 * 4.0 * (2.0**2 / (2.0 * 20.0) - 2.0**4 / (4.0 * 2.0 * 20.0**2))
    np.testing.assert_allclose(floor.total_force_N(), [-backwards, 0.0, expected], rtol=1e-12, atol=1e-12)

"""A tissue with fibres whose direction comes from a line in the landmarks of the mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import MeshError
from pipeline.regions import Region
from pipeline.solve.analysis import foot_body
from pipeline.solve.body import Body
from pipeline.solve.fibres import fibres_of
from pipeline.solve.fields import collect
from pipeline.solve.floor import Floor
from pipeline.solve.laws import energy_density
from pipeline.solve.level import Support
from pipeline.solve.mesh_file import MeshFile, read_mesh_file
from pipeline.solve.model import FootMesh, distribute
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.system import System
from pipeline.solve.verification.homogeneous import ALONG_FIBRES
from tests.solve.boxes import Floats, bottom_facets, box, quarters, write_msh
from tests.solve.laws.states import MCL, material
from tests.solve.models import COMM, elastic
from tests.solve.parallel.test_pieces import TENSOR

from dolfinx import mesh  # isort: skip

LIGAMENT = material("transversely_isotropic", **MCL, bulk_MPa=50.0)
EVERYWHERE = {Region.PLANTAR_BAND_1: LIGAMENT, Region.PROXIMAL_BLOCK: LIGAMENT}
SKEW = np.array([2.0, -1.0, 2.0]) / 3.0
ACROSS = np.array([1.0, 2.0, 0.0]) / np.sqrt(5.0)
STRETCH = 1.04
"""In the toe region of the fibres."""


def band(folder: Path) -> tuple[MeshFile | None, FootMesh]:
    """Cube of 3 mm, a band up to 2 mm and the block above. Collective."""
    file: MeshFile | None = None
    if COMM.rank == 0:
        points, cells = box((3.0, 3.0, 3.0), (3, 3, 3))
        high = points[cells].mean(axis=1)[:, 2] > 2.0
        region = np.where(high, int(Region.PROXIMAL_BLOCK), int(Region.PLANTAR_BAND_1))
        facets = bottom_facets(points, cells)
        path = write_msh(folder / "m.msh", points, cells, region, facets, quarters(points, facets))
        file = read_mesh_file(path, EVERYWHERE.keys())
    return file, distribute(COMM, file)


def lines(points: Any) -> dict[str, Any]:
    """Landmarks with one line for the band and the block."""
    line = np.asarray(points).tolist()
    return {"fibres": {region.label: [line] for region in EVERYWHERE}}


def isochoric(along: Floats, stretch: float) -> Floats:
    """A stretch along a unit vector without change of volume, (3, 3)."""
    both = np.outer(along, along)
    return np.asarray(stretch * both + stretch**-0.5 * (np.eye(3) - both))


def closed_form(F: Floats, fibre: Floats) -> Floats:
    """Cauchy stress, xx, yy, zz, xy, yz, xz, at constant volume, MPa: dev(2 C1 B + C3 (e^x - 1) f f)."""
    carried = F @ fibre
    stretch = float(np.linalg.norm(carried))
    assert stretch < MCL["straight_stretch"]
    pull = MCL["c3_MPa"] * np.expm1(MCL["c4"] * max(stretch - 1.0, 0.0))
    whole = 2.0 * MCL["c1_MPa"] * F @ F.T + pull * np.outer(carried, carried) / stretch**2
    deviator = whole - np.trace(whole) / 3.0 * np.eye(3)
    return np.asarray(deviator[[0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2]])


@pytest.mark.parametrize(
    ("pull", "tension"),
    [(SKEW, ALONG_FIBRES[STRETCH]), (ACROSS, 2.0 * MCL["c1_MPa"] * (STRETCH**2 - 1.0 / STRETCH))],
    ids=["along", "across"],
)
def test_cube_pulled_along_or_across_a_skew_line(shared: Path, pull: Floats, tension: float) -> None:
    """Walls move so; inside, the stress is the closed form: of taut fibres (MAT-4), or of the ground."""
    F = isochoric(pull, STRETCH)
    _, foot = band(shared)
    fibres = fibres_of(EVERYWHERE, lines([-4.0 * SKEW, SKEW, 7.0 * SKEW]), foot)
    foot.domain.topology.create_connectivity(2, 3)
    walls = Support(2, mesh.exterior_facet_indices(foot.domain.topology), value=lambda x: (F - np.eye(3)) @ x)
    body = Body(foot.domain, energy_density(foot.domain, foot.region, EVERYWHERE, fibres), [walls])
    body.prescribe()
    Newton(System(body), NewtonSettings(1e-9)).solve()
    fields = collect(foot, body, Floor(body, foot.sole, 1.0))
    if fields is not None:
        wanted = closed_form(F, SKEW)
        stress, aside = wanted[TENSOR], np.cross(SKEW, ACROSS)
        assert pull @ stress @ pull - aside @ stress @ aside == pytest.approx(tension, rel=1e-6)
        np.testing.assert_allclose(
            fields.stress_MPa, np.broadcast_to(wanted, fields.stress_MPa.shape), atol=1e-8
        )


def test_each_cell_follows_the_leg_it_is_nearer_to(shared: Path) -> None:
    """A line along x that bends into y, the whole pulled along x: only the first leg's fibres are taut."""
    file, foot = band(shared)
    bent = [[-1.0, 0.0, 1.5], [3.1, 0.0, 1.5], [3.1, 5.0, 1.5]]
    body = foot_body(foot, EVERYWHERE, fibres_of(EVERYWHERE, lines(bent), foot))
    F = isochoric(np.eye(3)[0], STRETCH)
    body.u.interpolate(lambda x: (F - np.eye(3)) @ x)
    fields = collect(foot, body, Floor(body, foot.sole, 1.0))
    if fields is not None and file is not None:
        centre = file.points[file.cells].mean(axis=1)
        first = centre[:, 1] < 3.1 - centre[:, 0]
        assert 0.3 < first.mean() < 0.7
        wanted = np.where(first[:, None], closed_form(F, np.eye(3)[0]), closed_form(F, np.eye(3)[1]))
        np.testing.assert_allclose(
            fields.stress_MPa, np.broadcast_to(wanted[:, None], fields.stress_MPa.shape), atol=1e-10
        )


def test_no_law_with_fibres_needs_no_lines(shared: Path) -> None:
    _, foot = band(shared)
    assert fibres_of(dict.fromkeys(EVERYWHERE, elastic(1.0, 0.3)), {}, foot) is None


def test_landmarks_without_the_line_are_refused(shared: Path) -> None:
    """A mesh older than its fibres says so on all ranks."""
    _, foot = band(shared)
    older: list[dict[str, Any]] = [{}, {"fibres": {"flexor_band_1": []}}]
    for geometry in older:
        with pytest.raises(MeshError, match=r"no entry fibres.plantar_band_1; run the mesh stage again"):
            fibres_of(EVERYWHERE, geometry, foot)

"""CON-2: an elastic ball pressed on the rigid floor, against Hertz."""

from __future__ import annotations

from pathlib import Path

import gmsh
import numpy as np
import pytest

from pipeline.regions import Region, Sole
from pipeline.solve.analysis import Problem, run_steps, set_up
from pipeline.solve.fields import collect
from pipeline.solve.linear import LinearSettings
from pipeline.solve.mesh_file import MeshFile, read_mesh_file
from tests.solve.boxes import Floats, Ints, write_msh
from tests.solve.models import COMM, elastic

RADIUS, YOUNG, POISSON, FORCE = 10.0, 10.0, 0.3, 1.0
HALF_WIDTH = (0.75 * FORCE * RADIUS * (1.0 - POISSON**2) / YOUNG) ** (1.0 / 3.0)
"""Hertz, mm: a^3 = 3 P R / (4 E*) with E* = E / (1 - nu^2)."""
PENALTY = 500.0


def _ball() -> tuple[Floats, Ints, Ints]:
    """Points, cells and surface of a half ball that stands on z = 0; edges of a / 5 where it touches."""
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.occ.addSphere(0.0, 0.0, RADIUS, RADIUS, angle1=-np.pi / 2, angle2=0.0)
        gmsh.model.occ.synchronize()
        distance = "Sqrt(x*x + y*y + z*z)"
        field = gmsh.model.mesh.field.add("MathEval")
        gmsh.model.mesh.field.setString(
            field, "F", f"{HALF_WIDTH / 5} + 0.4 * Max(0, {distance} - {1.15 * HALF_WIDTH})"
        )
        gmsh.model.mesh.field.setAsBackgroundMesh(field)
        for source in ("FromPoints", "FromCurvature", "ExtendFromBoundary"):
            gmsh.option.setNumber(f"Mesh.MeshSize{source}", 0)
        gmsh.model.mesh.generate(3)
        tags, places, _ = gmsh.model.mesh.getNodes()
        number = np.zeros(int(tags.max()) + 1, dtype=np.int64)
        number[tags.astype(np.int64)] = np.arange(len(tags))
        cells, faces = (
            number[gmsh.model.mesh.getElementsByType(kind)[1].astype(np.int64)] for kind in (4, 2)
        )
        return places.reshape(-1, 3), cells.reshape(-1, 4), faces.reshape(-1, 3)
    finally:
        gmsh.finalize()


def _file(folder: Path) -> MeshFile:
    points, cells, faces = _ball()
    used, renumbered = np.unique(cells, return_inverse=True)
    back = np.zeros(len(points), dtype=np.int64)
    back[used] = np.arange(len(used))
    points, cells, faces = points[used], renumbered.reshape(-1, 4), back[faces]
    low = points[faces].mean(axis=1)[:, 2] < 0.2
    high = points[cells].mean(axis=1)[:, 2] > 0.9 * RADIUS
    region = np.where(high, int(Region.PROXIMAL_BLOCK), int(Region.SOFT_TISSUE))
    sole = np.full(low.sum(), int(Sole.SOLE_HALLUX))
    path = write_msh(folder / "ball.msh", points, cells, region, faces[low], sole)
    return read_mesh_file(path, [Region.PROXIMAL_BLOCK, Region.SOFT_TISSUE])


def test_ball_on_the_floor_is_hertz(tmp_path: Path) -> None:
    """Approach, half width, peak and shape of the pressure; P = 1 N, R = 10 mm, E = 10 MPa, nu = 0.3.

    Measured on this mesh: peak 2.0 % low, half width 1.4 % wide, pressure off by 1.8 % of the peak (root
    mean square): 3 % is allowed. The approach is 4.3 % low, 6 % allowed: Hertz counts it to a point far
    away, here the block holds the ball from about 0.8 R up, where the point-load solution of a half-space
    still gives (1 + nu)(3 - 2 nu) P / (2 pi E 0.8 R), 8 % of it; the penalty floor adds 1 %.
    """
    material = elastic(YOUNG, POISSON)
    problem = Problem(
        materials={Region.SOFT_TISSUE: material, Region.PROXIMAL_BLOCK: material},
        penalty_MPa_per_mm=PENALTY,
        target_force_N=FORCE,
        steps=1,
        linear=LinearSettings("multigrid", 1e-5),
        newton_rtol=1e-8,
        max_newton=30,
    )
    file = _file(tmp_path)
    analysis = set_up(COMM, file, problem, lambda _: None)
    run_steps(analysis, problem, lambda _: None)
    assert 0.94 < analysis.floor.value / (HALF_WIDTH**2 / RADIUS) < 1.0
    fields = collect(analysis.foot, analysis.body, analysis.floor)
    assert fields is not None
    centre = file.points[file.sole_facets].mean(axis=1)
    _compare(np.hypot(centre[:, 0], centre[:, 1]), fields.sole_pressure_MPa, file.sole_area_mm2)


def _compare(r: Floats, pressure: Floats, area: Floats) -> None:
    """Facet pressures against p0 sqrt(1 - (r/a)^2), whose mean of r^2 by force is 2 a^2 / 5."""
    peak = 1.5 * FORCE / (np.pi * HALF_WIDTH**2)
    hertz = peak * np.sqrt(np.maximum(0.0, 1.0 - (r / HALF_WIDTH) ** 2))
    middle = r < 0.3 * HALF_WIDTH
    found = (
        peak
        * np.average(pressure[middle], weights=area[middle])
        / np.average(hertz[middle], weights=area[middle])
    )
    assert found == pytest.approx(peak, rel=0.03)
    width = np.sqrt(2.5 * np.average(r**2, weights=pressure * area))
    assert width == pytest.approx(HALF_WIDTH, rel=0.03)
    inside = r < HALF_WIDTH
    off = np.sqrt(np.average((pressure - hertz)[inside] ** 2, weights=area[inside]))
    assert off < 0.03 * peak

"""Cables and joint springs of a case on a mesh with all regions of a foot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.config import Case, load_case, sized
from pipeline.config.write import CONFIGS
from pipeline.errors import MeshError
from pipeline.mesh.cables import routes
from pipeline.mesh.posture import stand
from pipeline.moment_law import base_stiffness_Nmm_per_deg
from pipeline.solve.analysis import foot_body
from pipeline.solve.body import Body
from pipeline.solve.mesh_file import MeshFile, read_mesh_file
from pipeline.solve.model import FootMesh, distribute
from pipeline.solve.tendons import attached_report, attached_terms, cables_of, springs_of
from tests.solve.models import COMM, agree
from tests.solve.test_stage import write_foot


def normal(**released: bool) -> Case:
    """The normal case with some cables (by name), ``mtp1`` and ``tmt1`` taken up."""
    data = load_case(CONFIGS / "cases" / "normal.yaml").resolved()
    for name, value in released.items():
        block = {"mtp1": data["joint"]["moment_law"], "tmt1": data["tmt1_law"]}.get(name)
        (block if block is not None else data["cables"][name])["released"] = value
    return Case.model_validate(data)


def foot_of(case: Case, folder: Path) -> tuple[FootMesh, Body, dict[str, Any]]:
    """A block with all regions in slabs, and the landmarks of the real foot. Collective."""
    file: MeshFile | None = None
    if COMM.rank == 0:
        write_foot(folder / "foot", case)
        file = read_mesh_file(folder / "foot" / "mesh.msh", case.materials_by_region().keys())
    foot = distribute(COMM, file)
    posture = stand(sized(case))
    geometry = {
        "cables": {name: r.as_dict(plain) for name, r in routes(sized(case), posture).items()},
        "joints": {"mtp1": {"centre": posture.mtp1.tolist()}},
        "bones": {
            name: {"base": f.origin.tolist(), "axis": f.axis.tolist(), "dorsal": f.dorsal.tolist()}
            for name, f in (("mt1", posture.mt1), ("pp1", posture.pp1))
        },
        "posture": {
            "mtp1_from_standing_deg": posture.mtp1_from_standing_deg,
            "first_ray_elevation_deg": posture.first_ray_elevation_deg,
        },
    }
    return foot, foot_body(foot, case.materials_by_region()), geometry


def plain(x: Any) -> list[float]:
    return [float(value) for value in x]


def test_what_is_released_is_not_there(shared: Path) -> None:
    case = normal()
    foot, body, geometry = foot_of(case, shared)
    assert attached_terms(case, geometry, foot, body) == []


def test_what_is_taken_up_acts_as_the_case_says(shared: Path) -> None:
    """Tension of the instant, prestrain of the slip, and the moment of 35 degrees."""
    case = normal(fhl=False, fascia_1=False, deep_transverse=False, mtp1=False, tmt1=False)
    foot, body, geometry = foot_of(case, shared)
    terms = attached_terms(case, geometry, foot, body)
    report = attached_report(terms)
    assert list(report) == ["fhl", "fascia_1", "deep_transverse", "mtp1", "tmt1"]
    weight = 75.0 * 9.80665
    assert report["fhl"]["tension_N"] == pytest.approx(0.57 * weight, rel=1e-3)
    assert report["fascia_1"]["tension_N"] == pytest.approx(350.0 * 20.0 * 0.03, rel=1e-12)
    assert report["deep_transverse"]["tension_N"] == pytest.approx(0.0, abs=1e-9)
    assert report["mtp1"]["moment_Nmm"] == pytest.approx(14.9 * 35.0, rel=1e-9)
    assert report["tmt1"]["moment_Nmm"] == pytest.approx(0.0, abs=1e-9)
    agree([round(value, 8) for each in report.values() for value in each.values()])


def test_what_lifted_the_ray_acts_on(shared: Path) -> None:
    """In a posture of equilibrium the base carries its stiffness times the elevation, whatever it turns."""
    data = normal(mtp1=False).resolved()
    data["posture"]["rule"] = "equilibrium"
    case = Case.model_validate(data)
    foot, body, geometry = foot_of(case, shared)
    stored = next(spring for spring in springs_of(case, geometry, foot, body) if spring.name == "tmt1_stored")
    lifted = geometry["posture"]["first_ray_elevation_deg"]
    assert lifted > 0.1
    assert stored.moment_Nmm == pytest.approx(base_stiffness_Nmm_per_deg(case) * lifted, rel=1e-9)
    assert stored.law.stiffness_at(lifted + 3.0) == 0.0


def test_landmarks_without_the_path_are_refused(shared: Path) -> None:
    """A mesh older than its cables says so on all ranks."""
    case = normal(fhl=False, tmt1=False)
    foot, body, geometry = foot_of(case, shared)
    with pytest.raises(MeshError, match=r"geometry.json: no entry cables.fhl; run the mesh stage again"):
        cables_of(case, {}, foot, body)
    with pytest.raises(MeshError, match=r"geometry.json: no entry posture.first_ray_elevation_deg; run"):
        springs_of(case, {}, foot, body)
    geometry["cables"]["fhl"]["points"][1]["on"] = "tibia"
    with pytest.raises(MeshError, match=r"cables.fhl holds on to 'tibia'; parts are: mt1, pp1"):
        cables_of(case, geometry, foot, body)

"""The measure stage: files, manifest, key."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import meshio
import numpy as np
import pytest

from pipeline import stage
from pipeline.config import Case
from pipeline.errors import ConfigError, QualityError
from pipeline.measure import measure, measure_key
from pipeline.measure.registry import REGISTRY
from pipeline.regions import Region, Sole
from tests.measure.bricks import Bricks, Floats, write_case

Folders = tuple[Path, Path]


@pytest.fixture
def folders(tmp_path: Path, case: Case, bricks: Bricks) -> Folders:
    return write_case(tmp_path, case, bricks)


def test_every_quantity_is_written_twice_the_same(folders: Folders, case: Case) -> None:
    """JSON and CSV hold the whole registry in its order and the same numbers."""
    measure(*folders, case)
    data = json.loads((folders[0] / "quantities.json").read_text())
    assert (data["case"], data["kind"]) == (case.name, "normal")
    assert [entry["name"] for entry in data["quantities"]] == [quantity.name for quantity in REGISTRY]
    with (folders[0] / "quantities.csv").open(newline="") as stream:
        table = {line["name"]: float(line["value"]) for line in csv.DictReader(stream)}
    assert table == {entry["name"]: entry["value"] for entry in data["quantities"]}


def test_published_figures_come_along(folders: Folders, case: Case) -> None:
    """Dorsal strain of the normal joint is held against Arndt 2002; IP stress is marked a prediction."""
    measure(*folders, case)
    rows = {q["name"]: q for q in json.loads((folders[0] / "quantities.json").read_text())["quantities"]}
    strain = rows["mt2_strain_dorsal"]["compare"]
    assert (strain["value"], strain["sd"], strain["kind"]) == (-1534.0, 636.0, "compare")
    assert rows["ip_von_mises_p95"]["compare"]["kind"] == "prediction"
    assert rows["mt2_strain_plantar"]["compare"] is None


def test_fields_open_in_paraview_format(folders: Folders, case: Case, bricks: Bricks) -> None:
    """The VTU holds all cells; the cell mean of a linear stress is its value at the cell's centre."""
    measure(*folders, case)
    mesh = meshio.read(folders[0] / "fields.vtu")
    tets = mesh.cells_dict["tetra"]
    centres = mesh.points[tets].mean(axis=1)
    np.testing.assert_array_equal(mesh.cell_data_dict["region"]["tetra"], bricks.region)
    np.testing.assert_allclose(
        mesh.cell_data_dict["stress_xx_MPa"]["tetra"], 1.0 + 0.1 * centres[:, 0], rtol=1e-6, atol=1e-6
    )
    assert set(np.unique(bricks.region)) <= {int(region) for region in Region}
    sole = meshio.read(folders[0] / "sole.vtu")
    np.testing.assert_allclose(sole.cell_data_dict["pressure_kPa"]["triangle"], 100.0)


def test_done_until_something_changes(folders: Folders, case: Case) -> None:
    """After a run the stage is up to date; another body mass or another solve makes it stale."""
    measure(*folders, case)
    case_dir, mesh_dir = folders
    key = measure_key(case_dir, mesh_dir, case)
    assert stage.up_to_date(case_dir, "measure", key)
    mass = case.patient.body_mass_kg.model_copy(update={"value": 50.0})
    lighter = case.model_copy(update={"patient": case.patient.model_copy(update={"body_mass_kg": mass})})
    assert measure_key(case_dir, mesh_dir, lighter) != key
    steps = json.loads((case_dir / "steps.json").read_text())
    stage.write_json(case_dir / "steps.json", steps | {"ranks": 3})
    stage.finish(case_dir, "solve", "another-key", ["fields.h5", "steps.json"])
    assert measure_key(case_dir, mesh_dir, case) != key


def test_an_unfinished_solve_is_not_measured(folders: Folders, case: Case) -> None:
    """Without the solver's manifest nothing is read, and the message says what to run."""
    stage.Manifest.path(folders[0], "solve").unlink()
    with pytest.raises(ConfigError, match="no finished solve"):
        measure(*folders, case)


def test_skin_through_the_floor_fails_the_gate(tmp_path: Path, case: Case, bricks: Bricks) -> None:
    """A sole that lacks the hallux, pressed down 0.6 mm: place, depth and cure are named, no manifest."""
    seen = bricks.facet_region != int(Sole.SOLE_HALLUX)
    short = replace(bricks, facets=bricks.facets[seen], facet_region=bricks.facet_region[seen])

    def down(x: Floats, depth: float) -> Floats:
        return -depth * (x == [100.0, 4.0, 0.0]).all(axis=1)[:, None] * np.array([0.0, 0.0, 1.0])

    allowed = write_case(tmp_path / "allowed", case, short, displacement=partial(down, depth=0.04))
    measure(*allowed, case)
    refused = write_case(tmp_path / "refused", case, short, displacement=partial(down, depth=0.6))
    with pytest.raises(
        QualityError, match=r"0\.60 mm below the floor, at \(100\.0, 4\.0, 0\.0\) mm.*REACH_MM"
    ):
        measure(*refused, case)
    assert stage.Manifest.read(refused[0], "measure") is None


def test_same_fields_same_bytes(folders: Folders, case: Case) -> None:
    """Measuring twice writes the same files."""
    measure(*folders, case)
    first = stage.Manifest.read(folders[0], "measure")
    measure(*folders, case)
    second = stage.Manifest.read(folders[0], "measure")
    assert first is not None
    assert second is not None
    assert first.outputs == second.outputs

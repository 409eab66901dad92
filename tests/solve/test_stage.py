"""The stage as it is started: files, exit codes, and the same numbers on 1, 2 and 3 ranks."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.config import Case, dump_yaml, load_case
from pipeline.machine import child_environment, mpi_command
from pipeline.regions import Region
from pipeline.solve.analysis import PASSING_RTOL
from pipeline.solve.key import STAGE, solve_key
from pipeline.stage import Manifest, up_to_date
from tests.solve.boxes import bottom_facets, box, quarters, write_msh

ROOT = Path(__file__).parent.parent.parent
STEP_LINE = (
    r"step 2  load 100\.0 %  force [\d.]+ N  descent [\d.]+ mm  newton \d+  "
    r"linear \d+  residual [\de.+-]+ N  [\d.]+ s"
)
SMALL = {"load": {"steps": 2}, "solver": {"newton_rtol": 1e-10, "linear_rtol": 1e-4}}


def write_foot(folder: Path, case: Case, fault: str = "") -> Path:
    """A block of 12 x 12 x 27 mm with all regions of the case in slabs, the stiff ones above soft tissue."""
    folder.mkdir(exist_ok=True)
    points, cells = box((12.0, 12.0, 27.0), (4, 4, 9))
    layer = np.floor(points[cells].mean(axis=1)[:, 2] / 3.0).astype(int)
    side = np.floor(points[cells].mean(axis=1)[:, 0] / 3.0).astype(int)
    others = [
        int(r) for r in case.materials_by_region() if r not in (Region.SOFT_TISSUE, Region.PROXIMAL_BLOCK)
    ]
    depth = np.floor(points[cells].mean(axis=1)[:, 1] / 3.0).astype(int)
    filling = np.array(others + [int(Region.SOFT_TISSUE)] * (96 - len(others)))
    region = np.full(len(cells), int(Region.SOFT_TISSUE))
    inner = (layer >= 2) & (layer < 8)
    region[inner] = filling[16 * (7 - layer[inner]) + 4 * side[inner] + depth[inner]]
    region[layer == 8] = int(Region.PROXIMAL_BLOCK)
    radius = (points[:, 0] - 6.0) ** 2 + (points[:, 1] - 5.0) ** 2
    facets = bottom_facets(points, cells)
    sole = quarters(points, facets)
    points[:, 2] += 0.02 * radius * (1.0 - points[:, 2] / 27.0)
    if fault == "inverted":
        cells[7, :2] = cells[7, 1::-1]
    write_msh(folder / "mesh.msh", points, cells, region, facets, sole)
    (folder / "geometry.json").write_text('{"floor_z_mm": 0.0}', encoding="utf-8")
    return folder


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    """The shipped normal case with two load steps and a light load."""
    case = load_case(ROOT / "configs" / "cases" / "normal.yaml")
    data = case.resolved()
    data["load"] |= SMALL["load"]
    data["load"]["vertical_force_bodyweight_percent"]["push_off"]["value"] = 3.0
    data["solver"] |= SMALL["solver"]
    path = tmp_path / "normal.yaml"
    path.write_text(dump_yaml(Case.model_validate(data)), encoding="utf-8")
    return path


def command(ranks: int, case: Path, mesh: Path, out: Path, said: int | None = None) -> list[str]:
    program = [
        "-m",
        "mpi4py",
        "-m",
        "pipeline.solve",
        "--case",
        str(case),
        "--mesh",
        str(mesh),
        "--out",
        str(out),
    ]
    return mpi_command(ranks, [*program, "--ranks", str(said or ranks)])


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, cwd=ROOT, env=child_environment(), capture_output=True, text=True, timeout=120, check=False
    )


def status(out: Path) -> dict[str, object]:
    return dict(json.loads((out / "status.json").read_text(encoding="utf-8")))


def test_same_numbers_on_one_two_and_three_ranks(case_file: Path, tmp_path: Path) -> None:
    """Every stored field and force agrees to 1e-8 of its largest value; the files are as agreed."""
    case = load_case(case_file)
    mesh = write_foot(tmp_path / "mesh", case)
    fields, steps = [], []
    for ranks in (1, 2, 3):
        out = tmp_path / f"out{ranks}"
        done = run(command(ranks, case_file, mesh, out))
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert [line.split("  ")[0] for line in lines] == ["step 1", "step 2"]
        assert re.fullmatch(STEP_LINE, lines[1])
        assert status(out)["state"] == "done"
        assert up_to_date(out, STAGE, solve_key(case, mesh))
        with h5py.File(out / "fields.h5") as file:
            fields.append({name: file[name][()] for name in file})
            assert file.attrs["case"] == "normal"
        steps.append(json.loads((out / "steps.json").read_text(encoding="utf-8")))
    for ranks, (field, step) in enumerate(zip(fields, steps, strict=True), start=1):
        assert step["ranks"] == ranks
        for name, values in field.items():
            scale = np.max(np.abs(fields[0][name]))
            assert np.max(np.abs(values - fields[0][name])) <= 1e-8 * scale, (ranks, name)
        forces = step["steps"][-1]["region_force_N"]
        assert list(forces.values()) == pytest.approx(
            list(steps[0]["steps"][-1]["region_force_N"].values()), abs=1e-8 * case.target_force_N
        )
        assert step["reaction_N"] == pytest.approx(
            [0, 0, -case.target_force_N], abs=1e-8 * case.target_force_N
        )
    area, pressure = fields[0]["sole_area_mm2"], fields[0]["sole_pressure_MPa"]
    corners = (fields[0]["points"] + fields[0]["displacement_mm"])[fields[0]["sole_facets"]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    np.testing.assert_allclose(area, np.linalg.norm(normal, axis=1) / 2)
    assert area @ pressure == pytest.approx(case.target_force_N, rel=1e-9)


@pytest.mark.parametrize("ranks", [1, 2])
def test_bad_mesh_ends_all_ranks_with_one_line(case_file: Path, tmp_path: Path, ranks: int) -> None:
    """An inverted cell: exit 2, no traceback, status failed, no manifest."""
    mesh = write_foot(tmp_path / "mesh", load_case(case_file), "inverted")
    out = tmp_path / "out"
    done = run(command(ranks, case_file, mesh, out))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "1 inverted or flat tetrahedra" in done.stderr.splitlines()[0]
    assert (status(out)["state"], status(out)["exit_code"]) == ("failed", 2)
    assert Manifest.read(out, STAGE) is None


def with_fibres(case_file: Path) -> Case:
    """The case with the fascia of the first ray as a ligament of fibres; its file is written anew."""
    data = load_case(case_file).resolved()
    given = {"source": "A test", "status": "assumed"}
    values = {"c1_MPa": 1.44, "c3_MPa": 0.57, "c4": 48.0, "c5_MPa": 467.1, "straight_stretch": 1.063}
    data["materials"]["fibres"] = {"law": "transversely_isotropic"} | {
        key: given | {"value": value} for key, value in (values | {"bulk_MPa": 144.0}).items()
    }
    data["tissues"]["plantar_band_1"] = "fibres"
    case = Case.model_validate(data)
    case_file.write_text(dump_yaml(case), encoding="utf-8")
    return case


def test_fibres_reach_the_solve_from_the_landmarks(case_file: Path, tmp_path: Path) -> None:
    """A mesh older than its fibres: exit 2 on two ranks, one line; with them it is solved."""
    mesh, out = write_foot(tmp_path / "mesh", with_fibres(case_file)), tmp_path / "out"
    done = run(command(2, case_file, mesh, out))
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "geometry.json: no entry fibres.plantar_band_1; run the mesh stage again"
    )
    assert Manifest.read(out, STAGE) is None
    line = [[0.0, 0.0, 20.0], [12.0, 12.0, 20.0]]
    geometry = {"floor_z_mm": 0.0, "fibres": {"plantar_band_1": [line]}}
    (mesh / "geometry.json").write_text(json.dumps(geometry), encoding="utf-8")
    done = run(command(2, case_file, mesh, out))
    assert done.returncode == 0, done.stderr
    assert status(out)["state"] == "done"


def test_wrong_number_of_ranks_is_an_error(case_file: Path, tmp_path: Path) -> None:
    """Two ranks asked for, one started: exit 2."""
    done = run(command(1, case_file, tmp_path, tmp_path / "out", said=2))
    assert done.returncode == 2
    assert "2 rank(s) asked for but 1 started" in done.stderr


def test_no_equilibrium_ends_with_three(case_file: Path, tmp_path: Path) -> None:
    """One Newton iteration is not enough: exit 3 on two ranks, the diagnosis in the status, no manifest."""
    data = load_case(case_file).resolved()
    data["solver"]["max_newton"] = 1
    case = Case.model_validate(data)
    case_file.write_text(dump_yaml(case), encoding="utf-8")
    out = tmp_path / "out"
    done = run(command(2, case_file, write_foot(tmp_path / "mesh", case), out))
    assert done.returncode == 3
    assert "no equilibrium at" in str(status(out)["message"])
    assert Manifest.read(out, STAGE) is None


def test_last_good_state_is_kept(case_file: Path, tmp_path: Path) -> None:
    """Half the load stands, the whole does not: exit 3, the state at half in a file that is no result."""
    script = tmp_path / "half.py"
    script.write_text(
        "import pipeline.solve.newton as newton\n"
        "solve = newton.Newton.solve\n"
        "def limited(self, target_N=0.0):\n"
        "    report = solve(self, target_N)\n"
        "    if target_N > 15.0:\n"
        "        raise newton.NewtonFailureError('spoiled by the test')\n"
        "    return report\n"
        "newton.Newton.solve = limited\n"
        "import runpy\n"
        "runpy.run_module('pipeline.solve', run_name='__main__')\n",
        encoding="utf-8",
    )
    case, out = load_case(case_file), tmp_path / "out"
    line = command(2, case_file, write_foot(tmp_path / "mesh", case), out)
    at = line.index("pipeline.solve")
    done = run([*line[: at - 1], str(script), *line[at + 1 :]])
    assert done.returncode == 3, done.stderr
    assert not (out / "fields.h5").exists()
    assert Manifest.read(out, STAGE) is None
    with h5py.File(out / "last_good.h5") as file:
        share, force = file.attrs["share_of_load"], file["sole_pressure_MPa"][:] @ file["sole_area_mm2"][:]
    assert 0.5 <= share < 1.0
    assert force == pytest.approx(share * case.target_force_N, abs=PASSING_RTOL * case.target_force_N)


@pytest.mark.parametrize("where", ["pipeline.solve.analysis.energy_density", "pipeline.solve.job.collect"])
def test_fault_on_one_rank_ends_all(case_file: Path, tmp_path: Path, where: str) -> None:
    """FLT-6: an unexpected exception on rank 1 only ends both ranks with 70, soon, with its traceback."""
    script = tmp_path / "fault.py"
    script.write_text(
        "import sys\n"
        "from mpi4py import MPI\n"
        f"import {where.rpartition('.')[0]} as module\n"
        "from pipeline.solve.__main__ import leave_together, main\n"
        f"real = module.{where.rpartition('.')[2]}\n"
        "def fault(*arguments):\n"
        "    if MPI.COMM_WORLD.rank == 1:\n"
        "        raise ValueError('broken on purpose')\n"
        "    return real(*arguments)\n"
        f"module.{where.rpartition('.')[2]} = fault\n"
        "leave_together(MPI.COMM_WORLD, main(sys.argv[1:]))\n",
        encoding="utf-8",
    )
    mesh = write_foot(tmp_path / "mesh", load_case(case_file))
    out = tmp_path / "out"
    options = command(2, case_file, mesh, out)[-8:]
    done = run(mpi_command(2, ["-m", "mpi4py", str(script), *options]))
    assert done.returncode == 70
    assert "broken on purpose" in done.stderr
    assert Manifest.read(out, STAGE) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_with_five(case_file: Path, tmp_path: Path, number: signal.Signals) -> None:
    """A stopped solve says so, leaves nothing half-written, and the next one succeeds."""
    mesh = write_foot(tmp_path / "mesh", load_case(case_file))
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(1, case_file, mesh, out),
        cwd=ROOT,
        env=child_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not (out / "status.json").exists():
        time.sleep(0.01)
    os.kill(process.pid, number)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 5, words
    assert (status(out)["state"], status(out)["exit_code"]) == ("failed", 5)
    assert not list(out.glob("*.part"))
    assert Manifest.read(out, STAGE) is None
    assert run(command(1, case_file, mesh, out)).returncode == 0
    assert status(out)["state"] == "done"


def test_key_module_needs_no_solver() -> None:
    """The command line asks for the key where DOLFINx is not installed."""
    code = "import sys, pipeline.solve.key; sys.exit('dolfinx' in sys.modules or 'mpi4py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_key_follows_what_matters(case_file: Path, tmp_path: Path) -> None:
    """Load, mesh and its landmarks change the key; the title does not."""
    case = load_case(case_file)
    mesh = write_foot(tmp_path / "mesh", case)
    other_title = case.model_copy(update={"title": "another"})
    heavier = case.model_copy(update={"load": case.load.model_copy(update={"steps": 7})})
    key = solve_key(case, mesh)
    assert solve_key(other_title, mesh) == key
    assert solve_key(heavier, mesh) != key
    for name in ("mesh.msh", "geometry.json"):
        good = (mesh / name).read_bytes()
        (mesh / name).write_bytes(good + b"\n")
        assert solve_key(case, mesh) != key
        (mesh / name).write_bytes(good)
    assert solve_key(case, mesh) == key

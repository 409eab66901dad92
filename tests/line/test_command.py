"""The command line: clear refusals before any MPI work, exit codes, help."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import cli, run
from pipeline.config import load_case
from pipeline.console import STEP
from pipeline.errors import ConvergenceError, LinearSolverError
from pipeline.run import Job, solver_error
from pipeline.stage import write_json
from tests.line.conftest import CASES, Firstray

HEAD = "base: {base}\ntitle: wrong on purpose\n"
GIVEN = 'source: "A test", status: assumed'
BONE = "materials:\n  cortical: {{law: linear_elastic, {young}, {poisson}}}\n"
YOUNG, POISSON = f"young_MPa: {{value: 1e4, {GIVEN}}}", f"poisson: {{value: 0.3, {GIVEN}}}"

WRONG = {
    "misspelt key": (
        HEAD + BONE.format(young=YOUNG, poisson=POISSON.replace("poisson", "poison")),
        "'poisson'",
    ),
    "negative modulus": (HEAD + BONE.format(young=YOUNG.replace("1e4", "-1"), poisson=POISSON), "above 0"),
    "poisson one half": (HEAD + BONE.format(young=YOUNG, poisson=POISSON.replace("0.3", "0.5")), "below 0.5"),
    "missing unit": (HEAD + BONE.format(young=YOUNG.replace("_MPa", ""), poisson=POISSON), "young_MPa"),
    "not a number": (HEAD + f"patient: {{body_mass_kg: {{value: .nan, {GIVEN}}}}}\n", "nan"),
    "unknown joint": (HEAD + "joint: {kind: frozen}\n", "normal"),
    "empty file": ("", "empty"),
    "tab indentation": (HEAD + "load:\n\tsteps: 3\n", "tab"),
    "duplicate key": (HEAD + "title: again\n", "title"),
}


@pytest.fixture
def no_mpi(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to mesh or to start a solver fails the test."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("work was started although the input is wrong")

    monkeypatch.setattr(run, "follow", forbidden)
    monkeypatch.setattr(cli, "mesh_all", forbidden)
    monkeypatch.setattr(run, "mesh_all", forbidden)


@pytest.mark.usefixtures("no_mpi")
@pytest.mark.parametrize("name", WRONG)
def test_wrong_config_is_refused_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, hint = WRONG[name]
    path = tmp_path / "case.yaml"
    path.write_text(text.replace("{base}", str(CASES / "normal.yaml")), encoding="utf-8")
    assert cli.main(["run", str(path), "--out", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert f"{path}:" in lines[0] or name == "empty file"
    assert hint in lines[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_mpi")
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            "mesh: {level: medium, shared_with: [a.yaml, b.yaml]}",
            "b is not of the same foot and mesh as a: mesh.level is medium, not coarse;",
        ),
        (
            f"joint: {{valgus_deg: {{value: 12, {GIVEN}}}}}\nmesh: {{shared_with: [a.yaml, b.yaml]}}",
            "b does not stand as a: mt1 is",
        ),
    ],
)
def test_cases_that_cannot_share_a_mesh_are_refused_in_one_line(
    changed: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = "mesh: {shared_with: [a.yaml, b.yaml]}\n"
    for name, kind, more in (("a", "normal", shared), ("b", "fused", changed)):
        text = HEAD.format(base=CASES / f"compare_{kind}.yaml") + more
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    files, out, meshes = [str(tmp_path / f"{name}.yaml") for name in "ab"], tmp_path / "out", tmp_path / "m"
    assert cli.main(["run", *files, "--out", str(out), "--meshes", str(meshes)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert f"{files[0]}: mesh.shared_with: {said}" in line
    assert not out.exists()
    assert not meshes.exists()


@pytest.mark.usefixtures("no_mpi")
def test_unwritable_output_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert cli.main(["run", "normal", "--out", str(tmp_path / "file" / "out")]) == 2
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1
    assert str(tmp_path / "file" / "out") in error


def test_check_reports_all_faults_of_all_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for i, name in enumerate(("missing unit", "unknown joint")):
        path = tmp_path / f"case{i}.yaml"
        path.write_text(WRONG[name][0].replace("{base}", str(CASES / "normal.yaml")), encoding="utf-8")
        paths.append(str(path))
    assert cli.main(["check", *paths]) == 2
    error = capsys.readouterr().err
    assert all(path in error for path in paths)


def test_two_cases_of_one_name_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "normal", "normal", "--out", str(tmp_path)]) == 2
    assert "two cases of this name" in capsys.readouterr().err


def test_unknown_case_names_the_shipped_ones(firstray: Firstray) -> None:
    done = firstray("check", "norml")
    assert done.returncode == 2
    assert ", ".join(sorted(path.stem for path in CASES.glob("*.yaml"))) in done.stderr
    assert "Traceback" not in done.stderr


def test_shipped_cases_are_in_order(firstray: Firstray) -> None:
    done = firstray("check", "normal", "stiff", "fused")
    assert done.returncode == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["normal", "stiff", "fused"]


def test_help_shows_examples_and_exit_codes(firstray: Firstray) -> None:
    done = firstray("--help")
    assert done.returncode == 0
    assert "firstray demo" in done.stdout
    assert "3 not converged" in done.stdout


def test_exec_hands_over_the_exit_code(firstray: Firstray) -> None:
    assert firstray("exec", "sh", "-c", "exit 9").returncode == 9
    assert firstray("exec", "no-such-program").returncode == 2


@pytest.mark.parametrize("ranks", ["0", "-1", "two"])
def test_ranks_are_checked(firstray: Firstray, ranks: str) -> None:
    assert firstray("run", "normal", "-n", ranks).returncode == 2


@pytest.mark.parametrize(("code", "kind"), [(3, ConvergenceError), (4, LinearSolverError)])
def test_error_of_the_solver_keeps_its_kind_and_words(
    tmp_path: Path, code: int, kind: type[Exception]
) -> None:
    job = Job(load_case(CASES / "normal.yaml"), tmp_path, tmp_path)
    job.folder.mkdir()
    write_json(job.folder / "status.json", {"state": "failed", "exit_code": code, "message": "the reason"})
    error = solver_error(job, code)
    assert type(error) is kind
    assert error.exit_code == code
    assert "the reason" in str(error)


def test_solver_that_dies_silently_is_an_internal_error(tmp_path: Path) -> None:
    job = Job(load_case(CASES / "normal.yaml"), tmp_path, tmp_path)
    assert solver_error(job, 139).exit_code == 70


def test_progress_understands_a_step() -> None:
    found = STEP.match("step 2  load 66.7 %  force 310.0 N  descent 3.21 mm")
    assert found is not None
    assert (found[1], found[2]) == ("2", "66.7")

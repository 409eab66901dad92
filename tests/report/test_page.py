"""The report as a whole: one page that stands alone, with pictures or without."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from pipeline import stage
from pipeline.config import load_case
from pipeline.measure import measure
from pipeline.picture_program import run_apart
from pipeline.report import drawing, make_report, report_key
from pipeline.report import page as page_module
from pipeline.report.drawing import PICTURES
from pipeline.report.pictures import sole, whole
from pipeline.report.pictures.scene import Scene
from pipeline.report.results import CaseResult, read_results
from tests.measure.bricks import Bricks, brick_foot, mirrored, write_case

Folders = dict[str, tuple[Path, Path]]
NO_PICTURES = ["-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]


def _report(folders: Folders, out: Path, *names: str) -> tuple[Path, str]:
    index = make_report([folders[name][0] for name in names], [folders[name][1] for name in names], out)
    return index, index.read_text(encoding="utf-8")


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture program dies as it does where OpenGL is missing."""
    monkeypatch.setattr(drawing, "run_apart", lambda _, seconds: run_apart(NO_PICTURES, seconds))


def test_report_with_pictures(folders: Folders, tmp_path: Path) -> None:
    """All pictures are drawn with no display, hold more than a blank page, and are inside the one file."""
    names = "normal", "stiff", "fused", "implant"
    _, page = _report(folders, tmp_path, *names)
    for name in PICTURES:
        image = matplotlib.image.imread(tmp_path / f"{name}.png")
        assert image.shape[1] > 1000, name
        assert image[..., :3].std() > 0.05, name
    key = report_key(*zip(*[folders[name] for name in names], strict=True))
    assert stage.up_to_date(tmp_path, "report", key)
    assert "no picture" not in page
    assert page.count("data:image/png;base64,") == len(PICTURES)


@pytest.mark.usefixtures("blind")
def test_numbers_survive_a_crash_of_the_pictures(folders: Folders, tmp_path: Path) -> None:
    """The page says which are missing and why, table and summary are complete; the report is not finished."""
    index, page = _report(folders, tmp_path, "normal", "fused")
    assert page.count("no picture.") == len(PICTURES)
    assert "died of SIGSEGV" in page
    assert "The hallux carries 100 % more than with the normal joint" in page
    assert (tmp_path / "comparison.json").is_file()
    assert stage.Manifest.read(index.parent, "report") is None


@pytest.mark.usefixtures("blind")
def test_page_needs_no_network(folders: Folders, tmp_path: Path) -> None:
    """Every picture is in the page; no script, style sheet, font or link points elsewhere."""
    _, page = _report(folders, tmp_path, "normal", "stiff", "fused")
    targets = re.findall(r'(?:src|href)="([^"]*)"', page) + re.findall(r"url\(([^)]*)\)", page)
    assert targets
    assert all(target.startswith(("data:", "#")) for target in targets)
    assert "<link" not in page
    assert "@import" not in page


@pytest.mark.usefixtures("blind")
def test_one_case_alone(folders: Folders, tmp_path: Path) -> None:
    """A single stiff foot gives a page without percentages and without a verdict."""
    _, page = _report(folders, tmp_path, "stiff")
    assert "% of normal" not in page
    assert "None of these cases has a published counterpart" in page


@pytest.mark.usefixtures("blind")
def test_limits_carry_measured_strain(
    folders: Folders, tmp_path: Path, results: list[CaseResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limits name the rigid bases, and how much soft tissue each case presses beyond 50 %."""
    assert "over 0 % (normal joint), 0 % (stiff joint) and 0 % (fused joint)" in page_module._large_strain(
        results
    )
    monkeypatch.setattr(CaseResult, "value", lambda *_: 12.34)
    assert "more than 50 % over 12.3 % (normal joint) of its volume" in page_module._large_strain(results[:1])
    monkeypatch.undo()
    _, text = _report(folders, tmp_path, "normal")
    assert "tarsometatarsal joints are elastic beds whose stiffness is assumed" in text


def test_mesh_levels_that_differ_are_each_named(results: list[CaseResult]) -> None:
    """One sentence for one level; case by case for two."""
    assert page_module._mesh_levels(results) == page_module._mesh_levels(results[:1])
    case = results[1].case
    fine = case.model_copy(update={"mesh": case.mesh.model_copy(update={"level": "fine"})})
    words = page_module._mesh_levels([results[0], replace(results[1], case=fine)])
    assert "do not share a mesh level" in words
    assert "Stiff joint: fine mesh" in words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"level": "xfine"}, "It is a very fine mesh, no convergence study attached."),
        (
            {"target_dofs": 2_000_000},
            "It is a mesh made for 2\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000 unknowns",
        ),
    ],
)
def test_every_fineness_has_words(results: list[CaseResult], changes: dict[str, Any], words: str) -> None:
    case = results[0].case
    case = case.model_copy(update={"mesh": case.mesh.model_copy(update=changes)})
    assert page_module._mesh_levels([replace(results[0], case=case)]).startswith(words)


def test_page_says_which_foot_stands_how(results: list[CaseResult]) -> None:
    """Side and instant of all cases, or that they differ."""
    case = results[0].case
    left = case.patient.model_copy(update={"side": "left"})
    flat = case.posture.model_copy(update={"instant": "midstance"})
    other = replace(results[0], case=case.model_copy(update={"patient": left, "posture": flat}))
    assert page_module._foot(results) == "one right foot at push-off"
    assert page_module._foot([other]) == "one left foot at mid-stance"
    assert page_module._foot([*results, other]) == "feet of both sides at different instants of stance"


@pytest.mark.parametrize("side", ["right", "left"])
def test_pictures_look_at_either_foot_from_its_own_side(side: str, folders: Folders, tmp_path: Path) -> None:
    """The whole is seen from the medial side; forces under the first ray stand on that side of the sole."""
    case = load_case(folders["normal"][0] / "case.yaml")
    bricks: Bricks = mirrored(brick_foot()) if side == "left" else brick_foot()
    case_dir, mesh_dir = write_case(tmp_path, case, bricks)
    measure(case_dir, mesh_dir, case)
    (result,) = read_results([case_dir], [mesh_dir])
    scene = Scene(drawing._files(result))
    (view,) = whole._views([scene])
    assert view.towards_eye @ (scene.bone("mt1").base - scene.bone("mt2").base) > 0.0
    left, right, _, _ = view.window
    for name in ("mt1", "dp1", "dp2"):
        assert left < view.project(scene.bone(name).at(1.0))[0] < right
    axes = Figure().add_subplot()
    sole._footprint(axes, sole._view([scene]), scene, Normalize(0.0, 200.0))
    place = {text.get_text().split("\n")[0]: text.get_position()[0] for text in axes.texts}
    ahead = 1.0 if side == "right" else -1.0
    assert ahead * place["1st head"] > 0.0 > ahead * place["2nd toe"]
    assert ahead * place["hallux"] > ahead * place["2nd head"]


@pytest.mark.usefixtures("blind")
def test_page_shows_where_numbers_come_from(folders: Folders, tmp_path: Path) -> None:
    """Sources of inputs, of comparisons and of code are on the page."""
    _, page = _report(folders, tmp_path, "normal")
    assert "Arndt et al. 2002" in page
    assert "materials.cortical.young_MPa" in page
    assert "solve-key" in page

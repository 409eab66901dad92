"""The report as a whole: one page that stands alone, with pictures or without."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import pytest

from pipeline import stage
from pipeline.picture_program import run_apart
from pipeline.report import drawing, make_report, report_key
from pipeline.report import page as page_module
from pipeline.report.drawing import PICTURES
from pipeline.report.results import CaseResult

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
    _, page = _report(folders, tmp_path, "normal", "stiff", "fused")
    for name in PICTURES:
        image = matplotlib.image.imread(tmp_path / f"{name}.png")
        assert image.shape[1] > 1000, name
        assert image[..., :3].std() > 0.05, name
    key = report_key(*zip(*[folders[name] for name in ("normal", "stiff", "fused")], strict=True))
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
    assert "over 0 % (normal joint), 0 % (stiff joint) and 0 % (fused joint)" in page_module._small_strain(
        results
    )
    monkeypatch.setattr(CaseResult, "value", lambda *_: 12.34)
    assert "more than 50 % over 12.3 % (normal joint) of its volume" in page_module._small_strain(results[:1])
    monkeypatch.undo()
    _, text = _report(folders, tmp_path, "normal")
    assert "tarsometatarsal joints do not give" in text


def test_mesh_levels_that_differ_are_each_named(results: list[CaseResult]) -> None:
    """One sentence for one level; case by case for two."""
    assert page_module._mesh_levels(results) == page_module._mesh_levels(results[:1])
    case = results[1].case
    fine = case.model_copy(update={"mesh": case.mesh.model_copy(update={"level": "fine"})})
    words = page_module._mesh_levels([results[0], replace(results[1], case=fine)])
    assert "do not share a mesh level" in words
    assert "Stiff joint: fine mesh" in words


@pytest.mark.usefixtures("blind")
def test_page_shows_where_numbers_come_from(folders: Folders, tmp_path: Path) -> None:
    """Sources of inputs, of comparisons and of code are on the page."""
    _, page = _report(folders, tmp_path, "normal")
    assert "Arndt et al. 2002" in page
    assert "materials.cortical.young_MPa" in page
    assert "solve-key" in page

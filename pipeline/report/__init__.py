"""From quantities to a page: table, pictures, plain words, all in one file that needs no network."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipeline import stage
from pipeline.report.comparison import compare, write_comparison
from pipeline.report.drawing import draw_pictures
from pipeline.report.page import render
from pipeline.report.results import read_results

STAGE = "report"


def report_key(case_dirs: Sequence[Path], mesh_dirs: Sequence[Path]) -> str:
    """Hash of all a report depends on: the measured files and configurations of its cases, and this code.

    Raises:
        ConfigError: a case is not measured, or no case was given.
    """
    cases = [
        {
            "measured": {
                name: manifest.outputs if manifest else {} for name, manifest in result.manifests.items()
            },
            "case": stage.sha256_of_data(result.case.resolved()),
        }
        for result in read_results(case_dirs, mesh_dirs)
    ]
    code = stage.code_hash("report", "colours", "cut", "panel", "measure", "regions", "tetrahedron", "units")
    return stage.sha256_of_data({"cases": cases, "code": code})


def make_report(case_dirs: Sequence[Path], mesh_dirs: Sequence[Path], out: Path) -> Path:
    """Write ``index.html``, ``comparison.json``, ``comparison.csv``, the pictures, and the manifest last.

    Pictures are drawn by a process of their own. Where one fails the page says so and everything else is
    written all the same, but no manifest: the report is not finished, and the next run makes it again.

    Args:
        case_dirs: folders of measured cases.
        mesh_dirs: the mesh folder of each case, in the same order.
        out: folder of the report, made if needed.

    Returns:
        Path of ``index.html``.

    Raises:
        ConfigError: a case is not measured, no case was given, or two cases share a name.
    """
    started = time.perf_counter()
    key = report_key(case_dirs, mesh_dirs)
    stage.begin(out, STAGE)
    results = read_results(case_dirs, mesh_dirs)
    rows = compare(results)
    write_comparison(out, results, rows)
    pictures = draw_pictures(results, out)
    made = datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC")
    index = out / "index.html"
    stage.write_text(index, render(results, rows, pictures, stage.git_commit(), made))
    drawn = [picture.path.name for picture in pictures if picture.path]
    if len(drawn) == len(pictures):
        stage.finish(
            out,
            STAGE,
            key,
            [index.name, "comparison.json", "comparison.csv", *drawn],
            packages=("numpy", "matplotlib", "jinja2", "pyvista", "meshio"),
            seconds=time.perf_counter() - started,
        )
    return index

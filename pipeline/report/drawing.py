"""Start the picture program, and say which pictures there are and why others are missing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.picture_program import run_apart
from pipeline.report.pictures.job import CaseFiles, Job
from pipeline.report.results import CaseResult

PICTURES = {
    "whole": (
        "How the bones stand",
        "The model as built, before loading, from its inner side. Tissues by colour; "
        "bone surfaces smoothed for the eye.",
    ),
    "sole": (
        "Pressure under the foot",
        "Seen from below, toes up; one colour scale. Pressure of the facets "
        "averaged at their corners, so peaks are lower than in the table; grey: skin off the floor.",
    ),
    "section": (
        "Stress along the first ray",
        "Upright cut through the first ray, von Mises stress of each cell on a logarithmic scale; below, "
        "the layers of the IP joint enlarged, on a scale of their own. Drawn on the unloaded shape.",
    ),
    "metatarsal": (
        "The second metatarsal",
        "Stress along the bone at the surface of its cortex, back and sole side, toes to the left; the "
        "frame at mid-shaft is the 5 by 3 mm strain gauge.",
    ),
}
SECONDS = 300.0


@dataclass(frozen=True)
class Picture:
    """One picture of the report; ``path`` is None and ``missing`` says why if it could not be drawn."""

    name: str
    title: str
    caption: str
    path: Path | None
    missing: str = ""


def draw_pictures(results: Sequence[CaseResult], out: Path) -> list[Picture]:
    """Draw all pictures in one process of their own; whatever happens to it, the report goes on."""
    for name in PICTURES:
        (out / f"{name}.png").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.json"
        Job(tuple(map(_files, results)), tuple(PICTURES), str(out.resolve())).write(job)
        fault = run_apart(["-m", "pipeline.report.pictures", str(job)], SECONDS)
    return [_picture(name, out / f"{name}.png", fault) for name in PICTURES]


def _files(result: CaseResult) -> CaseFiles:
    return CaseFiles(
        title=result.case.title,
        kind=result.kind,
        fields=str((result.folder / "fields.vtu").resolve()),
        sole=str((result.folder / "sole.vtu").resolve()),
        geometry=str((result.mesh_dir / "geometry.json").resolve()),
        quantities={name: result.value(name) for name in result.quantities},
    )


def _picture(name: str, path: Path, fault: str) -> Picture:
    title, caption = PICTURES[name]
    if path.is_file():
        return Picture(name, title, caption, path)
    return Picture(name, title, caption, None, fault or "the picture program wrote no file")

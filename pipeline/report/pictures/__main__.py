"""Draw pictures in a process of their own: ``python -m pipeline.report.pictures JOB.json``.

A missing or broken OpenGL library ends a process without an exception; here it takes no number with it.
One line is printed for each picture finished.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.report.pictures import metatarsal, section, sole, whole
from pipeline.report.pictures.job import Job
from pipeline.report.pictures.scene import Scene

PICTURES: dict[str, Callable[[Sequence[Scene], Path], None]] = {
    "sole": sole.draw,
    "section": section.draw,
    "whole": whole.draw,
    "metatarsal": metatarsal.draw,
}


def main(job_file: Path) -> None:
    """Draw the pictures of a job, those that need no OpenGL first."""
    job = Job.read(job_file)
    scenes = [Scene(files) for files in job.cases]
    for name, draw in PICTURES.items():
        if name in job.pictures:
            draw(scenes, Path(job.out) / f"{name}.png")
            print(f"drew {name}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

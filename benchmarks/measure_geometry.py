"""Is the mesh the foot that was asked for? Every measure of a mesh beside the configuration's.

python benchmarks/measure_geometry.py normal stiff --level medium
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from pipeline.config import Case, load_case, sized
from pipeline.mesh.build import build
from pipeline.mesh.survey import elements_across, survey

CASES = Path(__file__).resolve().parent.parent / "configs" / "cases"


def main() -> int:
    """Print the table of each case; 1 if a line is outside."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", nargs="*", default=["normal"])
    parser.add_argument("--level", default="medium")
    args = parser.parse_args()
    outside = 0
    for name in args.case:
        data = load_case(CASES / f"{name}.yaml").resolved()
        data["mesh"]["level"] = args.level
        case = sized(Case.model_validate(data))
        built = build(case)
        for line in survey(built, case):
            outside += not line.inside
            sign = "" if line.inside else "   outside"
            print(f"{name:12s} {line.what:42s} {line.wanted:9.3f} {line.measured:9.3f} {line.unit}{sign}")
        for words, counts in elements_across(built, case).items():
            low, middle = np.percentile(counts, [5, 50])
            spread = f"median {middle:.0f}, 5th percentile {low:.0f}, least {min(counts)}"
            print(f"{name:12s} cells across {words:29s} {spread}")
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())

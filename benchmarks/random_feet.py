"""Do feet from all over the published ranges mesh, with every joint block? And how well?

    python benchmarks/random_feet.py --count 200 --seed 1

Draws a Latin hypercube over benchmarks/feet.yaml, gives the joint blocks to the feet in turn, builds each
mesh once, and prints what failed a gate and the spread of every measure. A line per foot goes to a file
as it is done, so that a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.stats import qmc

from pipeline.config import Case, load_case, sized
from pipeline.errors import FirstRayError
from pipeline.mesh.build import build, quality_of
from pipeline.mesh.quality import quality_faults

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "configs" / "cases"
MEASURES = {
    "worst_mean_ratio": min,
    "first_percentile_mean_ratio": min,
    "smallest_dihedral_deg": min,
    "normal_error_p95_deg": max,
    "distance_p95_mm": max,
    "largest_hole": max,
    "cells": max,
    "seconds": max,
    "memory_GB": max,
}
"""What is printed of every mesh, and which end of its spread is the bad one."""


def entry(data: dict[str, Any], path: str) -> tuple[dict[str, Any], str] | None:
    """Block and key that hold the number of a path, or None if the case has no such key."""
    *blocks, last = path.split(".")
    for name in blocks:
        if not isinstance(data.get(name), dict):
            return None
        data = data[name]
    if last not in data:
        return None
    return (data[last], "value") if isinstance(data[last], dict) else (data, last)


def scaled(data: dict[str, Any], path: str, factor: float) -> None:
    """Multiply a number, or every number of a list, where the case has it."""
    found = entry(data, path)
    if found is None:
        return
    block, key = found
    value = block[key]
    block[key] = [factor * v for v in value] if isinstance(value, list) else factor * value


def number(data: dict[str, Any], path: str) -> float:
    """A number of the case."""
    found = entry(data, path)
    if found is None:
        raise KeyError(path)
    return float(found[0][found[1]])


class Sampler:
    """Draws feet: one coordinate of the hypercube for each range, in the order of the file."""

    def __init__(self, ranges: dict[str, Any], count: int, seed: int) -> None:
        self.ranges = ranges
        names = [*ranges["value"], *ranges["scale"], *ranges["joint"], *ranges["share"]]
        cube = qmc.LatinHypercube(len(names), seed=seed).random(count)
        self._draws = [dict(zip(names, row, strict=True)) for row in cube]

    def data(self, index: int) -> dict[str, Any]:
        """Plain data of one foot with its joint block."""
        draw = self._draws[index]
        block = self.ranges["blocks"][index % len(self.ranges["blocks"])]
        data = load_case(CASES / f"{block['case']}.yaml").resolved()
        data["name"], data["mesh"]["level"] = f"foot{index:03d}", "medium"
        for path, (low, high) in self.ranges["value"].items():
            found = entry(data, path)
            if found is None:
                raise KeyError(path)
            found[0][found[1]] = low + (high - low) * draw[path]
        for kind in ("scale", "joint"):
            for path, (low, high) in self.ranges[kind].items():
                scaled(data, path, low + (high - low) * draw[path])
        self._fit(data, draw)
        self._vary(data["joint"], block)
        return data

    def _vary(self, joint: dict[str, Any], block: dict[str, Any]) -> None:
        """What a block changes in its case."""
        if "interface_mm" in block:
            chosen = {"value": block["interface_mm"], "source": "benchmark", "status": "assumed"}
            joint["hardware"]["interface_mm"] = chosen
            joint["tissues"]["screw_interface"] = "screw_bed"
        if "side" in block:
            joint["hardware"]["side"] = block["side"]

    def _fit(self, data: dict[str, Any], draw: dict[str, float]) -> None:
        """Values that others bound: joints hold their cartilage, heads and screws stay apart."""
        share, a = self.ranges["share"], data["anatomy"]

        def between(name: str) -> float:
            low, high = share[name]
            return float(low + (high - low) * draw[name])

        heads = (
            max(a["mt1"]["sections"]["mediolateral_mm"][-2:]) / 2.0,
            a["mt2"]["sections"]["mediolateral_mm"][-1] / 2.0,
        )
        least = sum(heads) + share["head_spacing"]["least_gap_mm"]
        most = max(share["head_spacing"]["most_mm"], least + 1.0)
        a["head_spacing_mm"]["value"] = least + (most - least) * draw["head_spacing"]
        for joint, keys in (
            ("ip", ("ip_cartilage_mm",)),
            ("mtp2", ("mtp2_cartilage_mt2_mm", "mtp2_cartilage_pp2_mm")),
        ):
            thickness = between(f"{joint}_cartilage_mm")
            for key in keys:
                a[key]["value"] = thickness
            a[f"{joint}_joint_space_mm"]["value"] = 2.0 * thickness + between(f"{joint}_gap_mm")
        own, room = data["joint"], number(data, "joint.joint_space_mm") - 0.4
        low, high = share["mtp1_cartilage"]
        for key, part in (
            ("cartilage_mt1_mm", draw["mtp1_cartilage"]),
            ("cartilage_pp1_mm", 1.0 - draw["mtp1_cartilage"]),
        ):
            if key in own:
                own[key]["value"] = room * (low + (high - low) * part) * 0.95
        hardware = own.get("hardware", {})
        if "spacing_mm" in hardware:
            hardware["spacing_mm"]["value"] = hardware["diameter_mm"]["value"] + 2.0
        if "device" in own and "protrusion_mm" in own["device"]:
            own["device"]["protrusion_mm"]["value"] = own["cartilage_mt1_mm"]["value"] + 0.2


def attempt(index: int, data: dict[str, Any]) -> dict[str, Any]:
    """Build one mesh; the row holds its measures, or the named error it ended with."""
    start = time.perf_counter()
    row: dict[str, Any] = {"foot": index, "block": data["joint"]["kind"]}
    try:
        case = sized(Case.model_validate(data))
        built = build(case)
        quality = quality_of(built)
    except (FirstRayError, ValueError) as error:
        return {**row, "error": f"{type(error).__name__}: {error}"[:400]}
    except Exception as error:  # a fault of the program is a result of this benchmark
        return {**row, "crash": f"{type(error).__name__}: {error}"[:400]}
    fit = quality.fidelity
    return {
        **row,
        "cells": quality.cells,
        "worst_mean_ratio": quality.worst_mean_ratio,
        "first_percentile_mean_ratio": quality.first_percentile_mean_ratio,
        "smallest_dihedral_deg": quality.smallest_dihedral_deg,
        "normal_error_p95_deg": fit.normal_error_p95_deg,
        "distance_p95_mm": fit.distance_p95_mm,
        "largest_hole": max(fit.holes.values()),
        "faults": quality_faults(quality, built.factor),
        "elevation_deg": built.posture.first_ray_elevation_deg,
        "seconds": round(time.perf_counter() - start, 1),
        "memory_GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }


def report(rows: list[dict[str, Any]]) -> int:
    """Print failures and the spread of every measure; 0 if at least 99 of 100 feet passed all gates."""
    good = [row for row in rows if not row.get("faults") and "error" not in row and "crash" not in row]
    for row in rows:
        if row not in good:
            why = row.get("error") or row.get("crash") or row["faults"]
            print(f"foot {row['foot']} ({row['block']}): {why}")
    print(f"{len(good)} of {len(rows)} feet meshed at the first try and passed every gate")
    meshed = [row for row in rows if "cells" in row]
    print(f"{'measure':30s} {'median':>12s} {'worst':>12s} {'foot':>5s}")
    for name, worst in MEASURES.items():
        values: NDArray[np.float64] = np.array([row[name] for row in meshed], float)
        extreme = worst(meshed, key=lambda row: row[name])
        print(f"{name:30s} {np.median(values):12.4g} {extreme[name]:12.4g} {extreme['foot']:5d}")
    crashed = any("crash" in row for row in rows)
    return 0 if not crashed and len(good) >= 0.99 * len(rows) else 1


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of single feet")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "random_feet.jsonl")
    args = parser.parse_args()
    ranges = yaml.safe_load((Path(__file__).parent / "feet.yaml").read_text(encoding="utf-8"))
    sampler = Sampler(ranges, args.count, args.seed)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    wanted = set(args.only if args.only else range(args.count))
    open_feet = sorted(wanted - {row["foot"] for row in rows})
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(args.workers, spawn) as pool, args.out.open("a") as stream:
        for future in as_completed([pool.submit(attempt, i, sampler.data(i)) for i in open_feet]):
            rows.append(future.result())
            stream.write(json.dumps(rows[-1]) + "\n")
            stream.flush()
            print(json.dumps(rows[-1]), flush=True)
    return report(sorted((row for row in rows if row["foot"] in wanted), key=lambda row: int(row["foot"])))


if __name__ == "__main__":
    sys.exit(main())

"""Passive moment of the first MTP joint against its angle: the first metatarsal held, the phalanx turned.

./firstray mesh CASE
./firstray exec mpirun -n 2 python -m mpi4py benchmarks/passive_mtp1.py CASE meshes/HASH --to 20 --step 2.5

The moment is the slope of the energy of tissues, contact, cables and joint laws over the angle, so it holds
whatever acts across the joint. Angles count from the posture that is meshed, dorsiflexion positive.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import Case, load_case
from pipeline.regions import Region
from pipeline.solve.analysis import Problem
from pipeline.solve.body import Body
from pipeline.solve.job import problem_of, read_geometry, read_mesh
from pipeline.solve.laws import energy_density
from pipeline.solve.level import Floats, Support
from pipeline.solve.model import FootMesh, distribute
from pipeline.solve.mpi import on_root
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.system import System

from dolfinx import fem  # isort: skip
from mpi4py import MPI  # isort: skip

MT1 = (Region.MT1_CORTEX, Region.MT1_CORE, Region.PROXIMAL_BLOCK)
PP1 = (Region.PP1_CORTEX, Region.PP1_CORE)


def bone_cells(foot: FootMesh, regions: tuple[Region, ...]) -> Any:
    """Local cells of some regions."""
    return np.flatnonzero(np.isin(foot.region, [int(r) for r in regions])).astype(np.int32)


def turned(geometry: Mapping[str, Any], degrees: float) -> Any:
    """Displacement of places (3, n) that turn about the first MTP joint into dorsiflexion, mm."""
    bone = geometry["bones"]["mt1"]
    ahead, up = (np.array(bone[key]) for key in ("axis", "dorsal"))
    up = up - (up @ ahead) * ahead
    up /= np.linalg.norm(up)
    centre = np.array(geometry["joints"]["mtp1"]["centre"])[:, None]
    angle = np.radians(degrees)

    def displacement(x: Floats) -> Floats:
        r = x - centre
        along, rise = ahead @ r, up @ r
        new_along = np.cos(angle) * along - np.sin(angle) * rise
        new_rise = np.sin(angle) * along + np.cos(angle) * rise
        return np.asarray(np.outer(ahead, new_along - along) + np.outer(up, new_rise - rise))

    return displacement


def curve(
    case: Case, foot: FootMesh, problem: Problem, geometry: Mapping[str, Any], angles: Floats, say: Any
) -> list[float]:
    """Energy at each angle, N mm. Collective."""
    phalanx = bone_cells(foot, PP1)
    supports = [Support(3, bone_cells(foot, MT1)), Support(3, phalanx)]
    density = energy_density(foot.domain, foot.region, problem.materials, problem.fibres(foot))
    body = Body(foot.domain, density, supports)
    terms = [*problem.contacts(foot, body).values(), *problem.attached(foot, body)]
    system = System(body, terms, problem.linear)
    newton = Newton(system, NewtonSettings(1e-6, 60), log=say)
    field = fem.Function(body.level.space)
    dofs = fem.locate_dofs_topological(body.level.space, 3, phalanx)
    moving = (3 * dofs[:, None] + np.arange(3)).ravel()
    energies, past = [], [body.u.x.array.copy()]
    for angle in angles:
        field.interpolate(turned(geometry, float(angle)))
        if len(past) > 1:
            body.u.x.array[:] = 2.0 * past[-1] - past[-2]
        body.u.x.array[moving] = field.x.array[moving]
        report = newton.solve()
        past.append(body.u.x.array.copy())
        energies.append(system.energy())
        say(f"{angle:.2f} deg  energy {energies[-1]:.3f} N mm  newton {report.iterations}")
    return energies


def main() -> None:
    """Print and write the curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("mesh", type=Path)
    parser.add_argument("--to", type=float, default=20.0)
    parser.add_argument("--step", type=float, default=2.5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    comm = MPI.COMM_WORLD
    case = load_case(args.case)
    geometry = on_root(comm, lambda: read_geometry(args.mesh))
    foot = distribute(comm, read_mesh(args.mesh, case) if comm.rank == 0 else None)

    def say(line: str) -> None:
        if comm.rank == 0:
            print(line, flush=True)

    angles = np.arange(0.0, abs(args.to) + 1e-9, args.step) * np.sign(args.to or 1.0)
    energies = curve(case, foot, problem_of(case, geometry), geometry, angles, say)
    moments = np.diff(energies) / np.radians(np.diff(angles))
    middles = 0.5 * (angles[1:] + angles[:-1])
    for angle, moment in zip(middles, moments, strict=True):
        say(f"{angle:6.2f} deg  {moment:10.2f} N mm")
    for angle, stiffness in zip(angles[1:-1], np.diff(moments) / np.diff(middles), strict=True):
        say(f"{angle:6.2f} deg  {stiffness:10.2f} N mm/deg")
    if args.out is not None and comm.rank == 0:
        data = {"case": case.name, "angle_deg": list(middles), "moment_Nmm": list(moments)}
        args.out.write_text(json.dumps(data, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

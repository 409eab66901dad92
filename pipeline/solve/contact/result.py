"""What a joint carries, reduced over the ranks."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from pipeline.solve.level import Floats
from pipeline.solve.mpi import global_max, global_min, global_sum

from mpi4py import MPI  # isort: skip


@dataclass(frozen=True)
class ContactResult:
    """Resultants of one pair of surfaces; all zero, and the centre not a number, if they do not touch.

    Attributes:
        force_N: force of the master on the slave, (3,).
        load_N: integral of the pressure; above the size of the force where the surface is curved.
        centre_mm: centre of the pressure in the deformed model, (3,).
        area_mm2: deformed area under pressure.
        mean_pressure_MPa: load over that area.
        peak_pressure_MPa: largest mean over a slave facet: from point to point a penalty on quadratic
            displacement scatters, its means do not.
        penetration_mm: largest penetration of the smooth surfaces.
    """

    force_N: Floats
    load_N: float
    centre_mm: Floats
    area_mm2: float
    mean_pressure_MPa: float
    peak_pressure_MPa: float
    penetration_mm: float

    def summary(self) -> dict[str, float | list[float]]:
        """All of it for a file of results; an unknown centre is an empty list."""
        found = asdict(self)
        return found | {
            "force_N": self.force_N.tolist(),
            "centre_mm": self.centre_mm.tolist() if self.load_N > 0.0 else [],
        }


def reduced(
    comm: MPI.Comm, force: Floats, load: Floats, place: Floats, area: Floats, mean: Floats, gap: Floats
) -> ContactResult:
    """Sum over the points of all ranks. Collective.

    Args:
        comm: communicator.
        force: force on each closed point of this rank, (n, 3), N.
        load: pressure times area of each, (n,), N.
        place: where each is now, (n, 3), mm.
        area: deformed area that each stands for, (n,), mm^2.
        mean: mean pressure of all facets of this rank, (f,), MPa.
        gap: gap of all points of this rank, any shape, mm.
    """
    area = np.where(load > 0.0, area, 0.0)
    local = np.concatenate([force.sum(axis=0), load @ place, [load.sum(), area.sum()]])
    sums = global_sum(comm, local)
    pressed, total = float(sums[6]), float(sums[7])
    return ContactResult(
        force_N=sums[:3],
        load_N=pressed,
        centre_mm=sums[3:6] / pressed if pressed > 0.0 else np.full(3, np.nan),
        area_mm2=total,
        mean_pressure_MPa=pressed / total if total > 0.0 else 0.0,
        peak_pressure_MPa=max(0.0, global_max(comm, mean)),
        penetration_mm=max(0.0, -global_min(comm, gap)),
    )

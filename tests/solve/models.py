"""Small problems for tests: materials, and a column that is solved from a mesh file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from pipeline.regions import Region
from pipeline.solve.analysis import Analysis, Problem, run_steps, set_up
from pipeline.solve.linear import LinearSettings
from pipeline.solve.mesh_file import MeshFile, read_mesh_file
from pipeline.solve.model import FootMesh, distribute
from pipeline.solve.mpi import on_root
from tests.solve.boxes import Floats, write_column

from mpi4py import MPI  # isort: skip

COMM = MPI.COMM_WORLD
CURVED_COUNTS = (4, 4, 5)
Kind = Literal["multigrid", "direct"]


def elastic(young: float, poisson: float) -> Any:
    """A linear elastic material with the attributes of one in a case."""
    values = {"young_MPa": SimpleNamespace(value=young), "poisson": SimpleNamespace(value=poisson)}
    return SimpleNamespace(law="linear_elastic", **values)


@dataclass(frozen=True)
class Column:
    """A column of soft tissue 4 x 4 mm, clamped from 8 mm up, on the floor; MPa, mm, N."""

    young: float = 2.0
    poisson: float = 0.0
    penalty: float = 5.0
    force: float = 3.0
    steps: int = 1
    kind: Kind = "multigrid"
    counts: tuple[int, int, int] = (2, 2, 5)
    shape: Callable[[Floats], Floats] | None = None
    linear_rtol: float = 1e-6
    newton_rtol: float = 1e-11
    max_newton: int = 30

    @property
    def materials(self) -> Mapping[Region, Any]:
        """Soft tissue and a stiff block."""
        scale = self.young / 2.0
        block = elastic(17000.0 * scale, 0.3)
        return {Region.SOFT_TISSUE: elastic(self.young, self.poisson), Region.PROXIMAL_BLOCK: block}

    @property
    def problem(self) -> Problem:
        """The problem as the solve takes it."""
        return Problem(
            materials=self.materials,
            penalty_MPa_per_mm=self.penalty,
            target_force_N=self.force,
            steps=self.steps,
            linear=LinearSettings(self.kind, self.linear_rtol),
            newton_rtol=self.newton_rtol,
            max_newton=self.max_newton,
        )

    def file(self, folder: Path) -> MeshFile | None:
        """Write and read the mesh; on rank 0 only."""
        if COMM.rank != 0:
            return None
        path = write_column(folder / "mesh.msh", counts=self.counts, shape=self.shape)
        return read_mesh_file(path, self.materials.keys())

    def mesh(self, folder: Path) -> FootMesh:
        """The mesh on all ranks."""
        return distribute(COMM, self.file(folder))

    def set_up(self, folder: Path) -> Analysis:
        """Everything but the load steps."""
        return set_up(COMM, self.file(folder), self.problem, lambda _: None)

    def solve(self, folder: Path) -> Analysis:
        """The column at its force."""
        analysis = self.set_up(folder)
        run_steps(analysis, self.problem, lambda _: None)
        return analysis


def dome(points: Floats) -> Floats:
    """Bend the bottom of the column into a bowl 1 mm high at the corners, so that contact grows."""
    moved = points.copy()
    radius = (points[:, 0] - 2.0) ** 2 + (points[:, 1] - 2.0) ** 2
    moved[:, 2] += 0.125 * radius * (1.0 - points[:, 2] / 10.0)
    return moved


def agree(value: Any) -> None:
    """All ranks hold the same value; called on all."""
    on_root(COMM, lambda: None)
    assert len(set(map(repr, COMM.allgather(value)))) == 1

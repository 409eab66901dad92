"""The mesh file, and the arrays of a mesh that several cases share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.mesh.cells import Cells
from pipeline.mesh.gmsh_session import Group, save
from pipeline.mesh.tetrahedra import Tetrahedra
from pipeline.regions import Region, Sole


def write_mesh(
    path: Path, mesh: Tetrahedra, regions: list[Region], sole: Cells, sole_tags: NDArray[np.int64]
) -> None:
    """Write gmsh 4.1 with named physical groups for tissues (tetrahedra) and sole patches (triangles).

    Points and cells have the numbers of their place in the mesh: cases that share one have the same, and
    differ in the groups alone.
    """
    groups = []
    for label, region in enumerate(regions):
        own = np.flatnonzero(mesh.labels == label)
        groups.append(Group(3, region.value, region.label, mesh.cells[own], own + 1))
    count = len(mesh.cells)
    for patch in Sole:
        own = np.flatnonzero(sole_tags == patch.value)
        if len(own):
            numbers = np.arange(count + 1, count + len(own) + 1)
            groups.append(Group(2, patch.value, patch.label, sole[own], numbers))
            count += len(own)
    part = path.with_name("part-" + path.name)
    save(part, mesh.points, groups)
    part.replace(path)


def write_arrays(path: Path, mesh: Tetrahedra, factor: float) -> None:
    """Write a mesh with its labels as they are, and its edge lengths relative to level medium."""
    part = path.with_name("part-" + path.name)
    np.savez(part, points=mesh.points, cells=mesh.cells, labels=mesh.labels, factor=factor)
    part.replace(path)


def read_arrays(path: Path) -> tuple[Tetrahedra, float]:
    """What `write_arrays` wrote."""
    with np.load(path) as held:
        return Tetrahedra(held["points"], held["cells"], held["labels"]), float(held["factor"])

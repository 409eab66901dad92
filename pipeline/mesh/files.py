"""The mesh file."""

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
    """Write gmsh 4.1 with named physical groups for tissues (tetrahedra) and sole patches (triangles)."""
    groups = [
        Group(3, region.value, region.label, mesh.cells[mesh.labels == label])
        for label, region in enumerate(regions)
    ]
    groups += [
        Group(2, patch.value, patch.label, sole[sole_tags == patch.value])
        for patch in Sole
        if np.any(sole_tags == patch.value)
    ]
    part = path.with_name("part-" + path.name)
    save(part, mesh.points, groups)
    part.replace(path)

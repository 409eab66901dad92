"""Gmsh, started quietly, on one thread, and closed whatever happens."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gmsh
import numpy as np
from numpy.typing import NDArray

from pipeline.mesh.cells import Cells
from pipeline.mesh.grid import SizeField
from pipeline.mesh.implicit import Array
from pipeline.mesh.tissue import Labels

TETRAHEDRON = 4
TRIANGLE = 2
HXT = 10


@dataclass(frozen=True)
class Group:
    """Cells of one named physical group.

    Attributes:
        dim: dimension.
        tag: number of the group.
        name: its name.
        cells: vertices, (m, 4) or (m, 3).
        numbers: of the cells, from 1, (m,).
    """

    dim: int
    tag: int
    name: str
    cells: Cells
    numbers: NDArray[np.int64]


@contextmanager
def gmsh_session() -> Iterator[None]:
    """A fresh gmsh model; signals stay with Python so that Ctrl-C ends the stage."""
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        gmsh.model.add("first ray")
        yield
    finally:
        gmsh.finalize()


def background_points(low: Array, high: Array, size: SizeField) -> Array:
    """Vertices of a graded tetrahedral mesh of a plain box, (n, 3), mm."""
    with gmsh_session(), tempfile.TemporaryDirectory() as folder:
        gmsh.model.occ.addBox(*low, *(high - low))
        gmsh.model.occ.synchronize()
        file = Path(folder) / "size.bin"
        spacing = (size.spacing,) * 3
        header = struct.pack("3d3d3i", *size.low, *spacing, *size.values.shape)
        file.write_bytes(header + np.ascontiguousarray(size.values, "f8").tobytes())
        field = gmsh.model.mesh.field.add("Structured")
        gmsh.model.mesh.field.setString(field, "FileName", str(file))
        gmsh.model.mesh.field.setNumber(field, "TextFormat", 0)
        gmsh.model.mesh.field.setAsBackgroundMesh(field)
        for source in ("ExtendFromBoundary", "FromPoints", "FromCurvature"):
            gmsh.option.setNumber(f"Mesh.MeshSize{source}", 0)
        gmsh.option.setNumber("Mesh.Algorithm3D", HXT)
        gmsh.model.mesh.generate(3)
        return np.asarray(gmsh.model.mesh.getNodes()[1]).reshape(-1, 3)


def improve(x: Array, cells: Cells, labels: Labels) -> tuple[Array, Cells, Labels]:
    """Swap and smooth tetrahedra inside each label; vertices on interfaces and on the hull stay.

    Gmsh gets one discrete volume per label; the fixed vertices belong to one discrete surface.

    Returns:
        New points, cells and labels.
    """
    present = np.unique(labels)
    touched = np.zeros((len(x), len(present)), bool)
    touched[cells.ravel(), np.repeat(np.searchsorted(present, labels), 4)] = True
    hull = np.any((x == x.min(axis=0)) | (x == x.max(axis=0)), axis=1)
    fixed = hull | (touched.sum(axis=1) > 1)
    home = touched.argmax(axis=1)
    tags = np.arange(1, len(x) + 1)
    with gmsh_session():
        gmsh.model.addDiscreteEntity(2, 1)
        gmsh.model.mesh.addNodes(2, 1, tags[fixed], x[fixed].ravel())
        count = 0
        for k, label in enumerate(present):
            volume = gmsh.model.addDiscreteEntity(3, k + 1, [1])
            inside = ~fixed & (home == k)
            if inside.any():
                gmsh.model.mesh.addNodes(3, volume, tags[inside], x[inside].ravel())
            own = cells[labels == label] + 1
            gmsh.model.mesh.addElementsByType(
                volume, TETRAHEDRON, np.arange(count + 1, count + len(own) + 1), own.ravel()
            )
            count += len(own)
        gmsh.option.setNumber("Mesh.OptimizeThreshold", 0.35)
        gmsh.model.mesh.optimize("", force=True, niter=3)
        points, cells, volume = _collect()
        return points, cells, present[volume - 1]


def _collect() -> tuple[Array, Cells, NDArray[np.int64]]:
    """Points, cells and number of the volume of each cell of the current gmsh model."""
    node_tags, coordinates, _ = gmsh.model.mesh.getNodes()
    place = np.zeros(int(node_tags.max()) + 1, np.int64)
    place[node_tags.astype(np.int64)] = np.arange(len(node_tags))
    cells, volumes = [], []
    for _, volume in sorted(gmsh.model.getEntities(3)):
        _, nodes = gmsh.model.mesh.getElementsByType(TETRAHEDRON, volume)
        own = place[nodes.astype(np.int64)].reshape(-1, 4)
        cells.append(own)
        volumes.append(np.full(len(own), volume))
    return np.asarray(coordinates).reshape(-1, 3), np.concatenate(cells), np.concatenate(volumes)


def save(path: Path, points: Array, groups: list[Group]) -> None:
    """Write a binary gmsh 4.1 file with one discrete entity and one physical group per group of cells.

    Points keep their numbers, from 1, and cells those of their group.
    """
    with gmsh_session():
        home = np.zeros(len(points), np.int64)
        for group in groups:
            gmsh.model.addDiscreteEntity(group.dim, group.tag)
            if group.dim == 3:
                home[group.cells.ravel()] = group.tag
        for group in groups:
            own = np.flatnonzero(home == group.tag)
            if group.dim == 3 and len(own):
                gmsh.model.mesh.addNodes(3, group.tag, own + 1, points[own].ravel())
        for group in groups:
            kind = TETRAHEDRON if group.dim == 3 else TRIANGLE
            gmsh.model.mesh.addElementsByType(group.tag, kind, group.numbers, group.cells.ravel() + 1)
            gmsh.model.addPhysicalGroup(group.dim, [group.tag], group.tag, group.name)
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.option.setNumber("Mesh.Binary", 1)
        gmsh.write(str(path))

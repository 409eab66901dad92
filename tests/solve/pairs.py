"""Two separate bodies in one mesh, each a bent box, whose facing surfaces are to meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import basix.ufl
import numpy as np

from pipeline.solve import compat
from pipeline.solve.level import Int32s, Support
from pipeline.tetrahedron import FACES, outer_faces
from tests.solve.boxes import Floats, Ints, box

from dolfinx import mesh  # isort: skip
from mpi4py import MPI  # isort: skip

COMM = MPI.COMM_WORLD
LOWER_FACE, UPPER_FACE, LOWER_FAR, UPPER_FAR = 1, 2, 3, 4
Bend = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Block:
    """A box from the origin, cut along given coordinates of each axis, then bent."""

    axes: tuple[Floats, Floats, Floats]
    bend: Bend = lambda points: points

    def mesh(self, face_z: float) -> tuple[Floats, Ints, Ints, Ints]:
        """Points, cells, outer faces, and which of these lie at the height of the facing side."""
        counts = tuple(len(axis) - 1 for axis in self.axes)
        points, cells = box((1.0, 1.0, 1.0), (counts[0], counts[1], counts[2]))
        steps = np.rint(points * counts).astype(int)
        flat = np.column_stack([axis[steps[:, k]] for k, axis in enumerate(self.axes)])
        cell, place = outer_faces(cells)
        faces = cells[cell[:, None], FACES[place]]
        facing = np.all(flat[faces][:, :, 2] == face_z, axis=1)
        return self.bend(flat), cells, faces, facing


@dataclass(frozen=True)
class Pair:
    """The mesh of both, with the tags above on outer facets, and the body of each local cell."""

    domain: mesh.Mesh
    facets: mesh.MeshTags
    upper: Int32s
    lower: Int32s

    def tagged(self, tag: int) -> Int32s:
        """Local facets with a tag."""
        return np.asarray(self.facets.find(tag), dtype=np.int32)

    def held(self, tag: int, value: Bend | None = None, components: tuple[int, ...] = (0, 1, 2)) -> Support:
        """Support of the facets with a tag."""
        return Support(2, self.tagged(tag), components, value)


def pair(lower: Block, upper: Block) -> Pair:
    """Both blocks spread over the ranks; the lower one faces up, the upper one down. Collective."""
    parts = [lower.mesh(float(lower.axes[2][-1])), upper.mesh(float(upper.axes[2][0]))]
    count = [len(points) for points, *_ in parts]
    points = np.concatenate([part[0] for part in parts])
    cells = np.concatenate([parts[0][1], parts[1][1] + count[0]])
    faces = np.concatenate([parts[0][2], parts[1][2] + count[0]])
    facing = [part[3] for part in parts]
    tags = np.concatenate(
        [np.where(facing[0], LOWER_FACE, LOWER_FAR), np.where(facing[1], UPPER_FACE, UPPER_FAR)]
    )
    here = COMM.rank == 0
    element = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
    partitioner = mesh.create_cell_partitioner(mesh.GhostMode.none)
    domain = mesh.create_mesh(
        COMM, cells if here else cells[:0], points if here else points[:0], element, partitioner
    )
    tagged = compat.distribute_facets(
        domain, faces if here else faces[:0], tags.astype(np.int32) if here else tags[:0].astype(np.int32)
    )
    first_upper = len(parts[0][1])
    is_upper = np.asarray(domain.topology.original_cell_index) >= first_upper
    return Pair(
        domain,
        tagged,
        np.flatnonzero(is_upper).astype(np.int32),
        np.flatnonzero(~is_upper).astype(np.int32),
    )

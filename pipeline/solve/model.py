"""The mesh, spread over the ranks, with its regions and its sole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MeshError
from pipeline.regions import Region, Sole
from pipeline.solve import compat
from pipeline.solve.mesh_file import Ints, MeshFile
from pipeline.solve.mpi import global_sum, raise_together

import basix.ufl  # isort: skip
from dolfinx import mesh  # isort: skip
from mpi4py import MPI  # isort: skip

Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class FootMesh:
    """Distributed mesh; no cell is on two ranks.

    Attributes:
        domain: the mesh, mm.
        region: value of :class:`Region` of each local cell, shape (local cells,).
        sole: facet tags with the values of :class:`Sole`.
        contact: facet tags of the sides of opened joints.
        cell_number: place of each local cell in the mesh file, shape (local cells,).
        vertex_number: place of each local geometry node in the mesh file.
        reference_corner: for each local cell and each vertex in file order, the vertex of DOLFINx's
            reference cell, shape (local cells, 4).
        sole_number: place of each facet of ``sole`` in the mesh file.
        totals: vertices, cells and sole facets of the file.
    """

    domain: mesh.Mesh
    region: Ints
    sole: mesh.MeshTags
    contact: mesh.MeshTags
    cell_number: Ints
    vertex_number: Ints
    reference_corner: Ints
    sole_number: Int32s
    totals: tuple[int, int, int]

    @property
    def comm(self) -> MPI.Comm:
        """Communicator of all ranks of the mesh."""
        return self.domain.comm

    def cells_of(self, region: Region) -> Int32s:
        """Local cells of a region."""
        return np.flatnonzero(self.region == region).astype(np.int32)


def distribute(comm: MPI.Comm, file: MeshFile | None) -> FootMesh:
    """Spread a mesh file that rank 0 has read over all ranks. Collective.

    Args:
        comm: communicator.
        file: the checked file on rank 0, None elsewhere.

    Raises:
        MeshError: a region or a sole facet of the file was not found again on the ranks.
    """
    points = file.points if file is not None else np.empty((0, 3))
    cells = file.cells if file is not None else np.empty((0, 4), dtype=np.int64)
    facets = file.sole_facets if file is not None else np.empty((0, 3), dtype=np.int64)
    all_cells, all_regions, all_sole = comm.bcast(
        (file.cells, file.region, file.sole_region) if file is not None else None, root=0
    )
    totals = comm.bcast((len(points), len(cells), len(facets)), root=0)
    element = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
    partitioner = mesh.create_cell_partitioner(mesh.GhostMode.none)
    domain = mesh.create_mesh(comm, cells, points, element, partitioner)
    cell_number = np.asarray(domain.topology.original_cell_index, dtype=np.int64)
    tagged = compat.distribute_facets(domain, facets, np.arange(len(facets), dtype=np.int32))
    sole_number = np.asarray(tagged.values, dtype=np.int32)
    sole = mesh.meshtags(domain, 2, tagged.indices, all_sole[sole_number].astype(np.int32))
    empty = np.empty((0, 3), dtype=np.int64), np.empty(0, dtype=np.int32)
    sides = (file.contact_facets, file.contact_side.astype(np.int32)) if file is not None else empty
    contact = compat.distribute_facets(domain, *sides)
    vertex_number = np.asarray(domain.geometry.input_global_indices, dtype=np.int64)
    reference_corner = _reference_corners(domain, vertex_number, all_cells[cell_number])
    foot = FootMesh(
        domain=domain,
        region=all_regions[cell_number],
        sole=sole,
        contact=contact,
        cell_number=cell_number,
        vertex_number=vertex_number,
        reference_corner=reference_corner,
        sole_number=sole_number,
        totals=totals,
    )
    _check_whole(foot, all_regions, all_sole)
    _check_contact(foot, len(sides[1]))
    return foot


def _reference_corners(domain: mesh.Mesh, vertex_number: Ints, file_cells: Ints) -> Ints:
    """Match the vertices of each local cell, which DOLFINx may reorder, to their order in the file."""
    numbers = vertex_number[domain.geometry.dofmap]
    return np.argmax(file_cells[:, :, None] == numbers[:, None, :], axis=2).astype(np.int64)


def _check_whole(foot: FootMesh, all_regions: Ints, all_sole: Ints) -> None:
    """Every region and every sole patch has as many entities on the ranks as in the file. Collective."""
    groups = [*Region, *Sole]
    local = [
        np.count_nonzero((foot.region if isinstance(g, Region) else foot.sole.values) == g) for g in groups
    ]
    whole = [np.count_nonzero((all_regions if isinstance(g, Region) else all_sole) == g) for g in groups]
    found = global_sum(foot.comm, np.array(local, dtype=np.int64))
    lost = [
        f"{g.label}: {n} of {m} entities"
        for g, n, m in zip(groups, found.tolist(), whole, strict=True)
        if n != m
    ]
    raise_together(
        foot.comm,
        f"the distributed mesh differs from its file in {', '.join(lost)}"
        if lost and foot.comm.rank == 0
        else None,
        MeshError,
    )


def _check_contact(foot: FootMesh, count: int) -> None:
    """Every facet of an opened joint is on a rank. Collective."""
    lost = global_sum(foot.comm, count - len(foot.contact.values))
    raise_together(
        foot.comm,
        f"{lost} facets of opened joints are on no rank" if lost and foot.comm.rank == 0 else None,
        MeshError,
    )

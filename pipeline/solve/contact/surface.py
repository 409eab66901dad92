"""One side of a joint: its facets on this rank, and a copy of the whole side on all ranks.

A slave point may meet any facet of the other side, whichever rank has it, so every rank keeps all of the
few thousand master facets: what never changes is gathered once, the present places at every refresh.
"""

from __future__ import annotations

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.contact.triangle import EDGES
from pipeline.solve.level import Floats, Int32s, Ints, Level
from pipeline.solve.mpi import gather_all
from pipeline.solve.samples import QUADRATURE_DEGREE, FacetSamples


class Surface:
    """Facets of one side. Making it, and what is marked so, is collective.

    The nodes of a facet are numbered as in :mod:`pipeline.solve.contact.triangle`, its corners in the order
    that makes the cross product of its tangents point out of the body.

    Args:
        body: the body, of quadratic displacement.
        facets: local numbers of boundary facets; those of ghost cells are left out.
        degree: quadrature degree of the points.

    Attributes:
        samples: quadrature points of the facets of this rank.
        start: how many facets the lower ranks have.
        rest_mm: nodes of the facets of all ranks in the unloaded model, (F, 6, 3).
        identity: global numbers of these nodes, (F, 6).
    """

    def __init__(self, body: Body, facets: Int32s, degree: int = QUADRATURE_DEGREE) -> None:
        self._body = body
        self._comm = body.domain.comm
        self.samples = FacetSamples(body.domain, self._owned(np.asarray(facets, np.int32)), degree)
        self._arrangement = {id(body.level): self._arranged(body.level, 6)}
        self._number: dict[int, Ints] = {}
        counts = self._comm.allgather(len(self.samples.facets))
        self.start = int(sum(counts[: self._comm.rank]))
        nodes = self.nodes(body.level)
        index_map = body.level.space.dofmap.index_map
        flat = index_map.local_to_global(nodes.reshape(-1)).astype(np.int64)
        self._rest = body.level.space.tabulate_dof_coordinates()[nodes]
        self.rest_mm: Floats = gather_all(self._comm, self._rest)
        self.identity: Ints = gather_all(self._comm, flat.reshape(nodes.shape))

    def __len__(self) -> int:
        """Facets of this rank."""
        return len(self.samples.facets)

    @property
    def own(self) -> slice:
        """Where the facets of this rank are among those of all ranks."""
        return slice(self.start, self.start + len(self))

    def _owned(self, facets: Int32s) -> Int32s:
        topology = self._body.domain.topology
        topology.create_connectivity(2, 3)
        topology.create_connectivity(3, 2)
        to_cell, cells = topology.connectivity(2, 3), topology.index_map(3).size_local
        return np.array([facet for facet in facets if to_cell.links(facet)[0] < cells], dtype=np.int32)

    def _arranged(self, level: Level, count: int) -> Ints:
        """Place of each of our nodes in the trace of a level, (f, nodes)."""
        corner = self.samples.corner_mm.copy()
        edge, other = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        inward = np.sum(np.cross(edge, other) * self.samples.normal, axis=1) < 0.0
        corner[inward] = corner[inward][:, [0, 2, 1]]
        wanted = np.concatenate([corner, corner[:, EDGES].mean(axis=2)], axis=1)[:, :count]
        found = level.space.tabulate_dof_coordinates()[self.samples.on(level).nodes]
        distance = np.linalg.norm(wanted[:, :, None] - found[:, None], axis=-1)
        return np.asarray(distance.argmin(axis=2), dtype=np.int64)

    def nodes(self, level: Level) -> Int32s:
        """Local nodes of the facets of this rank in a space, (f, 3 or 6)."""
        trace = self.samples.on(level)
        if id(level) not in self._arrangement:
            self._arrangement[id(level)] = self._arranged(level, trace.nodes.shape[1])
        return np.take_along_axis(trace.nodes, self._arrangement[id(level)], axis=1)

    def number(self, level: Level) -> Ints:
        """Global dofs of the facets of all ranks, negative where held, (F, nodes, 3). Collective at first."""
        if id(level) not in self._number:
            own = level.number.reshape(-1, 3)[self.nodes(level)]
            self._number[id(level)] = gather_all(self._comm, own)
        return self._number[id(level)]

    def own_place(self) -> Floats:
        """Present nodes of the facets of this rank, (f, 6, 3), mm."""
        return np.asarray(self._rest + self._body.u.x.array.reshape(-1, 3)[self.nodes(self._body.level)])

    def place(self) -> Floats:
        """Present nodes of the facets of all ranks, (F, 6, 3), mm. Collective."""
        return gather_all(self._comm, self.own_place())

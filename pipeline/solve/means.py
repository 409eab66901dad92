r"""Terms whose energy depends on a few weighted sums of nodal positions.

.. math:: E(u) = e(y), \quad y_k = \sum_i w_{ki} (X_i + u_i)

as the length of a cable does through the mean points it runs through, and the angle of a joint through mean
directions of its bones. The slope is :math:`W^T e'`, the curvature the dense block :math:`W^T e'' W` over the
few nodes of the patches. Nodes are vertices of the mesh, so that linear displacement has the same block.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.solve.attachments import Patch
from pipeline.solve.body import Body
from pipeline.solve.jet import Jet, Vector, vectors
from pipeline.solve.level import Floats, Ints, Level
from pipeline.solve.mpi import gather_all, global_sum
from pipeline.solve.term import Blocks, scattered

Row = tuple[Patch, Floats] | Floats
"""A weighted sum: a patch and its weights, (n,); or a constant, (3,)."""


class Means:
    """Weighted sums of the positions of some vertices of a body. Methods are collective.

    Args:
        body: the body.
        rows: the sums, in order, the same on all ranks.

    Attributes:
        rest_mm: the sums in the unloaded model, (m, 3).
    """

    def __init__(self, body: Body, rows: Sequence[Row]) -> None:
        self._body = body
        self._comm = body.domain.comm
        held = [row for row in rows if isinstance(row, tuple)]
        nodes = np.concatenate([patch.node for patch, _ in held] or [np.empty(0, dtype=np.int64)])
        self._node: Ints = np.unique(nodes)
        self._weight: Floats = np.zeros((len(rows), len(self._node)))
        self.rest_mm: Floats = np.zeros((len(rows), 3))
        for k, row in enumerate(rows):
            if isinstance(row, tuple):
                patch, weight = row
                self._weight[k, np.searchsorted(self._node, patch.node)] = weight
                self.rest_mm[k] = weight @ patch.place_mm
            else:
                self.rest_mm[k] = row
        self._find_own()
        self._numbers: dict[int, tuple[Level, Ints]] = {}

    def _find_own(self) -> None:
        """Which of the nodes this rank owns, and a cell and corner of each."""
        space = self._body.level.space
        index_map = space.dofmap.index_map
        start, end = index_map.local_range
        self._mine: Ints = np.flatnonzero((self._node >= start) & (self._node < end))
        self._local: Ints = self._node[self._mine] - start
        corners = space.dofmap.list[:, :4].reshape(-1)
        order = np.argsort(corners, kind="stable")
        first = order[np.searchsorted(corners[order], self._local)]
        self._cell, self._corner = first // 4, first % 4

    def at_present(self) -> Floats:
        """The sums at the present displacement, (m, 3), mm."""
        u = self._body.u.x.array.reshape(-1, 3)[self._local]
        return np.asarray(self.rest_mm + global_sum(self._comm, self._weight[:, self._mine] @ u))

    def force(self, slope: Floats) -> tuple[Ints, Floats]:
        """Nodal forces of this rank's own nodes from the slope of the energy in the sums, (m, 3), N."""
        number = self._body.level.number.reshape(-1, 3)[self._local]
        return scattered(number, self._weight[:, self._mine].T @ slope)

    def block(self, level: Level, curvature: Floats) -> list[Blocks]:
        """Tangent in a space from the curvature of the energy in the sums, (3m, 3m); all of it on rank 0.

        Args:
            level: the space.
            curvature: second derivatives, N/mm.
        """
        number = self._number(level)
        if self._comm.rank != 0 or not len(self._node):
            return []
        m, size = len(self.rest_mm), 3 * len(self._node)
        half = np.einsum("kn,kicj->nicj", self._weight, curvature.reshape(m, 3, m, 3))
        values = np.einsum("nicj,cp->nipj", half, self._weight).reshape(1, size, size)
        rows = number.reshape(1, size)
        return [Blocks(rows, rows, values)]

    def _number(self, level: Level) -> Ints:
        """Global dofs of all nodes in a space, (nodes, 3), on all ranks."""
        key = id(level)
        if key not in self._numbers:
            local = level.space.dofmap.list[self._cell, self._corner]
            mine = level.number.reshape(-1, 3)[local].reshape(-1, 3)
            row = gather_all(self._comm, self._mine)
            number = np.empty((len(self._node), 3), dtype=np.int64)
            number[row] = gather_all(self._comm, mine)
            self._numbers[key] = (level, number)
        return self._numbers[key][1]


class MeanTerm:
    """A term of weighted sums; what derives from it says what the energy is. Methods are collective.

    Args:
        body: the body.
        rows: the sums.
    """

    symmetric = True

    def __init__(self, body: Body, rows: Sequence[Row]) -> None:
        self.means = Means(body, rows)

    def potential(self, at: list[Vector]) -> Jet:
        """Energy at given sums, N mm."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Evaluate at the present displacement."""
        self._state = self.potential(vectors(self.means.at_present()))

    def energy(self) -> float:
        """Energy, N mm, the same on all ranks."""
        return self._state.value

    def force(self) -> tuple[Ints, Floats]:
        """Slope of the energy: dofs and values, N."""
        return self.means.force(self._state.slope.reshape(-1, 3))

    def tangent(self, level: Level) -> list[Blocks]:
        """Curvature of the energy in a space, N/mm."""
        return self.means.block(level, self._state.curvature)

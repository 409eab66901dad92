"""A displacement space with its supports, and the numbers under which terms add to vectors and matrices.

A constrained dof has the number -1: PETSc drops what is added to it, so no term has to know of supports.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.solve import compat  # noqa: F401  (starts PETSc)

from dolfinx import fem, mesh  # isort: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class Support:
    """Prescribed displacement of all nodes of some entities of the mesh.

    Attributes:
        dim: dimension of the entities: 3 for cells, 2 for facets, 0 for vertices.
        entities: local numbers of the entities.
        components: the components held, of 0, 1, 2.
        value: displacement, mm, (3, n), at places (3, n), mm; None holds them at rest.
    """

    dim: int
    entities: Int32s
    components: tuple[int, ...] = (0, 1, 2)
    value: Callable[[Floats], Floats] | None = None


def support_where(
    domain: mesh.Mesh,
    marker: Callable[[Floats], NDArray[np.bool_]],
    components: tuple[int, ...] = (0, 1, 2),
    value: Callable[[Floats], Floats] | None = None,
) -> Support:
    """Support of the boundary facets whose vertices all satisfy a marker of places (3, n). Collective."""
    facets = mesh.locate_entities_boundary(domain, domain.topology.dim - 1, marker)
    return Support(domain.topology.dim - 1, facets, components, value)


class Level:
    """One displacement space of the multigrid hierarchy. Making it is collective.

    Attributes:
        space: continuous vector space.
        held: which local dofs, ghosts included, are constrained, shape (local dofs,).
        prescribed: full displacement of the held dofs, elsewhere zero, mm, (local dofs,).
        number: global number of every local dof, -1 where it is held, (local dofs,).
    """

    def __init__(self, domain: mesh.Mesh, degree: int, supports: Sequence[Support]) -> None:
        self.space = fem.functionspace(domain, ("Lagrange", degree, (3,)))
        index_map = self.space.dofmap.index_map
        nodes = index_map.size_local + index_map.num_ghosts
        self.owned = 3 * index_map.size_local
        self.held: NDArray[np.bool_] = np.zeros(3 * nodes, dtype=bool)
        self.prescribed: Floats = np.zeros(3 * nodes)
        for support in supports:
            self._hold(support)
        every = index_map.local_to_global(np.arange(nodes, dtype=np.int32)).astype(np.int64)
        self.number: Ints = (3 * every[:, None] + np.arange(3)).reshape(-1)
        self.number[self.held] = -1

    def _hold(self, support: Support) -> None:
        domain = self.space.mesh
        domain.topology.create_connectivity(support.dim, domain.topology.dim)
        nodes = fem.locate_dofs_topological(self.space, support.dim, support.entities)
        values = np.zeros_like(self.prescribed)
        if support.value is not None:
            field = fem.Function(self.space)
            field.interpolate(support.value)
            values = field.x.array
        for component in support.components:
            dofs = 3 * nodes + component
            self.held[dofs] = True
            self.prescribed[dofs] = values[dofs]

    @property
    def held_here(self) -> Int32s:
        """Constrained dofs that this rank owns, in order."""
        return np.flatnonzero(self.held[: self.owned]).astype(np.int32)

    @property
    def held_numbers(self) -> Ints:
        """Global numbers of the constrained dofs that this rank owns."""
        start = 3 * self.space.dofmap.index_map.local_range[0]
        return self.held_here.astype(np.int64) + start

    @property
    def size(self) -> int:
        """Dofs over all ranks, constrained ones included."""
        return 3 * int(self.space.dofmap.index_map.size_global)

"""Where cables and joint springs hold on to the body: patches of vertices, found by place.

A point that moves with a bone need not be a node: it is an affine combination of some vertices of the bone
near it, with weights that sum to one and reproduce the point. It then follows every rigid motion of the
patch, so what pulls on it leaves forces and moments in balance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MeshError
from pipeline.solve.body import Body
from pipeline.solve.level import Floats, Int32s, Ints
from pipeline.solve.mpi import gather_all

MOST = 16
"""Vertices of a patch: enough to spread a force, few enough for a small dense block of the tangent."""

FEWEST = 6
"""Vertices that are taken even if some lie outside the radius: four span a body, two are spare."""

RADIUS_MM = 5.0
"""Extent of a patch about the vertex nearest to its point, about half the width of a toe bone."""

FLATTEST = 1e-4
"""Least over largest second moment of the vertices of a patch that still counts as a body."""


@dataclass(frozen=True)
class Patch:
    """Some vertices of the mesh, the same on all ranks.

    Attributes:
        node: global numbers of their nodes in the space of the body, (n,).
        place_mm: where they are in the unloaded model, (n, 3).
    """

    node: Ints
    place_mm: Floats

    def point(self, point_mm: Floats) -> Floats:
        r"""Weights of a point that moves with the patch, (n,).

        .. math:: w_i = 1/n + (X_i - \bar X) \cdot A^{-1} (P - \bar X), \quad
            A = \sum_i (X_i - \bar X) (X_i - \bar X)^T

        These are the smallest with :math:`\sum w_i = 1` and :math:`\sum w_i X_i = P`.

        Args:
            point_mm: the point P in the unloaded model, (3,).
        """
        return 1.0 / len(self.node) + self.direction(point_mm - self.place_mm.mean(axis=0))

    def direction(self, direction: Floats) -> Floats:
        """Weights of a direction that turns with the patch, (n,); they sum to zero.

        Args:
            direction: in the unloaded model, (3,).
        """
        away = self.place_mm - self.place_mm.mean(axis=0)
        return np.asarray(away @ np.linalg.solve(away.T @ away, direction))

    def fault(self) -> str:
        """Why the patch cannot carry a point off its own plane, in words; empty if it can."""
        if len(self.node) < 4:
            return f"only {len(self.node)} vertices; at least 4 are needed"
        away = self.place_mm - self.place_mm.mean(axis=0)
        moments = np.linalg.eigvalsh(away.T @ away)
        return "all its vertices are in one plane" if moments[0] < FLATTEST * moments[2] else ""


def spread(place_mm: Floats, point_mm: Floats, radius_mm: float = RADIUS_MM, most: int = MOST) -> Ints:
    """Choose vertices around the one nearest to a point, evenly spread; the same whatever their order.

    The first is the nearest, each next one the farthest from those already chosen.

    Args:
        place_mm: vertices to choose from, (n, 3).
        point_mm: the point, (3,).
        radius_mm: largest distance from the nearest vertex.
        most: number to choose, at most.

    Returns:
        Rows of ``place_mm``, at most ``most``.
    """
    if not len(place_mm):
        return np.empty(0, dtype=np.int64)
    order = in_order(np.linalg.norm(place_mm - point_mm, axis=1), place_mm)
    away = np.linalg.norm(place_mm - place_mm[order[0]], axis=1)
    order = order[in_order(away[order], place_mm[order])]
    near = order[: max(FEWEST, int(np.count_nonzero(away <= radius_mm)))]
    chosen = [int(near[0])]
    distance = np.linalg.norm(place_mm[near] - place_mm[near[0]], axis=1)
    while len(chosen) < min(most, len(near)):
        following = int(near[in_order(-distance, place_mm[near])[0]])
        chosen.append(following)
        distance = np.minimum(distance, np.linalg.norm(place_mm[near] - place_mm[following], axis=1))
    return np.array(chosen, dtype=np.int64)


def in_order(key: Floats, place_mm: Floats) -> NDArray[np.intp]:
    """Rows by a key, equal ones by their place, so that the order does not depend on the ranks."""
    x, y, z = np.round(place_mm, 9).T
    return np.lexsort((z, y, x, np.round(key, 9)))


Vertices = tuple[Ints, Floats]
"""Global nodes, (n,), and places, (n, 3), mm."""


def vertices_of(body: Body, cells: Int32s) -> Vertices:
    """All vertices of some cells, on all ranks, each once. Collective.

    Args:
        body: the body.
        cells: local cells of this rank.
    """
    domain, space = body.domain, body.level.space
    local = space.dofmap.list[cells][:, :4].reshape(-1)
    first = np.unique(local, return_index=True)[1]
    place = domain.geometry.x[domain.geometry.dofmap[cells]].reshape(-1, 3)[first]
    node = space.dofmap.index_map.local_to_global(local[first].astype(np.int32))
    every = gather_all(domain.comm, np.asarray(node, dtype=np.int64))
    places = gather_all(domain.comm, np.asarray(place, dtype=np.float64))
    node, first = np.unique(every, return_index=True)
    return node, places[first]


def patch_near(
    vertices: Vertices,
    point_mm: Floats,
    what: str,
    radius_mm: float = RADIUS_MM,
    most: int = MOST,
    where: Callable[[Floats], NDArray[np.bool_]] | None = None,
) -> Patch:
    """Patch of given vertices around a point; the same on all ranks.

    Args:
        vertices: what to choose from, see `vertices_of`.
        point_mm: the point, (3,).
        what: name of the patch for messages.
        radius_mm: extent of the patch.
        most: number of vertices, at most.
        where: keeps only vertices at places, (n, 3) to (n,).

    Raises:
        MeshError: the patch has too few vertices, or all are in one plane.
    """
    node, place = vertices
    if where is not None:
        keep = where(place)
        node, place = node[keep], place[keep]
    chosen = spread(place, point_mm, radius_mm, most)
    patch = Patch(node[chosen], place[chosen])
    if fault := patch.fault():
        raise MeshError(f"{what}: {fault}; refine the mesh or check the landmarks in geometry.json")
    return patch

"""A contact surface: facets of quadratic displacement, curved towards the surface they were cut from.

The mesh has flat facets. On a head of radius R a facet of edge L lies up to L^2 / (8 R) inside it, as much
as the penetration that carries the load, and a pressure from flat facets is noise. The mid-edge points are
therefore lifted by the sagitta that the normals at both corners tell, so that the facets are quadratic
patches through the corners; the lift moves with the displacement and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.level import Floats, Int32s, Ints, Level
from pipeline.solve.mpi import gather_all
from pipeline.solve.samples import FacetSamples

EDGES = np.array([[1, 2], [0, 2], [0, 1]])
"""Corners of the edge opposite each corner: the order of the mid-edge functions of a triangle."""


def linear_shape(place: Floats) -> Floats:
    """Linear functions of a triangle at places (..., 2) of the reference, (..., 3)."""
    return np.stack([1.0 - place[..., 0] - place[..., 1], place[..., 0], place[..., 1]], axis=-1)


LINEAR_SLOPE = np.array([[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]])
"""Derivatives of the linear functions, (3, 2)."""


def quadratic_shape(place: Floats) -> Floats:
    """Quadratic functions of a triangle, corners then mid-edges opposite them, (..., 6)."""
    share = linear_shape(place)
    edge = 4.0 * share[..., EDGES[:, 0]] * share[..., EDGES[:, 1]]
    return np.concatenate([share * (2.0 * share - 1.0), edge], axis=-1)


def quadratic_slope(place: Floats) -> Floats:
    """Their derivatives, (..., 6, 2)."""
    share = linear_shape(place)[..., None]
    one, other = EDGES.T
    edge = 4.0 * (share[..., one, :] * LINEAR_SLOPE[other] + share[..., other, :] * LINEAR_SLOPE[one])
    return np.concatenate([(4.0 * share - 1.0) * LINEAR_SLOPE, edge], axis=-2)


def _quadratic_curvature() -> Floats:
    """Their second derivatives, which are constant, (6, 2, 2)."""
    corner = 4.0 * LINEAR_SLOPE[:, :, None] * LINEAR_SLOPE[:, None, :]
    one, other = LINEAR_SLOPE[EDGES[:, 0]], LINEAR_SLOPE[EDGES[:, 1]]
    cross = one[:, :, None] * other[:, None, :]
    return np.concatenate([corner, 4.0 * (cross + cross.swapaxes(1, 2))])


QUADRATIC_CURVATURE = _quadratic_curvature()


@dataclass(frozen=True)
class Replica:
    """A whole surface as every rank knows it, facets in the order of the ranks.

    Attributes:
        rest_mm: corners and lifted mid-edge points of the unloaded facets, (f, 6, 3).
        outward: 1 where the corners turn outward, else -1, (f,).
    """

    rest_mm: Floats
    outward: Floats


class Surface:
    """One side of a joint. Methods are collective.

    Args:
        body: the body, of quadratic displacement.
        facets: local numbers of its facets on this rank, (f,).
        normal_at: outward unit normals, (n, 3), of the smooth surface at places on it, (n, 3), mm; by default
            those of the facets around each corner are averaged, which is one-sided on the rim.

    Attributes:
        comm: communicator.
        samples: the facets of this rank.
        lift_mm: lift of the mid-edge points of these facets, (f, 3, 3).
        whole: the surface on all ranks.
    """

    def __init__(
        self, body: Body, facets: Int32s, normal_at: Callable[[Floats], Floats] | None = None
    ) -> None:
        self._body = body
        self.comm = body.domain.comm
        self.samples = FacetSamples(body.domain, facets)
        corners = self.samples.corner_mm
        turn = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        outward = np.sign(np.sum(turn * self.samples.normal, axis=1))
        everywhere = gather_all(self.comm, corners)
        area = 0.5 * np.linalg.norm(turn, axis=1, keepdims=True)
        if normal_at is None:
            normal = corner_normals(everywhere, gather_all(self.comm, self.samples.normal * area))
        else:
            normal = normal_at(everywhere.reshape(-1, 3)).reshape(-1, 3, 3)
        lift = sagitta(everywhere, normal)
        middle = everywhere[:, EDGES].mean(axis=2) + lift
        self.whole = Replica(np.concatenate([everywhere, middle], axis=1), gather_all(self.comm, outward))
        first = sum(self.comm.allgather(len(corners))[: self.comm.rank])
        self.lift_mm: Floats = lift[first : first + len(corners)]
        self._trace = self.samples.on(body.level)
        self._numbers: dict[int, tuple[Level, Ints]] = {}

    @property
    def facet_count(self) -> int:
        """Facets over all ranks."""
        return len(self.whole.rest_mm)

    def nodes_now(self) -> Floats:
        """Corners and lifted mid-edge points of the whole surface at the present displacement, (f, 6, 3)."""
        u = self._body.u.x.array.reshape(-1, 3)[self._trace.nodes]
        return np.asarray(self.whole.rest_mm + gather_all(self.comm, u))

    def points_now(self) -> Floats:
        """Quadrature points of the facets of this rank at the present displacement, (f, points, 3)."""
        shape = quadratic_shape(self.samples.shares[:, 1:])
        lift = np.einsum("qe,fei->fqi", shape[:, 3:], self.lift_mm)
        return np.asarray(self.samples.place_mm + lift + self._trace.field(self._body.u.x.array))

    def number(self, level: Level) -> Ints:
        """Global dofs of the whole surface in a space, negative where held, (f, nodes, 3)."""
        key = id(level)
        if key not in self._numbers:
            self._numbers[key] = (level, gather_all(self.comm, self.samples.on(level).number))
        return self._numbers[key][1]


def corner_normals(corners: Floats, weighted: Floats) -> Floats:
    """Unit normals at the corners of facets: mean over the facets that meet there, (f, 3, 3).

    Args:
        corners: corners of the facets, (f, 3, 3); equal places are one corner.
        weighted: normal of each facet times its area, (f, 3).
    """
    if not len(corners):
        return np.empty((0, 3, 3))
    _, which = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    which = which.reshape(-1)
    total = np.zeros((which.max() + 1, 3))
    np.add.at(total, which, np.repeat(weighted, 3, axis=0))
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray((total / np.maximum(length, 1e-300))[which].reshape(-1, 3, 3))


def sagitta(corners: Floats, normal: Floats) -> Floats:
    r"""Lift of the mid-edge points onto the surface that the corner normals tell, (f, 3, 3), mm.

    On an edge from a to b, :math:`s = \tfrac{1}{8} (x_b - x_a) \cdot (n_b - n_a)` along the mean normal:
    exact to second order on any smooth surface, :math:`L^2 / (8 R)` on a sphere.

    Args:
        corners: corners of the facets, (f, 3, 3), mm.
        normal: unit normals there, (f, 3, 3).
    """
    one, other = EDGES.T
    rise = np.sum((corners[:, other] - corners[:, one]) * (normal[:, other] - normal[:, one]), axis=2) / 8.0
    mean = normal[:, one] + normal[:, other]
    mean = mean / np.maximum(np.linalg.norm(mean, axis=2, keepdims=True), 1e-300)
    return np.asarray(rise[..., None] * mean)

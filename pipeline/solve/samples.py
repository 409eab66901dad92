"""Quadrature points on facets of the mesh, and fields there by tables instead of forms.

Contact, floor, cables and joint springs act on facets and change from one Newton iteration to the next;
sampled, they need no assembly, and a few thousand facets are cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.solve.level import Floats, Int32s, Ints, Level
from pipeline.tetrahedron import FACES

import basix  # isort: skip
from dolfinx import mesh  # isort: skip

QUADRATURE_DEGREE = 4
"""Exact for the product of quadratic fields on flat facets, and all weights are positive."""


@dataclass(frozen=True)
class Trace:
    """Facet points in one space.

    Attributes:
        shape: functions of the facet's nodes at its points, (facets, points, nodes); corners come first, see
            :func:`facet_nodes`.
        nodes: local nodes of each facet, (facets, nodes).
        number: global dof numbers, negative where held, (facets, nodes, 3).
    """

    shape: Floats
    nodes: Int32s
    number: Ints

    def field(self, values: Floats) -> Floats:
        """A field at the points, (facets, points, 3), from its local coefficients with ghosts, (dofs,)."""
        return np.asarray(self.shape @ values.reshape(-1, 3)[self.nodes])


class FacetSamples:
    """Points of some boundary facets of this rank; nothing here is collective.

    Args:
        domain: mesh of straight tetrahedra.
        facets: local numbers of the facets, (f,); of an inner facet the first cell counts.
        degree: quadrature degree.
        cells: cell on whose side each facet is taken, (f,); by default its first one.

    Attributes:
        facets: the facets.
        weight_mm2: area that each point stands for in the unloaded model, (f, points).
        shares: barycentric coordinates of the points in the corners below, (points, 3).
        corner_mm: corners in the unloaded model, (f, 3, 3).
        place_mm: points in the unloaded model, (f, points, 3).
        normal: unit normal out of the cell in the unloaded model, (f, 3).
    """

    def __init__(
        self,
        domain: mesh.Mesh,
        facets: Int32s,
        degree: int = QUADRATURE_DEGREE,
        cells: Int32s | None = None,
    ) -> None:
        points, weights = basix.make_quadrature(basix.CellType.triangle, degree)
        self.facets = np.asarray(facets, dtype=np.int32)
        self._cells, self._places = cells_and_places(domain, self.facets, cells)
        corners = domain.geometry.x[domain.geometry.dofmap[self._cells]]
        self.corner_mm: Floats = np.take_along_axis(corners, FACES[self._places][:, :, None], axis=1)
        self.shares: Floats = np.column_stack([1.0 - points.sum(axis=1), points])
        edge, other = self.corner_mm[:, 1:].swapaxes(0, 1) - self.corner_mm[:, 0]
        normal = np.cross(edge, other)
        twice_area = np.linalg.norm(normal, axis=1, keepdims=True)
        # the outward order holds for positive cells only; DOLFINx may turn one over
        away = np.sum(normal * (self.corner_mm.mean(axis=1) - corners.mean(axis=1)), axis=1, keepdims=True)
        self.normal: Floats = np.sign(away) * normal / twice_area
        self.weight_mm2: Floats = twice_area * weights
        self.place_mm: Floats = self.shares @ self.corner_mm
        self._traces: dict[int, Trace] = {}

    def on(self, level: Level) -> Trace:
        """The points in the space of a level."""
        key = id(level)
        if key not in self._traces:
            self._traces[key] = self._trace(level)
        return self._traces[key]

    def corner_field(self, level: Level, values: Floats) -> Floats:
        """A field at the corners, (f, 3, 3), from its local coefficients with ghosts, (dofs,)."""
        vertices = level.space.dofmap.list[self._cells][:, :4]
        nodes = np.take_along_axis(vertices, FACES[self._places], axis=1)
        return np.asarray(values.reshape(-1, 3)[nodes])

    def _trace(self, level: Level) -> Trace:
        element = level.space.element.basix_element
        reference = basix.geometry(basix.CellType.tetrahedron)
        closure = facet_nodes(element)
        tables = [
            element.tabulate(0, self.shares @ reference[corners])[0, :, :, 0][:, own]
            for corners, own in zip(FACES, closure, strict=True)
        ]
        local = level.space.dofmap.list[self._cells] if len(self._cells) else np.empty((0, 1), np.int32)
        nodes = np.take_along_axis(local, closure[self._places], axis=1) if len(local) else local
        if not len(nodes):
            nodes = np.empty((0, closure.shape[1]), dtype=np.int32)
        number = level.number.reshape(-1, 3)[nodes]
        return Trace(np.asarray(tables)[self._places], nodes, number)


def facet_nodes(element: Any) -> NDArray[np.int64]:
    """Functions of a Lagrange tetrahedron that do not vanish on each face, (4, nodes).

    Those of its corners come first, in the order of :data:`FACES`; for quadratic elements those of the edges
    opposite the corners follow.
    """
    if element.degree > 2:
        return np.array(element.entity_closure_dofs[2], dtype=np.int64)
    nodes = [[element.entity_dofs[0][corner][0] for corner in face] for face in FACES]
    if element.degree == 2:
        ends = [set(edge) for edge in basix.topology(basix.CellType.tetrahedron)[1]]
        for face, found in zip(FACES.tolist(), nodes, strict=True):
            opposite = [ends.index(set(face) - {corner}) for corner in face]
            found += [element.entity_dofs[1][edge][0] for edge in opposite]
    return np.array(nodes, dtype=np.int64)


def cells_and_places(
    domain: mesh.Mesh, facets: Int32s, cells: Int32s | None = None
) -> tuple[Int32s, NDArray[np.int64]]:
    """Cell of every facet and the place of the facet in it; entities and connectivity must exist."""
    topology = domain.topology
    to_cell, to_facet = topology.connectivity(2, 3), topology.connectivity(3, 2)
    if cells is None:
        cells = np.array([to_cell.links(facet)[0] for facet in facets], dtype=np.int32)
    places = [np.flatnonzero(to_facet.links(c) == f)[0] for c, f in zip(cells, facets, strict=True)]
    return cells, np.array(places, dtype=np.int64)

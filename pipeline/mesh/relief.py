"""The last flat cells: move one of their vertices a little.

Swapping and smoothing inside each tissue cannot help a flat cell whose vertices all lie on interfaces.
A vertex that slides along its interface, or leaves it by far less than the faceting of the surface, does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from pipeline.mesh.cells import Cells, dihedral_cosines, mean_ratio
from pipeline.mesh.implicit import Array
from pipeline.mesh.tissue import Labels, Tissues, gradient
from pipeline.tetrahedron import FACES

ENOUGH_RATIO = 0.22
"""Mean ratio below which a cell asks for relief."""

ENOUGH_DEG = 7.0
"""Dihedral angle below which a cell asks for relief."""

SHIFTS = (0.05, 0.1, 0.2, 0.3)
"""Trial shifts relative to the mean edge of the opposite face."""

LEAVE_MM = (0.03, 0.03, 0.03, 0.05, 0.05, 0.08, 0.08, 0.08, 0.12, 0.12, 0.12)
"""How far a vertex may leave the surfaces it lies on, round by round."""


def goodness(points: Array, cells: Cells) -> Array:
    """Worse of mean ratio and smallest dihedral angle, each relative to what is enough, (m,)."""
    smallest = np.degrees(np.arccos(np.clip(dihedral_cosines(points, cells).max(axis=1), -1.0, 1.0)))
    return np.minimum(mean_ratio(points, cells) / ENOUGH_RATIO, smallest / ENOUGH_DEG)


@dataclass(frozen=True)
class Surroundings:
    """What a moving vertex must respect: its cells, the tissues around it, the shapes it lies on."""

    tissues: Tissues
    cells: Cells
    labels: list[Labels]
    around: csr_matrix
    is_outer: Array
    leave: float

    def touching(self, vertex: int) -> Cells:
        """Numbers of the cells at a vertex."""
        return self.around.indices[self.around.indptr[vertex] : self.around.indptr[vertex + 1]]

    def surfaces(self, vertex: int) -> list[int]:
        """Surfaces a vertex lies on: for each member, of all its parts there but the last in priority.

        Outside the mesh counts as the last. A vertex inside one tissue lies on no surface.
        """
        touching = self.touching(vertex)
        found: set[int] = set()
        for labels, surface_of in zip(self.labels, self.tissues.surface_of, strict=True):
            own = sorted({int(label) for label in labels[touching]})
            found.update(surface_of[label] for label in (own if self.is_outer[vertex] else own[:-1]))
        return sorted(found)

    def settled(self, x: Array, surfaces: list[int]) -> Array:
        """Points drawn back to within ``leave`` mm of the surfaces they belong to, (n, 3), mm."""
        for _ in range(2):
            for index in surfaces:
                shape = self.tissues.surfaces[index].boxed.part.shape
                value = shape(x)
                slope = gradient(shape, x, value)
                excess = np.sign(value) * np.maximum(np.abs(value) - self.leave, 0.0)
                x = x - (excess / np.maximum(np.sum(slope**2, axis=1), 0.05))[:, None] * slope
        return x


def relieve(tissues: Tissues, points: Array, cells: Cells, labels: Labels, outer: Array) -> Array:
    """Points moved so that flat cells grow, never at the cost of a worse cell next to them.

    Args:
        tissues: all parts.
        points: vertices (n, 3), mm.
        cells: tetrahedra (m, 4).
        labels: label of the whole of each cell (m,).
        outer: which vertices lie on the outside of the mesh, (n,).
    """
    points, count, own = points.copy(), len(cells), tissues.decode(labels)
    around = csr_matrix((np.ones(4 * count, bool), (cells.ravel(), np.repeat(np.arange(count), 4))))
    for leave in LEAVE_MM:
        place = Surroundings(tissues, cells, own, around, outer, leave)
        good = goodness(points, cells)
        bad = np.flatnonzero(good < 1.0)
        if len(bad) == 0:
            break
        for cell in bad[np.argsort(good[bad], kind="stable")]:
            _relieve_cell(points, int(cell), place)
    return points


def _relieve_cell(points: Array, cell: int, place: Surroundings) -> None:
    """Make the best of the trial shifts of one cell's vertices, if any is an improvement."""
    best, best_move = 1e-3, None
    corners = place.cells[cell]
    for vertex, face in zip(corners, FACES, strict=True):
        touching = place.cells[place.touching(vertex)]
        before = goodness(points, touching).min()
        trials = place.settled(
            points[vertex] + _shifts(points[corners[face]], points[vertex]), place.surfaces(vertex)
        )
        worst = _worst_after(points, touching, vertex, trials)
        found = int(worst.argmax())
        if worst[found] - before > best:
            best, best_move = worst[found] - before, (vertex, trials[found])
    if best_move is not None:
        points[best_move[0]] = best_move[1]


def _shifts(opposite: Array, vertex: Array) -> Array:
    """Trial shifts of a vertex, (k, 3), mm: across its opposite face, and along it in four directions."""
    a, b, c = opposite
    normal = np.cross(b - a, c - a)
    normal /= max(float(np.linalg.norm(normal)), 1e-12)
    edge = (np.linalg.norm(b - a) + np.linalg.norm(c - b) + np.linalg.norm(a - c)) / 3.0
    along = (a + b + c) / 3.0 - vertex
    along -= (along @ normal) * normal
    length = float(np.linalg.norm(along))
    along = along / length if length > 1e-6 else (b - a) / np.linalg.norm(b - a)
    directions = np.array([normal, along, np.cross(normal, along)])
    directions = np.concatenate([directions, -directions, (directions[0] + directions[1:]) / np.sqrt(2.0)])
    return np.asarray((edge * np.array(SHIFTS)[:, None, None] * directions).reshape(-1, 3))


def _worst_after(points: Array, touching: Cells, vertex: int, trials: Array) -> Array:
    """Goodness of the worst cell around a vertex at each trial place, (k,)."""
    corners = points[touching]
    moved = np.broadcast_to(corners, (len(trials), *corners.shape)).copy()
    moved[:, touching == vertex] = trials[:, None, :]
    flat = moved.reshape(-1, 3)
    numbered = np.arange(len(flat), dtype=np.int64).reshape(-1, 4)
    return np.asarray(goodness(flat, numbered).reshape(len(trials), -1).min(axis=1))

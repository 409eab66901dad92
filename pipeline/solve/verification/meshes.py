"""Meshes of the benchmarks: mapped lattices of tetrahedra and balls, built on rank 0 and spread over all."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from pipeline.solve import compat  # noqa: F401  (starts PETSc)
from pipeline.solve.level import Floats, Ints
from pipeline.solve.mpi import on_root

import basix.ufl  # isort: skip
from dolfinx import mesh  # isort: skip
from mpi4py import MPI  # isort: skip

Shape = Callable[[Floats], Floats]
"""Moves lattice points, (n, 3) to (n, 3)."""
Tetrahedra = tuple[Floats, Ints]
"""Points, (n, 3), and the vertices of positive tetrahedra, (m, 4)."""

_STEPS = np.cumsum([[0, *order] for order in itertools.permutations((1, 2, 4))], axis=1)
"""Six tetrahedra of a cube whose corner i + 2j + 4k is at (i, j, k): one for each way from 0 to 7."""


def spread(comm: MPI.Comm, build: Callable[[], Tetrahedra]) -> mesh.Mesh:
    """Build a mesh on rank 0 and distribute it. Collective."""
    built: list[Tetrahedra] = []
    on_root(comm, lambda: built.append(build()))
    points, cells = built[0] if built else (np.empty((0, 3)), np.empty((0, 4), dtype=np.int64))
    element = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
    partitioner = mesh.create_cell_partitioner(mesh.GhostMode.none)
    domain = mesh.create_mesh(comm, cells, points, element, partitioner)
    for dim in (1, 2):
        domain.topology.create_entities(dim)
        domain.topology.create_connectivity(dim, 3)
        domain.topology.create_connectivity(3, dim)
    return domain


def lattice(axes: tuple[Floats, Floats, Floats], shape: Shape | None = None) -> Tetrahedra:
    """Tetrahedra of a mapped lattice of cubes.

    Each cube is split like the mirror image of its neighbours, so a lattice with even counts is symmetric
    about its middle planes. Points that the map brings together become one, and cells that collapse
    vanish: a map to polar coordinates may have its axis inside.

    Args:
        axes: increasing positions along x, y and z.
        shape: moves the lattice points.
    """
    z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    points = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    counts = [len(axis) - 1 for axis in axes]
    k, j, i = (a.ravel() for a in np.meshgrid(*map(np.arange, reversed(counts)), indexing="ij"))
    corner = np.empty((len(i), 8), dtype=np.int64)
    for n in range(8):
        a, b, c = ((n >> axis & 1) ^ (index & 1) for axis, index in enumerate((i, j, k)))
        corner[:, n] = i + a + (counts[0] + 1) * (j + b + (counts[1] + 1) * (k + c))
    cells = corner[:, _STEPS].reshape(-1, 4)
    return _cleaned(shape(points) if shape is not None else points, cells)


def _cleaned(points: Floats, cells: Ints) -> Tetrahedra:
    """Merge points that coincide, drop collapsed cells, turn negative ones."""
    size = np.ptp(points, axis=0).max()
    keys = np.round(points / size, 9) + 0.0
    _, first, merged = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    cells = merged.reshape(-1)[cells]
    ordered = np.sort(cells, axis=1)
    cells = cells[np.all(ordered[:, 1:] != ordered[:, :-1], axis=1)]
    points = points[first]
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    turned = np.linalg.det(edges) < 0.0
    cells[turned] = cells[turned][:, [0, 2, 1, 3]]
    return points, cells


def joined(*parts: Tetrahedra) -> Tetrahedra:
    """Bodies in one mesh, which share no point even where they touch."""
    first = np.cumsum([0, *(len(points) for points, _ in parts[:-1])])
    cells = [cells + start for (_, cells), start in zip(parts, first, strict=True)]
    return np.concatenate([points for points, _ in parts]), np.concatenate(cells)


def even(first: float, last: float, count: int) -> Floats:
    """Equal intervals."""
    return np.linspace(first, last, count + 1, dtype=np.float64)


def graded(first: float, last: float, count: int, ratio: float) -> Floats:
    """Intervals that grow from the first to the last by a ratio in all."""
    lengths = np.geomspace(1.0, ratio, count)
    return np.asarray(first + (last - first) * np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum())


def growing(first: float, last: float, count: int, start: float) -> Floats:
    """Intervals that grow evenly from one of a given length, which is below the mean."""
    excess = lambda growth: np.sum(growth ** np.arange(count)) - (last - first) / start  # noqa: E731
    return graded(first, last, count, float(brentq(excess, 1.0, 100.0)) ** (count - 1))


def fine_then_growing(fine: float, inner: int, last: float, outer: int) -> Floats:
    """From zero equal intervals of a length, then growing ones up to the last position."""
    near = even(0.0, inner * fine, inner)
    return np.concatenate([near, growing(near[-1], last, outer, fine)[1:]])


def sector(points: Floats) -> Floats:
    """Map (radius, angle, z) to Cartesian places."""
    r, angle, z = points.T
    return np.column_stack([r * np.cos(angle), r * np.sin(angle), z])


def octant(points: Floats) -> Floats:
    """Map (radius, polar angle, azimuth) to Cartesian places."""
    r, polar, azimuth = points.T
    return np.column_stack(
        [r * np.sin(polar) * np.cos(azimuth), r * np.sin(polar) * np.sin(azimuth), r * np.cos(polar)]
    )


def shell(radii: Floats, polar: Floats, height: float, up: float = -1.0) -> Tetrahedra:
    """Quarter of a half ball or shell about (0, 0, height), from its pole to its equator.

    Its rings are a little oval, so that no two facets of a surface lie in one plane.

    Args:
        radii: increasing radii of its layers, mm.
        polar: increasing angles from the pole.
        height: of the centre, mm.
        up: -1 if it lies below the centre, 1 if above.
    """

    def place(points: Floats) -> Floats:
        r, angle, azimuth = points.T
        oval = angle + 0.05 * np.sin(2.0 * angle) * np.sin(2.0 * azimuth)
        return octant(np.column_stack([r, oval, azimuth])) * [1.0, 1.0, up] + [0.0, 0.0, height]

    return lattice((radii, polar, even(0, np.pi / 2, 4)), place)


def ball(radius: float, fine: float, inner: int, height: float, up: float = -1.0) -> Tetrahedra:
    """Quarter of a half ball; ``inner`` edges of the length ``fine`` along the surface from its pole."""
    depth = growing(0.0, radius, 7, fine)
    return shell((radius - depth)[::-1], fine_then_growing(fine / radius, inner, np.pi / 2, 6), height, up)


def quarter_ball(radius: float, fine: float, fine_to: float, growth: float) -> Tetrahedra:
    """Quarter of the half ball that stands on z = 0 and ends at its equator.

    Args:
        radius: of the ball about (0, 0, radius).
        fine: edge length near the origin.
        fine_to: distance from the origin up to which it holds.
        growth: of the edge length per distance beyond.
    """
    import gmsh

    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        gmsh.model.occ.addSphere(0, 0, radius, radius, angle1=-np.pi / 2, angle2=0, angle3=np.pi / 2)
        gmsh.model.occ.synchronize()
        field = gmsh.model.mesh.field.add("MathEval")
        size = f"{fine} + {growth} * Max(0, Sqrt(x*x + y*y + z*z) - {fine_to})"
        gmsh.model.mesh.field.setString(field, "F", size)
        gmsh.model.mesh.field.setAsBackgroundMesh(field)
        for source in ("FromPoints", "FromCurvature", "ExtendFromBoundary"):
            gmsh.option.setNumber(f"Mesh.MeshSize{source}", 0)
        gmsh.model.mesh.generate(3)
        tags, places, _ = gmsh.model.mesh.getNodes()
        number = np.zeros(int(tags.max()) + 1, dtype=np.int64)
        number[tags.astype(np.int64)] = np.arange(len(tags))
        cells = number[gmsh.model.mesh.getElementsByType(4)[1].astype(np.int64)].reshape(-1, 4)
    finally:
        gmsh.finalize()
    used, cells = np.unique(cells, return_inverse=True)
    return _cleaned(places.reshape(-1, 3)[used], cells.reshape(-1, 4))

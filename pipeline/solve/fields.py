"""Fields of the result, collected on rank 0 in the order of the mesh file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.solve import compat
from pipeline.solve.body import Body
from pipeline.solve.floor import Floor
from pipeline.solve.model import FootMesh
from pipeline.solve.mpi import gather_rows
from pipeline.tetrahedron import FAR, NEAR

import ufl  # isort: skip

Floats = NDArray[np.float64]

STRESS_SHARES = np.full((4, 4), FAR) + (NEAR - FAR) * np.eye(4)
"""Point k, by its shares of the four vertices, is nearest vertex k; each has a quarter of the volume."""

VOIGT = ([0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2])
"""Places of xx, yy, zz, xy, yz, xz in a tensor."""


@dataclass(frozen=True)
class Fields:
    r"""Result in the order of the mesh file; on rank 0 only.

    Attributes:
        displacement_mm: at the vertices, in the frame of the floor, shape (nv, 3).
        stress_MPa: Cauchy stress at the four points of each cell, xx, yy, zz, xy, yz, xz, (nc, 4, 6).
        strain: Biot strain :math:`\sqrt{F^T F} - 1` there, in axes of the unloaded model, (nc, 4, 6); its
            principal values are principal stretches less one.
        sole_pressure_MPa: mean pressure on each sole facet, on its deformed area, shape (nf,).
        sole_area_mm2: deformed area of each sole facet, by its corners, shape (nf,).
    """

    displacement_mm: Floats
    stress_MPa: Floats
    strain: Floats
    sole_pressure_MPa: Floats
    sole_area_mm2: Floats


def collect(foot: FootMesh, body: Body, floor: Floor) -> Fields | None:
    """Evaluate the fields and bring them to rank 0; None elsewhere. Collective."""
    floor.refresh()
    vertices, cells, facets = foot.totals
    tensors = gather_rows(foot.comm, foot.cell_number, _stress_and_strain(foot, body), cells)
    displacement = gather_rows(
        foot.comm, foot.vertex_number, _vertex_displacement(foot, body, floor), vertices
    )
    sole = gather_rows(foot.comm, foot.sole_number, _sole_pressure_and_area(body, floor), facets)
    if tensors is None or displacement is None or sole is None:
        return None
    stress, strain = tensors[:, :, :6].copy(), tensors[:, :, 6:].copy()
    return Fields(displacement, stress, strain, sole[:, 0].copy(), sole[:, 1].copy())


def _sole_pressure_and_area(body: Body, floor: Floor) -> Floats:
    """Floor force over deformed area, and that area, of the local sole facets, (f, 2), MPa and mm^2."""
    corners = floor.samples.corner_mm + floor.samples.corner_field(body.level, body.u.x.array)
    edges = corners[:, 1:] - corners[:, :1]
    area = 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    load = np.sum(floor.pressure_MPa * floor.samples.weight_mm2, axis=1)
    return np.column_stack([load / area, area])


def _stress_and_strain(foot: FootMesh, body: Body) -> Floats:
    """Stress and strain of the local cells, points in the vertex order of the file, (local cells, 4, 12)."""
    gradient = ufl.variable(ufl.Identity(3) + ufl.grad(body.u))
    nominal = ufl.diff(body.density(gradient), gradient)
    both = ufl.as_vector([t[i, j] for t in (gradient, nominal) for i in range(3) for j in range(3)])
    expression = compat.compile_expression(both, STRESS_SHARES[:, 1:], foot.comm)
    count = len(foot.cell_number)
    values = expression.eval(foot.domain, np.arange(count, dtype=np.int32)).reshape(count, 4, 2, 3, 3)
    values = np.take_along_axis(values, foot.reference_corner[:, :, None, None, None], axis=1)
    f, p = values[:, :, 0], values[:, :, 1]
    return np.concatenate([cauchy(f, p)[..., *VOIGT], biot(f)[..., *VOIGT]], axis=-1)


def cauchy(f: Floats, p: Floats) -> Floats:
    """Cauchy stress P F^T / det F, (..., 3, 3), MPa, from deformation gradient and nominal stress P."""
    return np.asarray(p @ f.swapaxes(-1, -2) / np.linalg.det(f)[..., None, None])


def biot(f: Floats) -> Floats:
    """Biot strain sqrt(F^T F) - 1, (..., 3, 3), of deformation gradients."""
    square, axes = np.linalg.eigh(f.swapaxes(-1, -2) @ f)
    return np.asarray((axes * (np.sqrt(square) - 1.0)[..., None, :]) @ axes.swapaxes(-1, -2))


def _vertex_displacement(foot: FootMesh, body: Body, floor: Floor) -> Floats:
    """Displacement at the local geometry nodes in the frame of the floor, shape (nodes, 3), mm."""
    nodal = body.u.x.array.reshape(-1, 3)
    values = np.empty((len(foot.vertex_number), 3))
    values[foot.domain.geometry.dofmap] = nodal[body.level.space.dofmap.list[:, :4]]
    values[:, 2] -= floor.value
    return values

"""Fields of the result, collected on rank 0 in the order of the mesh file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.solve import compat
from pipeline.solve.elasticity import ElasticBody
from pipeline.solve.floor import Floor
from pipeline.solve.mpi import gather_rows
from pipeline.tetrahedron import FAR, NEAR

Floats = NDArray[np.float64]

STRESS_SHARES = np.full((4, 4), FAR) + (NEAR - FAR) * np.eye(4)
"""Point k, by its shares of the four vertices, is nearest vertex k; each has a quarter of the volume."""


@dataclass(frozen=True)
class Fields:
    """Result in the order of the mesh file; on rank 0 only.

    Attributes:
        displacement_mm: at the vertices, in the frame of the floor, shape (nv, 3).
        stress_MPa: at the four points of each cell, xx, yy, zz, xy, yz, xz, shape (nc, 4, 6).
        strain: tensor strain at the same points, shape (nc, 4, 6).
        sole_pressure_MPa: mean pressure of each sole facet, shape (nf,).
    """

    displacement_mm: Floats
    stress_MPa: Floats
    strain: Floats
    sole_pressure_MPa: Floats


def collect(body: ElasticBody, floor: Floor) -> Fields | None:
    """Evaluate the fields and bring them to rank 0; None elsewhere. Collective."""
    foot = body.foot
    vertices, cells, facets = foot.totals
    tensors = gather_rows(foot.comm, foot.cell_number, _stress_and_strain(body), cells)
    displacement = gather_rows(foot.comm, foot.vertex_number, _vertex_displacement(body, floor), vertices)
    weight = floor.samples.weight_mm2
    mean = np.sum(floor.pressure(floor.gap()) * weight, axis=1) / np.sum(weight, axis=1)
    pressure = gather_rows(foot.comm, foot.sole_number, mean, facets)
    if tensors is None or displacement is None or pressure is None:
        return None
    return Fields(displacement, tensors[:, :, :6].copy(), tensors[:, :, 6:].copy(), pressure)


def _stress_and_strain(body: ElasticBody) -> Floats:
    """Stress and strain of the local cells, points in the vertex order of the file, (local cells, 4, 12)."""
    expression = compat.compile_expression(body.stress_and_strain(), STRESS_SHARES[:, 1:], body.foot.comm)
    count = len(body.foot.cell_number)
    values = expression.eval(body.foot.domain, np.arange(count, dtype=np.int32)).reshape(count, 4, 12)
    return np.asarray(
        np.take_along_axis(values, body.foot.reference_corner[:, :, None], axis=1), dtype=np.float64
    )


def _vertex_displacement(body: ElasticBody, floor: Floor) -> Floats:
    """Displacement at the local geometry nodes in the frame of the floor, shape (nodes, 3), mm."""
    foot = body.foot
    nodal = body.u.x.array.reshape(-1, 3)
    values = np.empty((len(foot.vertex_number), 3))
    values[foot.domain.geometry.dofmap] = nodal[body.space.dofmap.list[:, :4]]
    values[:, 2] -= floor.descent
    return values

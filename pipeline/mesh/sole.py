"""Patches of the sole: surface triangles that can meet the floor, named by what lies above them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.mesh.cells import Cells, boundary_faces
from pipeline.mesh.implicit import Array
from pipeline.mesh.posture import Posture
from pipeline.mesh.tetrahedra import Tetrahedra
from pipeline.regions import Region, Sole

REACH_MM = 9.0
"""Height above the floor up to which downward-facing skin counts as sole."""


def plan_distance(x: Array, start: Array, end: Array) -> Array:
    """Horizontal distance of points (n, 3) to a segment as seen from above, (n,)."""
    x, start, end = x[:, :2], start[:2], end[:2]
    along = np.clip((x - start) @ (end - start) / ((end - start) @ (end - start)), 0.0, 1.0)
    return np.asarray(np.linalg.norm(x - start - along[:, None] * (end - start), axis=1))


def bone_segments(posture: Posture) -> dict[Sole, tuple[Array, Array]]:
    """The line of bone that stands for each patch; a triangle belongs to the nearest in plan view."""
    return {
        Sole.SOLE_HALLUX: (posture.pp1.at(4.0), posture.dp1.at(30.0)),
        Sole.SOLE_MT1_HEAD: (posture.mtp1 - 30.0 * posture.mt1.axis, posture.mtp1),
        Sole.SOLE_MT2_HEAD: (posture.mtp2 - 30.0 * posture.mt2.axis, posture.mtp2),
        Sole.SOLE_TOE2: (posture.toe2.at(4.0), posture.toe2.at(50.0)),
    }


def sole_patches(
    mesh: Tetrahedra, regions: list[Region], posture: Posture
) -> tuple[Cells, NDArray[np.int64]]:
    """Triangles of the sole (k, 3) and the `Sole` tag of each (k,)."""
    faces, behind = boundary_faces(mesh.cells)
    skin = mesh.labels[behind] == regions.index(Region.SOFT_TISSUE)
    a, b, c = (mesh.points[faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    centre = (a + b + c) / 3.0
    down = normal[:, 2] < -0.3 * np.linalg.norm(normal, axis=1)
    sole = skin & down & (centre[:, 2] < REACH_MM)
    segments = bone_segments(posture)
    distance = np.stack([plan_distance(centre[sole], *ends) for ends in segments.values()], axis=1)
    tags = np.array([patch.value for patch in segments])[distance.argmin(axis=1)]
    return faces[sole], tags

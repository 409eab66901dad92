"""Patches of the sole: surface triangles that can meet the floor, named by what lies above them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Case
from pipeline.mesh.cells import Cells, boundary_faces
from pipeline.mesh.implicit import Array
from pipeline.mesh.posture import Posture, plan_distance
from pipeline.mesh.soft import floor_height
from pipeline.mesh.tetrahedra import Tetrahedra
from pipeline.regions import Region, Sole

REACH_MM = 25.0
"""Height above the floor up to which skin counts as sole unless it faces up."""

OUTERMOST = (Region.SOFT_TISSUE, Region.SKIN, Region.SHOE_OUTSOLE)
"""What may meet the floor, the last that a case has."""

STEEPEST = 0.2
"""Largest upward part of the unit normal of the sole: the walls of a pad may reach the floor too."""


def bone_segments(case: Case, posture: Posture) -> dict[Sole, tuple[Array, Array]]:
    """The line of bone that stands for each patch; a triangle belongs to the nearest in plan view."""
    toes = case.anatomy.dp1.length_mm.value, case.anatomy.dp2.length_mm.value
    return {
        Sole.SOLE_HALLUX: (posture.pp1.origin, posture.dp1.at(toes[0])),
        Sole.SOLE_MT1_HEAD: (posture.mt1.origin, posture.mtp1),
        Sole.SOLE_MT2_HEAD: (posture.mt2.origin, posture.mtp2),
        Sole.SOLE_TOE2: (posture.pp2.origin, posture.dp2.at(toes[1])),
    }


def sole_patches(
    mesh: Tetrahedra, regions: list[Region], case: Case, posture: Posture
) -> tuple[Cells, NDArray[np.int64]]:
    """Triangles of the sole (k, 3) and the `Sole` tag of each (k,)."""
    faces, behind = boundary_faces(mesh.cells)
    outermost = [regions.index(region) for region in OUTERMOST if region in regions]
    skin = mesh.labels[behind] == outermost[-1]
    a, b, c = (mesh.points[faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    centre = (a + b + c) / 3.0
    down = normal[:, 2] < STEEPEST * np.linalg.norm(normal, axis=1)
    sole = skin & down & (centre[:, 2] < floor_height(case) + REACH_MM)
    segments = bone_segments(case, posture)
    distance = np.stack([plan_distance(centre[sole], *ends) for ends in segments.values()], axis=1)
    tags = np.array([patch.value for patch in segments])[distance.argmin(axis=1)]
    return faces[sole], tags

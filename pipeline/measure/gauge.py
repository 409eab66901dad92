"""Surface strain of a bone under a gauge: a patch of its outer surface, as it is measured in vivo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.errors import MeshError
from pipeline.measure import tensors
from pipeline.measure.quantity import Measured
from pipeline.measure.solution import Bone, Ints, Solution
from pipeline.measure.statistics import Floats, weighted_mean
from pipeline.regions import Region
from pipeline.tetrahedron import FACES, FAR, NEAR, outer_faces

LENGTH_MM, WIDTH_MM = 5.0, 3.0
"""Patch along and across the bone: the published gauge area."""
_SPLIT = 8
_COVERED = 0.8
_WIDEST = 4.0


@dataclass(frozen=True)
class Surface:
    """Outer faces of a bone near its mid-shaft, cut into small triangles.

    ``along``, ``across`` (mm from mid-shaft and from the axis), ``facing`` (outward normal . dorsal),
    ``area`` (mm^2) and ``strain`` (axial, no unit) have one entry a small triangle.
    """

    along: Floats
    across: Floats
    facing: Floats
    area: Floats
    strain: Floats


def patch_strain(bone: str, cortex: Region, core: Region, sign: float) -> Callable[[Solution], Measured]:
    """Evaluator of the long-axis normal strain of the surface, averaged over the 5 x 3 mm gauge, microstrain.

    The strain of a cell is linear between its four stress points, so it is carried to the outer face of
    the cell exactly and averaged by area. If less than 80 % of the gauge area is found, the patch grows by
    half until it is, and the note says so.

    Args:
        bone: name of the bone in ``geometry.json``.
        cortex: region of its shell; only faces of its cells are gauged.
        core: region inside the shell.
        sign: +1 for the dorsal surface, -1 for the plantar one.

    Raises:
        MeshError: (when evaluated) no outer face of the bone is found at mid-shaft.
    """
    side = "dorsal" if sign > 0 else "plantar"

    def evaluate(solution: Solution) -> Measured:
        surface = _surface(solution, solution.bone(bone), cortex, core)
        scale = 1.0
        while scale <= _WIDEST:
            length, width = scale * LENGTH_MM, scale * WIDTH_MM
            chosen = (np.abs(surface.along) <= length / 2) & (np.abs(surface.across) <= width / 2)
            chosen &= sign * surface.facing > 0.5
            covered = float(np.sum(surface.area[chosen] * np.abs(surface.facing[chosen])))
            if covered >= _COVERED * length * width:
                value = 1e6 * weighted_mean(surface.strain[chosen], surface.area[chosen])
                return Measured(
                    value, note="" if scale == 1.0 else f"patch widened to {length:g} x {width:g} mm"
                )
            scale *= 1.5
        raise MeshError(
            f"fields.h5: no {side} surface of {cortex.label} at mid-shaft of {bone}; "
            "compare the bones in geometry.json with the mesh."
        )

    return evaluate


def _surface(solution: Solution, bone: Bone, cortex: Region, core: Region) -> Surface:
    """Outer faces owned by cortex cells within 20 mm of mid-shaft."""
    cells = np.flatnonzero(solution.cells_of((cortex, core)))
    middle = bone.at(0.5)
    reach = np.abs((solution.points[solution.cells[cells]] - middle) @ bone.axis).min(axis=1)
    cells = cells[reach <= 20.0]
    owner, local = outer_faces(solution.cells[cells])
    keep = solution.region[cells[owner]] == int(cortex)
    owner, local = cells[owner[keep]], local[keep]
    if owner.size == 0:
        raise MeshError(
            f"fields.h5: {cortex.label} has no outer face at mid-shaft; compare geometry.json with the mesh."
        )
    return _sample(solution, bone, middle, owner, local)


def _sample(solution: Solution, bone: Bone, middle: Floats, owner: Ints, local: Ints) -> Surface:
    corners = np.take_along_axis(solution.points[solution.cells[owner]], FACES[local][:, :, None], axis=1)
    opposite = solution.points[solution.cells[owner, local]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal *= np.sign(np.einsum("ij,ij->i", normal, corners[:, 0] - opposite))[:, None]
    doubled = np.linalg.norm(normal, axis=1)
    at_points = tensors.along(solution.strain[owner], bone.axis)
    at_vertices = (at_points - FAR * at_points.sum(axis=1, keepdims=True)) / (NEAR - FAR)
    at_corners = np.take_along_axis(at_vertices, FACES[local], axis=1)

    weights = _small_triangles(_SPLIT)
    places = np.einsum("sk,fki->fsi", weights, corners) - middle
    return Surface(
        along=(places @ bone.axis).ravel(),
        across=(places @ bone.across).ravel(),
        facing=np.repeat(normal @ bone.dorsal / doubled, len(weights)),
        area=np.repeat(doubled / 2.0 / len(weights), len(weights)),
        strain=(at_corners @ weights.T).ravel(),
    )


def _small_triangles(split: int) -> Floats:
    """Barycentric centres, shape (split^2, 3), of the equal small triangles a triangle is cut into."""
    centres = []
    for i in range(split):
        for j in range(split - i):
            centres.append((i + 1 / 3, j + 1 / 3))
            if i + j < split - 1:
                centres.append((i + 2 / 3, j + 2 / 3))
    first, second = np.array(centres).T / split
    return np.column_stack([first, second, 1.0 - first - second])

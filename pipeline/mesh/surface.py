"""Bones from surface files: read and cleaned, and moved to their place in the model.

``surface_check`` tells whether a surface is one closed body, ``surface_distance`` turns it into a shape.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import meshio
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from pipeline.errors import ConfigError
from pipeline.mesh.implicit import Array, Frame, Shape

Triangles = NDArray[np.int64]

FORMATS = {".stl": "stl", ".ply": "ply", ".obj": "obj"}
"""Endings of the files that can be read."""

MERGE = 1e-6
"""Points closer than this part of the longest extent are one; above the rounding of single precision."""

LEAST_ANGLE_DEG = 10.0
"""Smallest angle between a bone's axis and its dorsal hint that still defines a dorsal direction."""


@dataclass(frozen=True)
class Surface:
    """Triangulated surface: points (n, 3) mm, triangles (m, 3), anticlockwise seen from outside."""

    points: Array
    triangles: Triangles

    @property
    def corners(self) -> Array:
        """Corners of every triangle, (m, 3, 3), mm."""
        return self.points[self.triangles]

    @property
    def volume_mm3(self) -> float:
        r"""Enclosed volume :math:`\tfrac16 \sum a \cdot (b \times c)`, negative if the normals point inwards.

        It depends on the origin unless the surface is closed.
        """
        a, b, c = np.moveaxis(self.corners, 1, 0)
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)

    @property
    def area_mm2(self) -> float:
        """Area of all triangles."""
        a, b, c = np.moveaxis(self.corners, 1, 0)
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0)

    @property
    def extent_mm(self) -> Array:
        """Size along the axes of the file, (3,), mm."""
        return np.ptp(self.points, axis=0)

    @property
    def longest_mm(self) -> float:
        """Largest of the three extents."""
        return float(self.extent_mm.max())

    def turned_over(self) -> Surface:
        """The same surface with all normals reversed."""
        return Surface(self.points, self.triangles[:, ::-1])


def read_surface(path: Path, millimetres_per_unit: float) -> Surface:
    """Surface of an STL, PLY or OBJ file, cleaned.

    Points that coincide become one (an STL file repeats them for every triangle); triangles that lose a
    corner by it and repeated triangles are left out, and so are points of no triangle. Triangles of no
    area between three different points stay, since the surface would be open without them. If the volume
    is negative, all normals pointed inwards and every triangle is turned over.

    Args:
        path: file, its kind given by its ending.
        millimetres_per_unit: length in mm of one unit of the file, 1000 for metres.

    Raises:
        ConfigError: there is no such file, it cannot be read, or it holds no triangles, other polygons
            or coordinates that are not finite.
    """
    points, triangles = _parsed(path)
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise ConfigError(
            f"{path}: {len(bad)} points with coordinates that are not finite, first {points[bad[0]]}; "
            "export the surface again"
        )
    surface = _cleaned(points * millimetres_per_unit, triangles)
    if not len(surface.triangles):
        raise ConfigError(f"{path}: no triangles; export the bone as a triangulated surface")
    return surface.turned_over() if surface.volume_mm3 < 0.0 else surface


def _parsed(path: Path) -> tuple[Array, Triangles]:
    """Points and triangles as they are in the file."""
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"{path}: ending '{path.suffix}' is unknown; allowed: {', '.join(FORMATS)}")
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; correct the path")
    mesh = _read(path)
    sizes = {block.data.shape[1] for block in mesh.cells if block.type != "vertex" and len(block.data)}
    if sizes - {3}:
        raise ConfigError(
            f"{path}: faces with {max(sizes)} corners; only triangles are read. Triangulate the surface"
        )
    points = np.asarray(mesh.points, dtype=np.float64).reshape(-1, 3)
    blocks = [block.data for block in mesh.cells if block.data.shape[1:] == (3,)]
    triangles = np.concatenate([np.empty((0, 3), dtype=np.int64), *blocks]).astype(np.int64)
    if len(triangles) and not 0 <= triangles.min() <= triangles.max() < len(points):
        raise ConfigError(f"{path}: triangles name points that the file lacks; export the surface again")
    return points, triangles


def _read(path: Path) -> Any:
    silence = io.StringIO()
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(silence),
            contextlib.redirect_stderr(silence),
        ):
            warnings.simplefilter("ignore")
            return meshio.read(path, file_format=FORMATS[path.suffix.lower()])
    except (Exception, SystemExit) as fault:  # meshio lets escape whatever its parsers meet, and exits
        reason = " ".join(str(fault).split()) or type(fault).__name__
        raise ConfigError(
            f"{path}: not a whole {path.suffix[1:].upper()} file ({reason}); export the surface again"
        ) from None


def _cleaned(points: Array, triangles: Triangles) -> Surface:
    """Surface without double points, double triangles, collapsed triangles and unused points."""
    used, triangles = np.unique(triangles, return_inverse=True)
    points, triangles = points[used], triangles.reshape(-1, 3)
    if not len(points):
        return Surface(points, triangles)
    pairs = cKDTree(points).query_pairs(MERGE * np.ptp(points, axis=0).max(), output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(points), len(points)))
    merged = connected_components(links, directed=False)[1]
    first = np.unique(merged, return_index=True)[1]
    triangles = merged[triangles].astype(np.int64)
    triangles = triangles[(triangles != np.roll(triangles, 1, axis=1)).all(axis=1)]
    kept = np.sort(np.unique(np.sort(triangles, axis=1), axis=0, return_index=True)[1])
    used, triangles = np.unique(triangles[kept], return_inverse=True)
    return Surface(points[first[used]], triangles.reshape(-1, 3))


def placed(
    shape: Shape, rotation: ArrayLike, source_point: ArrayLike, target_point: ArrayLike, scale: float = 1.0
) -> Shape:
    r"""Shape of a file moved to its place in the model, and scaled.

    A point x of the model is the point :math:`x_f = s + R^T (x - t) / c` of the file, and the value there
    is multiplied by c, so that a distance stays a distance.

    Args:
        shape: shape in the axes of the file, mm.
        rotation: R, turns directions of the file into directions of the model, (3, 3).
        source_point: s, point of the file, (3,), mm.
        target_point: t, point of the model it is moved to, (3,), mm.
        scale: c, size in the model over size in the file.

    Raises:
        ValueError: the rotation is not orthogonal or the scale not positive.
    """
    turn, source, target = (np.asarray(a, dtype=np.float64) for a in (rotation, source_point, target_point))
    if not np.allclose(turn @ turn.T, np.eye(3), atol=1e-9):
        raise ValueError(f"rotation is not orthogonal: {turn.tolist()}")
    if not scale > 0.0:
        raise ValueError(f"scale = {scale:g}: must be positive")
    return lambda x: scale * shape(source + (x - target) @ turn / scale)


def landmark_frame(base: ArrayLike, head: ArrayLike, dorsal_hint: ArrayLike) -> Frame:
    """Frame of a bone, in the axes of its file, from two landmarks and a rough dorsal direction.

    Args:
        base: middle of the proximal joint surface, the origin, (3,), mm.
        head: centre of the distal head, or the tip of a last phalanx; the axis points to it, (3,), mm.
        dorsal_hint: direction that is made normal to the axis to give dorsal, (3,), any length.

    Raises:
        ConfigError: the two points coincide, or the direction is zero or too nearly along the axis.
    """
    origin, end, hint = (np.asarray(a, dtype=np.float64) for a in (base, head, dorsal_hint))
    length, size = np.linalg.norm(end - origin), np.linalg.norm(hint)
    if not length > 0.0:
        raise ConfigError(f"base and head are the same point {_text(origin)} mm; correct one of them")
    axis = (end - origin) / length
    across = hint - (hint @ axis) * axis
    if not np.linalg.norm(across) > np.sin(np.radians(LEAST_ANGLE_DEG)) * size:
        raise ConfigError(
            f"dorsal = {_text(hint)} is within {LEAST_ANGLE_DEG:g} degrees of the axis {_text(axis)} from "
            "base to head; give a direction across it"
        )
    return Frame(origin=origin, axis=axis, dorsal=across / np.linalg.norm(across))


def _text(vector: Array) -> str:
    return "(" + ", ".join(f"{v:.3g}" for v in vector) + ")"


def fit_sphere(points: Array) -> tuple[Array, float, float]:
    r"""Sphere nearest to points (n, 3), by linear least squares.

    Solves :math:`2 c \cdot x + (r^2 - |c|^2) = |x|^2` for centre and radius. Points on a small cap give a
    radius that is too small if they scatter.

    Returns:
        Centre (3,) mm, radius mm, and root mean square of the distances of the points to the sphere, mm.
    """
    middle = points.mean(axis=0)
    x = points - middle
    matrix = np.column_stack([2.0 * x, np.ones(len(x))])
    *centre, rest = np.linalg.lstsq(matrix, np.sum(x**2, axis=1), rcond=None)[0]
    radius = float(np.sqrt(rest + np.sum(np.square(centre))))
    misfit = np.linalg.norm(x - centre, axis=1) - radius
    return middle + centre, radius, float(np.sqrt(np.mean(misfit**2)))

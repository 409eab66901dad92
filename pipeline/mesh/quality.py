"""How good a mesh is, and the gates it must pass."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from pipeline.errors import QualityError
from pipeline.mesh.cells import Cells, dihedral_cosines, mean_ratio, volumes
from pipeline.mesh.fidelity import Fidelity
from pipeline.mesh.implicit import Array
from pipeline.mesh.tetrahedra import Tetrahedra

WORST_RATIO = 0.15
"""Smallest mean ratio allowed of any cell."""

FIRST_PERCENTILE_RATIO = 0.4
"""Smallest first percentile of the mean ratio."""

SMALLEST_DIHEDRAL_DEG = 4.0
"""Smallest angle allowed between two faces of a cell."""

COARSE_RATIO = 0.3
"""The same for meshes coarser than level medium."""

NORMAL_ERROR_DEG = 12.0
"""Largest 95th percentile of the angle between faces and the true surface of bone and cartilage, from
level medium on."""

DISTANCE_MM = 0.1
"""Largest 95th percentile of the distance of faces from that surface, from level medium on."""

HOLES = 0.05
"""Largest share of a thin layer that may be missing on meshes coarser than medium; else none may."""


@dataclass(frozen=True)
class MeshQuality:
    """Counts, shape measures and fidelity of a mesh."""

    cells: int
    points: int
    worst_mean_ratio: float
    first_percentile_mean_ratio: float
    average_mean_ratio: float
    smallest_dihedral_deg: float
    volume_mm3: dict[str, float]
    fidelity: Fidelity

    def as_dict(self) -> dict[str, object]:
        """Plain data for a report."""
        return asdict(self)


def smallest_dihedral_deg(points: Array, cells: Cells) -> float:
    """Smallest angle between two faces of any tetrahedron, degrees."""
    return float(np.degrees(np.arccos(np.clip(dihedral_cosines(points, cells).max(), -1.0, 1.0))))


def assess(mesh: Tetrahedra, names: list[str], fidelity: Fidelity) -> MeshQuality:
    """Quality of a mesh.

    Args:
        mesh: points, cells, labels.
        names: region names by label.
        fidelity: how well its faces follow the shapes.
    """
    ratio = mean_ratio(mesh.points, mesh.cells)
    size = np.bincount(mesh.labels, volumes(mesh.points, mesh.cells), len(names))
    return MeshQuality(
        cells=len(mesh.cells),
        points=len(mesh.points),
        worst_mean_ratio=float(ratio.min()),
        first_percentile_mean_ratio=float(np.percentile(ratio, 1)),
        average_mean_ratio=float(ratio.mean()),
        smallest_dihedral_deg=smallest_dihedral_deg(mesh.points, mesh.cells),
        volume_mm3={name: round(float(v), 3) for name, v in zip(names, size, strict=True)},
        fidelity=fidelity,
    )


def quality_faults(quality: MeshQuality, factor: float) -> list[str]:
    """What fails a gate, with its value and the limit.

    Args:
        quality: of the mesh.
        factor: its edge lengths relative to level medium; coarser faces lie further from curved surfaces.
    """
    fit, coarse = quality.fidelity, factor > 1.0
    faults = [f"region {name} has no cells" for name, volume in quality.volume_mm3.items() if volume <= 0.0]
    least = (
        ("worst mean ratio", quality.worst_mean_ratio, WORST_RATIO),
        (
            "first percentile of the mean ratio",
            quality.first_percentile_mean_ratio,
            COARSE_RATIO if coarse else FIRST_PERCENTILE_RATIO,
        ),
        ("smallest dihedral angle (deg)", quality.smallest_dihedral_deg, SMALLEST_DIHEDRAL_DEG),
    )
    faults += [f"{what} {value:.4f} is below {limit:g}" for what, value, limit in least if value < limit]
    most = (
        ("normal error of bone and cartilage, p95 (deg)", fit.normal_error_p95_deg, NORMAL_ERROR_DEG),
        ("distance of their faces, p95 (mm)", fit.distance_p95_mm, DISTANCE_MM),
    )
    if not coarse:
        faults += [f"{what} {value:.3f} is above {limit:g}" for what, value, limit in most if value > limit]
    allowed = HOLES if coarse else 0.0
    faults += [
        f"{100.0 * share:.2g} % of {layer} is missing, at most {100.0 * allowed:g} % may be"
        for layer, share in fit.holes.items()
        if share > allowed
    ]
    faults += [f"{count} faces of {name} lie bare on the outside" for name, count in fit.exposed.items()]
    return faults + [f"{pair} touch, which must not" for pair in fit.touching]


def require_quality(quality: MeshQuality, factor: float) -> None:
    """Stop if a region is empty, cells are too flat, or faces do not follow their surface.

    Raises:
        QualityError: names what failed, its value and the limit.
    """
    faults = quality_faults(quality, factor)
    if faults:
        raise QualityError(f"mesh: {'; '.join(faults)}; lower mesh.size_joint_mm or change mesh.level")

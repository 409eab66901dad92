"""How good a mesh is, and the gates it must pass."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from pipeline.errors import QualityError
from pipeline.mesh.cells import Cells, dihedral_cosines, mean_ratio, volumes
from pipeline.mesh.implicit import Array
from pipeline.mesh.tetrahedra import Tetrahedra

WORST_ALLOWED = 0.03
"""Smallest mean ratio of any cell; below, the stiffness of the cell swamps its neighbours."""

FIRST_PERCENTILE_ALLOWED = 0.12
"""Smallest first percentile of the mean ratio."""


@dataclass(frozen=True)
class MeshQuality:
    """Counts and shape measures of a mesh."""

    cells: int
    points: int
    worst_mean_ratio: float
    first_percentile_mean_ratio: float
    average_mean_ratio: float
    smallest_dihedral_deg: float
    volume_mm3: dict[str, float]

    def as_dict(self) -> dict[str, object]:
        """Plain data for a report."""
        return asdict(self)


def smallest_dihedral_deg(points: Array, cells: Cells) -> float:
    """Smallest angle between two faces of any tetrahedron, degrees."""
    return float(np.degrees(np.arccos(np.clip(dihedral_cosines(points, cells).max(), -1.0, 1.0))))


def assess(mesh: Tetrahedra, names: list[str]) -> MeshQuality:
    """Quality of a mesh; ``names`` are the region names by label."""
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
    )


def require_quality(quality: MeshQuality) -> None:
    """Stop if a region is empty or cells are too flat.

    Raises:
        QualityError: names what failed, its value and the limit.
    """
    faults = [f"region {name} has no cells" for name, volume in quality.volume_mm3.items() if volume <= 0.0]
    if quality.worst_mean_ratio < WORST_ALLOWED:
        faults.append(f"worst mean ratio {quality.worst_mean_ratio:.4f} is below {WORST_ALLOWED}")
    if quality.first_percentile_mean_ratio < FIRST_PERCENTILE_ALLOWED:
        faults.append(
            f"first percentile of the mean ratio {quality.first_percentile_mean_ratio:.3f} is below "
            f"{FIRST_PERCENTILE_ALLOWED}"
        )
    if faults:
        raise QualityError(f"mesh: {'; '.join(faults)}; lower mesh.size_joint_mm or change mesh.level")

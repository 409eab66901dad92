"""Regular grids of points, and a field of edge lengths on one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from pipeline.mesh.implicit import Array


@dataclass(frozen=True)
class SizeField:
    """Target edge length on a regular grid, mm.

    Attributes:
        low: lower corner, mm.
        spacing: of the grid, mm.
        values: edge length at its points, mm.
        factor: edge lengths relative to level medium.
    """

    low: Array
    spacing: float
    values: Array
    factor: float = 1.0

    def at(self, x: Array) -> Array:
        """Trilinear value at points (n, 3), mm; outside the grid the nearest value."""
        place = ((x - self.low) / self.spacing).T
        return np.asarray(map_coordinates(self.values, place, order=1, mode="nearest"))


def grid_points(low: Array, counts: Array, spacing: float) -> Array:
    """Points of a regular grid, (nx * ny * nz, 3), z fastest."""
    axes = [lo + spacing * np.arange(n) for lo, n in zip(low, counts, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)

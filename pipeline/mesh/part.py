"""One tissue of the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.mesh.implicit import Shape
from pipeline.regions import Region


@dataclass(frozen=True)
class Part:
    """One tissue.

    Attributes:
        region: what it is.
        shape: where it is.
        thickness: of a thin layer, its local thickness at points, mm; sets the edge length in it.
    """

    region: Region
    shape: Shape
    thickness: Shape | None = None


def constant(thickness: float) -> Shape:
    """The same thickness everywhere, mm."""
    return lambda x: np.full(len(x), thickness)

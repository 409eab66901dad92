"""One tissue of the model."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.mesh.implicit import Shape
from pipeline.regions import Region


@dataclass(frozen=True)
class Part:
    """One tissue: its region and its shape."""

    region: Region
    shape: Shape

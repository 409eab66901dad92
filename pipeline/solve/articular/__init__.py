"""Contact between joint surfaces: curved facets, closest points, and the penalty that keeps them apart."""

from pipeline.solve.articular.contact import Contact
from pipeline.solve.articular.surface import Surface

__all__ = ["Contact", "Surface"]

"""Contact between joint surfaces: search, gap with its derivatives, energy, penalty and results."""

from pipeline.solve.contact.penalty import Cartilage, penetration_share, tighten
from pipeline.solve.contact.result import ContactResult
from pipeline.solve.contact.rim import Taper
from pipeline.solve.contact.term import Contact

__all__ = ["Cartilage", "Contact", "ContactResult", "Taper", "penetration_share", "tighten"]

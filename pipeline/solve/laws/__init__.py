"""Tissue laws: each is a strain energy of the deformation gradient F.

The solve takes stress and tangent from the energy, so a law is one function. One form serves all tissues
of a model, with parameters constant in each cell.
"""

from __future__ import annotations

from pipeline.solve.laws.density import energy_density
from pipeline.solve.laws.elastic import lame
from pipeline.solve.laws.table import LAWS, Law

__all__ = ["LAWS", "Law", "energy_density", "lame"]

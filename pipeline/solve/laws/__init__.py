"""Tissue laws: each is a strain energy of the deformation gradient F.

The solve takes stress and tangent from the energy, so a law is one function. One form serves all tissues
of a model, with parameters constant in each cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.solve.laws import density
from pipeline.solve.laws.elastic import lame
from pipeline.solve.laws.kinematics import Expr
from pipeline.solve.laws.table import LAWS, Law
from pipeline.solve.model import FootMesh

__all__ = ["LAWS", "Law", "energy_density", "lame"]


def energy_density(domain: Any, *arguments: Any) -> Callable[[Expr], Expr]:
    """As :func:`density.energy_density`, or of a foot: the mesh and its regions in one.

    The second form is for callers that have a :class:`FootMesh` and no fibres.
    """
    if isinstance(domain, FootMesh):
        return density.energy_density(domain.domain, domain.region, *arguments)
    return density.energy_density(domain, *arguments)

"""Directions of fibres: each cell takes that of the nearest point of the line its fibres run along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.regions import Region
from pipeline.solve.laws import LAWS
from pipeline.solve.level import Floats
from pipeline.solve.model import FootMesh
from pipeline.solve.tendons import array, entry

from dolfinx import fem, mesh  # isort: skip

TIE_MM = 1e-6
"""Segments that are as near as the nearest one to this, share a point."""


def fibres_of(
    materials: Mapping[Region, Any], geometry: Mapping[str, Any], foot: FootMesh
) -> fem.Function | None:
    """Directions of the fibres of all tissues whose law takes them. Collective.

    Args:
        materials: material of every region of the mesh.
        geometry: landmarks of the mesh, ``geometry.json``, the same on all ranks.
        foot: the mesh.

    Returns:
        Unit vectors, one in each cell of such a tissue and zero elsewhere (space DG0 of vectors); None if
        no law takes fibres.

    Raises:
        MeshError: the landmarks lack the lines of a tissue.
    """
    laws = {name for name, law in LAWS.items() if law.needs_fibre}
    fibred = [region for region, material in materials.items() if material.law in laws]
    if not fibred:
        return None
    space = fem.functionspace(foot.domain, ("DG", 0, (3,)))
    fibres = fem.Function(space, name="fibres")
    rows = fibres.x.array.reshape(-1, 3)
    for region in fibred:
        lines = [array(line) for line in entry(geometry, "fibres", region.label)]
        cells = foot.cells_of(region)
        places = mesh.compute_midpoints(foot.domain, 3, cells)
        rows[space.dofmap.list[cells, 0]] = directions(lines, places)
    fibres.x.scatter_forward()
    return fibres


def directions(lines: Sequence[Floats], places: Floats) -> Floats:
    r"""Unit vectors along polylines where these are nearest to places.

    On the outside of a bend a whole wedge of places is nearest to the vertex. There, with unit vectors
    :math:`t_i` along the segments that meet and r from the vertex to the place, the direction is that of
    :math:`s - r\, (r \cdot s) / r^2`, :math:`s = \sum t_i`: it turns steadily from one segment to the next.

    Args:
        lines: polylines, each (m, 3), mm.
        places: points, (n, 3), mm.

    Returns:
        Unit vectors, (n, 3); not a number for a line that turns back on itself.
    """
    start = np.concatenate([line[:-1] for line in lines])
    step = np.concatenate([np.diff(line, axis=0) for line in lines])
    length = np.linalg.norm(step, axis=1)
    unit = step / length[:, None]
    away = places[:, None, :] - start
    along = np.clip(np.einsum("nsi,si->ns", away, unit), 0.0, length)
    away = away - along[..., None] * unit
    apart = np.linalg.norm(away, axis=2)
    near = (apart <= apart.min(axis=1, keepdims=True) + TIE_MM).astype(np.float64)
    found = near @ unit
    meeting = near.sum(axis=1) > 1.0
    r = np.einsum("ns,nsi->ni", near, away)[meeting]
    s = found[meeting]
    square = np.maximum(np.einsum("ni,ni->n", r, r), TIE_MM**2)
    found[meeting] = s - r * (np.einsum("ni,ni->n", r, s) / square)[:, None]
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

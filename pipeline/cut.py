"""Where a plane meets cells: polygons in page coordinates, and the borders between tissues among them."""

from __future__ import annotations

import numpy as np
import pyvista as pv

from pipeline.panel import Floats, View

Polygons = list[Floats]
"""Corners of each polygon or line in page coordinates, shape (k, 2) each, mm."""


def cut_cells(grid: pv.UnstructuredGrid, view: View) -> tuple[Polygons, pv.PolyData]:
    """Polygons of the cut across ``view``, and the cut with the data of the cells it came from."""
    cut = grid.slice(normal=view.towards_eye, origin=view.origin, generate_triangles=False)
    places = np.column_stack([(cut.points - view.origin) @ view.right, (cut.points - view.origin) @ view.up])
    return [places[face] for face in cut.irregular_faces], cut


def borders(cut: pv.PolyData, polygons: Polygons) -> Polygons:
    """Edges of the cut between two tissues (cell data ``region``), or between tissue and air."""
    region = np.asarray(cut["region"])
    seen: dict[tuple[int, int], list[tuple[int, Floats]]] = {}
    for number, (face, polygon) in enumerate(zip(cut.irregular_faces, polygons, strict=True)):
        for i in range(len(face)):
            j = (i + 1) % len(face)
            edge = (int(min(face[i], face[j])), int(max(face[i], face[j])))
            seen.setdefault(edge, []).append((int(region[number]), polygon[[i, j]]))
    return [sides[0][1] for sides in seen.values() if len(sides) == 1 or sides[0][0] != sides[1][0]]

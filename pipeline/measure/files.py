"""Files of a measured case: the quantities as JSON and CSV, the fields as VTU for ParaView and pyvista."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import meshio
import numpy as np

from pipeline.measure import tensors
from pipeline.measure.quantity import Measured, Quantity
from pipeline.measure.solution import Solution
from pipeline.stage import write_json, write_text

OUTPUTS = ("quantities.json", "quantities.csv", "fields.vtu", "sole.vtu")

Rows = list[dict[str, Any]]


def row(quantity: Quantity, measured: Measured, kind: str) -> dict[str, Any]:
    """One entry of ``quantities.json``."""
    published = quantity.published_for(kind)
    return {
        "name": quantity.name,
        "symbol": quantity.symbol,
        "label": quantity.label,
        "unit": quantity.unit,
        "region": quantity.region,
        "statistic": quantity.statistic,
        "value": measured.value,
        "where": list(measured.where) if measured.where else None,
        "note": measured.note,
        "definition": quantity.definition,
        "source": quantity.source,
        "robust_partner": quantity.robust_partner or None,
        "compare": published
        and {
            "value": published.value,
            "sd": published.sd,
            "kind": published.kind,
            "source": published.source,
            "condition": published.condition,
        },
    }


def write_quantities(folder: Path, case: str, kind: str, rows: Rows) -> None:
    """Write ``quantities.json`` and the same, flat, as ``quantities.csv``."""
    write_json(folder / "quantities.json", {"case": case, "kind": kind, "quantities": rows})
    text = io.StringIO()
    columns = (
        "name",
        "region",
        "label",
        "statistic",
        "value",
        "unit",
        "x_mm",
        "y_mm",
        "z_mm",
        "note",
        "definition",
    )
    table = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for entry in rows:
        place = dict(zip(("x_mm", "y_mm", "z_mm"), entry["where"] or ("", "", ""), strict=True))
        table.writerow({**entry, **place, "value": repr(entry["value"])})
    write_text(folder / "quantities.csv", text.getvalue())


def write_fields(path: Path, solution: Solution) -> None:
    """Write the tetrahedra with region, displacement (mm) and stresses averaged over each cell (MPa)."""
    cells: dict[str, Any] = {"region": [solution.region.astype(np.int32)]}
    mean = solution.stress.mean(axis=1)
    for number, component in enumerate(tensors.COMPONENTS):
        cells[f"stress_{component}_MPa"] = [mean[:, number].astype(np.float32)]
    cells["von_mises_MPa"] = [solution.von_mises.mean(axis=1).astype(np.float32)]
    points = {"displacement_mm": solution.displacement.astype(np.float32)}
    _write(path, solution, "tetra", solution.cells, points, cells)


def write_sole(path: Path, solution: Solution) -> None:
    """Write the sole facets with patch number, area (mm^2), pressure (kPa) and displacement (mm)."""
    cells: dict[str, Any] = {
        "sole_region": [solution.sole_region.astype(np.int32)],
        "area_mm2": [solution.sole_area],
        "pressure_kPa": [1000.0 * solution.sole_pressure],
    }
    points = {"displacement_mm": solution.displacement}
    _write(path, solution, "triangle", solution.sole_facets, points, cells)


def _write(
    path: Path, solution: Solution, shape: str, cells: Any, points: dict[str, Any], cell_data: dict[str, Any]
) -> None:
    used, renumbered = np.unique(cells, return_inverse=True)
    mesh = meshio.Mesh(
        solution.points[used],
        [(shape, renumbered.reshape(cells.shape))],
        point_data={name: values[used] for name, values in points.items()},
        cell_data=cell_data,
    )
    part = path.with_name(path.name + ".part")
    mesh.write(part, file_format="vtu")
    part.replace(path)

"""Landmarks for later stages: frames of bones and sesamoids, joints, bands, fibres, cables, the floor."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.config import Case
from pipeline.mesh.cables import routes
from pipeline.mesh.fibres import fibre_lines
from pipeline.mesh.implicit import Array, Frame
from pipeline.mesh.ligaments import Band, bands_of
from pipeline.mesh.posture import Posture, base_loss, groove, sesamoids_under
from pipeline.mesh.quality import MeshQuality
from pipeline.mesh.soft import floor_height

BONES = ("mt1", "pp1", "dp1", "mt2", "pp2", "dp2")


def landmarks(case: Case, posture: Posture, quality: MeshQuality, *, left: bool) -> dict[str, Any]:
    """Landmarks and mesh quality as plain data; lengths in mm, angles in degrees.

    Args:
        case: the case in its size.
        posture: where the bones stand, of a right foot.
        quality: of the mesh.
        left: mirror everything, as the mesh is.
    """
    side = np.array([1.0, -1.0 if left else 1.0, 1.0])

    def place(x: Array) -> list[float]:
        return [float(value) for value in x * side]

    def frame(own: Frame, length: float) -> dict[str, Any]:
        return {
            "base": place(own.origin),
            "axis": place(own.axis),
            "dorsal": place(own.dorsal),
            "length_mm": length,
        }

    a = case.anatomy
    lengths = {name: getattr(a, name).length_mm.value for name in BONES}
    lengths["mt1"] += a.mt1_length_change_mm.value
    lengths["pp1"] -= base_loss(case)
    radii = {
        "mtp1": a.mt1_head_radius_mm.value,
        "ip": a.pp1_head_radius_mm.value,
        "mtp2": a.mt2_head_radius_mm.value,
        "pip2": a.pp2_head_radius_mm.value,
    }
    pair = sesamoids_under(case, groove(posture.mtp1, posture.mt1, posture.pp1))
    return {
        "side": case.patient.side,
        "joint": case.joint.kind,
        "floor_z_mm": floor_height(case),
        "rocker": rocker(case, posture),
        "bones": {name: frame(getattr(posture, name), length) for name, length in lengths.items()},
        "joints": {
            name: {"centre": place(getattr(posture, name)), "radius_mm": radius}
            for name, radius in radii.items()
        },
        "sesamoids": {
            name: frame(each.frame, 2.0 * each.half_length)
            for name, each in zip(("medial", "lateral"), pair, strict=True)
        },
        "bands": [attachment(band, side) for band in bands_of(case, posture)],
        "fibres": {
            region.label: [(line * side).tolist() for line in lines]
            for region, lines in fibre_lines(case, posture).items()
        },
        "cables": {name: route.as_dict(place) for name, route in routes(case, posture).items()},
        "posture": {
            "mtp1_dorsiflexion_deg": posture.mtp1_dorsiflexion_deg,
            "mtp1_from_standing_deg": posture.mtp1_from_standing_deg,
            "mtp2_dorsiflexion_deg": posture.mtp2_dorsiflexion_deg,
            "hallux_declination_deg": posture.hallux_declination_deg,
            "first_ray_elevation_deg": posture.first_ray_elevation_deg,
        },
        "quality": quality.as_dict(),
    }


def attachment(band: Band, side: Array) -> dict[str, Any]:
    """Path and named ends of a band; an end without a name continues in another band."""
    return {
        "region": band.region.label,
        "from": band.origin,
        "to": band.insertion,
        "radius_mm": band.radius,
        "path": (band.path * side).tolist(),
    }


def rocker(case: Case, posture: Posture) -> dict[str, float] | None:
    """Apex (x, mm) and radius (mm) of a rocker floor met barefoot; under a shoe the sole holds the arc."""
    arc = case.floor.rocker
    if arc is None or case.shoe is not None:
        return None
    return {"apex_x_mm": float(posture.mtp1[0] + arc.apex_mm.value), "radius_mm": arc.radius_mm.value}

"""The cables and joint springs of a case: what its configuration and the landmarks of its mesh say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.config import Case
from pipeline.config.cables import ElasticCable, TensionCable
from pipeline.config.joint import MovingJoint
from pipeline.errors import MeshError
from pipeline.moment_law import MomentLaw, base_stiffness_Nmm_per_deg, moment_law
from pipeline.regions import Region
from pipeline.solve.attachments import MOST, RADIUS_MM, Patch, Vertices, patch_near, vertices_of
from pipeline.solve.body import Body
from pipeline.solve.cable import Cable, Drum, Elastic, Point, Tension
from pipeline.solve.joint_spring import JointSpring
from pipeline.solve.level import Floats
from pipeline.solve.model import FootMesh
from pipeline.units import body_weight_N

PARTS: Mapping[str, tuple[Region, ...]] = {
    **{
        bone: (Region[f"{bone.upper()}_CORTEX"], Region[f"{bone.upper()}_CORE"])
        for bone in ("mt1", "pp1", "dp1", "mt2", "pp2", "dp2")
    },
    "sesamoid_medial": (Region.SESAMOID_MEDIAL,),
    "sesamoid_lateral": (Region.SESAMOID_LATERAL,),
    "sesamoids": (Region.SESAMOID_MEDIAL, Region.SESAMOID_LATERAL),
    "plantar_plate_2": (Region.PLANTAR_PLATE_2,),
}
"""Regions of everything a cable can hold on to, by its name in ``geometry.json``."""

DRUM_RADIUS_MM, JOINT_RADIUS_MM, PAIR_RADIUS_MM = 9.0, 10.0, 30.0
"""Extent of the patches that carry a drum or a joint's frame, and of the one of both sesamoids."""

JOINT_VERTICES = 24
"""Vertices of a patch that carries the frame of a joint."""


def cables_of(case: Case, geometry: Mapping[str, Any], foot: FootMesh, body: Body) -> list[Cable]:
    """Cables of a case that are not released. Collective.

    Args:
        case: the case.
        geometry: landmarks of its mesh, ``geometry.json``, the same on all ranks.
        foot: the mesh.
        body: the body.

    Returns:
        Terms of the system; the tension of each grows with its ``share`` of the load, 1 at first.

    Raises:
        MeshError: the landmarks lack a path, or a patch of the mesh cannot carry its point.
    """
    if case.cables is None or not (acting := case.cables.acting()):
        return []
    grip = Grip(foot, body)
    weight = body_weight_N(case.patient.body_mass_kg.value)
    cables = []
    for name, block in acting.items():
        path = entry(geometry, "cables", name)
        points = [
            Point(array(each["place"]), grip.patch(each["on"], each["place"], name))
            for each in path["points"]
        ]
        drums = [drum_of(each, grip, name) for each in path["drums"]]
        cables.append(Cable(body, points, cable_law(block, case.posture.instant, weight), drums, name))
    return cables


def springs_of(case: Case, geometry: Mapping[str, Any], foot: FootMesh, body: Body) -> list[JointSpring]:
    """Moment laws of a case that are not released: first MTP, first TMT. Collective.

    The mesh has no moment in the bed of the first TMT joint, so what it took to lift the ray is added to it.

    Args:
        case: the case.
        geometry: landmarks of its mesh, the same on all ranks.
        foot: the mesh.
        body: the body.

    Raises:
        MeshError: the landmarks lack a bone or joint, or a patch of the mesh is too small.
    """
    springs, grip = [], Grip(foot, body)
    joint, base = case.joint, case.tmt1_law
    if isinstance(joint, MovingJoint) and joint.moment_law is not None and not joint.moment_law.released:
        head = entry(geometry, "joints", "mtp1")["centre"]
        phalanx = entry(geometry, "bones", "pp1")["base"]
        proximal = grip.hold("mt1", head, "joint.moment_law", JOINT_RADIUS_MM, JOINT_VERTICES)
        distal = grip.hold("pp1", phalanx, "joint.moment_law", JOINT_RADIUS_MM, JOINT_VERTICES)
        law = moment_law(joint.moment_law, joint.max_dorsiflexion_deg.value)
        built = entry(geometry, "posture", "mtp1_from_standing_deg")
        springs.append(JointSpring(body, law, proximal, distal, *plane(geometry), built, "mtp1"))
    acts, stored = base is not None and not base.released, case.posture.rule == "equilibrium"
    if not (acts or stored):
        return springs
    lifted = float(entry(geometry, "posture", "first_ray_elevation_deg"))
    laws = {}
    if base is not None and acts:
        laws["tmt1"] = moment_law(base, base.max_dorsiflexion_deg.value)
    if stored and lifted > 0.0:
        laws["tmt1_stored"] = MomentLaw(0.0, constant_Nmm=base_stiffness_Nmm_per_deg(case) * lifted)
    for name, law in laws.items():
        place = entry(geometry, "bones", "mt1")["base"]
        distal = grip.hold("mt1", place, name, JOINT_RADIUS_MM, JOINT_VERTICES)
        springs.append(JointSpring(body, law, None, distal, *plane(geometry), lifted, name))
    return springs


def attached_terms(
    case: Case, geometry: Mapping[str, Any], foot: FootMesh, body: Body
) -> list[Cable | JointSpring]:
    """Cables and joint springs of a case; an empty list if all are released. Collective."""
    return [*cables_of(case, geometry, foot, body), *springs_of(case, geometry, foot, body)]


def attached_report(terms: list[Cable | JointSpring]) -> dict[str, dict[str, float]]:
    """State of cables and springs when last refreshed, by name; mm, N, degrees, N mm."""
    return {
        term.name: (
            {"length_mm": term.length_mm, "built_mm": term.built_mm, "tension_N": term.tension_N}
            if isinstance(term, Cable)
            else {"angle_deg": term.angle_deg, "moment_Nmm": term.moment_Nmm}
        )
        for term in terms
    }


def drum_of(data: Mapping[str, Any], grip: Grip, name: str) -> Drum:
    """A drum from its landmarks. Collective."""
    centre, axis, side = (array(data[key]) for key in ("centre", "axis", "side"))
    patch = grip.patch(data["on"], data["centre"], name, DRUM_RADIUS_MM)
    return Drum(int(data["before"]), centre, axis, side, float(data["radius_mm"]), patch)


def array(values: Any) -> Floats:
    """Numbers of the landmarks as an array."""
    return np.array(values, dtype=np.float64)


def cable_law(block: TensionCable | ElasticCable, instant: str, body_weight: float) -> Tension | Elastic:
    """Law of a cable at an instant of stance; body weight in N."""
    if isinstance(block, TensionCable):
        return Tension(block.tension_at(instant, body_weight))
    return Elastic(block.young_MPa.value * block.area_mm2.value, block.prestrain_at(instant))


def plane(geometry: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Distal and dorsal direction of the first metatarsal; dorsiflexion turns from the one to the other."""
    bone = entry(geometry, "bones", "mt1")
    return array(bone["axis"]), array(bone["dorsal"])


def entry(geometry: Mapping[str, Any], group: str, name: str) -> Any:
    """Entry of the landmarks.

    Raises:
        MeshError: there is none.
    """
    try:
        return geometry[group][name]
    except KeyError:
        raise MeshError(f"geometry.json: no entry {group}.{name}; run the mesh stage again") from None


class Grip:
    """Finds patches of the parts of a foot, gathering the vertices of each part once. Methods are collective.

    Args:
        foot: the mesh.
        body: the body.
    """

    def __init__(self, foot: FootMesh, body: Body) -> None:
        self._foot = foot
        self._body = body
        self._known: dict[str, Vertices] = {}

    def patch(self, on: str | None, point: Any, what: str, radius_mm: float | None = None) -> Patch | None:
        """Patch of a part near a point; None for a point that is fixed in space.

        Args:
            on: name of the part.
            point: place in the unloaded model, (3,), mm.
            what: cable or law that needs it, for messages.
            radius_mm: extent of the patch.

        Raises:
            MeshError: no such part, or it has too few vertices.
        """
        if on is None:
            return None
        if radius_mm is None:
            radius_mm = PAIR_RADIUS_MM if on == "sesamoids" else RADIUS_MM
        return self.hold(on, point, what, radius_mm)

    def hold(self, on: str, point: Any, what: str, radius_mm: float, most: int = MOST) -> Patch:
        """Patch of a part near a point, as in `patch`, of at most a number of vertices."""
        if on not in PARTS:
            raise MeshError(f"geometry.json: cables.{what} holds on to '{on}'; parts are: {', '.join(PARTS)}")
        if on not in self._known:
            cells = np.flatnonzero(np.isin(self._foot.region, PARTS[on])).astype(np.int32)
            self._known[on] = vertices_of(self._body, cells)
        return patch_near(self._known[on], array(point), f"{what} on {on}", radius_mm, most)

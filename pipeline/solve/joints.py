"""Contact in the joints of a foot whose spaces are open."""

from __future__ import annotations

import numpy as np

from pipeline.config import Case
from pipeline.solve.articular import Contact, Surface
from pipeline.solve.articular.projection import closest
from pipeline.solve.articulation import SPACES, Joint
from pipeline.solve.body import Body
from pipeline.solve.model import FootMesh
from pipeline.solve.mpi import gather_all, global_sum

FILM_PERCENTILE = 5.0
"""Share of the slave points, percent, that are closer than the film: the mesh keeps the surfaces apart, and
the joint counts as closed when its closest part has come together, as it is in life."""

SEARCH_MM = 3.0
"""Joint spaces are narrower than this."""

LARGEST_PENETRATION = 0.02
"""Penetration over cartilage thickness beyond which the contact is too soft to be believed."""


def contacts_of(case: Case, foot: FootMesh, body: Body) -> dict[str, Contact]:
    """A contact for every open joint of the mesh, by name. Collective."""
    contacts = {}
    for joint in Joint:
        sides = [foot.contact.find(joint.value + k).astype(np.int32) for k in (0, 1)]
        if min(global_sum(foot.comm, len(side)) for side in sides) == 0:
            continue
        slave, master = (Surface(body, side) for side in sides)
        stiffness = case.articulation.stiffness_ratio.value * cartilage_stiffness(case, joint)
        contacts[joint.label] = Contact(body, slave, master, stiffness, film_mm(slave, master))
    return contacts


def cartilage_stiffness(case: Case, joint: Joint) -> float:
    """Confined modulus over thickness of the cartilage of a joint, MPa/mm."""
    tissue = next(r for r in sorted(SPACES[joint].distal | SPACES[joint].proximal) if "CARTILAGE" in r.name)
    material = case.materials_by_region()[tissue]
    confined = material.initial_bulk_modulus_MPa + 4.0 / 3.0 * material.initial_shear_modulus_MPa
    return float(confined) / cartilage_mm(case, joint)


def cartilage_mm(case: Case, joint: Joint) -> float:
    """Cartilage thickness of a joint, mm; where one side has none, that of the other."""
    a, block = case.anatomy, case.joint
    known = {
        Joint.MTP1: getattr(block, "cartilage_mt1_mm", None) or getattr(block, "cartilage_pp1_mm", None),
        Joint.IP: a.ip_cartilage_mm,
        Joint.MTP2: a.mtp2_cartilage_mt2_mm,
        Joint.SESAMOIDS: a.sesamoid_cartilage_mm,
    }[joint]
    return known.value if known is not None else a.ip_cartilage_mm.value


def film_mm(slave: Surface, master: Surface) -> float:
    """Distance at which the surfaces count as touching, mm. Collective.

    Args:
        slave: the slave surface.
        master: the master surface.
    """
    points = slave.points_now().reshape(-1, 3)
    found = closest(points, master.nodes_now(), master.whole.outward, SEARCH_MM)
    apart = gather_all(slave.comm, found.gap_mm)
    return max(0.0, float(np.percentile(apart, FILM_PERCENTILE))) if len(apart) else 0.0

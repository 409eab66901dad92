"""Contact in the joints of a foot whose spaces are open."""

from __future__ import annotations

import numpy as np

from pipeline.config import Case
from pipeline.solve.articulation import SPACES, Joint
from pipeline.solve.body import Body
from pipeline.solve.contact import Cartilage, Contact, Taper
from pipeline.solve.model import FootMesh
from pipeline.solve.mpi import global_sum

FILM_PERCENTILE = 5.0
"""Share of the slave points, percent, that are closer than the film: the mesh keeps the surfaces apart, and
the joint counts as closed when its closest part has come together, as it is in life."""

RIM_WIDTH, RIM_DEPTH = 2.0, 0.5
"""Cartilage thins out over this width to this depth less at its rim, both as shares of its thickness."""

REACH_MM = 3.0
"""Joint spaces are narrower than this."""


def contacts_of(case: Case, foot: FootMesh, body: Body) -> dict[str, Contact]:
    """A contact for every open joint of the mesh, by name. Collective."""
    contacts = {}
    for joint in Joint:
        slave, master = (foot.contact.find(joint.value + k).astype(np.int32) for k in (1, 0))
        if min(global_sum(foot.comm, len(side)) for side in (slave, master)) == 0:
            continue
        cartilage = cartilage_of(case, joint)
        taper = Taper(RIM_WIDTH * cartilage.thickness_mm, RIM_DEPTH * cartilage.thickness_mm)
        contact = Contact(body, slave, master, cartilage, reach_mm=REACH_MM, taper=taper)
        contact.thicken(contact.apart_mm(FILM_PERCENTILE))
        contacts[joint.label] = contact
    return contacts


def cartilage_of(case: Case, joint: Joint) -> Cartilage:
    """What the stiffness of the contact of a joint is chosen from."""
    tissue = next(r for r in sorted(SPACES[joint].distal | SPACES[joint].proximal) if "CARTILAGE" in r.name)
    material = case.materials_by_region()[tissue]
    young, shear = material.initial_young_modulus_MPa, material.initial_shear_modulus_MPa
    factor = case.articulation.stiffness_ratio.value
    return Cartilage(young, young / (2.0 * shear) - 1.0, cartilage_mm(case, joint), factor)


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

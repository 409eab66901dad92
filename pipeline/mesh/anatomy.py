"""All tissues of the two rays as implicit shapes, in order of priority.

A point belongs to the first part of the list it lies in: a cortex needs no hole for its core, a joint
layer none for the bone it covers. The interface between two parts is therefore the surface of the
one that comes first.
"""

from __future__ import annotations

from pipeline.config import Case
from pipeline.mesh.bones import SolidBone, bones_of
from pipeline.mesh.joints import (
    ip_layers,
    metatarsal_beds,
    mtp1_capsule,
    mtp1_layers,
    proximal_block,
    second_ray_layers,
    sesamoid_parts,
)
from pipeline.mesh.ligaments import (
    band_parts,
    bands_of,
    block_depths,
    deep_transverse_ligament,
    plantar_plate,
)
from pipeline.mesh.part import Part
from pipeline.mesh.posture import Posture
from pipeline.mesh.soft import shoe_parts, soft_parts
from pipeline.mesh.surgery import callus, hardware_parts, implant, osteophyte, sclerosis
from pipeline.regions import Region


def cortex_of(name: str, bone: SolidBone) -> Part:
    """Cortex of a bone, as thick as its core lies deep."""
    return Part(Region[f"{name}_cortex".upper()], bone.outer, lambda x: bone.core(x) - bone.outer(x))


def parts_of(case: Case, posture: Posture) -> list[Part]:
    """Every tissue of the model in order of priority.

    Args:
        case: the case in its size (see `pipeline.config.sized`).
        posture: where its bones stand.
    """
    bones, bands = bones_of(case, posture), bands_of(case, posture)
    screws, plate = hardware_parts(case, posture, bones)
    ligaments = [plantar_plate(case, posture, bones), deep_transverse_ligament(case, posture)]
    sesamoids = sesamoid_parts(case, posture, bones)
    grown_bone, spurs = callus(case, posture, bones), osteophyte(case, posture, bones)
    return [
        *screws,
        *implant(case, posture, bones),
        *grown_bone,
        *sclerosis(case, posture, bones),
        *(Part(Region[f"{name}_core".upper()], bone.core) for name, bone in bones.items()),
        *(cortex_of(name, bone) for name, bone in bones.items()),
        *sesamoids,
        *mtp1_layers(case, posture, bones),
        *ip_layers(case, posture, bones),
        *second_ray_layers(case, posture, bones),
        *plate,
        *spurs,
        *metatarsal_beds(case, posture),
        *band_parts(bands),
        *ligaments,
        mtp1_capsule(case, posture, bones),
        proximal_block(case, posture, bones, block_depths(case)),
        *soft_parts(case, posture, bones, bands, [*plate, *spurs, *grown_bone, *sesamoids[:2]], ligaments),
        *shoe_parts(case, posture),
    ]

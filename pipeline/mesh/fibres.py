"""Lines along which the fibres of bands, ligaments, plate and capsule run."""

from __future__ import annotations

from pipeline.config import Case
from pipeline.mesh.implicit import Array
from pipeline.mesh.joints import capsule_line
from pipeline.mesh.ligaments import bands_of, plate_line, transverse_line
from pipeline.mesh.posture import Posture
from pipeline.regions import FIBRED_REGIONS, Region


def fibre_lines(case: Case, posture: Posture) -> dict[Region, list[Array]]:
    """Centre lines of every tissue with fibres, from proximal to distal or from medial to lateral.

    Args:
        case: the case in its size.
        posture: where the bones stand, of a right foot.

    Returns:
        Polylines of each of `FIBRED_REGIONS`, at least one, each (m, 3), mm.
    """
    lines: dict[Region, list[Array]] = {region: [] for region in FIBRED_REGIONS}
    for band in bands_of(case, posture):
        lines[band.region].append(band.path)
    lines[Region.PLANTAR_PLATE_2].append(plate_line(case, posture))
    lines[Region.DEEP_TRANSVERSE_LIGAMENT].append(transverse_line(case, posture))
    lines[Region.MTP1_CAPSULE].append(capsule_line(case, posture))
    return lines

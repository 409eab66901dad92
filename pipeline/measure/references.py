"""Published measurements the quantities are held against, and where there are none.

Numbers and conditions as given in the sources; a figure marked ``compare`` is never tuned to.
"""

from __future__ import annotations

from pipeline.measure.quantity import Published
from pipeline.units import GRAVITY_M_PER_S2

_ARNDT = "Arndt et al. 2002, J Biomech 35:621, 10.1016/S0021-9290(01)00241-X"
_ZAMMIT = "Zammit et al. 2008, 10.1002/jor.20700"

DORSAL_STRAIN = (
    Published(
        source=_ARNDT,
        kind="compare",
        value=-1534.0,
        sd=636.0,
        condition="in vivo, barefoot walking, n = 8",
        kinds=("normal",),
    ),
    Published(
        source="no published second-metatarsal strain with a stiff or fused big-toe joint was found",
        kind="prediction",
        kinds=("stiff", "fused", "implant"),
    ),
)
HALLUX_FORCE = (
    Published(
        source=_ZAMMIT,
        kind="compare",
        value=58.0,
        sd=round(1.7 * GRAVITY_M_PER_S2, 1),
        condition="20 older adults without arthritis of the joint, barefoot walking, 5.9 +- 1.7 kg",
        kinds=("normal",),
    ),
)
HALLUX_PRESSURE = (
    Published(
        source=_ZAMMIT,
        kind="compare",
        value=128.0,
        condition="20 older adults without arthritis of the joint, barefoot walking; mean, no spread at hand",
        kinds=("normal",),
    ),
)
IP_STRESS = (
    Published(
        source="no published stress in the hallux interphalangeal joint was found, normal or fused",
        kind="prediction",
    ),
)

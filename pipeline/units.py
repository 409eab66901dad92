"""Units.

Inside the model: millimetre, newton, megapascal (N/mm^2), tonne, second. Bone moduli are then of
order 1e4, soft tissue 1e-1, forces 1e2, so residuals in newton are readable. Other units occur only
in configuration keys, which end in their unit (``body_mass_kg``), and in reports.
"""

from __future__ import annotations

GRAVITY_M_PER_S2 = 9.80665
"""Standard acceleration of gravity (BIPM SI brochure), exact."""


def body_weight_N(body_mass_kg: float) -> float:
    """Weight of the body in newton."""
    return body_mass_kg * GRAVITY_M_PER_S2

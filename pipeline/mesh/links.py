"""The first ray as rigid links in the sagittal plane: where its joints come to rest when the heel rises."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize

from pipeline.errors import ConfigError
from pipeline.mesh.implicit import Array
from pipeline.moment_law import DEG, MomentLaw

LARGEST_ELEVATION_DEG = 40.0
LARGEST_DORSIFLEXION_DEG = 90.0

MOST_TRIES = 20_000
"""Evaluations of the energy; some 300 are usual, hard pads and stops take far more."""

PAD_SHARES = np.array([1.0, 0.5, 0.5, 1.0])
"""Stiffness of the pads below first head, IP joint, hallux tip and second head, relative to a head's."""


@dataclass(frozen=True)
class Heights:
    """Height of landmarks above the floor when the pad below them just touches it, mm."""

    mt1_head: float
    mt2_head: float
    ip: float
    hallux_tip: float
    toe2_tip: float


@dataclass(frozen=True)
class Spans:
    """Lengths of the rigid links, mm: base to head centre, head centre to next centre, centre to tip."""

    mt1: float
    pp1: float
    dp1: float
    mt2: float
    toe2: float


@dataclass(frozen=True)
class Ray:
    """First ray as rigid links in the sagittal plane, turned about its fixed base."""

    base_height: float
    spans: Spans
    declination: float
    hallux: float
    ip_extension: float

    def clearances(self, elevation: float, heights: Heights) -> tuple[float, float, float]:
        """Room below MT1 head, IP joint and tip (mm) with the ray lifted by ``elevation`` deg."""
        angles = np.radians([self.declination, self.hallux, self.hallux - self.ip_extension])
        drop = np.array([self.spans.mt1, self.spans.pp1, self.spans.dp1]) * np.sin(
            angles - np.radians(elevation)
        )
        head, ip, tip = self.base_height - np.cumsum(drop)
        return head - heights.mt1_head, ip - heights.ip, tip - heights.hallux_tip


@dataclass(frozen=True)
class Balance:
    """What turns the links apart from the floor.

    Attributes:
        mtp1: moment of the first MTP joint against its dorsiflexion from standing.
        base_Nmm_per_deg: stiffness of the first tarsometatarsal joint.
        pad_N_per_mm: stiffness of the pad below a metatarsal head.
        force_N: vertical floor force on both rays.
    """

    mtp1: MomentLaw
    base_Nmm_per_deg: float
    pad_N_per_mm: float
    force_N: float

    def rest(self, ray: Ray, heights: Heights, standing: float) -> tuple[float, float]:
        r"""Elevation of the ray and dorsiflexion from standing (deg) in equilibrium, its pads then unloaded.

        Minimises over elevation e, dorsiflexion a and descent d the energy of joints and pads less the work
        of the floor,

        .. math:: \tfrac12 k_b e^2 + \int M(a) + \tfrac12 \sum_i k_i \langle d - c_i(e, a) \rangle^2 - F d

        with the room c below each pad. Where the toe then is below the floor with the load taken off, it is
        dorsiflexed until it just touches.

        Args:
            ray: the links; their ``hallux`` is found here.
            heights: of the landmarks when their pads just touch.
            standing: declination of the hallux at no dorsiflexion from standing, deg.

        Raises:
            ConfigError: no equilibrium is found, or the toe cannot be bent free of the floor.
        """

        def room(elevation: float, turned: float) -> Array:
            return np.array(replace(ray, hallux=standing - turned).clearances(elevation, heights))

        def energy(x: Array) -> float:
            elevation, turned, descent = x
            pressed = np.maximum(descent - np.append(room(elevation, turned), 0.0), 0.0)
            pads = 0.5 * self.pad_N_per_mm * float(PAD_SHARES @ pressed**2)
            joints = 0.5 * DEG * self.base_Nmm_per_deg * elevation**2 + self.mtp1.energy_Nmm(turned)
            return pads + joints - self.force_N * descent

        start = np.array([1.0, min(self.mtp1.upper_deg, 20.0), self.force_N / (3.0 * self.pad_N_per_mm)])
        bounds = [(0.0, LARGEST_ELEVATION_DEG), (0.0, LARGEST_DORSIFLEXION_DEG), (-50.0, 50.0)]
        options = {"xatol": 1e-9, "fatol": 1e-9, "maxiter": MOST_TRIES, "maxfev": MOST_TRIES}
        found = minimize(energy, start, method="Nelder-Mead", bounds=bounds, options=options)
        if not found.success:
            raise ConfigError(f"posture.rule: no equilibrium of the first ray is found ({found.message})")
        elevation, turned = (float(value) for value in found.x[:2])

        def toe(turn: float) -> float:
            return float(room(elevation, turn)[1:].min())

        if toe(LARGEST_DORSIFLEXION_DEG) < 0.0:
            raise ConfigError(
                "posture.heel_rise_deg: the hallux would stay below the floor even when dorsiflexed by "
                f"{LARGEST_DORSIFLEXION_DEG:g} degrees; lower heel_rise_deg"
            )
        if toe(turned) < 0.0:
            turned = float(brentq(toe, turned, LARGEST_DORSIFLEXION_DEG, xtol=1e-10))
        return elevation, turned


def lift(ray: Ray, heights: Heights) -> float:
    """Elevation (deg, at least 0) at which no point of the ray is below the floor.

    Raises:
        ConfigError: no elevation up to 40 degrees frees the toe; the posture makes no sense.
    """

    def lowest(e: float) -> float:
        return min(ray.clearances(e, heights))

    if lowest(0.0) >= -1e-9:
        return 0.0
    if lowest(LARGEST_ELEVATION_DEG) < 0.0:
        raise ConfigError(
            "posture.heel_rise_deg: with this joint the hallux would stay below the floor even with the "
            f"first ray raised by {LARGEST_ELEVATION_DEG:g} degrees; lower heel_rise_deg or let the joint "
            "dorsiflex further"
        )
    return float(brentq(lowest, 0.0, LARGEST_ELEVATION_DEG, xtol=1e-10))

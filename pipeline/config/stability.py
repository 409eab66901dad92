r"""Whether a law of an incompressible tissue is stable: more stretch must take more stress.

Drucker's condition asks that Kirchhoff stress and logarithmic strain grow together in every direction.
In an incompressible state with principal logarithmic strains e1, e2 and e3 = -e1 - e2 this holds if the
Hessian of the energy in (e1, e2) is positive definite. It is checked along uniaxial, equibiaxial and
planar stretch and compression, as in the data checks of finite-element programs.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Hessian = tuple[float, float, float]
"""Second derivatives of the energy by (e1, e1), (e1, e2) and (e2, e2), MPa."""
Strains = tuple[float, float, float]

MODES = {"uniaxial": (1.0, -0.5), "equibiaxial": (1.0, 1.0), "planar": (1.0, 0.0)}
"""Direction of each mode in (e1, e2), for the stretch of its first axis."""
SMALLEST_STRETCH, LARGEST_STRETCH = 0.95, 1.05
"""A law must be stable between these stretches of the first axis in every mode.

Narrow, because published laws are often fitted to one mode and fail in another not far off; how far each
reaches is :func:`stable_stretches`.
"""
REACH = 3.0
"""Stability is looked for up to this stretch and down to its inverse."""
STEPS = 200


def hessian_of_powers(terms: list[tuple[float, float]]) -> Callable[[Strains], Hessian]:
    """Hessian of the energy sum of f (l1^alpha + l2^alpha + l3^alpha) over terms (f in MPa, alpha)."""

    def hessian(strains: Strains) -> Hessian:
        slopes = [sum(f * a * a * math.exp(a * e) for f, a in terms) for e in strains]
        return slopes[0] + slopes[2], slopes[2], slopes[1] + slopes[2]

    return hessian


def hessian_of_polynomial(
    c10: float, c01: float = 0.0, c20: float = 0.0, c11: float = 0.0, c02: float = 0.0, c30: float = 0.0
) -> Callable[[Strains], Hessian]:
    """Hessian of a polynomial in a = I1 - 3 and b = I2 - 3 with its coefficients, MPa."""

    def hessian(strains: Strains) -> Hessian:
        a, a1, a2, aa = _invariant(strains, 2.0)
        b, b1, b2, bb = _invariant(strains, -2.0)
        by_a, by_b = c10 + 2 * c20 * a + c11 * b + 3 * c30 * a * a, c01 + c11 * a + 2 * c02 * b
        by_aa, by_ab, by_bb = 2 * c20 + 6 * c30 * a, c11, 2 * c02
        first = by_aa * a1 * a1 + 2 * by_ab * a1 * b1 + by_bb * b1 * b1
        mixed = by_aa * a1 * a2 + by_ab * (a1 * b2 + a2 * b1) + by_bb * b1 * b2
        second = by_aa * a2 * a2 + 2 * by_ab * a2 * b2 + by_bb * b2 * b2
        return (
            by_a * aa[0] + by_b * bb[0] + first,
            by_a * aa[1] + by_b * bb[1] + mixed,
            by_a * aa[2] + by_b * bb[2] + second,
        )

    return hessian


def _invariant(strains: Strains, power: float) -> tuple[float, float, float, Hessian]:
    """Sum of powers of the stretches less 3, its slopes in e1 and e2, and its Hessian."""
    p = [math.exp(power * e) for e in strains]
    square = power * power
    return (
        sum(p) - 3.0,
        power * (p[0] - p[2]),
        power * (p[1] - p[2]),
        (square * (p[0] + p[2]), square * p[2], square * (p[1] + p[2])),
    )


def stable_stretches(hessian: Callable[[Strains], Hessian]) -> dict[str, tuple[float, float]]:
    """Smallest and largest stretch of the first axis between which each mode is stable, by mode.

    At most 1 / :data:`REACH` and :data:`REACH`; both are 1 if the law is unstable at rest.
    """
    return {mode: (_last_stable(hessian, mode, -1.0), _last_stable(hessian, mode, 1.0)) for mode in MODES}


def _last_stable(hessian: Callable[[Strains], Hessian], mode: str, sign: float) -> float:
    """Last stretch at which a mode is stable on the way from rest, in steps of about half a percent."""
    x, y = MODES[mode]
    last = 1.0
    for step in range(STEPS + 1):
        e = sign * math.log(REACH) * step / STEPS
        first, mixed, second = hessian((x * e, y * e, -(x + y) * e))
        if not (first > 0.0 and first * second > mixed * mixed):
            break
        last = math.exp(e)
    return last


def unstable(hessian: Callable[[Strains], Hessian]) -> str | None:
    """Where a law is unstable too close to rest, in words; None if nowhere."""
    for mode, (low, high) in stable_stretches(hessian).items():
        if low > SMALLEST_STRETCH or high < LARGEST_STRETCH:
            return (
                f"stress falls as stretch grows beyond {mode} stretches of {low:.3g} to {high:.3g} "
                f"(Drucker); must be stable from {SMALLEST_STRETCH:g} to {LARGEST_STRETCH:g}"
            )
    return None

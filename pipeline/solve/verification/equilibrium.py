"""How the benchmarks are solved: system, Newton and march of the product, and ways to the full load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from pipeline.solve.body import Body
from pipeline.solve.level import Floats
from pipeline.solve.linear import LinearSettings
from pipeline.solve.march import March
from pipeline.solve.mpi import global_max, global_sum
from pipeline.solve.newton import Newton, NewtonSettings
from pipeline.solve.system import System
from pipeline.solve.term import Driver, Term
from pipeline.solve.verification.energies import small_strain

from dolfinx import fem  # isort: skip

Solver = Literal["direct", "multigrid"]

SMALL = 1e-3
"""Share of the prescribed displacement for which the linear body is solved."""


def ramped(*values: fem.Constant) -> Callable[[float], float]:
    """Load of a march that brings constants of the loads from zero to what they are now."""
    full = [np.copy(value.value) for value in values]

    def load(share: float) -> float:
        for value, target in zip(values, full, strict=True):
            value.value = share * target
        return 0.0

    return load


def prescribed(body: Body) -> Callable[[float], float]:
    """Load of a march that moves the supports in proportion; other loads stay as they are. Collective.

    The body goes along, so that Newton does not start with cells turned over beside the supports: at first
    as a linear elastic one would, later as the last converged steps foretell.
    """
    target = body.level.prescribed
    size = global_max(body.domain.comm, np.abs(target))
    if size == 0.0:
        return lambda _: 0.0
    degree = body.level.space.element.basix_element.degree
    linear = Body(body.domain, small_strain(body.domain, 1.0, 0.45), body.supports, degree=degree)
    linear.prescribe(SMALL)  # at full length this linear displacement may turn cells over
    Newton(System(linear), NewtonSettings(1e-6 * SMALL * size)).solve()
    norm = global_sum(body.domain.comm, float(target @ target))
    past = [(-SMALL, -linear.u.x.array)]

    def load(share: float) -> float:
        now = global_sum(body.domain.comm, float(target @ body.u.x.array)) / norm
        if now > past[-1][0] + 1e-9:
            past.append((now, body.u.x.array.copy()))
        body.u.x.array[:] = extrapolated(past[-3:], share)
        body.prescribe(share)
        return 0.0

    return load


def at_share(body: Body, share: float = 1.0) -> Callable[[float], float]:
    """Load of a march that moves the supports to a share of their way and leaves the rest where it is."""

    def load(_: float) -> float:
        body.prescribe(share)
        return 0.0

    return load


def extrapolated(past: Sequence[tuple[float, Floats]], share: float) -> Floats:
    """Value at a share of the polynomial through all past shares and values."""
    weights = [
        np.prod([(share - other) / (place - other) for other, _ in past if other != place])
        for place, _ in past
    ]
    return np.asarray(sum(weight * value for weight, (_, value) in zip(weights, past, strict=True)))


def settle(
    body: Body,
    tolerance_N: float,
    *,
    terms: Sequence[Term] = (),
    kind: Solver = "direct",
    load: Callable[[float], float] | None = None,
    driver: Driver | None = None,
    first_share: float = 1.0,
) -> System:
    """Bring a body to equilibrium at its full load. Collective.

    Args:
        body: the body; its displacement is the result.
        tolerance_N: residual norm.
        terms: what else acts.
        kind: linear solver.
        load: sets the loads of a share of the full load; by default that of the supports.
        driver: scalar that is solved for.
        first_share: share of the first step.

    Raises:
        ConvergenceError: there is no equilibrium.
    """
    system = System(body, terms, LinearSettings(kind, 1e-8))
    newton = Newton(system, NewtonSettings(tolerance_N), driver)
    March(newton, load or prescribed(body), first_share).run()
    return system

"""A benchmark of your own: a bar under its own weight, from mesh to comparison; run it on any ranks.

    ./firstray exec mpirun -n 2 python -m mpi4py docs/benchmark_of_your_own.py

A bar of height H hangs from a smooth ceiling and is linear elastic with Poisson's ratio zero, so its lower
end sinks by rho g H^2 / (2 E). Units are mm, N and MPa, as everywhere in the solve.
"""

from pipeline.solve.body import Body
from pipeline.solve.level import support_where
from pipeline.solve.verification.benchmark import Benchmark, Quantity, measured_lines
from pipeline.solve.verification.energies import small_strain
from pipeline.solve.verification.equilibrium import settle
from pipeline.solve.verification.meshes import even, lattice, spread
from pipeline.solve.verification.probe import displacement_at
from pipeline.solve.verification.set_up import body_force, constant, plane
from pipeline.solve.verification.table import HEAD, as_text

import ufl  # isort: skip
from mpi4py import MPI  # isort: skip

HEIGHT, YOUNG, WEIGHT = 100.0, 2.0, 1e-5  # mm, MPa, N/mm^3


def hanging_bar(comm: MPI.Comm) -> dict[str, float]:
    """Solve the bar; returns every quantity of the benchmark by name."""
    domain = spread(comm, lambda: lattice((even(0, 10, 1), even(0, 10, 1), even(0, HEIGHT, 5))))
    ceiling = support_where(domain, plane(2, HEIGHT), (2,))
    walls = [support_where(domain, plane(axis, 0.0), (axis,)) for axis in (0, 1)]
    weight = body_force(constant(domain, (0.0, 0.0, -WEIGHT)), ufl.dx(domain=domain))
    body = Body(domain, small_strain(domain, YOUNG, 0.0), [ceiling, *walls], [weight])
    settle(body, tolerance_N=1e-10)
    return {
        "lower end, mm": displacement_at(body, (0.0, 0.0, 0.0))[2],
        "ceiling force, N": body.support_force_N()[2],
    }


SINKS = Quantity("lower end, mm", -WEIGHT * HEIGHT**2 / (2 * YOUNG), tolerance=1e-8)
CARRIES = Quantity("ceiling force, N", WEIGHT * HEIGHT * 10.0**2, tolerance=1e-8)
BAR = Benchmark("OWN-1", "bar under its own weight", "closed form", (SINKS, CARRIES), hanging_bar)

if __name__ == "__main__":
    lines = measured_lines(BAR, MPI.COMM_WORLD)
    if MPI.COMM_WORLD.rank == 0:
        print(HEAD, *map(as_text, lines), sep="\n")
    if not all(line.passed for line in lines):
        raise SystemExit(6)

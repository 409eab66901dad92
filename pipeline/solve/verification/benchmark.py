"""What a benchmark is: named quantities with references and tolerances, and a function that measures them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from mpi4py import MPI  # isort: skip

Kind = Literal["relative", "absolute", "at least"]


@dataclass(frozen=True)
class Quantity:
    """One number with its reference.

    Attributes:
        name: what it is, with the unit where it has one.
        reference: the right value; for ``at least`` the smallest one that is accepted.
        tolerance: largest error accepted.
        kind: whether the error is relative to the reference, absolute, or what is short of the reference.
    """

    name: str
    reference: float
    tolerance: float
    kind: Kind = "relative"

    def error(self, measured: float) -> float:
        """Error of a measured value, never negative; NaN of NaN."""
        if self.kind == "at least":
            return 0.0 if measured >= self.reference else self.reference - measured
        off = abs(measured - self.reference)
        return off / abs(self.reference) if self.kind == "relative" else off


@dataclass(frozen=True)
class Benchmark:
    """A problem with known answers.

    Attributes:
        id: short name, such as LIN-5.
        title: the problem in a few words.
        source: where the references come from.
        quantities: what is compared.
        measure: solves the problem on a communicator and returns every quantity by name. Collective.
    """

    id: str
    title: str
    source: str
    quantities: tuple[Quantity, ...]
    measure: Callable[[MPI.Comm], Mapping[str, float]]


@dataclass(frozen=True)
class Line:
    """One measured quantity of the table."""

    id: str
    quantity: Quantity
    measured: float
    ranks: int

    @property
    def error(self) -> float:
        """Error in the sense of the quantity."""
        return self.quantity.error(self.measured)

    @property
    def passed(self) -> bool:
        """Whether the error is within tolerance; NaN is not."""
        return self.error <= self.quantity.tolerance


def measured_lines(benchmark: Benchmark, comm: MPI.Comm) -> list[Line]:
    """Solve a benchmark and compare every quantity. Collective.

    Raises:
        ValueError: the measured names are not those of the quantities.
    """
    found = benchmark.measure(comm)
    names = [quantity.name for quantity in benchmark.quantities]
    if sorted(found) != sorted(names):
        raise ValueError(f"{benchmark.id} measures {sorted(found)}, its quantities are {sorted(names)}")
    return [
        Line(benchmark.id, quantity, float(found[quantity.name]), comm.size)
        for quantity in benchmark.quantities
    ]

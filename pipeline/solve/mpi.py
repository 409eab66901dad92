"""The one module that reduces over ranks.

Everything else calls these, so that no number local to one rank is taken for the whole and no rank
raises while the others wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import FirstRayError
from pipeline.solve import compat

import ufl  # isort: skip
from dolfinx import fem  # isort: skip
from mpi4py import MPI  # isort: skip

T = TypeVar("T")


def integrate(form: ufl.Form | fem.Form) -> float:
    """Integral over the whole mesh, the same number on every rank. Collective."""
    compiled = form if isinstance(form, fem.Form) else compat.compile_form(form)
    local = fem.assemble_scalar(compiled)  # noqa: TID251  (reduced in the next line)
    return float(compiled.mesh.comm.allreduce(local, op=MPI.SUM))


def global_sum(comm: MPI.Comm, value: Any) -> Any:
    """Sum over ranks of a number or of an array of the same shape on each. Collective."""
    return comm.allreduce(value, op=MPI.SUM)


def global_max(comm: MPI.Comm, values: NDArray[Any]) -> float:
    """Largest value on any rank, -inf if there is none; ranks may own nothing. Collective."""
    local = float(values.max()) if values.size else -np.inf
    return float(comm.allreduce(local, op=MPI.MAX))


def global_min(comm: MPI.Comm, values: NDArray[Any]) -> float:
    """Smallest value on any rank, inf if there is none; ranks may own nothing. Collective."""
    return -global_max(comm, -values)


def any_rank(comm: MPI.Comm, flag: bool) -> bool:
    """Whether the flag is set on any rank. Collective."""
    return bool(comm.allreduce(bool(flag), op=MPI.LOR))


def raise_together(comm: MPI.Comm, fault: str | None, kind: type[FirstRayError]) -> None:
    """Raise on all ranks if any rank reports a fault, else return on all ranks. Collective."""
    faults = [(rank, text) for rank, text in enumerate(comm.allgather(fault)) if text]
    if faults:
        raise kind("; ".join(f"rank {rank}: {text}" for rank, text in faults))


def on_root(comm: MPI.Comm, work: Callable[[], T]) -> T:
    """Do work on rank 0 and hand its result, or its :class:`FirstRayError`, to all ranks. Collective.

    Other exceptions are faults of the program and leave rank 0 alone; the entry point ends all ranks.
    """
    outcome: tuple[T | None, FirstRayError | None] = (None, None)
    if comm.rank == 0:
        try:
            outcome = (work(), None)
        except FirstRayError as fault:
            outcome = (None, fault)
    result, fault_ = comm.bcast(outcome, root=0)
    if fault_ is not None:
        raise fault_
    return result


def gather_all(comm: MPI.Comm, rows: NDArray[Any]) -> NDArray[Any]:
    """Rows of all ranks on all ranks, in the order of the ranks, (n, ...). Collective."""
    return np.concatenate(comm.allgather(np.ascontiguousarray(rows)))


def gather_rows(
    comm: MPI.Comm, numbers: NDArray[np.integer[Any]], rows: NDArray[Any], total: int
) -> NDArray[Any] | None:
    """Collect rows on rank 0 in the order of their numbers. Collective.

    Args:
        comm: communicator.
        numbers: place of each local row in the whole, shape (n,); a row that several ranks have
            (a shared vertex) may come more than once.
        rows: local rows, shape (n, ...).
        total: rows of the whole.

    Returns:
        On rank 0 the array of shape (total, ...), elsewhere None.
    """
    parts = comm.gather((np.ascontiguousarray(numbers), np.ascontiguousarray(rows)), root=0)
    if parts is None:
        return None
    whole = np.empty((total, *rows.shape[1:]), dtype=rows.dtype)
    filled = np.zeros(total, dtype=bool)
    for places, values in parts:
        whole[places] = values
        filled[places] = True
    if not filled.all():
        raise RuntimeError(f"{np.count_nonzero(~filled)} of {total} rows are on no rank")
    return whole

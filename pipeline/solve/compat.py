"""What differs between releases of DOLFINx, and how it is started, in one place.

PETSc reads its options once, when petsc4py starts it, so this happens here, before DOLFINx is
imported; every module of the solve imports DOLFINx after this one. The command line is not passed
on: settings come from the case, never from free PETSc options.
"""

from __future__ import annotations

import fcntl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import petsc4py

petsc4py.init(["firstray"])

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ImportWarning)  # DOLFINx warns that it does without numba
    import dolfinx

import ufl  # noqa: E402
from dolfinx import fem, io, jit, mesh  # noqa: E402
from dolfinx.fem import petsc as fem_petsc  # noqa: E402
from mpi4py import MPI  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from petsc4py import PETSc  # noqa: E402

JIT_TIMEOUT_S = 120
"""How long a rank waits for another rank's compiler."""


def _jit_options() -> dict[str, Any]:
    """Options of the form compiler: a folder of our own, so that the lock below guards all in it."""
    return {"timeout": JIT_TIMEOUT_S, "cache_dir": Path(jit.get_options()["cache_dir"]) / "firstray"}


@contextmanager
def form_compiler(comm: MPI.Comm) -> Iterator[None]:
    """Own the folder of compiled forms while forms are compiled. Collective.

    A job that is killed while it compiles leaves a source file that makes every later job wait and
    fail. Compilation happens under an advisory lock, which the system releases when a process dies;
    so whoever holds the lock may remove any source without its finished library.
    """
    folder = Path(_jit_options()["cache_dir"])
    if comm.rank != 0:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "firstray.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for source in folder.glob("libffcx_*.c"):
            if not source.with_suffix(".c.cached").exists():
                source.unlink(missing_ok=True)
        yield


def compile_form(form: ufl.Form) -> fem.Form:
    """Compile a form. Collective."""
    with form_compiler(form.ufl_domain().ufl_cargo().comm):
        return fem.form(form, jit_options=_jit_options())


def compile_expression(expression: Any, points: NDArray[np.float64], comm: MPI.Comm) -> fem.Expression:
    """Compile an expression for evaluation at reference points, shape (n, 3). Collective."""
    with form_compiler(comm):
        return fem.Expression(expression, points, comm=comm, jit_options=_jit_options())


def distribute_facets(
    domain: mesh.Mesh, facets: NDArray[np.int64], values: NDArray[np.int32]
) -> mesh.MeshTags:
    """Tag facets given by vertex numbers of the file, on the rank that has them. Collective.

    Args:
        domain: the distributed mesh.
        facets: vertices of the facets, shape (n, 3); any rank may hand in any part.
        values: tag of each facet, shape (n,).
    """
    domain.topology.create_entities(2)
    domain.topology.create_connectivity(2, 3)
    domain.topology.create_connectivity(2, 0)
    entities, local = io.distribute_entity_data(domain, 2, facets, values)
    adjacency = dolfinx.graph.adjacencylist(entities)
    return mesh.meshtags_from_entities(domain, 2, adjacency, np.asarray(local, dtype=np.int32))


def create_matrix(form: fem.Form, kind: str) -> PETSc.Mat:
    """Matrix with the pattern of a form; ``kind`` is a PETSc type such as ``aij`` or ``baij``. Collective."""
    return fem_petsc.create_matrix(form, kind)


def add_form(matrix: PETSc.Mat, form: fem.Form, held: NDArray[np.bool_]) -> None:
    """Add a form to a matrix, without the rows and columns of held local dofs; assembly is the caller's."""
    marks = held.astype(np.int8)
    constants = dolfinx.cpp.fem.pack_constants(form._cpp_object)
    coefficients = dolfinx.cpp.fem.pack_coefficients(form._cpp_object)
    dolfinx.cpp.fem.petsc.assemble_matrix(matrix, form._cpp_object, constants, coefficients, marks, marks)


def assemble_vector(vector: PETSc.Vec, form: fem.Form) -> None:
    """Add the local part of a linear form to a ghosted vector; ghosts are left to the caller."""
    fem_petsc.assemble_vector(vector, form)


def interpolation_matrix(coarse: fem.FunctionSpace, fine: fem.FunctionSpace) -> PETSc.Mat:
    """Matrix that takes coefficients of the coarse space to those of the fine one. Collective."""
    matrix = fem_petsc.interpolation_matrix(coarse, fine)
    matrix.assemble()
    return matrix


def petsc_vector(function: fem.Function) -> PETSc.Vec:
    """The PETSc vector that shares the storage of a function."""
    return function.x.petsc_vec

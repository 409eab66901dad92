"""The key of the solve stage; needs no DOLFINx."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Case
from pipeline.errors import MeshError
from pipeline.stage import code_hash, sha256_of, sha256_of_data, versions

STAGE = "solve"
SHAPING = ("fenics-dolfinx", "fenics-basix", "fenics-ffcx", "fenics-ufl", "petsc4py", "numpy")
"""Packages whose version may change a number."""
MESH_FILE = "mesh.msh"


def solve_key(case: Case, mesh_dir: Path) -> str:
    """Hash of all the solve depends on: the case, the bytes of the mesh, the code and its packages.

    The title and the output folder change no number and are left out.

    Raises:
        MeshError: the folder holds no readable ``mesh.msh``.
    """
    mesh = mesh_dir / MESH_FILE
    try:
        digest = sha256_of(mesh)
    except OSError as fault:
        raise MeshError(f"{mesh}: cannot be read ({fault.strerror}); run the mesh stage first") from None
    settings = {name: value for name, value in case.resolved().items() if name not in ("title", "output")}
    code = code_hash("config", "solve", "regions", "tetrahedron", "units", "errors", "stage")
    packages = {name: version for name, version in versions(*SHAPING).items() if name in SHAPING}
    return sha256_of_data({"case": settings, "mesh": digest, "code": code, "packages": packages})

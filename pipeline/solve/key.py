"""The key of the solve stage; needs no DOLFINx."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Case
from pipeline.errors import MeshError
from pipeline.stage import code_hash, sha256_of, sha256_of_data, versions

STAGE = "solve"
SHAPING = ("fenics-dolfinx", "fenics-basix", "fenics-ffcx", "fenics-ufl", "petsc4py", "numpy")
"""Packages whose version may change a number."""
CODE = ("config", "solve", "moment_law", "regions", "tetrahedron", "units", "errors", "stage")
"""Sources that may change a number."""
MESH_FILE, LANDMARKS_FILE = "mesh.msh", "geometry.json"


def solve_key(case: Case, mesh_dir: Path) -> str:
    """Hash of all the solve depends on: the case, mesh and landmarks as bytes, the code and its packages.

    The title and the output folder change no number and are left out.

    Raises:
        MeshError: the folder holds no readable ``mesh.msh`` or ``geometry.json``.
    """
    digests = {}
    for file in (mesh_dir / MESH_FILE, mesh_dir / LANDMARKS_FILE):
        try:
            digests[file.name] = sha256_of(file)
        except OSError as fault:
            raise MeshError(f"{file}: cannot be read ({fault.strerror}); run the mesh stage first") from None
    settings = {name: value for name, value in case.resolved().items() if name not in ("title", "output")}
    code = code_hash(*CODE)
    packages = {name: version for name, version in versions(*SHAPING).items() if name in SHAPING}
    return sha256_of_data({"case": settings, "mesh": digests, "code": code, "packages": packages})

"""Print the versions of the packages the pipeline runs on: ``./firstray env``."""

from __future__ import annotations

import platform
from importlib import metadata

DISTRIBUTIONS = (
    "fenics-dolfinx",
    "petsc4py",
    "mpi4py",
    "gmsh",
    "numpy",
    "scipy",
    "h5py",
    "pydantic",
    "pyvista",
    "vtk",
)


def main() -> None:
    """One line a package."""
    print(f"python    {platform.python_version()}")
    for name in DISTRIBUTIONS:
        try:
            print(f"{name:<15} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            print(f"{name:<15} not installed")


if __name__ == "__main__":
    main()

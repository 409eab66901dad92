"""The package lists of the routes name the same packages, and the scripts are plain POSIX shell."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.launcher.host import REPOSITORY

LISTS = REPOSITORY / "pipeline" / "environment"
SCRIPTS = [REPOSITORY / "firstray", *sorted(LISTS.glob("*.sh"))]
# In environment.yml, and on Debian part of other packages or of the system.
ONLY_CONDA = {"python", "pip", "petsc", "openmpi", "libblas", "c-compiler", "libegl", "mesalib"}
ONLY_DEBIAN = {
    "libopenblas0-pthread",
    "openmpi-bin",
    "gcc",
    "libc6-dev",
    "python3-dev",
    "libosmesa6",
    "libegl1",
    "libgl1",
    "libxrender1",
    "python3-venv",
    "ca-certificates",
    "git",
    "procps",
    "tzdata",
}


def lines(path: Path) -> list[str]:
    """Lines without comments and blanks."""
    stripped = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in stripped if line]


def conda() -> tuple[dict[str, str], list[str]]:
    """Packages with their version from environment.yml, and its pip section."""
    entries = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    named = {name: version for name, _, version in (e.partition("=") for e in entries if isinstance(e, str))}
    return named, next(entry["pip"] for entry in entries if isinstance(entry, dict))


def names() -> list[list[str]]:
    """Rows of the table of names."""
    return [line.split() for line in lines(LISTS / "names.txt")]


def test_debian_list_is_the_table() -> None:
    """debian.txt holds the table's Debian packages and the known others, nothing else."""
    listed = lines(LISTS / "debian.txt")
    assert len(listed) == len(set(listed))
    assert set(listed) - ONLY_DEBIAN == {row[1] for row in names() if row[1] != "-"}


def test_conda_list_is_the_table() -> None:
    """environment.yml holds the table's conda packages and the known others, nothing else."""
    assert set(conda()[0]) - ONLY_CONDA == {row[2] for row in names() if row[2] != "-"}


def test_pypi_pins_are_the_same_on_every_route() -> None:
    """environment.yml's pip section is pypi.txt, and every entry is pinned."""
    pins = lines(LISTS / "pypi.txt")
    assert conda()[1] == pins
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    assert {row[3] for row in names() if row[3] != "-"} <= {pin.partition("==")[0] for pin in pins}


def test_every_package_has_one_source() -> None:
    """A module comes from Debian and conda-forge, or from PyPI on every route."""
    for module, debian, conda_name, pypi, need in names():
        assert (debian == "-") == (conda_name == "-") == (pypi != "-"), module
        assert need in ("run", "test")


@pytest.mark.parametrize(
    ("package", "distribution"),
    [
        ("fenics-dolfinx", "fenics-dolfinx"),
        ("petsc4py", "petsc4py"),
        ("mpi4py", "mpi4py"),
        ("python-gmsh", "gmsh"),
        ("meshio", "meshio"),
        ("numpy", "numpy"),
        ("scipy", "scipy"),
        ("h5py", "h5py"),
        ("pydantic", "pydantic"),
        ("pyyaml", "PyYAML"),
        ("jinja2", "Jinja2"),
        ("matplotlib-base", "matplotlib"),
        ("rich", "rich"),
        ("pytest", "pytest"),
    ],
)
def test_conda_versions_are_those_of_debian_13(package: str, distribution: str) -> None:
    """The minor release that environment.yml names is the one of the Debian root."""
    from importlib import metadata

    if not Path("/etc/debian_version").exists() or not Path("/etc/debian_version").read_text().startswith(
        "13"
    ):
        pytest.skip("compared inside Debian 13 only")
    wanted = conda()[0][package]
    installed = metadata.version(distribution)
    assert installed == wanted or installed.startswith(wanted + ".")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_posix_shell(script: Path) -> None:
    """Every script parses, and uses none of bash's own words."""
    subprocess.run(["sh", "-n", str(script)], check=True)
    for number, line in enumerate(script.read_text(encoding="utf-8").splitlines(), 1):
        assert not re.search(r"(^|\s)\[\[\s|\bfunction |\blocal |\bsource |<<<|&>|\$'", line), (
            f"{script.name}:{number}"
        )


def test_scripts_name_no_host() -> None:
    """Addresses are left to the tools' own defaults and to the user's settings."""
    found = {
        m
        for script in SCRIPTS
        for m in re.findall(r"https?://[^\s\"'}]+", script.read_text(encoding="utf-8"))
    }
    assert not found

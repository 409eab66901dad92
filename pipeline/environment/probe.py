"""Whether this Python has the stack: ``probe.py whole``, or ``probe.py base`` for what Debian packages.

The launcher runs this with any Python it meets, so it needs only the standard library. The packages
are looked up, and with ``try`` as the second word also imported: one that is there may be broken.
Prints one line; exit code 0 if all is there.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
from importlib import metadata

LOWEST_DOLFINX = (0, 9)
NAMES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "names.txt")  # noqa: PTH100, PTH118, PTH120


def rows() -> list[list[str]]:
    """Rows of names.txt: import name, Debian, conda and PyPI package, need."""
    with open(NAMES, encoding="utf-8") as stream:  # noqa: PTH123
        return [line.split() for line in stream if line.strip() and not line.startswith("#")]


def absent(listed: list[list[str]], need: str) -> list[str]:
    """Modules needed for ``need`` that this Python cannot find."""
    return [row[0] for row in listed if row[4] == need and importlib.util.find_spec(row[0]) is None]


def fault(listed: list[list[str]]) -> str:
    """What keeps this Python from running the pipeline; empty if nothing does."""
    if sys.version_info < (3, 11):  # noqa: UP036
        return f"Python {sys.version_info[0]}.{sys.version_info[1]} is older than 3.11"
    missing = absent(listed, "run")
    if missing:
        return "lacks " + ", ".join(missing)
    version = metadata.version("fenics-dolfinx")
    if tuple(int(part) for part in version.split(".")[:2]) < LOWEST_DOLFINX:
        return f"has DOLFINx {version}, older than 0.9"
    if not shutil.which("mpirun"):
        return "has the packages, but there is no mpirun on the path"
    if not (shutil.which("cc") or shutil.which("gcc") or os.environ.get("CC")):
        return "has the packages, but there is no C compiler on the path"
    return ""


def broken(listed: list[list[str]]) -> str:
    """The first module needed for a run that cannot be imported, and why; empty if all can."""
    for name in (row[0] for row in listed if row[4] == "run"):
        try:
            importlib.import_module(name)
        except Exception as error:
            return " ".join(f"cannot import {name} ({error!r})".split())
    return ""


def main(what: str, how: str = "quick") -> int:
    """Print the fault or what was found."""
    listed = [row for row in rows() if what == "whole" or row[1] != "-"]
    found = fault(listed) or (broken(listed) if how == "try" else "")
    if found:
        print(found)
        return 1
    tools = absent(listed, "test")
    note = f", without {', '.join(tools)} that only the tests need" if tools else ""
    print(f"{sys.executable} has DOLFINx {metadata.version('fenics-dolfinx')} and the rest{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

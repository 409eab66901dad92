"""Whether this machine can run the pipeline: ``firstray doctor``.

Every check runs a small program in a process of its own, as a stage would be run, so that a crash
inside a library is a failed check and not the end of the doctor.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

LOWEST_FREE_GB = 4.0
TIMEOUT_s = 120

VERSIONS = """
import platform
from importlib import metadata
names = ("fenics-dolfinx", "petsc4py", "mpi4py", "gmsh", "numpy", "scipy", "pydantic", "pyvista", "vtk")
print("Python " + platform.python_version() + ", " + ", ".join(n + " " + metadata.version(n) for n in names))
"""

RANKS = """
from mpi4py import MPI
ranks = MPI.COMM_WORLD.gather(MPI.COMM_WORLD.rank)
if MPI.COMM_WORLD.rank == 0:
    print(len(set(ranks)), MPI.Get_library_version().split(",")[0].strip())
"""

BLAS = """
import os, re
import numpy, scipy.linalg
from petsc4py import PETSc
numpy.ones((2, 2)) @ numpy.ones((2, 2))
maps = open("/proc/self/maps").read() if os.path.exists("/proc/self/maps") else ""
print(", ".join(sorted(set(re.findall(r"/\\S*/lib(?:\\w*blas|mkl_core|blis)\\S*\\.so\\S*", maps)))))
"""

SOLVERS = """
import petsc4py
petsc4py.init(["-options_left", "no"])
from petsc4py import PETSc
import numpy as np
if np.dtype(PETSc.ScalarType).kind != "f":
    raise SystemExit("PETSc was built for complex numbers; the pipeline needs real ones")
n, comm = 60, PETSc.COMM_WORLD
matrix = PETSc.Mat().createAIJ((n, n), bsize=1, nnz=3, comm=comm)
first, last = matrix.getOwnershipRange()
for i in range(first, last):
    for j, value in ((i - 1, -1.0), (i, 2.0), (i + 1, -1.0)):
        if 0 <= j < n:
            matrix.setValue(i, j, value)
matrix.assemble()
right, x = matrix.createVecRight(), matrix.createVecRight()
right.set(1.0)
halves = PETSc.Mat().createAIJ((n, n // 2), nnz=2, comm=comm)
for i in range(*halves.getOwnershipRange()):
    for j in {i // 2, max((i - 1) // 2, 0)}:
        halves.setValue(i, j, 1.0 if i % 2 else 0.5)
halves.assemble()
setups = {
    "MUMPS": ("preonly", "cholesky", {"pc_factor_mat_solver_type": "mumps"}),
    "multigrid": ("cg", "mg", {"pc_mg_galerkin": "both"}),
    "SuperLU_DIST": ("preonly", "lu", {"pc_factor_mat_solver_type": "superlu_dist"}),
    "hypre": ("cg", "hypre", {"pc_hypre_type": "boomeramg"}),
    "BDDC": ("cg", "bddc", {}),
}
needed, absent = ("MUMPS", "multigrid"), []
for name, (ksp_type, pc_type, options) in setups.items():
    ksp = PETSc.KSP().create(comm)
    ksp.setOptionsPrefix(name + "_")
    for key, value in options.items():
        PETSc.Options()[name + "_" + key] = value
    ksp.setOperators(matrix.copy().convert("is") if pc_type == "bddc" else matrix)
    ksp.setType(ksp_type)
    ksp.setTolerances(rtol=1e-10)
    try:
        ksp.getPC().setType(pc_type)
        if pc_type == "mg":
            ksp.getPC().setMGLevels(2)
            ksp.getPC().setMGInterpolation(1, halves)
        ksp.setFromOptions()
        ksp.solve(right, x)
    except PETSc.Error as error:
        if name in needed:
            raise SystemExit(f"{name} is missing or broken (PETSc error {error.ierr})")
        absent.append(name)
        continue
    residual = right - matrix * x
    if ksp.getConvergedReason() <= 0 or not residual.norm() < 1e-7 * right.norm():
        raise SystemExit(f"{name} gave a wrong answer, residual {residual.norm() / right.norm():.1e}")
note = f"; not here and not needed: {', '.join(absent)}" if absent else ""
there = ", ".join(name for name in setups if name not in absent)
print("PETSc", ".".join(map(str, PETSc.Sys.getVersion())), "with", there + note)
"""

FORMS = """
import tempfile
from mpi4py import MPI
import basix.ufl, dolfinx, ufl
cube = dolfinx.mesh.create_unit_cube(MPI.COMM_WORLD, 1, 1, 1)
form = 2.0 * ufl.dx(domain=cube)
with tempfile.TemporaryDirectory() as fresh:
    volume = dolfinx.fem.assemble_scalar(dolfinx.fem.form(form, jit_options={"cache_dir": fresh}))
if abs(volume - 2.0) > 1e-12:
    raise SystemExit(f"a compiled form gave {volume}, not 2")
print("a form was compiled and integrated")
"""

PICTURE = """
import pyvista
pyvista.OFF_SCREEN = True
plotter = pyvista.Plotter(off_screen=True, window_size=(160, 120))
plotter.add_mesh(pyvista.Sphere(), color="red")
picture = plotter.screenshot(return_img=True)
window = type(plotter.render_window).__name__
plotter.close()
inside, corner = picture[60, 80].astype(int), picture[2, 2].astype(int)
if picture.std() < 5.0 or abs(inside - corner).max() < 50:
    raise SystemExit("the picture of a sphere is blank")
print("a sphere was drawn by", window)
"""


@dataclass(frozen=True)
class Finding:
    """Outcome of one check; ``advice`` says what to do when it failed."""

    name: str
    good: bool
    text: str
    advice: str = ""


def run_program(program: str, launch: tuple[str, ...] = ()) -> tuple[bool, str]:
    """Run a Python program in a new process: whether it succeeded, and its last line."""
    command = [*launch, sys.executable, "-c", program]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_s, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError:
        return False, f"{command[0]}: no such program"
    except subprocess.TimeoutExpired:
        return False, f"no answer within {TIMEOUT_s} s"
    if done.returncode < 0:
        return False, f"died of signal {-done.returncode}"
    lines = (done.stdout if done.returncode == 0 else done.stderr or done.stdout).strip().splitlines()
    return done.returncode == 0, lines[-1] if lines else f"exit code {done.returncode}"


def check_versions() -> Finding:
    """Installed versions; all packages are there."""
    good, text = run_program(VERSIONS)
    return Finding("versions", good, text, "run ./firstray env --remove, then ./firstray doctor again")


def check_ranks(ranks: int) -> Finding:
    """MPI starts as many processes as asked for, and they see each other."""
    good, text = run_program(RANKS, ("mpirun", "-n", str(ranks)))
    advice = "mpirun and mpi4py must belong to the same MPI; leave other MPI modules unloaded"
    if not good:
        return Finding("MPI ranks", False, text, advice)
    found, _, library = text.partition(" ")
    return Finding(
        "MPI ranks", found == str(ranks), f"{found} of {ranks} started together, {library}", advice
    )


def check_blas() -> Finding:
    """Dense linear algebra does not run on the reference BLAS."""
    good, text = run_program(BLAS)
    optimised = ("openblas", "mkl", "blis", "accelerate")
    fast = good and bool(text) and all(any(n in file.lower() for n in optimised) for file in text.split(", "))
    shown = ", ".join(dict.fromkeys(Path(file).resolve().name for file in text.split(", "))) if good else text
    return Finding("BLAS", fast, shown or "none found", "install OpenBLAS, for example libopenblas0-pthread")


def check_solvers() -> Finding:
    """The linear solvers the pipeline needs of PETSc solve a small system; others are noted if absent."""
    good, text = run_program(SOLVERS)
    return Finding("PETSc solvers", good, text, "use a PETSc with MUMPS, built for real numbers")


def check_forms() -> Finding:
    """FFCx generates C code that the compiler turns into a working form."""
    good, text = run_program(FORMS)
    return Finding("compiled forms", good, text, "a C compiler (gcc) and Python's headers are needed")


def check_picture() -> Finding:
    """A picture can be drawn without a display."""
    good, text = run_program(PICTURE)
    return Finding(
        "pictures", good, text, "install OSMesa or EGL (libosmesa6, libegl1); numbers do not need them"
    )


def existing(path: Path) -> Path:
    """The folder itself, or the nearest parent that exists."""
    return next(place for place in (path, *path.parents) if place.is_dir())


def check_disk(name: str, folder: Path) -> Finding:
    """The folder can be written and its disk has room for a study."""
    place = existing(folder.absolute())
    free_GB = shutil.disk_usage(place).free / 1e9
    good = free_GB >= LOWEST_FREE_GB and os.access(place, os.W_OK)
    state = "" if os.access(place, os.W_OK) else ", cannot be written"
    advice = f"have {LOWEST_FREE_GB:.0f} GB free there, or choose another folder"
    return Finding(name, good, f"{free_GB:.1f} GB free in {place}{state}", advice)


def cache_folder() -> Path:
    """Where the launcher keeps its environment, else the user's cache folder."""
    home = os.environ.get("FIRSTRAY_HOME") or os.environ.get("XDG_CACHE_HOME")
    return Path(home) if home else Path.home() / ".cache"


def run_doctor(ranks: int, out: TextIO) -> int:
    """Run all checks, one line each.

    Args:
        ranks: number of MPI processes to start.
        out: stream for the lines.

    Returns:
        0 if every check passed, else 2.
    """
    checks: tuple[Callable[[], Finding], ...] = (
        check_versions,
        lambda: check_ranks(ranks),
        check_blas,
        check_solvers,
        check_forms,
        check_picture,
        lambda: check_disk("disk, results", Path("results")),
        lambda: check_disk("disk, cache", cache_folder()),
    )
    failed = 0
    for check in checks:
        finding = check()
        failed += not finding.good
        word = "ok" if finding.good else "FAIL"
        print(f"{word:<4}  {finding.name:<15} {finding.text}", file=out, flush=True)
        if not finding.good:
            print(f"      {'':<15} what to do: {finding.advice}", file=out, flush=True)
    summary = f"{failed} of {len(checks)} checks failed" if failed else f"all {len(checks)} checks passed"
    print(summary, file=out)
    return 2 if failed else 0

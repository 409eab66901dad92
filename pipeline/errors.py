"""Errors a user can act on, each with the exit code the command ends with.

==== =====================================================
code meaning
==== =====================================================
0    done
2    bad input: configuration, mesh file, folder
3    the solve did not converge
4    the linear solver failed or memory ran out
5    stopped by a signal or the time limit
6    a quality gate failed
70   internal error: a fault of the program
==== =====================================================
"""

from __future__ import annotations

INTERRUPTED = 5
INTERNAL = 70

OUT_OF_MEMORY = (
    "memory ran out; use solver.linear: multigrid, a coarser mesh.level or a machine with more memory"
)


class FirstRayError(Exception):
    """A fault the user can act on; shown without a traceback."""

    exit_code = INTERNAL


class ConfigError(FirstRayError):
    """The configuration, a file it names or an output folder cannot be used."""

    exit_code = 2


class MeshError(FirstRayError):
    """A mesh file is missing, damaged or not what the stage expects."""

    exit_code = 2


class ConvergenceError(FirstRayError):
    """The nonlinear solve stopped without an equilibrium."""

    exit_code = 3


class LinearSolverError(FirstRayError):
    """The linear solver failed, usually for lack of memory."""

    exit_code = 4


class StoppedError(FirstRayError):
    """A stage was stopped by a signal or a time limit."""

    exit_code = INTERRUPTED


class QualityError(FirstRayError):
    """A result exists but fails a quality gate."""

    exit_code = 6


class MachineError(FirstRayError):
    """A program or library that the stage needs is missing or broken."""

    exit_code = 2

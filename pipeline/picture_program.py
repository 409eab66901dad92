"""Run a program that draws: whatever happens to it, the caller goes on and knows why.

A missing or broken OpenGL library ends a process without an exception, so everything that draws in three
dimensions runs in a process of its own.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from pipeline.machine import child_environment


def run_apart(
    arguments: Sequence[str], seconds: float | None, environment: Mapping[str, str] | None = None
) -> str:
    """Run Python with these arguments; an empty string if all went well, else what happened in one line.

    Args:
        arguments: what follows ``python`` on the command line.
        seconds: time limit; None for a program that the user ends.
        environment: variables of the program; those of this process if None.
    """
    try:
        ended = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env=child_environment() if environment is None else environment,
        )
    except subprocess.TimeoutExpired:
        return f"the picture program was stopped after {seconds:.0f} s"
    except OSError as fault:
        return f"the picture program could not be started ({fault})"
    if ended.returncode < 0:
        name = signal.Signals(-ended.returncode).name
        return f"the picture program died of {name}; an OpenGL library (EGL or OSMesa) may be missing"
    if ended.returncode > 0:
        last = ended.stderr.strip().splitlines()[-1:] or ["no message"]
        return f"the picture program failed: {last[0]}"
    return ""

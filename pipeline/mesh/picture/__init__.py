"""A mesh as a surgeon would look at it: a picture beside the mesh, or a window to turn and cut it.

Both run in a process of their own, which reads nothing but the files of the mesh.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pipeline.errors import MachineError
from pipeline.machine import child_environment
from pipeline.picture_program import run_apart

PROGRAM = "pipeline.mesh.picture"
PICTURE = "mesh.png"
SECONDS = 300.0


def draw_mesh(folder: Path, title: str) -> str | None:
    """Draw ``mesh.png`` beside a mesh.

    Args:
        folder: folder with ``mesh.msh`` and ``geometry.json``.
        title: words above the picture.

    Returns:
        None if the picture was made, else why not, in one line. Nothing is raised: a mesh without a
        picture is still a mesh.
    """
    picture, part = folder / PICTURE, folder / f"part-{PICTURE}"
    try:
        picture.unlink(missing_ok=True)
        fault = run_apart(["-m", PROGRAM, str(folder.resolve()), f"--title={title}"], SECONDS)
        part.unlink(missing_ok=True)
        drawn = picture.is_file()
    except OSError as error:
        fault, drawn = str(error), False
    return None if drawn else f"no {PICTURE}: {fault or 'the picture program wrote no file'}"


def view_mesh(folder: Path, title: str) -> None:
    """Open a window with the mesh, and wait until it is closed.

    Args:
        folder: folder with ``mesh.msh`` and ``geometry.json``.
        title: name of the window.

    Raises:
        MachineError: there is no screen, or the window could not be opened.
    """
    instead = f"look at {folder / PICTURE}, or run this where there is a screen"
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise MachineError(f"view: no screen (DISPLAY and WAYLAND_DISPLAY are not set); {instead}")
    arguments = ["-m", PROGRAM, str(folder.resolve()), f"--title={title}", "--view"]
    fault = run_apart(arguments, None, _on_screen())
    if fault:
        raise MachineError(f"view: {fault}; {instead}")


def _on_screen() -> dict[str, str]:
    """Environment of a program that opens a window, whatever this one sets for pictures without a screen."""
    environment = child_environment()
    environment.pop("VTK_DEFAULT_OPENGL_WINDOW", None)
    return {**environment, "PYVISTA_OFF_SCREEN": "false"}

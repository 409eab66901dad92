"""Draw or show a mesh in a process of its own: ``python -m pipeline.mesh.picture FOLDER --title WORDS``.

A missing or broken OpenGL library ends a process without an exception; here it takes no mesh with it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline.errors import MachineError
from pipeline.mesh.picture import PICTURE
from pipeline.mesh.picture.scene import Scene
from pipeline.mesh.picture.sheet import draw
from pipeline.mesh.picture.window import Window


def main() -> None:
    """Draw ``mesh.png`` into the folder of a mesh, or open a window."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.mesh.picture", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="folder with mesh.msh and geometry.json")
    parser.add_argument("--title", default="", help="words above the picture")
    parser.add_argument("--view", action="store_true", help="open a window instead of drawing")
    args = parser.parse_args()
    scene = Scene(args.folder)
    if args.view:
        Window(scene, args.title).open()
        return
    part = args.folder / f"part-{PICTURE}"
    draw(scene, args.title, part)
    part.replace(args.folder / PICTURE)


if __name__ == "__main__":
    try:
        main()
    except MachineError as fault:
        sys.exit(str(fault))

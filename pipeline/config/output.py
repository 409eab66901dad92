"""Whether results can be written, found out before anything is computed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from pipeline.errors import ConfigError


def check_output_folder(path: Path) -> None:
    """Check that a folder can be made and written to, by doing it; nothing is left behind.

    Permission bits are not asked: they say nothing to root, on a read-only mount or on a full disk.

    Args:
        path: folder of the results; need not exist yet.

    Raises:
        ConfigError: the folder cannot be created or a file in it cannot be written.
    """
    made: list[Path] = []
    try:
        for folder in reversed([path, *path.parents]):
            if not folder.is_dir():
                folder.mkdir()
                made.append(folder)
        with tempfile.NamedTemporaryFile(dir=path, prefix=".firstray-") as probe:
            probe.write(b"probe")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise ConfigError(
            f"output folder '{path}' cannot be written: {cause(path, error)}; "
            "choose another (output.folder, --out or --meshes)"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            for folder in reversed(made):
                folder.rmdir()


def cause(path: Path, error: OSError) -> str:
    """Why it failed, in words; a file in the way is named."""
    for place in [path, *path.parents]:
        if place.exists() and not place.is_dir():
            return f"'{place}' is a file, not a folder"
    return (error.strerror or str(error)).lower()

"""What every stage shares: hashes, atomic files, and the manifest that says a stage is done.

A stage's key is the hash of what it depends on: its part of the configuration, its input files and
its own source code. The manifest holds the key and is written last, so a stage is finished if and
only if its manifest is there; it is up to date if and only if the key and all outputs still match.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_data(data: Any) -> str:
    """Hash of plain data (dicts, lists, numbers, strings), independent of key order."""
    text = json.dumps(data, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def code_hash(*parts: str, without: tuple[str, ...] = ()) -> str:
    """Hash of the sources of the named subpackages or modules of ``pipeline``.

    Args:
        parts: their names.
        without: folders below them that change no result.
    """
    digest = hashlib.sha256()
    left_out = [PACKAGE / folder for folder in without]
    for part in sorted(parts):
        place = PACKAGE / part
        for source in sorted(place.rglob("*.*")) if place.is_dir() else [place.with_suffix(".py")]:
            if source.suffix in (".py", ".jinja") and not any(source.is_relative_to(f) for f in left_out):
                digest.update(source.relative_to(PACKAGE).as_posix().encode())
                digest.update(source.read_bytes())
    return digest.hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all: to a temporary name of this process, flushed, then renamed."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_json(path: Path, data: Any) -> None:
    """Write data as JSON, whole or not at all; NaN is refused."""
    write_text(path, json.dumps(data, indent=2, sort_keys=True, allow_nan=False) + "\n")


def git_commit() -> str:
    """Commit of the source tree with ``+changes`` if it is modified; ``unknown`` outside git."""
    command = [
        "git",
        "-C",
        str(PACKAGE),
        "describe",
        "--always",
        "--dirty=+changes",
        "--abbrev=12",
        "--exclude=*",
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def versions(*distributions: str) -> dict[str, str]:
    """Versions of Python and of the named installed packages."""
    found = {"python": platform.python_version()}
    for name in distributions:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@dataclass(frozen=True)
class Manifest:
    """What one stage read, wrote and ran with.

    ``outputs`` maps file names relative to the manifest's folder to their sha256.
    """

    stage: str
    key: str
    outputs: dict[str, str]
    inputs: dict[str, str] = field(default_factory=dict)
    git_commit: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    ranks: int = 1
    seconds: float = 0.0

    @staticmethod
    def path(folder: Path, stage: str) -> Path:
        """File of a stage's manifest."""
        return folder / f"{stage}.manifest.json"

    def write(self, folder: Path) -> None:
        """Put the manifest in place; call it last, on rank 0 only."""
        write_json(self.path(folder, self.stage), asdict(self))

    @classmethod
    def read(cls, folder: Path, stage: str) -> Manifest | None:
        """The manifest of a finished stage, or None if there is none that can be read."""
        try:
            return cls(**json.loads(cls.path(folder, stage).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def up_to_date(folder: Path, stage: str, key: str) -> bool:
    """Whether the stage finished with this key and its outputs are still what it wrote."""
    manifest = Manifest.read(folder, stage)
    if manifest is None or manifest.key != key:
        return False
    return all(
        (folder / name).is_file() and sha256_of(folder / name) == digest
        for name, digest in manifest.outputs.items()
    )


def finish(
    folder: Path,
    stage: str,
    key: str,
    outputs: Iterable[str],
    *,
    inputs: dict[str, str] | None = None,
    packages: Iterable[str] = (),
    ranks: int = 1,
    seconds: float = 0.0,
) -> Manifest:
    """Hash the outputs and write the manifest that declares the stage finished."""
    manifest = Manifest(
        stage=stage,
        key=key,
        outputs={name: sha256_of(folder / name) for name in outputs},
        inputs=inputs or {},
        git_commit=git_commit(),
        versions=versions(*packages),
        ranks=ranks,
        seconds=round(seconds, 3),
    )
    manifest.write(folder)
    return manifest


def begin(folder: Path, stage: str) -> None:
    """Create the folder and remove the stage's old manifest: a half-run stage must not pass as done."""
    folder.mkdir(parents=True, exist_ok=True)
    Manifest.path(folder, stage).unlink(missing_ok=True)

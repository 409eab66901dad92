"""A made-up host: its own PATH with the system's plain tools and fakes of everything that builds."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PLAIN_TOOLS = """
sh bash env cat ls cut tr sed grep awk head tail sort wc xargs sha256sum readlink dirname date df du mkdir rm
rmdir mv cp ln touch chmod sleep kill timeout uname setsid flock tar mktemp printf test true false
"""

FAKES = {
    "id": "case $1 in -u | -g) echo 0 ;; *) echo root ;; esac",
    "python3": 'echo "lacks dolfinx"; exit 1',
    # the folder follows the name of the release
    "mmdebstrap": """
        for word; do [ "${before:-}" = trixie ] && folder=$word; before=$word; done
        mkdir -p "$folder/usr/bin" "$folder/etc"
        cp /etc/passwd /etc/group "$folder/etc"
        touch "$folder/usr/bin/python3"; chmod +x "$folder/usr/bin/python3"
        if [ -e "$HOST/slow" ]; then echo $$ >"$HOST/builder"; echo "I: half way"; sleep 60; fi
        [ ! -e "$HOST/broken" ] || { echo "E: the mirror is down"; exit 1; }
    """,
    # runs the command on the host; makes a virtual environment of one fake python
    "bwrap": """
        while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
        [ $# -gt 0 ] || exit 0
        shift
        case "$*" in
            *"-m venv"*)
                for folder; do :; done
                mkdir -p "$folder/bin"; cp "$HOST/bin/venv-python" "$folder/bin/python" ;;
            *) "$@" <&0 & wait $! ;;
        esac
    """,
    "venv-python": 'case "$*" in *"-m pip"*) echo pip >>"$HOST/calls" ;; -c*) ;; *) echo "python $*" ;; esac',
}


@dataclass(frozen=True)
class Host:
    """A folder with a copy of the launcher, a fake system and a cache folder."""

    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def cache(self) -> Path:
        """FIRSTRAY_HOME of this host."""
        return self.folder / "cache"

    @property
    def launcher(self) -> Path:
        """The copy of the launcher."""
        return self.folder / "project" / "firstray"

    @property
    def lists(self) -> Path:
        """The copy of the package lists."""
        return self.folder / "project" / "pipeline" / "environment"

    def fake(self, name: str, body: str) -> None:
        """Put a program on the PATH; it notes every call in the file ``calls``."""
        program = self.folder / "bin" / name
        program.unlink(missing_ok=True)
        note = "" if name in ("id", "venv-python") else f'echo "{name} $1" >>"$HOST/calls"\n'
        program.write_text(f"#!/bin/sh\n{note}{body}\n", encoding="utf-8")
        program.chmod(0o755)

    def release(self, text: str) -> None:
        """Say which distribution this is."""
        (self.folder / "os-release").write_text(text, encoding="utf-8")

    def flag(self, name: str, value: bool) -> None:
        """Switch a behaviour of the fakes on or off."""
        path = self.folder / name
        if value:
            path.touch()
        else:
            path.unlink(missing_ok=True)

    def calls(self, program: str) -> int:
        """How often a fake ran."""
        path = self.folder / "calls"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return sum(line.split()[0] == program for line in lines)

    def environment(self, **extra: str) -> dict[str, str]:
        """Environment variables of a login on this host."""
        return {
            "PATH": str(self.folder / "bin"),
            "HOME": str(self.folder),
            "HOST": str(self.folder),
            "FIRSTRAY_HOME": str(self.cache),
            "FIRSTRAY_OS_RELEASE": str(self.folder / "os-release"),
            **extra,
        }

    def start(self, *words: str, **extra: str) -> subprocess.Popen[str]:
        """Start the launcher in a session of its own."""
        process = subprocess.Popen(
            ["/bin/sh", str(self.launcher), *words],
            env=self.environment(**extra),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def run(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run the launcher to its end."""
        process = self.start(*words, **extra)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

"""The made-up host of the launcher's tests."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.launcher.host import FAKES, PLAIN_TOOLS, REPOSITORY, Host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A Debian 12 host with mmdebstrap and bubblewrap and nothing else of use."""
    project = tmp_path / "project"
    (project / "pipeline").mkdir(parents=True)
    for name in ("firstray", "environment.yml"):
        shutil.copy(REPOSITORY / name, project / name)
    shutil.copytree(REPOSITORY / "pipeline" / "environment", project / "pipeline" / "environment")
    (tmp_path / "bin").mkdir()
    for tool in PLAIN_TOOLS.split():
        path = shutil.which(tool, path="/usr/bin:/bin")
        if path:
            (tmp_path / "bin" / tool).symlink_to(path)
    made = Host(tmp_path)
    for name, body in FAKES.items():
        made.fake(name, body)
    made.release('PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n')
    yield made
    for process in made.started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

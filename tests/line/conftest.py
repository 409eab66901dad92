"""The command as a user runs it, and a foot small enough to run the whole line in a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import dump_yaml, load_case
from pipeline.machine import child_environment
from tests.mesh.variation import tiny, with_value

CASES = Path(__file__).parents[2] / "configs" / "cases"

Firstray = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def firstray(tmp_path: Path) -> Firstray:
    """Run `firstray ARGUMENTS...` in an empty folder, as its own process."""

    def run(*arguments: str, timeout: float = 300.0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline", *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=child_environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def tiny_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a very coarse normal foot with two load steps."""
    case = with_value(tiny(load_case(CASES / "normal.yaml")), "load.steps", 2)
    path = tmp_path_factory.mktemp("tiny") / "tiny.yaml"
    text = dump_yaml(case.model_copy(update={"name": "tiny"}))
    path.write_text(text, encoding="utf-8")
    return path

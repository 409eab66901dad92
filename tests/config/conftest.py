"""A folder with the shipped cases in it, where tests write cases of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import load_case
from pipeline.config.write import CONFIGS
from pipeline.errors import ConfigError

HEAD = "base: normal.yaml\ntitle: A test\n"
"""First two lines of most test cases; what a test adds starts on line 3."""

Refusal = Callable[[str | bytes], list[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Current folder with copies of base.yaml and normal.yaml beside each other."""
    shutil.copy(CONFIGS / "base.yaml", tmp_path)
    text = (CONFIGS / "cases" / "normal.yaml").read_text(encoding="utf-8")
    (tmp_path / "normal.yaml").write_text(text.replace("../base.yaml", "base.yaml"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refused(folder: Path) -> Refusal:
    """Function that writes case.yaml, sees it refused with exit code 2, and gives the error's lines."""

    def refuse(content: str | bytes) -> list[str]:
        path = Path("case.yaml")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(ConfigError) as caught:
            load_case(path)
        assert caught.value.exit_code == 2
        return str(caught.value).split("\n")

    return refuse

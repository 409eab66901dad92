"""One import direction: only the solve side knows the solver stack, and stages do not reach back."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pipeline
from pipeline.mesh import family
from pipeline.solve import key

PACKAGE = Path(pipeline.__file__).parent
SOLVER_STACK = {"dolfinx", "mpi4py", "petsc4py", "basix", "ufl", "ffcx"}
STAGES = ("config", "mesh", "solve", "measure", "report")
MAY_IMPORT = {
    "config": set(),
    "mesh": {"config"},
    "solve": {"config"},
    "measure": {"config"},
    "report": {"config", "measure"},
}
"""Stages a stage may import; they meet in files, not in calls."""

SOURCES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Dotted names a source file imports, wherever in the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_there_is_something_to_check() -> None:
    assert {path.parts[0] for path in SOURCES} >= set(STAGES)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_only_the_solve_side_imports_the_solver_stack(source: Path) -> None:
    used = {name.split(".")[0] for name in imported(PACKAGE / source)} & SOLVER_STACK
    assert source.parts[0] == "solve" or not used


@pytest.mark.parametrize("source", [s for s in SOURCES if s.parts[0] in STAGES], ids=str)
def test_stages_meet_in_files(source: Path) -> None:
    own = source.parts[0]
    used = {name.split(".")[1] for name in imported(PACKAGE / source) if name.startswith("pipeline.")}
    assert used & set(STAGES) <= MAY_IMPORT[own] | {own}
    assert not used & {"cli", "run", "doctor"}


@pytest.mark.parametrize("module", ["__init__", "key"])
def test_the_command_line_can_ask_the_solve_stage_for_its_key(module: str) -> None:
    used = {name.split(".")[0] for name in imported(PACKAGE / "solve" / f"{module}.py")}
    assert not used & SOLVER_STACK


@pytest.mark.parametrize(("stage", "hashed"), [("solve", key.CODE), ("mesh", family.CODE)])
def test_all_sources_of_a_stage_are_in_its_key(stage: str, hashed: tuple[str, ...]) -> None:
    """A module that a stage takes numbers from puts its results out of date when it changes."""
    own = [s for s in SOURCES if s.parts[0] == stage and s.parts[:2] != ("mesh", "picture")]
    names = {
        name.split(".")[1] for s in own for name in imported(PACKAGE / s) if name.startswith("pipeline.")
    }
    used = {name for name in names if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()}
    values = {"config", "errors", "stage"} if stage == "mesh" else set()
    assert "moment_law" in used
    assert used - values <= set(hashed)

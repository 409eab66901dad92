"""Read a case: YAML, inheritance through ``base:``, validation, and every fault in one error.

Inheritance: keys of the including file win. Mappings are merged key by key, except that these replace what
they meet as a whole, so that nothing stale survives beside the new value:

- lists and single values;
- a sourced block (anything with ``value``, ``source`` or ``status``): a value never keeps another's source;
- a block that says what it is by ``kind`` or ``law``: a joint or material of its own, complete.

A ``joint`` without ``kind`` therefore changes single values of the inherited joint. ``name`` is never
inherited. Where ``base:`` is a list of files, later ones win over earlier ones. A material that names a
``set`` is complete, as one with a ``law`` (:mod:`pipeline.config.sets`).
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from pipeline.config.case import Case
from pipeline.config.faults import fault_at, faults_of
from pipeline.config.sets import with_material_sets
from pipeline.config.yaml_tree import Fault, Tree, read_tree
from pipeline.errors import ConfigError

SOURCED = {"value", "source", "status"}
DISCRIMINATORS = {"kind", "law"}


def load_case(path: Path) -> Case:
    """Read, merge and validate a case, and see that those it shares its mesh with can be read.

    Args:
        path: YAML file of the case.

    Returns:
        The frozen, validated case; its name is the file's stem unless the file says otherwise.

    Raises:
        ConfigError: with one line for each fault, ``file:line:column: key: what is wrong and what to do``.
    """
    case, tree = read_case(path)
    faults = member_faults(Path(path), case, tree)
    if faults:
        raise ConfigError("\n".join(map(str, faults)))
    return case


def read_case(path: Path) -> tuple[Case, Tree]:
    """A case alone, without a look at those it shares its mesh with, and its file merged over its bases.

    Raises:
        ConfigError: see `load_case`.
    """
    tree, faults = read_with_bases(Path(path), ())
    children = dict(tree.children)
    children.setdefault("name", Tree(tree.mark, Path(path).stem))
    tree = Tree(tree.mark, children)
    case: Case | None = None
    try:
        case = Case.model_validate(tree.plain())
    except ValidationError as error:
        faults = faults + faults_of(error, tree)
    if case is None or faults:
        raise ConfigError("\n".join(str(fault) for fault in sorted(set(faults))))
    return case, tree


def member_faults(path: Path, case: Case, tree: Tree) -> list[Fault]:
    """Files under ``mesh: shared_with:`` that are no cases, or none but the file of the case itself."""
    key, files = ("mesh", "shared_with"), [Path(file) for file in case.mesh.shared_with or ()]
    if files and all(file.resolve() == path.resolve() for file in files):
        alone = "names this file alone; name the other variants or leave the key out"
        return [fault_at(tree, key, alone)]
    faults = []
    for index, file in enumerate(files):
        try:
            read_case(file)
        except ConfigError as fault:
            faults.append(fault_at(tree, (*key, index), "; ".join(str(fault).split("\n"))))
    return faults


def read_with_bases(path: Path, seen: tuple[Path, ...]) -> tuple[Tree, list[Fault]]:
    """Tree of a file merged over the files it inherits from, and the faults met on the way."""
    tree, faults = read_tree(path)
    children = dict(tree.children)
    base = children.pop("base", None)
    own = with_whole_paths(Tree(tree.mark, children), path.parent.resolve())
    own, in_sets = with_material_sets(own, path.parent, merge)
    faults = faults + in_sets
    if base is None:
        return own, faults
    inherited = Tree(base.mark, {})
    for each in base.value if isinstance(base.value, list) else [base]:
        below, more = inherit(path, each, seen)
        inherited, faults = merge(inherited, below), faults + more
    return merge(inherited, own), faults


def inherit(path: Path, base: Tree, seen: tuple[Path, ...]) -> tuple[Tree, list[Fault]]:
    """Tree of a file that another one names as its base, without its name, and the faults met on the way."""
    if not isinstance(base.value, str) or not base.value.strip():
        text = "must be the path of another case file, such as ../base.yaml, or a list of such paths"
        raise ConfigError(f"{base.mark}: base: {text}")
    below = tidy(path.parent / base.value)
    line = (*seen, path.resolve())
    if below.resolve() in line:
        chain = " -> ".join(each.name for each in (*line, below))
        raise ConfigError(f"{base.mark}: base: '{base.value}' leads back to itself: {chain}")
    if not below.is_file():
        raise ConfigError(
            f"{base.mark}: base: no file '{base.value}' beside {path.name} (looked for {below})"
        )
    tree, faults = read_with_bases(below, line)
    return Tree(tree.mark, {key: child for key, child in tree.children.items() if key != "name"}), faults


def with_whole_paths(tree: Tree, folder: Path, *, surface: bool = False) -> Tree:
    """The tree with the files of a ``surface:`` and of ``shared_with:`` as whole paths.

    Relative ones start at ``folder``, that of the file they are in.
    """
    if not isinstance(tree.value, dict):
        return tree
    children = {
        key: with_whole_paths(child, folder, surface=surface or key == "surface")
        for key, child in tree.value.items()
    }
    if surface and "file" in children:
        children["file"] = whole_path(children["file"], folder)
    cases = children.get("shared_with")
    if cases is not None and isinstance(cases.value, list):
        children["shared_with"] = Tree(cases.mark, [whole_path(each, folder) for each in cases.value])
    return Tree(tree.mark, children)


def whole_path(name: Tree, folder: Path) -> Tree:
    """A path from a folder made whole; what is no text stays as it is."""
    if not isinstance(name.value, str):
        return name
    return Tree(name.mark, os.path.normpath(folder / name.value))


def tidy(path: Path) -> Path:
    """The path without ``..`` for messages, where that names the same file."""
    short = Path(os.path.normpath(path))
    return short if short.exists() and path.exists() and short.samefile(path) else path


def merge(under: Tree, over: Tree) -> Tree:
    """The tree ``over`` laid on ``under`` by the rule in the head of this module."""
    if (
        not isinstance(under.value, dict)
        or not isinstance(over.value, dict)
        or replaces(under.value, over.value)
    ):
        return over
    merged = dict(under.value)
    for key, child in over.value.items():
        merged[key] = merge(merged[key], child) if key in merged else child
    return Tree(over.mark, merged)


def replaces(under: dict[str, Tree], over: dict[str, Tree]) -> bool:
    """Whether a mapping replaces the inherited one as a whole."""
    return bool(SOURCED & (under.keys() | over.keys()) or DISCRIMINATORS & over.keys())

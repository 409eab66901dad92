"""Sets of material parameters in files of their own, named after their source.

A case takes one up as ``materials: {soft_tissue: {set: sun_2011.plantar_pad}}``: the set ``plantar_pad`` of
the file ``materials/sun_2011.yaml``, looked for beside the file that names it and then among the shipped
ones. Keys beside ``set`` replace those of the set by the rules of ``base:``.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.config.yaml_tree import Fault, Tree, read_tree
from pipeline.errors import ConfigError

SHIPPED = Path(__file__).parents[2] / "configs" / "materials"
FOLDER = "materials"
NAME = re.compile(r"([a-z0-9_]+)\.([a-z0-9_]+)")

Merge = Callable[[Tree, Tree], Tree]


def with_material_sets(tree: Tree, folder: Path, merge: Merge) -> tuple[Tree, list[Fault]]:
    """The tree of a case file with every set in place of its name.

    Args:
        tree: the file's own keys.
        folder: where the file is.
        merge: lays the second tree on the first.

    Returns:
        The tree, and the faults of the files of sets that did not keep them from being read.

    Raises:
        ConfigError: a set or its file is not there, or stands beside a law; one line for each.
    """
    materials = tree.children.get("materials")
    if materials is None or not isinstance(materials.value, dict):
        return tree, []
    found: dict[str, Tree] = {}
    lost: list[Fault] = []
    faults: list[Fault] = []
    for name, block in materials.children.items():
        given = dict(block.children)
        named = given.pop("set", None)
        if named is None:
            found[name] = block
            continue
        try:
            under, more = _set(named, folder)
            if "law" in given:
                raise LookupError("stands beside law; give one of the two")
        except LookupError as fault:
            lost.append(Fault(named.mark, f"materials.{name}.set", str(fault.args[0])))
            continue
        faults += more
        found[name] = merge(under, Tree(block.mark, given)) if given else under
    if lost:
        raise ConfigError("\n".join(map(str, lost)))
    return Tree(tree.mark, {**tree.children, "materials": Tree(materials.mark, found)}), faults


def _set(named: Tree, folder: Path) -> tuple[Tree, list[Fault]]:
    """Tree of one set and the faults of its file; LookupError with the text of a fault."""
    match = NAME.fullmatch(named.value) if isinstance(named.value, str) else None
    if match is None:
        raise LookupError("must be file.set in quotes or plain, such as sun_2011.plantar_pad")
    file, name = match.groups()
    folders = [each for each in (folder / FOLDER, SHIPPED) if each.is_dir()]
    paths = [path for each in folders if (path := each / f"{file}.yaml").is_file()]
    if not paths:
        known = sorted({path.stem for each in folders for path in each.glob("*.yaml")})
        raise LookupError(f"no file '{file}.yaml' of sets; files are: {_list(known)}{_near(file, known)}")
    path = Path(min(str(paths[0]), os.path.relpath(paths[0]), key=len))
    tree, faults = read_tree(path)
    block = tree.children.get(name)
    if block is None:
        known = sorted(tree.children)
        raise LookupError(f"no set '{name}' in {path}; sets are: {_list(known)}{_near(name, known)}")
    return block, [fault for fault in faults if fault.path.split(".")[0] == name]


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _near(name: str, known: list[str]) -> str:
    """Advice on a misspelt name."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""

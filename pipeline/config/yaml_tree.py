"""YAML read into plain data in which every key remembers its file, line and column.

Only what a configuration needs is accepted: mappings, lists, text, numbers, true, false and null as in
YAML 1.2 (so ``1e4`` is a number and ``yes`` is text). Aliases and tags are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import ConfigError

LARGEST_FILE_BYTES = 1_000_000

INTEGER = re.compile(r"[-+]?[0-9]+")
REAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
NOT_A_NUMBER = re.compile(r"\.(?:nan|NaN|NAN)")
WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
TABBED = re.compile(r"^ *\t", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Mark:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Tree:
    """One value and the place of its key (of itself in a list); children are trees again."""

    mark: Mark
    value: dict[str, Tree] | list[Tree] | str | int | float | bool | None

    @property
    def children(self) -> dict[str, Tree]:
        """Children by key; none unless this is a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with a configuration: where, which key, what."""

    mark: Mark
    path: str
    text: str

    def __str__(self) -> str:
        line = f"{self.mark}: {self.path}: {self.text}" if self.path else f"{self.mark}: {self.text}"
        return line.replace("\n", "\\n")


class TextLoader(yaml.SafeLoader):
    """PyYAML's scanner and composer with all plain scalars left as text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012, the name is PyYAML's

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose one node; an alias is an error, because it would hide where a value stands."""
        if self.check_event(yaml.AliasEvent):
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            problem = f"alias *{event.anchor} is not supported; write the value out, or inherit with base:"
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        return super().compose_node(parent, index)


def read_tree(path: Path) -> tuple[Tree, list[Fault]]:
    """Read one file.

    Returns:
        The tree of its keys, and the faults that do not keep it from being read (duplicate keys, tags).

    Raises:
        ConfigError: the file cannot be read, is not YAML, or holds no mapping.
    """
    file = str(path)
    text = read_text(path)
    try:
        node = TextLoader(text).get_single_node()
    except yaml.YAMLError as error:
        raise ConfigError(describe(error, file, text)) from None
    except RecursionError:
        raise ConfigError(f"{file}:1:1: nested too deeply to be a case") from None
    start = Mark(file, 1, 1)
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        raise ConfigError(f"{start}: the file is empty; a case needs at least base, title and joint")
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{start}: a case is a mapping of keys ('title: ...'), this is {kind_of(node)}")
    faults: list[Fault] = []
    return grow(node, start, "", faults), faults


def read_text(path: Path) -> str:
    """Text of a configuration file in UTF-8; one clear line if it is anything else."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ConfigError(f"{path}: is a folder; a case is a YAML file such as configs/cases/normal.yaml")
        if size > LARGEST_FILE_BYTES:
            raise ConfigError(
                f"{path}: is {size} bytes; a case has at most {LARGEST_FILE_BYTES}: is it the right file?"
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; give a case such as configs/cases/normal.yaml") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(f"{path}:1:1: is encoded in UTF-16; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        line = before.count(b"\n") + 1
        where = f"{path}:{line}:{column}"
        raise ConfigError(
            f"{where}: byte {raw[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        ) from None


def describe(error: yaml.YAMLError, file: str, text: str) -> str:
    """One line for a file that is not YAML, with what to do about the usual causes."""
    tab = TABBED.search(text)
    if tab:
        line = text.count("\n", 0, tab.start()) + 1
        column = tab.end() - tab.start()
        return (
            f"{file}:{line}:{column}: indented with a tab; YAML allows only spaces, write two for each level"
        )
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        position = getattr(error, "position", 0)
        character = text[position : position + 1]
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        return f"{file}:{line}:{column}: character {character!a} is not allowed in YAML"
    where = f"{file}:{mark.line + 1}:{mark.column + 1}"
    problem = str(getattr(error, "problem", None) or "is not YAML")
    if problem == "but found another document":
        return f"{where}: a second document starts here; a file holds one case"
    if problem == "mapping values are not allowed here":
        problem = "':' is not allowed here; check the indentation, and put text that holds ': ' in quotes"
    context = getattr(error, "context", None)
    begun = getattr(error, "context_mark", None)
    tail = f" ({context}, begun on line {begun.line + 1})" if context and begun else ""
    return f"{where}: {problem}{tail}"


def grow(node: Any, mark: Mark, path: str, faults: list[Fault]) -> Tree:
    """Tree of a YAML node; faults found on the way are appended."""
    if isinstance(node, yaml.MappingNode):
        if node.tag != "tag:yaml.org,2002:map":
            faults.append(Fault(mark, path, f"tag {node.tag} is not allowed"))
        return Tree(mark, grow_mapping(node, mark.file, path, faults))
    if isinstance(node, yaml.SequenceNode):
        children = []
        for index, child in enumerate(node.value):
            children.append(grow(child, mark_of(child, mark.file), f"{path}[{index}]", faults))
        return Tree(mark, children)
    if node.tag != "tag:yaml.org,2002:str":
        faults.append(Fault(mark, path, f"tag {node.tag} is not allowed"))
    return Tree(mark, node.value if node.style else scalar(node.value))


def grow_mapping(node: Any, file: str, path: str, faults: list[Fault]) -> dict[str, Tree]:
    """Children of a mapping by key; the first of two equal keys is kept and the second is a fault."""
    children: dict[str, Tree] = {}
    for key_node, value_node in node.value:
        mark = mark_of(key_node, file)
        if not isinstance(key_node, yaml.ScalarNode):
            faults.append(Fault(mark, path, f"a key must be one word, this is {kind_of(key_node)}"))
            continue
        key = key_node.value
        below = f"{path}.{key}" if path else key
        if key in children:
            faults.append(Fault(mark, below, f"given twice; first on line {children[key].mark.line}"))
            continue
        children[key] = grow(value_node, mark, below, faults)
    return children


def scalar(text: str) -> str | int | float | bool | None:
    """Value of a plain YAML 1.2 scalar; text that is nothing else stays text."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    if REAL.fullmatch(text):
        return float(text)
    if INFINITE.fullmatch(text):
        return float("-inf") if text.startswith("-") else float("inf")
    return float("nan") if NOT_A_NUMBER.fullmatch(text) else text


def mark_of(node: Any, file: str) -> Mark:
    """Place where a node starts."""
    return Mark(file, node.start_mark.line + 1, node.start_mark.column + 1)


def kind_of(node: Any) -> str:
    """What a node is, in words."""
    return {"MappingNode": "a mapping", "SequenceNode": "a list"}.get(type(node).__name__, "a single value")

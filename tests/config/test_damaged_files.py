"""Whatever happens to a file, the answer is a case or lines that each name the file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipeline.config import load_case
from pipeline.config.write import CONFIGS
from pipeline.errors import ConfigError

SCRAPS = [
    "{",
    "}",
    "[",
    ":",
    "\t",
    "- ",
    "null",
    ".nan",
    '"',
    "#",
    "*a",
    "&a",
    "!x",
    "|",
    "?",
    "-5",
    "{}",
    "<<: 1",
]


def damaged(lines: list[str], chance: random.Random) -> list[str]:
    """A copy with one to three lines removed, doubled, cut or with a scrap in them."""
    lines = list(lines)
    for _ in range(chance.randint(1, 3)):
        index = chance.randrange(len(lines))
        line, place = lines[index], chance.randrange(len(lines[index]) + 1)
        lines[index : index + 1] = chance.choice(
            [[], [line, line], [line[place:]], [line[:place] + chance.choice(SCRAPS) + line[place:]]]
        )
    return lines


def answer(path: Path) -> list[str]:
    """Lines of the refusal; none if the file is a case."""
    try:
        load_case(path)
    except ConfigError as error:
        return str(error).split("\n")
    return []


@pytest.mark.parametrize("seed", range(6))
def test_damaged_file_is_refused_in_words(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    text = (CONFIGS / "default.yaml").read_text(encoding="utf-8")
    whole = [line for line in text.split("\n") if "# " not in line]
    path = tmp_path / "damaged.yaml"
    answers = []
    for _ in range(15):
        path.write_text("\n".join(damaged(whole, chance)), encoding="utf-8")
        answers.append(answer(path))
    assert [line for lines in answers for line in lines if not line.startswith(f"{path}:")] == []
    assert sum(bool(lines) for lines in answers) > 5

"""What the picture program is asked to draw; free of plotting libraries."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class CaseFiles:
    """Where the files of one case are, and the words and numbers a picture needs."""

    title: str
    kind: str
    fields: str
    sole: str
    geometry: str
    quantities: dict[str, float]


@dataclass(frozen=True)
class Job:
    """One call of the picture program: which cases, which pictures, where to."""

    cases: tuple[CaseFiles, ...]
    pictures: tuple[str, ...]
    out: str

    def write(self, path: Path) -> None:
        """Write the job for the picture program."""
        path.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read what :meth:`write` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(CaseFiles(**case) for case in data["cases"]), tuple(data["pictures"]), data["out"])

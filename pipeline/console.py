"""What the commands print: a live bar on a terminal, one plain line per event otherwise."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

STEP = re.compile(r"^step (\d+)  load ([\d.]+) %")


class Console:
    """Progress of the stages on standard output."""

    def __init__(self) -> None:
        self._rich = RichConsole(highlight=False, soft_wrap=True)
        self.live = sys.stdout.isatty()

    def say(self, text: str) -> None:
        """Print one line."""
        self._rich.print(text, markup=False)

    def begin(self, stage: str, name: str) -> None:
        """A stage starts."""
        self.say(f"{stage:8s} {name}: started")

    def done(self, stage: str, name: str, seconds: float) -> None:
        """A stage has ended well."""
        self.say(f"{stage:8s} {name}: done in {seconds:.1f} s")

    def skipped(self, stage: str, name: str) -> None:
        """A stage need not run."""
        self.say(f"{stage:8s} {name}: up to date")

    @contextmanager
    def steps(self, name: str) -> Iterator[Callable[[str], None]]:
        """Receiver for a solver's output: load steps move the bar, or are printed one a line."""
        if not self.live:
            yield lambda line: self.say(f"         {name}: {line}")
            return
        columns = (TextColumn("         {task.description}"), BarColumn(30), TimeElapsedColumn())
        with Progress(*columns, console=self._rich, transient=True) as progress:
            task = progress.add_task(f"{name}: set-up", total=None)

            def show(line: str) -> None:
                step = STEP.match(line)
                if step:
                    share, said = float(step[2]), f"{name}: step {step[1]}, {step[2]} % of the load"
                    progress.update(task, completed=share, total=100.0, description=said)

            yield show

"""The `firstray` command."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pipeline import __version__
from pipeline.config import Case, check_output_folder, load_case, write_default_files
from pipeline.config.instants import STANCE_PERCENT
from pipeline.console import Console
from pipeline.doctor import run_doctor
from pipeline.errors import INTERNAL, INTERRUPTED, ConfigError, ConvergenceError, FirstRayError
from pipeline.machine import follow, mpi_command, physical_cores
from pipeline.mesh.family import Family
from pipeline.mesh.picture import view_mesh
from pipeline.run import Job, mesh_all, report, require_results, run_line, solve
from pipeline.stance import as_text, run_stance, write_stance
from pipeline.summary import headline

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "configs" / "cases"
DEMO = ("normal", "stiff", "fused")

EXAMPLES = """\
examples:
  firstray demo                                  normal, stiff and fused side by side
  firstray check configs/cases/fused.yaml        is this configuration right?
  firstray run my_foot.yaml -n 8                 the whole line for one case on 8 ranks
  firstray run normal stiff fused --out /scratch several cases, one report
  firstray stance configs/stance/*.yaml          five instants each, one table
  firstray mesh my_foot.yaml                     the mesh only
  firstray verify -n 3 --only LIN-5 CON-2        benchmarks with known answers
  firstray exec python -c 'import dolfinx'       anything inside the environment
exit codes: 0 done, 2 bad input, 3 not converged, 4 linear solver or memory, 5 interrupted,
            6 quality gate, 70 fault of the program
"""


def case_path(text: str) -> Path:
    """A configuration file, or the name of a shipped case.

    Raises:
        ConfigError: neither exists.
    """
    path = Path(text)
    shipped = CASES / f"{text}.yaml"
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return path
    if shipped.is_file():
        return shipped
    names = ", ".join(sorted(p.stem for p in CASES.glob("*.yaml")))
    raise ConfigError(f"{text}: no such file, and no shipped case of that name; shipped: {names}")


def load_all(texts: Sequence[str]) -> list[Case]:
    """Load every case; the faults of all of them are reported together.

    Raises:
        ConfigError: one line per fault.
    """
    cases, faults = [], []
    families: set[str] = set()
    for text in texts:
        try:
            path = case_path(text)
            cases.append(load_case(path))
            check_family(cases[-1], path, families)
        except ConfigError as fault:
            faults.append(str(fault))
    names = [case.name for case in cases]
    faults += [
        f"{name}: two cases of this name; each needs its own" for name in set(names) if names.count(name) > 1
    ]
    if faults:
        raise ConfigError("\n".join(faults))
    return cases


def check_family(case: Case, path: Path, checked: set[str]) -> None:
    """See that a case can share its mesh with those it names, once for each family.

    Args:
        case: the case.
        path: its file.
        checked: keys of the families that were looked at; extended here.

    Raises:
        ConfigError: it cannot; one line with the file.
    """
    if not case.mesh.shared_with:
        return
    try:
        family = Family.of(case)
        if family.key not in checked:
            checked.add(family.key)
            family.require()
    except ConfigError as fault:
        raise ConfigError(f"{path}: {fault}") from None


def jobs_of(args: argparse.Namespace) -> list[Job]:
    """Cases of the command line with their folders, checked for writing."""
    jobs = []
    for case in load_all(args.case):
        output = Path(args.out if args.out is not None else case.output.folder).resolve()
        check_output_folder(output)
        jobs.append(Job(case, output, Path(args.meshes).resolve()))
    check_output_folder(Path(args.meshes))
    return jobs


def run_check(args: argparse.Namespace) -> int:
    """Validate configurations."""
    for case in load_all(args.case):
        print(f"{case.name}: in order ({case.joint.kind} joint, mesh level {case.mesh.level})")
    return 0


def run_mesh(args: argparse.Namespace) -> int:
    """Build meshes."""
    jobs = jobs_of(args)
    mesh_all(jobs, args.ranks, Console(), force=args.force)
    for job in jobs:
        print(f"{job.case.name}: {job.mesh / 'mesh.msh'}")
        if args.view:
            view_mesh(job.mesh, job.case.title)
    return 0


def run_solve(args: argparse.Namespace) -> int:
    """Build meshes and solve."""
    jobs = jobs_of(args)
    console = Console()
    mesh_all(jobs, args.ranks, console)
    for job in jobs:
        solve(job, args.ranks, console, force=args.force)
        print(f"{job.case.name}: {job.folder / 'fields.h5'}")
    return 0


def run_report(args: argparse.Namespace) -> int:
    """Write the report of cases that are solved and measured."""
    jobs = jobs_of(args)
    require_results(jobs)
    print(report(jobs, Console(), force=args.force))
    return 0


def run_run(args: argparse.Namespace) -> int:
    """All stages for all cases."""
    jobs = jobs_of(args)
    page = run_line(jobs, args.ranks, Console(), force=args.force)
    print(headline([job.folder for job in jobs]))
    print(f"report: {page}")
    return 0


def run_stance_command(args: argparse.Namespace) -> int:
    """All cases at several instants of stance, and the table of them."""
    jobs = jobs_of(args)
    outcomes = run_stance(jobs, args.instants, args.ranks, Console(), force=args.force)
    folder = jobs[0].output / "stance"
    write_stance(folder, outcomes)
    print(as_text(outcomes))
    print(f"table: {folder / 'stance.csv'}")
    failed = [each for each in outcomes if each.fault]
    for each in failed:
        print(f"firstray: {each.case} at {each.instant}: {each.fault}", file=sys.stderr)
    return ConvergenceError.exit_code if failed else 0


def run_schema(args: argparse.Namespace) -> int:
    """Print the JSON schema of a case, or write the generated files."""
    if args.write:
        write_default_files(ROOT / "configs")
        print("configs/default.yaml and configs/schema.json written")
    else:
        print((ROOT / "configs" / "schema.json").read_text(encoding="utf-8"), end="")
    return 0


def run_test(args: argparse.Namespace) -> int:
    """Lint, types, then all tests; extra arguments go to pytest."""
    python = [sys.executable, "-m"]
    checks = [
        [*python, "ruff", "check", "."],
        [*python, "ruff", "format", "--check", "."],
        [*python, "mypy"],
    ]
    for command in [*([] if args.pytest else checks), [*python, "pytest", *args.pytest]]:
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code != 0:
            return code
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """Solve the benchmarks with known answers and print the table."""
    program = ["-m", "mpi4py", "-m", "pipeline.solve.verification"]
    program += ["--only", *args.only] if args.only else []
    program += ["--out", str(Path(args.out).resolve())] if args.out else []
    return follow(mpi_command(args.ranks, program), lambda line: print(line, flush=True))


def run_exec(args: argparse.Namespace) -> int:
    """Run any command inside the environment."""
    if not args.command:
        raise ConfigError("exec: name a command, e.g. firstray exec python --version")
    try:
        return subprocess.run(args.command, check=False).returncode
    except OSError as fault:
        raise ConfigError(f"exec: cannot run {args.command[0]}: {fault.strerror}") from fault


def positive_int(text: str) -> int:
    """Number of ranks on the command line."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} ranks: at least 1 is needed")
    return number


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="firstray",
        description="Where does the load go when the big-toe joint is normal, stiff or fused?",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"firstray {__version__}")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(run=run)
        return command

    def add_stage(
        name: str, run: Callable[[argparse.Namespace], int], help_text: str
    ) -> argparse.ArgumentParser:
        command = add(name, run, help_text)
        command.add_argument("-n", "--ranks", type=positive_int, default=physical_cores(), help="MPI ranks")
        command.add_argument("--out", help="folder for results (default: output.folder of the case)")
        command.add_argument("--meshes", default=ROOT / "meshes", help="folder of meshes, shared by cases")
        command.add_argument("--force", action="store_true", help="run even if up to date")
        return command

    add("check", run_check, "check configurations").add_argument("case", nargs="+", metavar="CASE")
    mesh = add_stage("mesh", run_mesh, "build the mesh of each case")
    mesh.add_argument("case", nargs="+", metavar="CASE", help="file or shipped name")
    mesh.add_argument("--view", action="store_true", help="show the mesh in a window to turn and cut")
    for name, run, help_text in (
        ("solve", run_solve, "build the mesh if needed and solve"),
        ("report", run_report, "write the report from results that are there"),
        ("run", run_run, "all stages, skipping those whose inputs have not changed"),
    ):
        add_stage(name, run, help_text).add_argument(
            "case", nargs="+", metavar="CASE", help="file or shipped name"
        )
    stance = add_stage(
        "stance", run_stance_command, "cases at instants from midstance to push-off, one table"
    )
    stance.add_argument("case", nargs="+", metavar="CASE", help="file or shipped name")
    stance.add_argument(
        "--instants",
        nargs="+",
        choices=STANCE_PERCENT,
        default=list(STANCE_PERCENT),
        help="default: all five",
    )
    add_stage("demo", run_run, "the shipped cases normal, stiff and fused side by side").set_defaults(
        case=DEMO
    )
    doctor = add(
        "doctor", lambda args: run_doctor(args.ranks, sys.stdout), "check the environment by using it"
    )
    doctor.add_argument("-n", "--ranks", type=positive_int, default=physical_cores())
    verify = add("verify", run_verify, "solve the benchmarks with known answers")
    verify.add_argument("-n", "--ranks", type=positive_int, default=physical_cores(), help="MPI ranks")
    verify.add_argument("--only", nargs="+", metavar="ID", help="benchmarks to run, such as LIN-5 CON-2")
    verify.add_argument("--out", help="JSON file for the table")
    schema = add("schema", run_schema, "JSON schema of a case, for editors")
    schema.add_argument(
        "--write", action="store_true", help="write configs/default.yaml and configs/schema.json"
    )
    test = add("test", run_test, "lint, types and all tests; arguments go to pytest")
    test.add_argument("pytest", nargs=argparse.REMAINDER)
    execute = add("exec", run_exec, "run anything inside the environment")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    return parser


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command as Ctrl-C does, so that no solve is left behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        for each in taken:
            signal.signal(each, signal.SIG_IGN)  # once is enough: what follows is cleaning up
        raise KeyboardInterrupt

    found = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    taken = [each for each, handler in found.items() if handler is not signal.SIG_IGN]
    for each in taken:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, found[each])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    args = build_parser().parse_args(argv)
    try:
        with signals_as_interrupts():
            return int(args.run(args))
    except FirstRayError as fault:
        print(f"firstray: {fault}", file=sys.stderr)
        return fault.exit_code
    except KeyboardInterrupt:
        print("firstray: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return INTERRUPTED
    except Exception:
        traceback.print_exc()
        print("firstray: this is a fault of the program, please report it", file=sys.stderr)
        return INTERNAL

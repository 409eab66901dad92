"""Which environment the launcher takes, and how it says so."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.launcher.host import REPOSITORY, Host

LISTS = REPOSITORY / "pipeline" / "environment"

DEBIAN_13 = 'PRETTY_NAME="Debian GNU/Linux 13"\nID=debian\nVERSION_ID="13"\n'
HAS_ALL = 'case $1 in -c) exit 0 ;; *probe.py) echo "has it all" ;; *) echo "ran $*" ;; esac'


def test_a_python_with_the_stack_is_taken_first(host: Host) -> None:
    """Route a builds nothing, whatever else the host has."""
    host.fake("python3", HAS_ALL)
    host.fake("micromamba", "exit 0")
    done = host.run("exec", "python", "-m", "something")
    assert (done.returncode, done.stdout) == (0, "ran -m something\n")
    assert "environment a: has it all" in done.stderr
    assert host.calls("micromamba") == host.calls("mmdebstrap") == 0


def test_a_later_python_is_tried_too(host: Host) -> None:
    """A python3 without the stack does not hide a python that has it."""
    host.fake("python", HAS_ALL)
    done = host.run("exec", "python", "-m", "something")
    assert (done.returncode, done.stdout) == (0, "ran -m something\n")


def test_packages_are_imported_for_the_choice_only(host: Host) -> None:
    """The first call tries the imports, later ones only look the packages up."""
    host.fake("python3", f'echo "$2 ${{3:-}}" >>"$HOST/probes"; {HAS_ALL}')
    for _ in range(2):
        assert host.run("exec", "true").returncode == 0
    assert (host.folder / "probes").read_text(encoding="utf-8") == "whole try\nwhole quick\n"


def test_a_broken_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is found but cannot be imported does not pass for the stack."""
    spec = importlib.util.spec_from_file_location("probe", LISTS / "probe.py")
    assert spec is not None
    assert spec.loader is not None
    probe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(probe)
    (tmp_path / "half_installed.py").write_text("raise ImportError('libx.so.3: no such file')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    row = ["half_installed", "-", "-", "-", "run"]
    assert probe.absent([row], "run") == []
    assert probe.broken([row]).startswith("cannot import half_installed (ImportError('libx.so.3")
    assert probe.broken([["json", "-", "-", "-", "run"]]) == ""


def test_every_other_command_goes_to_the_pipeline(host: Host) -> None:
    """`./firstray check case.yaml` is `python -m pipeline check case.yaml`."""
    host.fake("python3", HAS_ALL)
    assert host.run("check", "a case.yaml").stdout == "ran -m pipeline check a case.yaml\n"


def test_a_dead_channel_falls_through_with_its_reason(host: Host) -> None:
    """A conda tool whose channel does not answer is passed over, and -v says why."""
    host.fake("micromamba", "sleep 30")
    done = host.run("-v", "exec", "true", FIRSTRAY_CHANNEL_SECONDS="1")
    assert done.returncode == 0
    assert "not a: " in done.stderr
    assert "not b: micromamba is here, but its channel gave no fenics-dolfinx 0.9 within 1 s" in done.stderr
    assert "not c: Debian GNU/Linux 12 packages no DOLFINx 0.9" in done.stderr
    assert "environment d: " in done.stderr


def test_reasons_are_kept_for_those_who_ask(host: Host) -> None:
    """Without -v one line names the route taken; the rejected ones are not listed."""
    done = host.run("exec", "true")
    assert "environment d: " in done.stderr
    assert "not b" not in done.stderr


def test_a_living_channel_is_used(host: Host) -> None:
    """Route b makes the environment in the cache and runs its python."""
    host.fake(
        "micromamba",
        'case $1 in create) mkdir -p "$4/bin"; cp "$HOST/bin/venv-python" "$4/bin/python" ;; esac',
    )
    done = host.run("exec", "python", "x")
    assert (done.returncode, done.stdout) == (0, "python x\n")
    assert "environment b: " in done.stderr
    assert host.run("exec", "python", "x").returncode == 0
    assert host.calls("micromamba") == 2  # the channel was asked once, the environment made once


def test_a_failed_build_falls_through(host: Host) -> None:
    """If the conda environment cannot be made, the next route is taken."""
    host.fake("micromamba", '[ "$1" = search ]')
    done = host.run("exec", "true")
    assert done.returncode == 0
    assert "failed after" in done.stderr
    assert "environment d: " in done.stderr


def test_debian_13_uses_its_own_packages(host: Host) -> None:
    """Where the package lists offer DOLFINx 0.9, route c comes before the Debian root."""
    host.release(DEBIAN_13)
    host.fake("apt-cache", 'printf "python3-dolfinx:\\n  Candidate: 1:0.9.0-7\\n"')
    shown = host.run("env").stdout
    assert "the next call would take  c: " in shown
    assert not host.cache.exists()


def test_an_older_dolfinx_is_not_taken(host: Host) -> None:
    """A distribution whose DOLFINx is older than 0.9 is passed over."""
    host.release(DEBIAN_13)
    host.fake("apt-cache", 'printf "python3-dolfinx:\\n  Candidate: 1:0.8.0-3\\n"')
    assert "packages DOLFINx 0.8.0, older than 0.9" in host.run("env").stdout


def test_the_route_can_be_forced(host: Host) -> None:
    """FIRSTRAY_ROUTE and env --route take a route out of order, or say why it is closed."""
    closed = host.run("exec", "true", FIRSTRAY_ROUTE="b")
    assert closed.returncode == 2
    assert closed.stderr == "firstray: error: route b: no conda, mamba or micromamba on the path\n"
    unknown = host.run("exec", "true", FIRSTRAY_ROUTE="e")
    assert (unknown.returncode, unknown.stderr) == (
        2,
        "firstray: error: FIRSTRAY_ROUTE=e: must be a, b, c or d\n",
    )
    assert host.run("env", "--route", "d").returncode == 0
    host.fake("python3", HAS_ALL)
    assert "environment d: " in host.run("exec", "true").stderr
    assert "environment a: " in host.run("exec", "true", FIRSTRAY_ROUTE="a").stderr
    assert "environment d: " in host.run("exec", "true").stderr


def test_nothing_works(host: Host) -> None:
    """One error lists each route with its reason and what to do."""
    (host.folder / "bin" / "mmdebstrap").unlink()
    done = host.run("exec", "true")
    assert done.returncode == 2
    assert "no environment can be had here" in done.stderr
    assert "d  no: missing: mmdebstrap; ask for these packages to be installed" in done.stderr

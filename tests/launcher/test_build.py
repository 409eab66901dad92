"""Building and removing: never a half-made environment, nothing outside the cache folder."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.launcher.host import Host


def wait_for(path: Path) -> None:
    """Until a file is there."""
    for _ in range(200):
        if path.exists() and path.read_text(encoding="utf-8").strip():
            return
        time.sleep(0.05)
    raise TimeoutError(path)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def parts(host: Host) -> set[str]:
    """What is in the cache folder, without the log."""
    return {path.name for path in host.cache.iterdir()} - {
        "build.log",
        "lock.owner",
        "made-by-firstray",
        "cache",
    }


WHOLE = {"root", "root.stamp", "venv-d", "venv-d.stamp", "chosen"}


def test_second_call_builds_and_fetches_nothing(host: Host) -> None:
    """Once made, the environment is used without any tool that could reach the network."""
    assert host.run("exec", "true").returncode == 0
    made = parts(host)
    assert made == WHOLE
    before = {name: host.calls(name) for name in ("mmdebstrap", "pip", "python3")}
    host.fake("apt-get", "exit 1")
    assert host.run("exec", "true").returncode == 0
    assert {name: host.calls(name) for name in before} == before
    assert host.calls("apt-get") == 0


def test_exit_code_and_folder_pass_through(host: Host) -> None:
    """The command's exit code is the launcher's, and it runs in the caller's folder."""
    assert host.run("exec", "sh", "-c", "exit 7").returncode == 7
    assert host.run("exec", "sh", "-c", "pwd").stdout.strip() == str(host.folder)


def test_a_signal_reaches_the_command(host: Host) -> None:
    """A TERM sent to the launcher ends the command, which may answer with its own exit code."""
    host.run("exec", "true")
    ready = host.folder / "ready"
    process = host.start(
        "exec", "sh", "-c", f"trap 'exit 5' TERM; echo 1 >{ready}; while :; do sleep 0.1; done"
    )
    wait_for(ready)
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 5


def test_interrupted_build_leaves_nothing_in_use(host: Host) -> None:
    """Ctrl-C ends the children, exits 130 and leaves no part; the next call starts over."""
    host.flag("slow", True)
    process = host.start("exec", "true")
    builder = host.folder / "builder"
    wait_for(builder)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted; nothing half-made is in use" in err
    assert parts(host) == set()
    assert not alive(int(builder.read_text(encoding="utf-8")))
    host.flag("slow", False)
    assert host.run("exec", "true").returncode == 0
    assert parts(host) == WHOLE


def test_killed_build_is_recovered(host: Host) -> None:
    """After kill -9 of the launcher, the next call ends the orphan, cleans up and builds."""
    host.flag("slow", True)
    process = host.start("exec", "true")
    builder = host.folder / "builder"
    wait_for(builder)
    process.kill()
    process.wait(timeout=20)
    orphan = int(builder.read_text(encoding="utf-8"))
    assert alive(orphan)
    assert [name for name in parts(host) if name.startswith("root.part.")]
    host.flag("slow", False)
    done = host.run("exec", "true")
    assert done.returncode == 0
    assert "ending a build whose launcher was killed" in done.stderr
    assert not alive(orphan)
    assert parts(host) == WHOLE


def test_failed_build_shows_the_end_of_its_log(host: Host) -> None:
    """The tool's own last words are shown, and no part is left."""
    host.flag("broken", True)
    done = host.run("exec", "true")
    assert done.returncode == 2
    assert "  | E: the mirror is down" in done.stderr
    assert parts(host) == set()


def test_two_calls_at_once_build_once(host: Host) -> None:
    """The second call waits for the first and uses what it made."""
    both = [host.start("exec", "true") for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    assert host.calls("mmdebstrap") == 1


def test_changed_lists_rebuild_what_depends_on_them(host: Host) -> None:
    """A new PyPI pin remakes the virtual environment only, a new Debian package both; comments neither."""
    host.run("exec", "true")
    with (host.lists / "debian.txt").open("a", encoding="utf-8") as stream:
        stream.write("# a remark\n")
    host.run("exec", "true")
    assert (host.calls("mmdebstrap"), host.calls("pip")) == (1, 1)
    with (host.lists / "pypi.txt").open("a", encoding="utf-8") as stream:
        stream.write("something==1.0\n")
    host.run("exec", "true")
    assert (host.calls("mmdebstrap"), host.calls("pip")) == (1, 2)
    with (host.lists / "debian.txt").open("a", encoding="utf-8") as stream:
        stream.write("something\n")
    host.run("exec", "true")
    assert (host.calls("mmdebstrap"), host.calls("pip")) == (2, 3)


def test_remove_takes_only_what_the_launcher_made(host: Host) -> None:
    """Links are not followed and foreign files are kept."""
    outside = host.folder / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    host.run("exec", "true")
    (host.cache / "cache" / "link").symlink_to(outside)
    (host.cache / "root" / "link").symlink_to(outside)
    (host.cache / "notes.txt").touch()
    done = host.run("env", "--remove")
    assert done.returncode == 0
    assert f"{host.cache}/root\n" in done.stdout
    assert (outside / "precious").exists()
    assert [path.name for path in host.cache.iterdir()] == ["notes.txt"]
    (host.cache / "notes.txt").unlink()
    host.run("exec", "true")
    assert host.run("env", "--remove").returncode == 0
    assert not host.cache.exists()


def test_remove_waits_for_no_one(host: Host) -> None:
    """An environment in use is not removed under its user."""
    host.run("exec", "true")
    ready = host.folder / "ready"
    process = host.start("exec", "sh", "-c", f"echo 1 >{ready}; exec sleep 30")
    wait_for(ready)
    done = host.run("env", "--remove")
    process.terminate()
    process.communicate(timeout=20)
    assert done.returncode == 2
    assert "still running in the environment" in done.stderr
    assert parts(host) == WHOLE


def test_a_folder_of_someone_else_is_refused(host: Host) -> None:
    """FIRSTRAY_HOME must be new, empty or the launcher's own."""
    host.cache.mkdir()
    (host.cache / "notes.txt").touch()
    done = host.run("exec", "true")
    assert done.returncode == 2
    assert "holds other files; set FIRSTRAY_HOME to an empty or new folder" in done.stderr
    assert "nothing to remove" in host.run("env", "--remove").stdout
    assert (host.cache / "notes.txt").exists()


def test_the_clock_of_a_step_ends_with_it(host: Host) -> None:
    """Even if the signal that ends the clock is lost, it lets go of the caller's output."""
    script = host.lists / "common.sh"
    text = script.read_text(encoding="utf-8")
    ending = '    kill "$ticker" 2>/dev/null || true\n    ticker=\n'
    assert ending in text
    script.write_text(text.replace(ending, "    ticker=\n"), encoding="utf-8")
    assert host.run("exec", "true").returncode == 0

"""Several wheels at once: the same output, one broken wheel stops nothing, an interrupt stops everything."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from tests.support.archives import demo_files, wheel_of
from tests.support.cli import COMMAND, WHEELS, environment, musl_audit, wheel

INTERRUPTED = (130, b"", b"musl-audit: error: interrupted\n")
NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A directory of wheels that is worth several processes; some of them cannot be read."""
    padding = os.urandom(1 << 20)
    for number in range(8):
        data = wheel_of({**demo_files(), "demo/data.bin": padding})
        path = tmp_path / f"demo-1.{number}-cp312-cp312-musllinux_1_2_x86_64.whl"
        path.write_bytes(data[:-50] if number % 3 == 1 else data)
    return tmp_path


def test_the_number_of_processes_changes_nothing(many: Path) -> None:
    """The order is that of the inputs."""
    one, two, more = (musl_audit("check", "--json", "--jobs", jobs, many, WHEELS) for jobs in ("1", "2", "5"))

    assert one == two == more


def test_a_broken_wheel_stops_no_other(many: Path) -> None:
    """It is a row."""
    summary = musl_audit("check", "--json", "--jobs", "2", many).json["summary"]

    assert isinstance(summary, dict)
    assert (summary["examined"], summary["failed"]) == (5, 3)


def test_facts_are_read_by_several_processes(many: Path) -> None:
    """In the order of the inputs, too."""
    assert musl_audit("show", "--facts", "-j2", many) == musl_audit("show", "--facts", "-j1", many)


def worn_wheels(directory: Path) -> list[Path]:
    """Return wheels to mend, to copy and to refuse, worth several processes; one of them cannot be read."""
    padding = os.urandom(1 << 20)
    names = (*(f"packed_relocations_{arch}" for arch in ("x86_64", "i686", "aarch64")), "clean_x86_64", "ifunc_x86_64")
    paths = []
    for name in names:
        path = directory / wheel(name).name
        shutil.copyfile(wheel(name), path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(f"{name}/padding.bin", padding)
        paths.append(path)
    paths[2].write_bytes(paths[2].read_bytes()[:-50])
    return paths


def test_repairs_in_several_processes_are_the_same(tmp_path: Path) -> None:
    """The same lines in the same order, the same bytes; the last line counts."""
    wheels = worn_wheels(tmp_path)

    said, written = [], []
    for jobs in ("1", "2", "5"):
        answer = musl_audit("repair", "--jobs", jobs, "--wheel-dir", "out", *wheels, cwd=tmp_path)
        said.append(answer)
        written.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
        shutil.rmtree(tmp_path / "out")

    assert said[0] == said[1] == said[2]
    assert written[0] == written[1] == written[2]
    assert said[0].stdout.splitlines()[-1] == "5 wheels: 2 repaired, 1 copied as they are, 1 refused, 1 failed"
    assert [line[:5] for line in said[0].stdout.splitlines() if line.startswith("[")] == ["[1/5]", "[2/5]", "[4/5]"]


def children(pid: int) -> list[int]:
    """Return the processes that *pid* started."""
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listing.read_text().split()]


def is_alive(pid: int) -> bool:
    """Whether *pid* is a process that still does something."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for(condition: object) -> bool:
    """Whether *condition* comes true before long."""
    assert callable(condition)
    for _ in range(4000):
        if condition():
            return True
        time.sleep(0.005)
    return False


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Wheels that take seconds together, on any machine: what they hold is verified against RECORD."""
    tmp_path = tmp_path_factory.mktemp("slow")
    data = wheel_of({**demo_files(), "demo/data.bin": os.urandom(1 << 20) * 200})
    paths = [tmp_path / f"demo-2.{number}-cp312-cp312-musllinux_1_2_x86_64.whl" for number in range(24)]
    paths[0].write_bytes(data)
    for path in paths[1:]:
        path.hardlink_to(paths[0])
    return paths


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Return the running command, at the head of a process group."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    )


def answer_of(work: str) -> tuple[int, bytes, bytes]:
    """Return the exit code of a Python that does *work*, and what it said on stdout and stderr."""
    done = subprocess.run([sys.executable, "-c", work], capture_output=True, env=environment(), check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def assert_interrupt_ends(run: subprocess.Popen[bytes], *, others: int, whole_group: bool) -> None:
    """Interrupt *run* once it has *others* beside it: 130, one line, no traceback, and no process left."""
    assert wait_for(lambda: len(children(run.pid)) == others)
    workers = children(run.pid)

    (os.killpg if whole_group else os.kill)(run.pid, signal.SIGINT)
    stdout, stderr = run.communicate(timeout=20)

    assert (run.returncode, stdout, stderr) == INTERRUPTED
    assert not any(map(is_alive, workers))


@NEEDS_PROC
@pytest.mark.parametrize("whole_group", [True, False], ids=["as a terminal does", "the parent alone"])
def test_an_interrupt_stops_at_once_and_cleanly(whole_group: bool, slow: list[Path]) -> None:
    """130, one line, no traceback, and no process left."""
    run = start("check", "--verify-hashes", "--jobs", "2", *slow)

    assert_interrupt_ends(run, others=2, whole_group=whole_group)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_an_interrupt_while_a_process_starts_is_told_once(many: Path) -> None:
    """A process that is not yet ready to ignore it says nothing."""
    arguments = ["check", "--jobs", "2", str(many)]
    work = f"""if True:
        import os, signal
        from musl_audit.cli import main

        interrupt = lambda: signal.raise_signal(signal.SIGINT)
        os.register_at_fork(after_in_child=interrupt, after_in_parent=interrupt)
        raise SystemExit(main({arguments!r}))
    """
    assert answer_of(work) == INTERRUPTED


@pytest.mark.skipif(sys.platform == "win32", reason="there are no timers that interrupt")
def test_an_interrupt_is_not_lost_where_python_would_only_print_it() -> None:
    """As it does in the callback of a weak reference, in which every import ends."""
    work = """if True:
        import signal, sys, time, weakref
        from musl_audit import cli

        def work(arguments):
            thing = set()
            reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
            del thing
            time.sleep(30)
            return 0

        cli.run = work
        cli.command()
    """
    assert answer_of(work) == INTERRUPTED


@NEEDS_PROC
def test_processes_do_not_outlive_the_one_that_started_them(slow: list[Path]) -> None:
    """Even if it was killed."""
    run = start("check", "--verify-hashes", "--jobs", "2", *slow)
    assert wait_for(lambda: len(children(run.pid)) == 2)
    workers = children(run.pid)

    run.kill()
    run.communicate(timeout=20)

    assert wait_for(lambda: not any(map(is_alive, workers)))


@NEEDS_PROC
def test_a_process_that_is_killed_costs_one_wheel(slow: list[Path]) -> None:
    """As the kernel does where memory runs out."""
    run = start("check", "--quiet", "--verify-hashes", "--jobs", "2", *slow)
    assert wait_for(lambda: len(children(run.pid)) == 2)

    os.kill(children(run.pid)[0], signal.SIGKILL)
    stdout, stderr = run.communicate(timeout=120)

    lost = [line for line in stdout.decode().splitlines() if "was killed by signal 9" in line]
    assert (run.returncode, len(lost), stderr) == (4, 1, b"")


@NEEDS_PROC
def test_processes_are_our_own_children_where_python_would_have_a_server_start_them(slow: list[Path]) -> None:
    """As Python 3.14 does on Linux unless it is told: an interrupt would end the server with a traceback."""
    arguments = ["check", "--verify-hashes", "--jobs", "2", *map(str, slow)]
    work = (
        "import multiprocessing; multiprocessing.set_start_method('forkserver'); "
        f"from musl_audit.cli import main; main({arguments!r})"
    )
    run = subprocess.Popen([sys.executable, "-c", work], stdout=subprocess.DEVNULL, env=environment())
    try:
        assert wait_for(lambda: len(children(run.pid)) == 2)
        commands = {Path(f"/proc/{pid}/cmdline").read_bytes() for pid in (run.pid, *children(run.pid))}
        assert len(commands) == 1
    finally:
        run.kill()
        run.wait(20)


@pytest.fixture(scope="module")
def many_facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of facts that takes a while, on any machine."""
    lines = musl_audit("show", "--facts", "--jobs", "1", WHEELS).stdout.encode("utf-8", "surrogateescape")
    path = tmp_path_factory.mktemp("facts") / "facts.jsonl"
    path.write_bytes(lines * (1 + (8 << 20) // len(lines)))
    return path


@NEEDS_PROC
@pytest.mark.parametrize("whole_group", [True, False], ids=["as a terminal does", "the parent alone"])
def test_an_interrupt_stops_the_judging_of_facts(whole_group: bool, many_facts: Path) -> None:
    """In which the process that was started judges itself, beside one other."""
    run = start("check", "--json", "--from-facts", many_facts, "--jobs", "2")

    assert_interrupt_ends(run, others=1, whole_group=whole_group)


@NEEDS_PROC
def test_a_process_that_is_killed_costs_a_few_lines_of_facts(many_facts: Path) -> None:
    """They are a row, and the others are judged."""
    run = start("check", "--json", "--from-facts", many_facts, "--jobs", "2")
    assert wait_for(lambda: len(children(run.pid)) == 1)

    os.kill(children(run.pid)[0], signal.SIGKILL)
    stdout, stderr = run.communicate(timeout=120)

    report = json.loads(stdout)
    lost = [row for row in report["failures"] if "was killed by signal 9" in row["message"]]
    judged = len(report["wheels"]) + len(report["skipped"]) + len(report["failures"])
    assert (run.returncode, len(lost)) == (4, 1)
    assert b"was killed by signal 9" in stderr
    assert 0.7 < judged / len(many_facts.read_bytes().splitlines()) < 1

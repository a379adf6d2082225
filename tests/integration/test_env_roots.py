"""``musl-audit env`` on systems unpacked on disk, and on things that are no interpreter; by its JSON schema."""

import json
import os
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.support.cli import SCHEMAS, Answer, musl_audit, wheel
from tests.support.roots import (
    GLIBC_LOADER,
    MUSL_LOADER,
    Root,
    alpine,
    debian,
    glibc_program,
    loader_path,
    musl_loader,
    musl_program,
    pyconfig,
    static_program,
)

SCHEMA = json.loads((SCHEMAS / "env.schema.json").read_text())
CONFIGURATION = "/usr/include/python3.12/pyconfig.h"
VARIABLES = "/usr/lib/python3.12/_sysconfigdata__linux_x86_64-linux-musl.py"


def env(root: Root, *arguments: str | Path) -> Answer:
    """Return the answer about *root*, held against the schema."""
    answer = musl_audit("env", "--isolated", "--json", "--root", root.path, *arguments)
    if answer.stdout:
        Draft202012Validator(SCHEMA).validate(answer.json)
        assert answer.json["exit_code"] == answer.code
    return answer


def codes(answer: Answer) -> list[str]:
    """Return the codes of the findings."""
    found = answer.json["findings"]
    assert isinstance(found, list)
    return [finding["code"] for finding in found]


def part(answer: Answer, name: str, *fields: str) -> tuple[object, ...]:
    """Return *fields* of one object of the answer."""
    found = answer.json[name]
    assert isinstance(found, dict)
    return tuple(found[field] for field in fields)


# --- The host --------------------------------------------------------------------------------------------------


def test_an_alpine_like_root_is_musl(tmp_path: Path) -> None:
    """Every link in it is absolute, and resolved inside it."""
    answer = env(alpine(tmp_path))

    assert answer.code == 0
    assert part(answer, "host", "libc", "release", "told_by", "arch") == ("musl", "1.2.3", "/bin/sh", "x86_64")
    distribution = part(answer, "host", "distribution")[0]
    assert isinstance(distribution, dict)
    assert (distribution["id"], distribution["musl"]) == ("alpine-3.17", "1.2.3")
    assert part(answer, "interpreter", "executable", "libc", "musl") == ("/usr/bin/python3.12", "musl", "1.2.3")
    assert part(answer, "interpreter", "musllinux_tags")[0] == [f"musllinux_1_{minor}_x86_64" for minor in (2, 1, 0)]
    assert codes(answer) == []


def test_a_root_with_both_libcs_is_what_its_programs_ask_for(tmp_path: Path) -> None:
    """Which loaders are installed proves nothing."""
    on_alpine = env(alpine(tmp_path / "alpine").file(GLIBC_LOADER, b"\x7fELF libgcompat.so.0\0"))
    on_debian = env(debian(tmp_path / "debian").file(MUSL_LOADER, musl_loader("1.2.5")))

    assert part(on_alpine, "host", "libc") == ("musl",)
    assert part(on_debian, "host", "libc", "release") == ("glibc", "2.36")
    others = part(on_debian, "host", "other_loaders")[0]
    assert isinstance(others, list)
    assert [(loader["libc"], loader["release"]) for loader in others] == [("musl", "1.2.5")]


def test_a_shell_that_is_a_script_does_not_tell(tmp_path: Path) -> None:
    """The next program does."""
    answer = env(alpine(tmp_path).without("/bin/sh").file("/bin/sh", "#!/usr/bin/env bash\n"))

    assert (answer.code, part(answer, "host", "libc", "told_by")) == (0, ("musl", "/usr/bin/env"))


def test_a_root_without_programs_is_unknown(tmp_path: Path) -> None:
    """Not a fault: a root may hold an interpreter and little else."""
    answer = env(alpine(tmp_path).without("/bin/sh", "/bin/ls", "/usr/bin/env"))

    assert (answer.code, part(answer, "host", "libc", "told_by")) == (0, ("unknown", None))
    assert part(answer, "interpreter", "musl") == ("1.2.3",)


def test_an_empty_root_has_no_interpreter(tmp_path: Path) -> None:
    """The host is explained all the same; only a question about the interpreter has no answer."""
    root = Root(tmp_path)

    assert (env(root).code, env(root).json["interpreter"]) == (0, None)
    assert (env(root, "--require", "AF_NETLINK").code, env(root, "--wheel", wheel("clean_x86_64")).code) == (4, 4)


# --- The interpreter ---------------------------------------------------------------------------------------------


def test_a_static_executable_posing_as_python_is_an_error(tmp_path: Path) -> None:
    """No module will ever load, whatever the tags say."""
    answer = env(alpine(tmp_path).file("/usr/bin/python3.12", static_program()))

    assert (answer.code, codes(answer)) == (1, ["ENV001"])
    assert part(answer, "interpreter", "is_static", "musllinux_tags") == (True, [])


def test_a_glibc_python_is_a_fact_and_not_a_fault(tmp_path: Path) -> None:
    """It takes no musllinux wheel, and that is as it should be."""
    answer = env(debian(tmp_path))

    assert (answer.code, codes(answer)) == (0, [])
    assert part(answer, "interpreter", "libc", "musllinux_tags") == ("glibc", [])


def test_a_glibc_python_on_alpine_lacks_its_loader(tmp_path: Path) -> None:
    """The shell says "not found" about a file that is there."""
    answer = env(alpine(tmp_path).file("/usr/bin/python3.12", glibc_program()))

    assert (answer.code, codes(answer)) == (0, ["ENV002"])


def test_a_musl_python_on_a_glibc_host_is_musl(tmp_path: Path) -> None:
    """The interpreter decides what it takes, not the host."""
    root = debian(tmp_path).file("/usr/bin/python3.11", musl_program()).file(MUSL_LOADER, musl_loader("1.2.5"))

    answer = env(root)

    assert answer.code == 0
    assert (part(answer, "host", "libc"), part(answer, "interpreter", "libc", "musl")) == (
        ("glibc",),
        ("musl", "1.2.5"),
    )
    assert codes(answer) == ["ENV004"]  # this root's build files say -linux-gnu


def test_a_loader_with_another_name_hides_musl(tmp_path: Path) -> None:
    """Installers look for the word in its path."""
    program = musl_program().replace(b"/lib/ld-musl-x86_64.so.1", b"/lib/ld.so.1\0\0\0\0\0\0\0\0\0\0\0\0")
    answer = env(alpine(tmp_path).file("/usr/bin/python3.12", program).link("/lib/ld.so.1", MUSL_LOADER))

    assert (codes(answer), part(answer, "interpreter", "musl", "musllinux_tags")) == (["ENV005"], ("1.2.3", []))


@pytest.mark.parametrize("arch", ["i686", "armv7l", "aarch64", "ppc64le", "riscv64", "s390x"])
def test_an_interpreter_of_another_architecture_is_explained(tmp_path: Path, arch: str) -> None:
    """Nothing has to run."""
    root = alpine(tmp_path).file("/usr/bin/python3.12", musl_program(arch))
    root.link(loader_path(arch), MUSL_LOADER)  # any musl: what counts is the text in it

    assert part(env(root), "interpreter", "musllinux_tags")[0] == [f"musllinux_1_{minor}_{arch}" for minor in (2, 1, 0)]


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="about a 64-bit x86 kernel")
def test_a_32_bit_python_on_a_64_bit_kernel_takes_i686(tmp_path: Path) -> None:
    """``uname -m`` says x86_64 there."""
    python = Root(tmp_path).file("/bin/python3", musl_program("i686")).path / "bin" / "python3"

    answer = musl_audit("env", python, "--json", "--isolated")

    assert part(answer, "host", "kernel") == ("x86_64",)
    assert part(answer, "interpreter", "arch", "libc") == ("i686", "musl")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("python3.9", "broken symbolic link: /usr/bin/python3 → python3.9"),
        ("/usr/bin/python3", "symbolic links lead in a circle"),
        ("../../../../../../../../etc/passwd", "/etc/passwd does not exist"),
        ("/etc", "a directory, not a file"),
    ],
    ids=["broken", "loop", "above the root", "directory"],
)
def test_a_link_that_leads_nowhere_cannot_be_answered(tmp_path: Path, target: str, said: str) -> None:
    """4, and the host is explained all the same; nothing above the root is ever read."""
    root = alpine(tmp_path).without("/usr/bin/python3").link("/usr/bin/python3", target)

    answer = env(root, "/usr/bin/python3")

    assert (answer.code, codes(answer), part(answer, "host", "libc")) == (4, ["ENV901"], ("musl",))
    assert said in answer.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"#!/bin/sh\nexec python3.12\n", "a script (#!/bin/sh): name the interpreter that it starts"),
        (b"no program\n", "no ELF file, not an interpreter"),
        (b"", "no ELF file, not an interpreter"),
        (b"\xcf\xfa\xed\xfe....", "a program for macOS, not an interpreter"),
        (b"\x7fELF\2\1\1", "malformed ELF file"),
        (musl_loader("1.2.3"), "of kind library"),
    ],
    ids=["script", "text", "empty", "macOS", "truncated", "library"],
)
def test_a_file_that_is_no_interpreter_cannot_be_answered(tmp_path: Path, content: bytes, said: str) -> None:
    """It says what is there instead."""
    answer = env(alpine(tmp_path).file("/usr/bin/python3.12", content), "/usr/bin/python3.12")

    assert (answer.code, codes(answer)) == (4, ["ENV901"])
    assert said in answer.stderr


def test_an_interpreter_that_is_not_there_cannot_be_answered(tmp_path: Path) -> None:
    """Neither by path nor by name."""
    root = alpine(tmp_path)

    assert [env(root, name).code for name in ("/usr/bin/python9", "python9")] == [4, 4]


def test_a_virtual_environment_in_a_root_is_followed(tmp_path: Path) -> None:
    """Its link is absolute, as ``python -m venv`` makes it."""
    root = alpine(tmp_path).link("/app/bin/python", "/usr/bin/python3").file("/app/pyvenv.cfg", "home = /usr/bin\n")

    answer = env(root, "/app/bin/python")

    found = part(answer, "interpreter", "virtual_environment", "executable", "version")
    assert found == ("/app", "/usr/bin/python3.12", "3.12")


# --- What it was built without -----------------------------------------------------------------------------------


def test_a_build_without_kernel_headers_is_reported(tmp_path: Path) -> None:
    """The real pyconfig.h of such a build: 19 macros, the families they cost, who hits it, and the fix."""
    answer = env(alpine(tmp_path).without(VARIABLES).file(CONFIGURATION, pyconfig("without")))

    (build,) = part(answer, "interpreter", "build")
    assert (answer.code, codes(answer)) == (0, ["ENV011"])
    assert isinstance(build, dict)
    assert len(build["missing_macros"]) == 19
    assert {"HAVE_LINUX_NETLINK_H", "HAVE_ASM_TYPES_H"} <= set(build["missing_macros"])
    families = {f"socket.AF_{name}" for name in ("NETLINK", "CAN", "VSOCK", "QIPCRTR", "TIPC", "ALG")}
    assert families | {"os.getrandom", "os.MFD_HUGE_MASK"} <= set(build["missing_names"])
    assert "pyroute2" in {package["name"] for package in build["affected_packages"]}


def test_a_build_with_kernel_headers_is_clean(tmp_path: Path) -> None:
    """The other of the two real files."""
    answer = env(alpine(tmp_path).without(VARIABLES).file(CONFIGURATION, pyconfig("with")), "--require", "AF_NETLINK")

    assert (answer.code, codes(answer)) == (0, [])


def test_a_family_that_is_required_and_missing_is_an_error(tmp_path: Path) -> None:
    """In either form of its name, several at once; what is there is no finding."""
    root = alpine(tmp_path).without(VARIABLES).file(CONFIGURATION, pyconfig("without"))

    assert env(root, "--require", "AF_NETLINK").code == 1
    assert codes(env(root, "--require", "AF_NETLINK,os.getrandom")) == ["ENV011", "ENV012", "ENV012"]


def test_a_name_that_nothing_tells_about_cannot_be_answered(tmp_path: Path) -> None:
    """No build files, and nothing was run."""
    answer = env(alpine(tmp_path).without(VARIABLES), "--require", "AF_NETLINK")

    assert (answer.code, codes(answer)) == (4, ["ENV013", "ENV903"])


def test_a_variables_file_with_a_side_effect_is_never_imported(tmp_path: Path) -> None:
    """It is parsed as data; the side effect does not happen."""
    marker = tmp_path / "executed"
    text = f"open({str(marker)!r}, 'w')\nbuild_time_vars = {{'HAVE_LINUX_NETLINK_H': 0, 'SOABI': 'cpython-312'}}\n"

    answer = env(alpine(tmp_path / "root").file(VARIABLES, text))

    assert (codes(answer), part(answer, "interpreter", "soabi")) == (["ENV011"], ("cpython-312",))
    assert not marker.exists()


def test_a_hostile_variables_file_changes_nothing_else(tmp_path: Path) -> None:
    """Too deep for a parser, too large, or no text at all: it is as if it were not there."""
    root = alpine(tmp_path)
    for content in (b"build_time_vars = {'A': " + b"[" * 1_000_000, b"\0\xff" * 100, b"#" * 5_000_000):
        assert codes(env(root.file(VARIABLES, content))) == ["ENV013"]


# --- Usage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--run"], "--run executes programs of this system"),
        (["--require", "AF_NETLNK"], "did you mean"),
        (["--require", "AF_INET"], "not a name that depends on kernel headers"),
        (["--fail-on", "warn"], "is not one of"),
    ],
)
def test_a_question_without_sense_is_wrong_usage(tmp_path: Path, arguments: list[str], said: str) -> None:
    """2, before anything is read."""
    answer = env(alpine(tmp_path), *arguments)

    assert (answer.code, answer.stdout) == (2, "")
    assert said in answer.stderr


def test_a_root_that_is_no_directory_is_wrong_usage(tmp_path: Path) -> None:
    """The user named it."""
    assert musl_audit("env", "--root", tmp_path / "none").code == 2


def test_fail_on_lowers_the_bar(tmp_path: Path) -> None:
    """As in ``check``; the configuration may say it, too."""
    root = alpine(tmp_path / "root").file("/usr/bin/python3.12", glibc_program())
    (tmp_path / "pyproject.toml").write_text('[tool.musl-audit]\nfail-on = "warning"\n')

    assert env(root, "--fail-on", "warning").code == 1
    assert musl_audit("env", "--root", root.path, cwd=tmp_path).code == 1
    assert musl_audit("env", "--root", root.path, "--fail-on", "error", cwd=tmp_path).code == 0


def test_names_from_the_root_are_harmless_on_a_terminal(tmp_path: Path) -> None:
    """They may hold anything: escapes, a command of a CI system."""
    root = alpine(tmp_path).file("/etc/x", "").without("/usr/lib/os-release")
    root.file("/usr/lib/os-release", "ID=alpine\nPRETTY_NAME='\x1b[31m::error::'\n")

    answer = musl_audit("env", "--isolated", "--root", root.path)

    assert "\x1b" not in answer.stdout
    assert "::error" not in answer.stdout

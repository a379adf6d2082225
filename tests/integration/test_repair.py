"""``musl-audit repair`` end to end: what is written, under which name, and with which exit code."""

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import jsonschema
import pytest
from tests.support.cli import SCHEMAS, musl_audit, wheel
from tests.support.repairs import graftee, patchelf, read_elves, repair, repaired, sysroot

MUSLLINUX = "graftee-1.0-cp311-cp311-musllinux_1_2_x86_64.whl"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sysroot(tmp_path / "root")


def text(path: Path, member: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(member).decode()


def retagged(source: Path, directory: Path, platform: str) -> Path:
    """Return a copy of *source* whose file name says *platform*."""
    directory.mkdir(exist_ok=True)
    target = directory / "-".join([*source.name.split("-")[:-1], f"{platform}.whl"])
    shutil.copyfile(source, target)
    return target


# --- what is written


def test_the_grafted_set_and_who_needs_what(root: Path, tmp_path: Path) -> None:
    """Everything that is reached, each library once; needs rewritten in every referrer, names and paths set."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    elves = read_elves(result, tmp_path / "unpacked")
    needs = {
        name.partition(".cpython")[0].rpartition("/")[2].partition("-")[0]: [
            soname.partition("-")[0]
            for soname in patchelf("--print-needed", path).splitlines()
            if "libc." not in soname
        ]
        for name, path in elves.items()
    }
    assert needs == {
        "_graftee": ["libouter"],
        "graftee": ["libouter"],
        "libouter": ["libmiddle", "libside"],
        "libmiddle": ["libinner"],
        "libside": ["libinner"],
        "libinner": [],
    }


def test_names_search_paths_and_sonames(root: Path, tmp_path: Path) -> None:
    """A library's name has the beginning of its source's digest; what leads nowhere in the wheel is dropped."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    elves = read_elves(result, tmp_path / "unpacked")
    digest = hashlib.sha256((root / "usr/lib/libouter.so.1.2").read_bytes()).hexdigest()
    outer = elves[f"graftee.libs/libouter-{digest[:8]}.so.1.2"]
    extension = next(path for name, path in elves.items() if name.startswith("graftee/"))
    assert patchelf("--print-soname", outer) == outer.name
    assert patchelf("--print-rpath", outer) == "$ORIGIN"
    assert patchelf("--print-rpath", extension) == "$ORIGIN/../graftee.libs"


def test_show_check_and_repair_agree(root: Path, tmp_path: Path) -> None:
    """A repaired wheel is proven by the judge that everybody else asks."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    shown = musl_audit("show", "--json", result).json
    assert musl_audit("check", "--fail-on", "warning", result).code == 0
    assert shown["wheels"][0]["claims"][0]["kept"] is True  # type: ignore[index]
    assert shown["wheels"][0]["findings"] == []  # type: ignore[index]


def test_what_no_action_touches_is_copied_as_it_is_compressed(root: Path, tmp_path: Path) -> None:
    """Byte for byte, and nothing is inflated on the way."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    with zipfile.ZipFile(graftee()) as before, zipfile.ZipFile(result) as after:
        old, new = before.getinfo("graftee/__init__.py"), after.getinfo("graftee/__init__.py")
        assert (old.CRC, old.compress_size, old.external_attr, old.date_time) == (
            new.CRC,
            new.compress_size,
            new.external_attr,
            new.date_time,
        )


def test_record_is_last_and_right(root: Path, tmp_path: Path) -> None:
    """A row for each file, none for a directory, and the digests are those of the files."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    with zipfile.ZipFile(result) as archive:
        assert archive.namelist()[-1] == "graftee-1.0.dist-info/RECORD"
    assert musl_audit("check", "--verify-hashes", "--select", "MUSL003", "--fail-on", "note", result).code == 0


def test_tags_and_file_name_are_written_together(root: Path, tmp_path: Path) -> None:
    """And a root with binaries in it is not pure."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, "--build-tag", "1musl")

    lines = text(result, "graftee-1.0.dist-info/WHEEL").splitlines()
    assert result.name == "graftee-1.0-1musl-cp311-cp311-musllinux_1_2_x86_64.whl"
    assert lines[-3:] == ["Root-Is-Purelib: false", "Build: 1musl", "Tag: cp311-cp311-musllinux_1_2_x86_64"]


def test_signatures_of_the_old_record_are_dropped(root: Path, tmp_path: Path) -> None:
    """They sign what is no more."""
    source = tmp_path / graftee().name
    shutil.copyfile(graftee(), source)
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("graftee-1.0.dist-info/RECORD.jws", "{}")

    answer = repair(source, tmp_path / "out", "--sysroot", root)

    assert "warning: graftee-1.0.dist-info/RECORD.jws is left out: what it signed is written anew" in answer.stdout
    (result,) = (tmp_path / "out").iterdir()
    assert "RECORD.jws" not in " ".join(zipfile.ZipFile(result).namelist())


def test_a_wheel_called_pure_is_corrected_and_nothing_else_is(tmp_path: Path) -> None:
    """The tags are right, the binaries are; installers would put them into the wrong directory."""
    source = wheel("purelib_with_binaries")

    result = repaired(source, tmp_path / "out")

    with zipfile.ZipFile(source) as before, zipfile.ZipFile(result) as after:
        same = {name for name in before.namelist() if before.read(name) == after.read(name)}
    assert set(zipfile.ZipFile(source).namelist()) - same == {
        "purelib_with_binaries-1.0.dist-info/WHEEL",
        "purelib_with_binaries-1.0.dist-info/RECORD",
    }


# --- again


def test_the_same_input_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    """Neither the clock, nor the directory, nor the order of a set is in the result."""
    one = repaired(graftee(), tmp_path / "one", "--sysroot", root, PYTHONHASHSEED="1")
    two = repaired(graftee(), tmp_path / "two", "--sysroot", root, PYTHONHASHSEED="2", TZ="Asia/Kathmandu")

    assert one.read_bytes() == two.read_bytes()


def test_repairing_the_result_changes_nothing(root: Path, tmp_path: Path) -> None:
    """It is copied byte for byte, since cibuildwheel wants exactly one wheel there."""
    once = repaired(graftee(), tmp_path / "once", "--sysroot", root)

    twice = repaired(once, tmp_path / "twice", "--sysroot", root)

    assert (twice.name, twice.read_bytes()) == (once.name, once.read_bytes())


@pytest.mark.parametrize("name", ["clean_aarch64", "static_program", "static_program_for_two_libcs", "libz_allowed"])
def test_a_wheel_that_is_fine_is_copied(name: str, tmp_path: Path) -> None:
    """Byte for byte, whatever its timestamps and its compression."""
    source = wheel(name)

    result = repaired(source, tmp_path / "out")

    assert (result.name, result.read_bytes()) == (source.name, source.read_bytes())


def test_the_date_of_the_source_is_that_of_new_members(root: Path, tmp_path: Path) -> None:
    """``SOURCE_DATE_EPOCH``: of what is new or changed; and of the SBOM."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, SOURCE_DATE_EPOCH="1700000000")

    with zipfile.ZipFile(result) as archive:
        dates = {info.filename.partition("/")[0]: info.date_time for info in archive.infolist()}
        kept = archive.getinfo("graftee/__init__.py").date_time
    assert (dates["graftee.libs"], kept) == ((2023, 11, 14, 22, 13, 20), (1980, 1, 1, 0, 0, 0))


def test_the_input_is_never_changed(root: Path, tmp_path: Path) -> None:
    """Not its bytes, and not its times."""
    source = tmp_path / graftee().name
    shutil.copyfile(graftee(), source)
    os.utime(source, (1, 1))

    repaired(source, tmp_path / "out", "--sysroot", root)

    assert (source.read_bytes(), source.stat().st_mtime) == (graftee().read_bytes(), 1)


# --- which platform


@pytest.mark.parametrize(
    ("arguments", "environment", "name"),
    [
        ((), {}, MUSLLINUX),
        ((), {"AUDITWHEEL_PLAT": "musllinux_1_1_x86_64"}, MUSLLINUX.replace("1_2", "1_1")),
        (("--plat", "musllinux_1_1"), {}, MUSLLINUX.replace("1_2", "1_1")),
        (
            ("--plat", "musllinux_1_1_x86_64"),
            {"AUDITWHEEL_PLAT": "musllinux_1_2_x86_64"},
            MUSLLINUX.replace("1_2", "1_1"),
        ),
        (("--no-update-tags",), {}, graftee().name),
    ],
)
def test_the_platform_that_is_promised(
    arguments: tuple[str, ...], environment: dict[str, str], name: str, root: Path, tmp_path: Path
) -> None:
    """The wheel's own series; for a ``linux_*`` wheel what the build image says, else the newest; or what is asked."""
    assert repaired(graftee(), tmp_path / "out", "--sysroot", root, *arguments, **environment).name == name


def test_the_series_of_the_wheel_is_kept(root: Path, tmp_path: Path) -> None:
    """Whatever the image says: never a newer nor an older one unless asked."""
    source = retagged(graftee(), tmp_path / "in", "musllinux_1_1_x86_64")

    result = repaired(source, tmp_path / "out", "--sysroot", root, AUDITWHEEL_PLAT="musllinux_1_2_x86_64")

    assert result.name == source.name


def test_other_tags_stay_unless_only_one_is_asked_for(tmp_path: Path) -> None:
    """Each of them is a promise, and all of them are kept."""
    source = retagged(wheel("clean_x86_64"), tmp_path / "in", "musllinux_1_1_x86_64")

    both = repaired(source, tmp_path / "both", "--plat", "musllinux_1_2")
    one = repaired(source, tmp_path / "one", "--plat", "musllinux_1_2", "--only-plat")

    assert both.name.endswith("-musllinux_1_1_x86_64.musllinux_1_2_x86_64.whl")
    assert one.name.endswith("-cp312-musllinux_1_2_x86_64.whl")


def test_a_series_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    """Exit 1 with the findings of check: never a silently different tag."""
    answer = repair(wheel("missing_statx"), tmp_path / "out", "--plat", "musllinux_1_1", "--only-plat", "--no-polyfill")

    assert (answer.code, [*(tmp_path / "out").iterdir()]) == (1, [])
    assert "MUSL101 statx: in musl from 1.2.5 on" in answer.stderr


@pytest.mark.parametrize(
    ("plat", "reason"),
    [
        ("musllinux", "is not auto"),
        ("musllinux_9_9", "no data for musl 9.9"),
        ("musllinux_1_2_vax", "do not know the architecture"),
        ("1.2", "is not auto"),
    ],
)
def test_a_platform_that_makes_no_sense_is_a_usage_error(plat: str, reason: str, tmp_path: Path) -> None:
    """Before any work begins: the output directory is not even made."""
    answer = repair(graftee(), tmp_path / "out", "--plat", plat)

    assert (answer.code, (tmp_path / "out").exists(), reason in answer.stderr) == (2, False, True)


def test_another_architecture_than_the_wheels_is_refused(tmp_path: Path) -> None:
    """The tag says for whom it is; the binaries must be for them."""
    answer = repair(graftee(), tmp_path / "out", "--plat", "musllinux_1_2_aarch64")

    assert answer.code == 1
    assert "names another architecture than the wheel's, which is x86_64" in answer.stderr


def test_binaries_for_another_machine_than_the_linux_tag_are_refused(tmp_path: Path) -> None:
    """A tag is never changed to what the binaries happen to be."""
    source = retagged(graftee("aarch64"), tmp_path / "in", "linux_x86_64")

    answer = repair(source, tmp_path / "out")

    assert answer.code == 1
    assert "the file name says x86_64, the binaries are for aarch64" in answer.stderr


# --- where to


def test_the_output_directory_is_made(root: Path, tmp_path: Path) -> None:
    """With those above it."""
    assert repaired(graftee(), tmp_path / "a" / "b", "--sysroot", root).name == MUSLLINUX


def test_the_default_output_directory_is_auditwheels(root: Path, tmp_path: Path) -> None:
    """``wheelhouse/`` below the working directory."""
    assert musl_audit("repair", "--sysroot", root, graftee(), cwd=tmp_path).code == 0
    assert [path.name for path in (tmp_path / "wheelhouse").iterdir()] == [MUSLLINUX]


def test_an_output_directory_that_cannot_be_written_to_is_an_error_before_work_begins(tmp_path: Path) -> None:
    """A file in its place, for one; nothing about libraries is said."""
    (tmp_path / "out").touch()

    answer = repair(graftee(), tmp_path / "out")

    assert (answer.code, "cannot be written to" in answer.stderr, "libouter" in answer.stderr) == (4, True, False)


def test_what_is_there_is_replaced(root: Path, tmp_path: Path) -> None:
    """By a whole wheel, at once."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / MUSLLINUX).write_bytes(b"old")

    result = repaired(graftee(), tmp_path / "out", "--sysroot", root)

    assert zipfile.is_zipfile(result)


def test_the_directory_of_the_input_is_refused(tmp_path: Path) -> None:
    """Even by another way there, and even if another file would be written."""
    source = tmp_path / "in" / graftee().name
    source.parent.mkdir()
    shutil.copyfile(graftee(), source)
    (tmp_path / "link").symlink_to("in")

    answers = [repair(source, path) for path in (source.parent, tmp_path / "link")]

    assert [(answer.code, "--in-place" in answer.stderr) for answer in answers] == [(2, True), (2, True)]


def test_in_place_the_directory_of_the_input_is_allowed(root: Path, tmp_path: Path) -> None:
    """The result stands beside the input, which another name keeps from being replaced."""
    source = tmp_path / graftee().name
    shutil.copyfile(graftee(), source)

    answer = repair(source, tmp_path, "--in-place", "--sysroot", root)

    assert answer.code == 0
    assert sorted(path.name for path in tmp_path.glob("*.whl")) == [source.name, MUSLLINUX]


# --- several


def test_one_failure_does_not_hide_the_others(root: Path, tmp_path: Path) -> None:
    """Each wheel is told about, and the worst exit code counts: 4 before 1 before 0."""
    broken = tmp_path / "in" / "broken-1.0-cp311-cp311-linux_x86_64.whl"
    broken.parent.mkdir()
    broken.write_bytes(b"no zip")
    refused = wheel("ifunc_referenced")

    some = musl_audit("repair", "-w", tmp_path / "some", "--sysroot", root, refused, graftee())
    all_of_them = musl_audit("repair", "-w", tmp_path / "all", "--sysroot", root, broken, refused, graftee())

    assert (some.code, all_of_them.code) == (1, 4)
    assert [path.name for path in (tmp_path / "all").iterdir()] == [MUSLLINUX]
    assert "broken-1.0" in all_of_them.stderr
    assert "ifunc_referenced" in all_of_them.stderr


def test_two_wheels_of_one_name_are_a_usage_error(tmp_path: Path) -> None:
    """One would silently be written over the other."""
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / graftee().name
    shutil.copyfile(graftee(), other)

    answer = musl_audit("repair", "-w", tmp_path / "out", graftee(), other)

    assert (answer.code, "another wheel of that name" in answer.stderr) == (2, True)


def test_two_wheels_that_would_become_one_are_told(root: Path, tmp_path: Path) -> None:
    """The first is written, the second fails: nothing is replaced by what this run did not mean to replace."""
    tagged = retagged(graftee(), tmp_path / "in", "musllinux_1_2_x86_64")

    answer = musl_audit("repair", "-w", tmp_path / "out", "--sysroot", root, graftee(), tagged)

    assert (answer.code, "was written for another wheel of this run" in answer.stderr) == (4, True)


# --- what is said


def test_a_dry_run_writes_nothing_and_says_what_would_be(root: Path, tmp_path: Path) -> None:
    """Every action, one per line, and the verdict on what is predicted."""
    answer = repair(graftee(), tmp_path / "out", "--sysroot", root, "--dry-run")

    assert (answer.code, (tmp_path / "out").exists()) == (0, False)
    assert "  - copy /usr/lib/libouter.so.1.2 to graftee.libs/libouter-" in answer.stdout
    assert f"would be written to {tmp_path / 'out' / MUSLLINUX}" in answer.stdout
    assert "Works on every known musl" in answer.stdout


def test_the_plan_of_a_dry_run_is_the_one_that_is_carried_out(root: Path, tmp_path: Path) -> None:
    """The same data, whether it is applied or not."""
    plans = [
        repair(graftee(), tmp_path / "out", "--sysroot", root, "--json", *options).json["wheels"][0]["plan"]  # type: ignore[index]
        for options in (["--dry-run"], [])
    ]

    assert plans[0] == plans[1] != []


@pytest.mark.parametrize(
    "name", ["clean_x86_64", "missing_statx", "empty_file", "glibc_extension_by_accident", "external_library"]
)
def test_the_json_is_as_its_schema_says(name: str, root: Path, tmp_path: Path) -> None:
    """Whatever became of the wheels: copied, refused, failed, repaired, planned."""
    schema = json.loads((SCHEMAS / "repair.schema.json").read_text(encoding="utf-8"))
    other = wheel(name)

    for options in ([], ["--dry-run"]):
        answer = musl_audit(
            "repair", "-w", tmp_path / "out", "--sysroot", root, "--no-delegate", "--json", *options, other, graftee()
        )
        jsonschema.Draft202012Validator(schema).validate(answer.json)


def test_a_library_that_is_not_found_is_told_with_everything_to_mend_it(tmp_path: Path) -> None:
    """Its name, who needs it, where was searched, and the options that help."""
    (tmp_path / "empty").mkdir()

    answer = repair(graftee(), tmp_path / "out", "--sysroot", tmp_path / "empty")

    assert answer.code == 1
    assert "libouter.so.1, needed by graftee/_graftee.cpython-311-x86_64-linux-musl.so: not found in /build/lib," in (
        answer.stderr
    )
    assert (
        "libouter.so.1, needed by graftee.scripts/graftee: not found in /lib, /usr/local/lib, /usr/lib; --ldpaths"
        in (answer.stderr)
    )
    assert "names other directories, --exclude" in answer.stderr


def test_an_excluded_library_stays_outside(root: Path, tmp_path: Path) -> None:
    """Its symbols are unknown then, never missing."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, "--exclude", "libouter.so.*")

    assert not [name for name in zipfile.ZipFile(result).namelist() if ".libs/" in name]


def test_the_directory_of_libraries_has_the_suffix_asked_for(root: Path, tmp_path: Path) -> None:
    """``-L``, as for auditwheel."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, "-L", "_bundled")

    assert any(name.startswith("graftee_bundled/libinner-") for name in zipfile.ZipFile(result).namelist())


@pytest.mark.parametrize(
    "option",
    [
        ("-L", "../x"),
        ("-L", "/lib/.."),
        ("--exclude", "lib["),
        ("--exclude", ""),
        ("--build-tag", "musl"),
        ("-z", "11"),
        ("--sysroot", "/none"),
    ],
)
def test_an_option_that_makes_no_sense_is_a_usage_error(option: tuple[str, str], tmp_path: Path) -> None:
    """Before anything is made."""
    answer = repair(graftee(), tmp_path / "out", *option)

    assert (answer.code, (tmp_path / "out").exists()) == (2, False)


def test_a_dependency_on_libpython_is_dropped_with_a_warning(tmp_path: Path) -> None:
    """Python's symbols come from the process; there need not be a libpython."""
    source = wheel("links_libpython")

    answer = repair(source, tmp_path / "out")

    (result,) = (tmp_path / "out").iterdir()
    needed = [patchelf("--print-needed", path) for path in read_elves(result, tmp_path / "unpacked").values()]
    assert "warning: " in answer.stdout
    assert "libpython" not in "".join(needed)


def test_the_compression_level_is_that_of_changed_members(root: Path, tmp_path: Path) -> None:
    """0 stores them."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, "-z", "0")

    with zipfile.ZipFile(result) as archive:
        kinds = {info.compress_type for info in archive.infolist() if ".libs/" in info.filename}
    assert kinds == {zipfile.ZIP_STORED}


def test_strip_removes_what_the_loader_does_not_need(root: Path, tmp_path: Path) -> None:
    """And the result is still sound, as predicted and as judged."""
    result = repaired(graftee(), tmp_path / "out", "--sysroot", root, "--strip")

    assert musl_audit("check", result).code == 0

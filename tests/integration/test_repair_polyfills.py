"""A wheel that lacks functions, through the command line: plan, result, SBOM, and a damaged installation."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
from tests.conftest import Miss
from tests.support.cli import ROOT, SCHEMAS, musl_audit, wheel
from tests.support.installed_wheels import ask_wheel, installed
from tests.support.loaders import Loader, all_loaders, what_is_missing
from tests.support.repairs import patchelf, read_elves, repair, repaired
from tests.support.testwheels import manifest


@pytest.fixture
def lacking(tmp_path: Path) -> Path:
    """Return a wheel with packed relocations whose other extensions call ``qsort_r`` and ``pthread_getname_np``."""
    source = manifest()["packed_relocations_x86_64"].path
    target = Path(shutil.copyfile(source, tmp_path / source.name))
    with zipfile.ZipFile(target, "a") as archive:
        for case in ("missing_qsort_r", "missing_pthread_getname_np"):
            with zipfile.ZipFile(wheel(case)) as other:
                name = next(name for name in other.namelist() if name.endswith(".so"))
                archive.writestr(f"{case}/{name.rpartition('/')[2]}", other.read(name))
    return target


def polyfills(path: Path) -> dict[str, bytes]:
    """Return the polyfills in a wheel, by the symbol that each defines."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "/libmusl-polyfill-" in name]
        return {name.rpartition("polyfill-")[2].rpartition("-")[0]: archive.read(name) for name in names}


def test_the_plan_names_what_is_added_and_to_what(lacking: Path, tmp_path: Path) -> None:
    """As text and as JSON, in a dry run; unpacking is planned beside it."""
    text = repair(lacking, tmp_path / "dry", "--dry-run")
    answer = repair(lacking, tmp_path / "dry", "--dry-run", "--json")

    assert "  - add qsort_r for musl before 1.2.3 to missing_qsort_r/_probe." in text.stdout
    assert "  - unpack the relocations of " in text.stdout
    jsonschema.validate(answer.json, json.loads((SCHEMAS / "repair.schema.json").read_text(encoding="utf-8")))
    (row,) = answer.json["wheels"]  # type: ignore[misc]
    added = [action for action in row["plan"] if action["kind"] == "add-polyfill"]  # type: ignore[has-type]
    assert [(one["symbol"], one["needless_since"]) for one in added] == [
        ("pthread_getname_np", "1.2.3"),
        ("qsort_r", "1.2.3"),
    ]


def test_the_result_has_what_ships_and_keeps_its_promise(lacking: Path, tmp_path: Path) -> None:
    """The libraries are those of ``polyfills/``, byte for byte; check finds nothing but a note."""
    result = repaired(lacking, tmp_path / "out")

    shipped = {path.read_bytes() for path in (ROOT / "polyfills" / "built" / "x86_64").iterdir()}
    assert set(polyfills(result)) == {"qsort_r", "pthread_getname_np"}
    assert set(polyfills(result).values()) < shipped
    report = musl_audit("check", "--isolated", "--json", result)
    assert report.code == 0
    (row,) = report.json["wheels"]  # type: ignore[misc]
    assert {finding["severity"] for finding in row["findings"]} <= {"note"}  # type: ignore[has-type]


def test_the_sbom_names_them_with_version_licence_and_digest(lacking: Path, tmp_path: Path) -> None:
    """One component each."""
    result = repaired(lacking, tmp_path / "out")

    with zipfile.ZipFile(result) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/sboms/musl-audit.cdx.json"))
        components = json.loads(archive.read(name))["components"]
    digests = {
        f"musl-polyfill-{symbol}": hashlib.sha256(data).hexdigest() for symbol, data in polyfills(result).items()
    }
    assert {one["name"]: one["hashes"][0]["content"] for one in components} == digests
    assert {one["licenses"][0]["license"]["id"] for one in components} == {"MIT"}
    assert all(one["version"] for one in components)


def test_repaired_twice_it_is_the_same_bytes(lacking: Path, tmp_path: Path) -> None:
    """What was added is not missing any more."""
    once = repaired(lacking, tmp_path / "once")
    twice = repaired(once, tmp_path / "twice")

    assert twice.read_bytes() == once.read_bytes()


def test_a_program_keeps_libc_before_the_polyfill(tmp_path: Path) -> None:
    """Or the polyfill would win on newer musl, too."""
    result = repaired(wheel("missing_symbol_in_program"), tmp_path / "out")

    elves = read_elves(result, tmp_path / "unpacked")
    (program,) = (path for path in elves.values() if "libmusl-polyfill" not in path.name)
    needed = patchelf("--print-needed", program).split()
    assert needed[-1].startswith("libmusl-polyfill-qsort_r-")
    assert needed[0].startswith("libc.")


@pytest.mark.parametrize("case", ["bundled_newer_symbol", "weak_newer_symbol", "unreferenced_newer_symbol"])
def test_what_needs_no_polyfill_gets_none(case: str, tmp_path: Path) -> None:
    """A wheel that brings its own, refers weakly, or does not refer at all."""
    answer = repair(wheel(case), tmp_path / "out")

    assert answer.code == 0
    assert "libmusl-polyfill" not in answer.stdout


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_file_without_section_headers_is_refused_with_the_reason(options: tuple[str, ...], tmp_path: Path) -> None:
    """patchelf changes nothing without them; nothing is written, and a dry run knows it, too."""
    answer = repair(wheel("missing_symbol_without_section_headers"), tmp_path / "out", *options)

    assert answer.code == 1
    assert "MUSL101 the functions that missing_symbol_without_section_headers/_probe" in answer.stderr
    assert "it has no section headers" in answer.stderr
    assert "what now: `--floor 1.2.3`" in answer.stderr
    assert not list((tmp_path / "out").glob("*"))


def test_a_wheel_with_a_polyfill_of_another_version_keeps_it(lacking: Path, tmp_path: Path) -> None:
    """It lacks nothing: the same bytes, whatever the library of that name is."""
    once = repaired(lacking, tmp_path / "once")
    older = tmp_path / "older" / once.name
    older.parent.mkdir()
    with zipfile.ZipFile(once) as source, zipfile.ZipFile(older, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data + b"\0" if "/libmusl-polyfill-" in name else data)

    again = repaired(older, tmp_path / "again")

    assert {name: len(data) for name, data in polyfills(again).items()} == {
        name: len(data) + 1 for name, data in polyfills(once).items()
    }


@pytest.mark.parametrize("loader", [one for one in all_loaders() if one.arch == "x86_64"], ids=str)
def test_musls_own_loader_loads_the_result(loader: Loader, lacking: Path, tmp_path: Path, miss: Miss) -> None:
    """All files of it, on the oldest promised release and on newer ones."""
    if need := what_is_missing(loader):
        miss(need)
    result = repaired(lacking, tmp_path / "out")

    answer = ask_wheel(loader, tmp_path / "prefix", installed(result, loader.arch, tmp_path / "prefix"))

    assert answer.loads, answer.refusals


def test_a_damaged_polyfill_ends_the_repair(lacking: Path, tmp_path: Path) -> None:
    """Exit 4, with what to do; nothing is written, and ``--no-polyfill`` goes on without."""
    copy = tmp_path / "copy"
    for name in ("src", "policies", "polyfills"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (library,) = (copy / "polyfills" / "built" / "x86_64").glob("libmusl-polyfill-qsort_r-*.so")
    library.write_bytes(library.read_bytes() + b"\0")

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "musl_audit",
            "repair",
            "-w",
            tmp_path / "out",
            *options,
            lacking,
        ]
        environment = os.environ | {"PYTHONPATH": str(copy / "src")}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    damaged, without = run(), run("--no-polyfill", "--dry-run")

    assert damaged.returncode == 4
    assert "is not what its digest was taken of; the installation is damaged" in damaged.stderr
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    assert without.returncode == 1
    assert "--no-polyfill is why: repair mends MUSL101" in without.stderr

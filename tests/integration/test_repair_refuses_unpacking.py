"""Files whose packed relocations cannot be unpacked soundly: the wheel is refused, and the reason and way out told."""

import zipfile
from pathlib import Path

import pytest
from tests.support.archives import digest
from tests.support.packed_fixtures import packed_fixture
from tests.support.patches import with_entries
from tests.support.repairs import repair
from tests.support.testwheels import manifest

from musl_audit.repair.relr.tables import DT_RELRENT

CASE = "packed_relocations_x86_64"
LIBRARY = f"{CASE}.libs/libpointers.so"
GOOD = packed_fixture("x86_64")
REFUSED = {
    "the file is signed": GOOD + b"~Module signature appended~\n",
    "the file checks a digest of itself: OpenSSL's FIPS module": GOOD + b"\0OSSL_provider_init\0module-mac\0",
    "packed relocations of 24 bytes, expected 8": with_entries(GOOD, [(DT_RELRENT, DT_RELRENT, 24)]),
}


def with_library(data: bytes, directory: Path) -> Path:
    """Return the test wheel with *data* as its library, in *directory*; RECORD is right."""
    wheel = manifest()[CASE].path
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()} | {LIBRARY: data}
    record = next(name for name in members if name.endswith("/RECORD"))
    rows = [f"{name},sha256={digest(content)},{len(content)}" for name, content in members.items() if name != record]
    members[record] = "".join(f"{row}\n" for row in [*rows, f"{record},,"]).encode()
    with zipfile.ZipFile(directory / wheel.name, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return directory / wheel.name


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["repair", "dry run"])
@pytest.mark.parametrize("reason", REFUSED)
def test_a_wheel_with_what_cannot_be_unpacked_is_refused(reason: str, options: tuple[str, ...], tmp_path: Path) -> None:
    """Exit 1, nothing written, and a dry run knows it, too."""
    done = repair(with_library(REFUSED[reason], tmp_path), tmp_path / "out", *options)

    assert done.code == 1, done.stdout
    assert f"  MUSL401 the packed relocations of {LIBRARY} cannot be unpacked: {reason}; " in done.stderr
    assert "-Wl,-z,nopack-relative-relocs" in done.stderr
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_the_same_wheel_is_fine_for_a_floor_that_knows_packed_relocations(tmp_path: Path) -> None:
    """Then nothing need be unpacked, and the signed file stays as it is."""
    wheel = with_library(REFUSED["the file is signed"], tmp_path)
    done = repair(wheel, tmp_path / "out", "--floor", "1.2.4")

    assert done.code == 0, done.stderr
    assert (tmp_path / "out" / wheel.name).read_bytes() == wheel.read_bytes()

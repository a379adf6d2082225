"""What is shipped: the rows of the policies, the libraries, and what becomes of a damaged installation."""

import shutil
from pathlib import Path

import pytest
from tests.support.cli import ROOT
from tests.support.values import catalog

from musl_audit.adapters.polyfills import ShippedPolyfills
from musl_audit.elf import read_elf
from musl_audit.errors import RepairError
from musl_audit.model import ElfKind
from musl_audit.policy.polyfills import Polyfill

BUILT = ROOT / "polyfills" / "built"
ROWS = catalog().polyfills.by_symbol
LIBRARIES = [(row, arch) for row in ROWS.values() for arch in sorted(row.architectures)]
LARGEST = 4096  # bytes


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_says_since_when_libc_has_the_symbol(row: Polyfill) -> None:
    """On every architecture: the release from which on all known ones export it, as the policies know."""
    for arch in row.architectures:
        missing = frozenset(catalog().releases_of(arch)) - catalog().symbols(arch).releases_with(row.symbol)
        if row.needless_since is None:
            assert missing == frozenset(catalog().releases_of(arch))
        else:
            assert all(release < row.needless_since for release in missing)


@pytest.mark.parametrize(("row", "arch"), LIBRARIES, ids=lambda value: getattr(value, "symbol", value))
def test_a_library_is_what_every_loader_takes(row: Polyfill, arch: str) -> None:
    """One symbol, libc alone needed, functions that every musl has, and nothing that an old loader does not know."""
    of_arch = catalog().arches[arch]
    found = ShippedPolyfills(of_arch).find(row.library)
    facts = found.facts

    assert facts.kind is ElfKind.LIBRARY
    assert catalog().arch_of(facts.identity) is of_arch
    assert (facts.soname, facts.needed) == (found.name, of_arch.libc_sonames[-1:])
    assert facts.defined == {row.symbol}
    assert {symbol.name for symbol in facts.undefined} <= catalog().symbols(arch).names_on_all(
        frozenset(catalog().releases_of(arch))
    )
    assert not any((facts.packed_relocations, facts.ifuncs, facts.thread_local, facts.initial_exec))
    assert not any((facts.rpath, facts.runpath, facts.has_text_relocations, facts.is_stack_executable))
    assert facts.relocation_types <= set(catalog().relocations(arch))
    assert len(ShippedPolyfills(of_arch).read(found.name)) <= LARGEST


def test_each_row_has_its_source_and_each_source_its_row() -> None:
    """A new polyfill is one C file and one row."""
    assert {path.stem for path in (ROOT / "polyfills").glob("*.c")} == set(ROWS)


def test_every_file_that_is_shipped_is_listed() -> None:
    """And nothing else lies there."""
    listed = {line.partition("  ")[2] for line in (BUILT / "SHA256SUMS").read_text().splitlines()}

    assert listed == {str(path.relative_to(BUILT)) for path in BUILT.rglob("*.so")}
    assert len(listed) == len(LIBRARIES)


def test_no_symbol_is_both_added_and_refused() -> None:
    """What came since 1.1.24 is one or the other, on every architecture."""
    for arch in ("x86_64", "i686", "aarch64", "armv7l"):
        table = catalog().symbols(arch)
        first = min(release for release in catalog().releases if str(release) == "1.1.24")
        later = [release for release in catalog().releases_of(arch) if release > first]
        came = table.exports_of(later[-1]) - table.exports_of(first)
        assert came <= set(ROWS) | set(catalog().polyfills.refused)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "is not what its digest was taken of"),
        (lambda path: path.unlink(), "No such file"),
        (lambda path: (path.parent.parent / "SHA256SUMS").write_text(""), "does not name one"),
    ],
)
def test_a_damaged_installation_is_named(damage: object, complaint: str, tmp_path: Path) -> None:
    """Nothing that is not what it was built as gets into a wheel."""
    mine = Path(shutil.copytree(BUILT, tmp_path / "built"))
    (path,) = mine.glob("x86_64/libmusl-polyfill-qsort_r-*.so")
    damage(path)  # type: ignore[operator]

    with pytest.raises(RepairError, match=complaint):
        ShippedPolyfills(catalog().arches["x86_64"], mine).find("libmusl-polyfill-qsort_r")


def test_a_reader_of_ours_and_a_library_agree() -> None:
    """The facts are those of the bytes, under the name that the wheel will know."""
    shipped = ShippedPolyfills(catalog().arches["aarch64"])
    found = shipped.find("libmusl-polyfill-statx")

    assert read_elf(shipped.read(found.name), found.name) == found.facts

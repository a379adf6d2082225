"""musl's own loaders before and after: test wheels and real ones whose libraries have packed relocations."""

import re
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.installed_wheels import ask_wheel, installed
from tests.support.loaders import Loader, Outcome, all_loaders, available_loaders, what_is_missing
from tests.support.packed_fixtures import WHEELS
from tests.support.repairs import patchelf
from tests.support.unpacked_wheel import install_unpacked
from tools.evidence.corpus import CorpusRow, read_corpus

from musl_audit.elf import read_elf
from musl_audit.elf.image import read_image
from musl_audit.repair.relr import unpack_relocations

FIRST = "1.2.4"  # the release that applies packed relocations
PACKED = sorted((row for row in read_corpus() if "DT_RELR" in row.why), key=lambda row: row.size)
# The smallest of each architecture; `make test-real` repairs them all.
FEW = list({row.arch: row for row in reversed(PACKED)}.values())


def packed_wheel(arch: str) -> Path:
    """Return the test wheel of *arch* with packed relocations, never touched by patchelf."""
    (wheel,) = WHEELS.glob(f"packed_relocations_{arch}-*.whl")
    return wheel


@pytest.mark.parametrize("loader", all_loaders(), ids=str)
def test_a_library_loads_once_it_is_unpacked(loader: Loader, tmp_path: Path, miss: Miss) -> None:
    """Releases before 1.2.4 crash on the packed library; all of them load the unpacked one, constructor and all."""
    if need := what_is_missing(loader):
        miss(need)
    wheel = packed_wheel(loader.arch)
    packed = ask_wheel(loader, tmp_path / "packed", installed(wheel, loader.arch, tmp_path / "packed"))
    found, changed = install_unpacked(wheel, loader.arch, tmp_path / "unpacked")
    unpacked = ask_wheel(loader, tmp_path / "unpacked", found)

    assert changed == 1
    assert (packed.loads, unpacked.loads) == (loader.release >= FIRST, True), unpacked.refusals


@pytest.mark.parametrize("loader", all_loaders(), ids=str)
def test_a_library_that_patchelf_touched_loads_once_it_is_unpacked(loader: Loader, tmp_path: Path, miss: Miss) -> None:
    """As all libraries are that a tool copied into a wheel: the table then goes into patchelf's own segment."""
    if need := what_is_missing(loader):
        miss(need)
    found = installed(packed_wheel(loader.arch), loader.arch, tmp_path)
    (packed,) = [one.path for one in found if read_elf(one.path.read_bytes(), "").packed_relocations]
    patchelf("--set-rpath", "$ORIGIN/../a/path/that/is/long/enough/to/make/the/string/table/move:$ORIGIN", packed)
    before = ask_wheel(loader, tmp_path, found)
    segments = len(read_image(packed.read_bytes()).segments)
    packed.write_bytes(unpack_relocations(packed.read_bytes()))

    after = ask_wheel(loader, tmp_path, found)

    assert len(read_image(packed.read_bytes()).segments) == segments
    assert (before.loads, after.loads) == (loader.release >= FIRST, True), after.refusals


@pytest.mark.parametrize("row", FEW, ids=lambda row: row.wheel.file)
def test_a_real_wheel_loads_once_it_is_unpacked(row: CorpusRow, tmp_path: Path, miss: Miss) -> None:
    """Of real wheels, the oldest loader then loads everything, unless a symbol is newer than it."""
    if not row.path.exists():
        miss("corpus")
    loaders = [loader for loader in available_loaders() if loader.arch == row.arch]
    if not loaders:
        miss("loaders")
    oldest = min(loaders, key=lambda loader: loader.release)
    found, changed = install_unpacked(row.path, row.arch, tmp_path)

    answer = ask_wheel(oldest, tmp_path, found, is_ours=False)

    newest_symbol = max(re.findall(r">=(\d\.\d\.\d)", row.why), default=oldest.release)
    assert changed
    assert answer.loads == (oldest.release >= newest_symbol), answer.refusals
    assert not [one for one in answer.answers.values() if one.outcome is Outcome.CRASHED]

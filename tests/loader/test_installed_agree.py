"""Installed packages of another processor: what ``env --root`` says is what musl's own loader does under qemu."""

from pathlib import Path

import pytest
from tests.conftest import Miss, Tally
from tests.support.emulated import compared, system
from tests.support.loaders import Loader, all_loaders, what_is_missing
from tools.evidence.corpus import read_corpus

ARCH = "aarch64"
LOADERS = [loader for loader in all_loaders() if loader.arch == ARCH]
PROJECTS = ("greenlet", "cffi")


@pytest.fixture
def wheels(miss: Miss) -> list[Path]:
    """Return real wheels for Python 3.12: some crash before musl 1.2.4."""
    rows = [row for row in read_corpus() if row.arch == ARCH and row.project in PROJECTS and row.path.name.count("312")]
    if not all(row.path.exists() for row in rows):
        miss("emulated")
    return [row.path for row in rows]


@pytest.mark.parametrize("loader", LOADERS, ids=str)
def test_what_is_said_about_installed_modules_is_what_the_loader_does(
    loader: Loader, wheels: list[Path], tmp_path: Path, miss: Miss, tally: Tally
) -> None:
    """Installed by pip, judged by ``env --root``, each module opened as Python would."""
    if need := what_is_missing(loader):
        miss(need)
    root = system(tmp_path, loader, wheels, "3.12")

    found = compared(root, loader, tmp_path / "bench")

    tally("installed modules, musl's loaders under qemu", len(found), sum(item.agrees for item in found))
    assert {item.package.partition(" ")[0] for item in found} >= {"greenlet", "cffi"}
    assert [item for item in found if not item.agrees] == []
    assert ("crashes" in {item.ours for item in found}) == (loader.release != "1.2.5")

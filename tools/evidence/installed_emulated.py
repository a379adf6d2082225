"""
The part of ``make installed`` for processors that this machine has not: musl's own loaders under qemu.

Real wheels of the corpus are installed by pip into a made root, ``env --root`` is asked once, and musl's loader opens
each extension module as Python would.
"""

import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.emulated import Compared, compared, has_modules, python_of, system
from tests.support.loaders import Loader, all_loaders, what_is_missing
from tools.evidence.corpus import CorpusRow, read_corpus
from tools.evidence.pinned_wheels import fetch

ARCH = "aarch64"


def loaders() -> tuple[Loader, ...]:
    """Return musl's loaders for the architecture; end where one cannot run here."""
    found = tuple(loader for loader in all_loaders() if loader.arch == ARCH)
    if lacking := next(filter(None, map(what_is_missing, found)), None):
        sys.exit(f"needs {lacking}")
    return found


def groups(rows: Iterable[CorpusRow]) -> Iterator[tuple[str, list[Path]]]:
    """Yield wheels that can be installed together, with their Python: one version of each project."""
    left = [row for row in rows if has_modules(row.path)]
    while left:
        python = python_of(left[0].path)
        chosen = {row.project: row for row in reversed(left) if python_of(row.path) == python}
        yield python, [row.path for row in chosen.values()]
        left = [row for row in left if row not in chosen.values()]


def answers() -> dict[str, list[Compared]]:
    """Fetch, install, ask; return both answers about every module, by the release of musl."""
    rows = [row for row in read_corpus() if row.arch == ARCH]
    for wheel, error in fetch([row.wheel for row in rows], rows[0].path.parent):
        if error is not None:
            sys.exit(f"not to be had: {wheel.file}: {error}")
    found: dict[str, list[Compared]] = {}
    for loader in loaders():
        for python, wheels in groups(rows):
            with tempfile.TemporaryDirectory() as scratch:
                root = system(Path(scratch), loader, wheels, python)
                found.setdefault(loader.release, []).extend(compared(root, loader, Path(scratch, "bench")))
    return found


def section(found: dict[str, list[Compared]]) -> str:
    """Return the section of the page."""
    asked = sum(map(len, found.values()))
    wrong = sum(not item.agrees for items in found.values() for item in items)
    packages = sorted({item.package for items in found.values() for item in items}, key=str.lower)
    lines = [
        f"## {ARCH}, emulated",
        "",
        "The same for a made root: wheels installed by pip, `musl-audit env --root`, and musl's own loader under qemu,",
        "which opens every extension module as Python would.",
        "",
        f"{len(packages)} packages, {asked} modules on {len(found)} releases: **{wrong} disagreements**.",
        "",
        f"| package | {' | '.join(found)} |",
        f"|---|{'---|' * len(found)}",
    ]
    lines += [f"| {name} | {' | '.join(_cell(name, items) for items in found.values())} |" for name in packages]
    return "\n".join(lines) + "\n"


def _cell(package: str, items: Iterable[Compared]) -> str:
    own = [item for item in items if item.package == package]
    if differing := sum(not item.agrees for item in own):
        return f"**{differing} of {len(own)} differ**"
    return f"{'loads' if all(item.ours == 'loads' for item in own) else 'fails'} ({len(own)})" if own else ""

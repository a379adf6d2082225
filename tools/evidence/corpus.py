"""
Fetch the corpus: real wheels, pinned by digest, on which the answers of musl's own loaders were recorded.

The list is ``tools/data/corpus.csv``. Its columns: ``file``, ``project``, ``arch``, ``sha256``, ``bytes``,
``elf_files``, ``elf_bytes``, ``loads_on`` (the releases among 1.1.24 and 1.2.0–1.2.6 on which everything in the wheel
loads, constructors included), ``why`` (what stood in the way) and ``static`` (``yes``: its programs need no loader).
"""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.evidence.pinned_wheels import PinnedWheel, fetch

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tools" / "data" / "corpus.csv"
DIRECTORY = ROOT / ".cache" / "corpus"


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """One wheel of the corpus with what the real loaders said about it."""

    wheel: PinnedWheel
    project: str
    arch: str
    size: int  # bytes
    loads_on: tuple[str, ...]
    why: str
    is_static: bool

    @property
    def path(self) -> Path:
        """Where ``make corpus`` puts the wheel."""
        return DIRECTORY / self.wheel.file


def read_corpus(path: Path = LIST) -> tuple[CorpusRow, ...]:
    """Return the rows of the list, in its order."""
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(_row(fields) for fields in csv.DictReader(file))


def _row(fields: dict[str, str]) -> CorpusRow:
    return CorpusRow(
        wheel=PinnedWheel(fields["file"], fields["sha256"]),
        project=fields["project"],
        arch=fields["arch"],
        size=int(fields["bytes"]),
        loads_on=tuple(fields["loads_on"].split()),
        why=fields["why"],
        is_static=fields["static"] == "yes",
    )


def main(names: list[str]) -> int:
    """Fetch what is missing of the wheels whose files have one of *names*, or of all; return 1 if one is not had."""
    rows = [row for row in read_corpus() if not names or any(name in row.wheel.file for name in names)]
    print(f"{len(rows)} wheels, {sum(row.size for row in rows) / 1e6:.0f} MB, into {DIRECTORY.relative_to(ROOT)}")
    missing = 0
    for wheel, error in fetch((row.wheel for row in rows), DIRECTORY):
        if error is not None:
            missing += 1
            print(f"not to be had: {wheel.file}: {error}", flush=True)
    print(f"{len(rows) - missing} of {len(rows)} wheels are there")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

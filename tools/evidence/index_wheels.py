"""
Wheels for an index of our own: several versions of 21 projects, pinned.

The list is ``tools/data/index.toml``; ``python -m tools.evidence.index_wheels [PROJECT…]`` fetches what is missing.
"""

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.evidence.pinned_wheels import PinnedWheel, fetch

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tools" / "data" / "index.toml"
DIRECTORY = ROOT / ".cache" / "index"


@dataclass(frozen=True, slots=True)
class IndexedProject:
    """A project of the list: its wheels, newest first, and what shows that one of them loads."""

    name: str
    wheels: tuple[PinnedWheel, ...]
    module: str = ""  # to be imported; none: it needs more than the list has
    needs: tuple[str, ...] = ()  # other projects of the list

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the wheels are fetched to, newest first."""
        return tuple(DIRECTORY / wheel.file for wheel in self.wheels)


def read_list(path: Path = LIST) -> dict[str, IndexedProject]:
    """Return the projects by name."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: IndexedProject(
            name,
            tuple(PinnedWheel(wheel["file"], wheel["sha256"]) for wheel in row["wheels"]),
            module=row["module"],
            needs=tuple(row["needs"]),
        )
        for name, row in rows.items()
    }


def main(projects: list[str]) -> int:
    """Fetch what is missing of *projects*, none: of all; return 1 if something could not be had."""
    failed = 0
    rows = [row for row in read_list().values() if not projects or row.name in projects]
    for wheel, error in fetch((wheel for row in rows for wheel in row.wheels), DIRECTORY):
        if error is not None:
            failed += 1
            print(f"not to be had: {wheel.file}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

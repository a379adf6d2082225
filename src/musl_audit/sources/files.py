"""What the paths of a command line mean: wheels to read, and what to say about the rest."""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from musl_audit.model import Failure, Skip
from musl_audit.wheelname import is_sdist_name

UNREADABLE = "MUSL004"


def expand(references: Iterable[str]) -> Iterator[Path | Skip | Failure]:
    """
    Yield the wheels that *references* mean, each once, in order; a row for everything else.

    A reference is a file, a directory (its wheels and source distributions, sorted, not those of directories in it), or
    a glob that the shell left alone. Files that are no wheels are skipped, so that ``dist/*`` is a good reference.
    """
    seen: set[str] = set()
    for reference in references:
        for found in _expand_one(reference):
            if isinstance(found, Path):
                real = os.path.realpath(found)
                if real in seen:
                    continue
                seen.add(real)
            yield found


def _expand_one(reference: str) -> Iterator[Path | Skip | Failure]:
    path = Path(reference)
    try:
        if path.is_dir():
            yield from _directory(path, reference)
        elif path.is_file():
            yield _file(path)
        elif path.exists():
            yield Failure(reference, UNREADABLE, "not a file")
        elif matches := sorted(glob.glob(reference)):  # noqa: PTH207  # Path.glob takes no absolute pattern
            for match in matches:
                yield from _expand_one(match)
        else:
            yield Failure(reference, UNREADABLE, _absence(reference))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        yield Failure(reference, UNREADABLE, f"cannot be read: {reason}")


def _directory(path: Path, reference: str) -> Iterator[Path | Skip]:
    names = sorted(entry.name for entry in path.iterdir() if entry.suffix == ".whl" or is_sdist_name(entry.name))
    if not any(name.endswith(".whl") for name in names):
        yield Skip(reference, "directory without wheels")
    for name in names:
        if not (path / name).is_dir():
            yield _file(path / name)


def _file(path: Path) -> Path | Skip:
    if path.name.endswith(".whl"):
        return path
    return Skip(str(path), "sdist" if is_sdist_name(path.name) else "not a wheel")


def _absence(reference: str) -> str:
    """Return why nothing is there."""
    return "no file matches" if glob.has_magic(reference) else "no such file"

"""What the paths of a command line mean: wheels to read, and what to say about the rest."""

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager

from musl_audit.adapters.archive.zips import ZipArchive, open_wheel
from musl_audit.frozen import frozen
from musl_audit.model import Failure, Skip
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.names import is_sdist_name

UNREADABLE = "MUSL004"


_NO_WHEELS = (
    (".conda", "conda package"),
    ("_0.tar.bz2", "conda package"),
    (".egg", "egg: older than wheels"),
)
RANK = 100  # the last: whatever no other source knows is a path


@frozen
class WheelFile:
    """A wheel on this machine's disk."""

    path: str

    @property
    def filename(self) -> str:
        """The last part of the path."""
        return os.path.basename(self.path)

    @property
    def identity(self) -> str:
        """The path without links."""
        return os.path.realpath(self.path)

    @property
    def size(self) -> int:
        """The size of the file; that it cannot be read, its opening will say."""
        try:
            return os.stat(self.path).st_size
        except OSError:
            return 0

    def open(self, limits: Limits) -> AbstractContextManager[ZipArchive]:
        """Open the file."""
        return open_wheel(self.path, limits)


def accepts(_reference: str) -> bool:
    """Whether *reference* may be a path: any text may."""
    return True


def find(reference: str) -> Iterator[WheelFile | Skip | Failure]:
    """
    Yield the wheels that *reference* means; a row for everything else.

    A reference is a file, a directory (its wheels and source distributions, sorted, not those of directories in it), or
    a glob that the shell left alone. Files that are no wheels are skipped, so that ``dist/*`` is a good reference.
    """
    for found in _expand_one(reference):
        yield WheelFile(found) if isinstance(found, str) else found


def _expand_one(reference: str) -> Iterator[str | Skip | Failure]:
    try:
        mode = _mode(reference)
        if mode is None:
            yield from _matches(reference)
        elif stat.S_ISDIR(mode):
            yield from _directory(reference)
        elif stat.S_ISREG(mode):
            yield _file(reference.removeprefix("./"))
        else:
            yield Failure(reference, UNREADABLE, "not a file")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        yield Failure(reference, UNREADABLE, f"cannot be read: {reason}")


def _mode(path: str) -> int | None:
    """Return the mode of what is at *path*, None if there is nothing."""
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:  # a NUL in the path
        return None


def _directory(path: str) -> Iterator[str | Skip]:
    names = sorted(name for name in os.listdir(path) if _is_wheel_name(name) or is_sdist_name(name))
    if not any(map(_is_wheel_name, names)):
        yield Skip(path, "directory without wheels")
    for name in names:
        inside = os.path.join(path, name).removeprefix("./")
        if not os.path.isdir(inside):
            yield _file(inside)


def _file(path: str) -> str | Skip:
    name = os.path.basename(path)
    if _is_wheel_name(name):
        return path
    return Skip(path, _reason(name))


def _reason(name: str) -> str:
    """Return what a file that is no wheel is, by its name."""
    known = next((reason for suffix, reason in _NO_WHEELS if name.endswith(suffix)), None)
    return known or ("sdist" if is_sdist_name(name) else "not a wheel")


def _is_wheel_name(name: str) -> bool:
    return name.endswith(".whl")


def _matches(pattern: str) -> Iterator[str | Skip | Failure]:
    """Yield what *pattern* means if it is a glob, and why nothing is there otherwise."""
    import glob

    matches = sorted(glob.glob(pattern))
    for match in matches:
        yield from _expand_one(match)
    if not matches:
        yield Failure(pattern, UNREADABLE, "no file matches" if glob.has_magic(pattern) else "no such file")

"""What the paths of a command line mean: wheels to read, and what to say about the rest."""

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from operator import attrgetter

from musl_audit.adapters.archive.zips import ZipArchive, open_wheel
from musl_audit.frozen import frozen
from musl_audit.judging.rules.musl004_unsafe_member import RULE as UNSAFE_MEMBER
from musl_audit.judging.rules.musl900_not_found import RULE as NOT_FOUND
from musl_audit.model import Failure, Skip
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.names import is_sdist_name

PASSED_OVER = ("hidden directory", "link to a directory")


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

    A reference is a file, a directory (all wheels and source distributions below it, sorted; hidden directories and
    links to directories are passed over, with a row), or a glob that the shell left alone, with ``**`` for any depth.
    Files that are no wheels are skipped, so that ``dist/*`` is a good reference.
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
            yield Failure(reference, UNSAFE_MEMBER.code, "not a file")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        yield _unreadable(reference, error)


def _unreadable(path: str, error: OSError | ValueError) -> Failure:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return Failure(path, UNSAFE_MEMBER.code, f"cannot be read: {reason}")


def _mode(path: str) -> int | None:
    """Return the mode of what is at *path*, None if there is nothing."""
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:  # a NUL in the path
        return None


def _directory(path: str) -> Iterator[str | Skip | Failure]:
    found = list(_below(path))
    if not any(isinstance(item, str | Failure) for item in found):
        yield Skip(path, "directory without wheels")
    yield from found


def _below(path: str) -> Iterator[str | Skip | Failure]:
    """Yield what is in the directory *path* and in those below it: files first, then directory by directory."""
    inner = []
    for entry in sorted(os.scandir(path), key=attrgetter("name")):
        inside = os.path.join(path, entry.name).removeprefix("./")
        if not entry.is_dir():
            if _is_wheel_name(entry.name) or is_sdist_name(entry.name):
                yield _file(inside)
        elif entry.name.startswith("."):
            yield Skip(inside, PASSED_OVER[0])
        elif entry.is_symlink():
            yield Skip(inside, PASSED_OVER[1])
        else:
            inner.append(inside)
    for directory in inner:
        try:
            yield from _below(directory)
        except OSError as error:  # one of them is no reason to leave out the others
            yield _unreadable(directory, error)


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

    matches = sorted(glob.glob(pattern, recursive=True))
    for match in matches:
        if _mode(match) is None:
            yield Failure(match, NOT_FOUND.code, "a link that leads nowhere")
        elif "**" not in pattern or not os.path.isdir(match):  # what is below comes by itself
            yield from _expand_one(match)
    if not matches:
        stdin = "no such file: wheels are not read from standard input"
        missing = "no file matches" if glob.has_magic(pattern) else "no such file"
        yield Failure(pattern, NOT_FOUND.code, stdin if pattern == "-" else missing)

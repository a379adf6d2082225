"""Files below a root: every path and every symbolic link is resolved inside it, as if it were ``/``."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cached_property, reduce
from operator import or_
from pathlib import Path

from musl_audit.adapters.partial_file import CutShortError, PartialFile
from musl_audit.errors import MuslAuditError

_MOST_LINKS = 40  # Linux follows as many before it says ELOOP
_HEAD = 4096  # bytes that are read of a file to see what it is: all that is looked at of one that is not wanted
_PIECE = 1 << 16  # bytes that are read at a time of a file that does not say how many it has
_DEEPEST = 100  # folders above each other that are remembered; others are resolved each time
# Without O_NONBLOCK, a FIFO in the place of a file would be waited for. Windows knows none of these, but O_BINARY.
_FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
_READ = reduce(or_, (getattr(os, name, 0) for name in _FLAGS), os.O_RDONLY)


class Entry(Enum):
    """What a name in a folder is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"  # a device, a pipe, a socket


class PathError(MuslAuditError):
    """A path that leads nowhere inside the root: missing, a broken link, a loop, no regular file, or too large."""


class Tree:
    """
    The files of a system, this one or one unpacked below a directory.

    Paths are absolute and mean what they mean to programs of that system: an absolute link begins at the root again,
    and ``..`` never leads above it.
    """

    def __init__(self, root: str = "/") -> None:
        self.name = root  # as the user calls it
        self.root = os.path.realpath(root)
        self._above = self.root.removesuffix("/")  # what paths of the system lie below
        if not Path(self.root).is_dir():
            raise PathError(f"{root}: not a directory")

    @property
    def is_host(self) -> bool:
        """Whether this is the running system itself."""
        return self.root == "/"

    def place(self, path: str) -> str:
        """Return where *path*, resolved before, lies on this machine."""
        return self._above + path

    def resolve(self, path: str) -> str:
        """Return *path* without symbolic links; raise ``PathError`` where it does not lead to something that exists."""
        folder, _, name = path.rpartition("/")
        if name in ("", ".", ".."):
            return self._resolved(path)
        if (real := self._folder(folder)) is not None:
            try:
                if self._link(f"{real}/{name}", path, []) is None:
                    return f"{real}/{name}"
            except PathError:
                if real == folder:
                    raise
                # Told below, with the link that led there.
        return self._resolved(path)

    def _folder(self, path: str) -> str | None:
        """Return *path*, of a folder, without links and a slash at its end; None where only a longer way can say."""
        if path in self._folders:
            return self._folders[path]
        above, _, name = path.rpartition("/")
        real = self._folder(above) if path.count("/") <= _DEEPEST else None
        try:
            if real is None:
                return None
            if name in ("", ".", ".."):  # as $ORIGIN/../x.libs has it
                self._folders[path] = real.rpartition("/")[0] if name == ".." else real
                return self._folders[path]
            is_link = self._link(f"{real}/{name}", path, []) is not None
            self._folders[path] = self._resolved(path).rstrip("/") if is_link else f"{real}/{name}"
        except PathError:
            return None
        return self._folders[path]

    @cached_property
    def _folders(self) -> dict[str, str]:
        """Folders that were resolved, without links: thousands of files lie in a few hundred."""
        return {"": ""}

    def _resolved(self, path: str) -> str:
        done: list[str] = []
        ahead = _parts(path)
        links: list[tuple[str, str]] = []
        while ahead:
            part = ahead.pop()
            if part == "..":
                del done[-1:]
                continue
            here = "/" + "/".join([*done, part])
            target = self._link(here, path, links)
            if target is None:
                done.append(part)
                continue
            links.append((here, target))
            if len(links) > _MOST_LINKS:
                raise PathError(f"{path}: symbolic links lead in a circle: {here} → {target}")
            if target.startswith("/"):
                done = []
            ahead += _parts(target)
        return "/" + "/".join(done)

    def _link(self, here: str, path: str, links: list[tuple[str, str]]) -> str | None:
        """Return what the link *here* says, None where it is no link."""
        try:
            mode = os.lstat(self.place(here)).st_mode
            return str(Path(self.place(here)).readlink()) if stat.S_ISLNK(mode) else None
        except (FileNotFoundError, NotADirectoryError) as error:
            if links:
                link, target = links[-1]
                raise PathError(
                    f"{path}: broken symbolic link: {link} → {target}, and {here} does not exist"
                ) from error
            raise PathError(f"{path}: does not exist" if here == path else f"{path}: {here} does not exist") from error
        except (OSError, ValueError) as error:  # ValueError: a null character
            reason = error.strerror if isinstance(error, OSError) else error
            raise PathError(f"{path}: {reason}") from error

    def read(self, path: str, *, most: int) -> bytes:
        """Return the bytes of the regular file at *path*; raise ``PathError`` for anything else and for too many."""
        found = self.resolve(path)
        try:
            descriptor = os.open(self.place(found), _READ)
            try:
                status = os.fstat(descriptor)
                _check_file(path, status, most)
                return _whole(descriptor, status.st_size, most)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise PathError(f"{path}: {error.strerror}") from error

    def text(self, path: str, *, most: int) -> str:
        """Return the text of a file as UTF-8, whatever else is in it."""
        return self.read(path, most=most).decode("utf-8", "replace")

    def exists(self, path: str) -> bool:
        """Whether *path* leads to something."""
        try:
            self.resolve(path)
        except PathError:
            return False
        return True

    def is_program(self, path: str) -> bool:
        """Whether *path* leads to a regular file that may be executed."""
        try:
            status = Path(self.place(self.resolve(path))).lstat()
        except (PathError, OSError):
            return False
        return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)

    def is_folder(self, path: str) -> bool:
        """Whether *path* leads to a directory."""
        try:
            return stat.S_ISDIR(Path(self.place(self.resolve(path))).lstat().st_mode)
        except (PathError, OSError):
            return False

    def entries(self, folder: str) -> dict[str, Entry]:
        """
        Return what is in *folder*, resolved before, by name; empty where it is no directory that can be read.

        Raise ``PathError`` where it may not be read.
        """
        try:
            with os.scandir(self.place(folder)) as found:
                return {
                    entry.name: Entry.FILE if entry.is_file(follow_symlinks=False) else _entry(entry) for entry in found
                }
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise PathError(f"{folder}: {reason}") from error

    @contextmanager
    def contents_if(self, path: str, beginning: bytes, *, most: int) -> Iterator[bytes | PartialFile | None]:
        """
        Yield the regular file at *path*, resolved before, if it begins with *beginning*; else None.

        It is read piece by piece as it is asked for, and not after the block. Raise ``PathError`` where it cannot be
        read or has more than *most* bytes.
        """
        try:
            descriptor = os.open(self.place(path), _READ)
            try:
                status = os.fstat(descriptor)
                head = os.read(descriptor, _HEAD) if stat.S_ISREG(status.st_mode) else b""
                if not head.startswith(beginning):
                    yield None
                    return
                _check_file(path, status, most)
                yield PartialFile(descriptor, status.st_size, head)
            finally:
                os.close(descriptor)
        except (OSError, CutShortError) as error:
            raise PathError(f"{path}: {error.strerror if isinstance(error, OSError) else error}") from error

    def names(self, path: str) -> Iterator[str]:
        """Yield the names in a directory, sorted; none where there is no such directory."""
        try:
            yield from sorted(entry.name for entry in Path(self.place(self.resolve(path))).iterdir())
        except (PathError, OSError):
            return


def _entry(entry: os.DirEntry[str]) -> Entry:
    """Return what *entry*, no file, is."""
    if entry.is_symlink():
        return Entry.LINK
    if entry.is_dir(follow_symlinks=False):
        return Entry.FOLDER
    return Entry.OTHER


def _parts(path: str) -> list[str]:
    """Return the parts of *path*, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _whole(descriptor: int, size: int, most: int) -> bytes:
    """Return what a file of *size* bytes holds, or of none, as those of the kernel, and at *most* so much."""
    parts, left = list[bytes](), most
    while left and (part := os.read(descriptor, min(left, size + 1 if size else _PIECE))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _check_file(path: str, status: os.stat_result, most: int) -> None:
    """Raise ``PathError`` for what is no regular file or has more than *most* bytes."""
    if not stat.S_ISREG(status.st_mode):
        raise PathError(f"{path}: {_kind(status.st_mode)}, not a file")
    if status.st_size > most:
        raise PathError(f"{path}: has {status.st_size} bytes, more than {most}")


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((word for is_kind, word in kinds if is_kind(mode)), "a device")

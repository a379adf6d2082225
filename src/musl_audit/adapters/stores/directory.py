"""A directory of small files by key: each written whole or not at all, bounded, and safe to delete at any time."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR

from musl_audit.errors import MuslAuditError
from musl_audit.frozen import frozen

_NAME = "musl-audit"
_PRUNED_EVERY = 64  # writes


@frozen
class Usage:
    """How much a store holds."""

    entries: int
    size: int  # bytes


def cache_directory() -> Path:
    """Return where the user's programs keep what they can make again; ``MUSL_AUDIT_CACHE_DIR`` names another place."""
    if named := os.environ.get("MUSL_AUDIT_CACHE_DIR"):
        return Path(named).absolute()
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / _NAME
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / _NAME
    said = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (said if said.is_absolute() else home / ".cache") / _NAME


class Store:
    """
    Files below ``directory/kind``, by key (hexadecimal); the oldest go when there are more than *most* bytes.

    A store that cannot be written is none: everything is made again.
    """

    def __init__(self, directory: Path, kind: str, *, most: int) -> None:
        self.kind = kind
        self.path = directory / kind
        self._most = most
        self._written = 0

    def read(self, key: str) -> bytes | None:
        """Return what was kept under *key*."""
        try:
            return self._place(key).read_bytes()
        except OSError:
            return None

    def write(self, key: str, data: bytes) -> None:
        """Keep *data* under *key*: it is there as a whole, or not at all."""
        try:
            self._write(self._place(key), data)
        except OSError:  # a full disk, or a home that may not be written
            return
        self._written += 1
        if self._written % _PRUNED_EVERY == 1:
            self.prune()

    def prune(self) -> None:
        """Delete the files that were written longest ago, until the rest has no more than the bound."""
        left = self._most
        for _, size, path in sorted(self._entries(), reverse=True):
            left -= size
            if left < 0:
                _delete(path)

    def folder(self, key: str) -> Path:
        """Return a folder for files under *key*; the oldest files of all go where there are too many."""
        self.prune()
        place = self._place(key)
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise MuslAuditError(f"{place}: {error.strerror}") from error
        return place

    def usage(self) -> Usage:
        """Return how much is kept."""
        sizes = [size for _, size, _ in self._entries()]
        return Usage(len(sizes), sum(sizes))

    def clear(self) -> Usage:
        """Delete everything, and return how much is left: nothing, unless some of it belongs to somebody else."""
        for _, _, path in list(self._entries()):
            _delete(path)
        return self.usage()

    def _place(self, key: str) -> Path:
        return self.path / key[:2] / key[2:]

    def _write(self, place: Path, data: bytes) -> None:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            temporary.replace(place)
        except BaseException:
            _delete(temporary)
            raise

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Yield when each file was last written, its size and its path."""
        for path in (*self.path.glob("*/*"), *self.path.glob("*/*/*")):
            try:
                status = path.stat()
            except OSError:  # another process was faster
                continue
            if S_ISDIR(status.st_mode):
                continue
            yield status.st_mtime, status.st_size, path


def _delete(path: Path) -> None:
    try:
        path.unlink()
    except OSError:  # gone already, or not ours
        return

"""Libraries from outside the wheel: found as musl's loader would find them, in a sysroot or on a musl host."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from musl_audit.elf import read_elf
from musl_audit.errors import ElfError, LibraryError
from musl_audit.model import ElfFacts, ElfKind
from musl_audit.packages import owner_of
from musl_audit.policy import Arch
from musl_audit.ports import FoundLibrary
from musl_audit.rules.musl201_needs_glibc import GLIBC_PARTS, is_glibc_loader
from musl_audit.sysroot import Sysroot

_DEFAULT_PATH = ("/lib", "/usr/local/lib", "/usr/lib")  # ldso/dynlink.c, where there is no path file
_LARGEST_LIBRARY = 1 << 30  # bytes
_LONGEST_PATH_FILE = 1 << 20


class SystemLibraries:
    """
    The libraries of one system for one architecture.

    ``added`` are directories searched before the RPATHs, as ``LD_LIBRARY_PATH`` is; ``ldpaths`` replace them and the
    system's own. Without a sysroot there is no system to search.
    """

    def __init__(
        self, sysroot: Sysroot | None, arch: Arch, *, added: Sequence[str] = (), ldpaths: Sequence[str] | None = None
    ) -> None:
        self._sysroot = sysroot or Sysroot(Path("/"))
        self._arch = arch
        self._first = tuple(ldpaths if ldpaths is not None else added)
        has_system = sysroot is not None and ldpaths is None
        self._system = self._path_file() if has_system else ()
        self._found: dict[str, Path] = {}

    def find(self, soname: str, entries: Sequence[str]) -> FoundLibrary:
        """Return the library that the loader would take; see ``ports.Libraries``."""
        if "/" in soname or not soname.isprintable() or soname in ("", ".", ".."):
            raise LibraryError("not a plain file name, so no file is chosen by it")
        directories = (*self._first, *(entry for entry in entries if self._is_searched(entry)), *self._system)
        for directory in dict.fromkeys(directories):
            found = self._sysroot.regular_file(f"{directory}/{soname}")
            if found is not None:
                return self._accept(found)
        raise LibraryError(_not_found(directories))

    def read(self, library: FoundLibrary) -> bytes:
        """Return the bytes of *library*, the same that its digest was taken of."""
        data = self._found[library.source].read_bytes()
        if _sha256(data) != library.sha256:
            raise LibraryError(f"{library.source} changed while it was being copied")
        return data

    def _is_searched(self, entry: str) -> bool:
        """Whether an RPATH entry, which a wheel may set to anything, leads to a directory that is searched anyway."""
        if not entry.startswith("/") or "$" in entry:
            return False
        found = self._sysroot.resolve(entry)
        allowed = (self._sysroot.resolve(path) for path in (*self._first, *self._system))
        return found is not None and any(root == found or root in found.parents for root in allowed if root)

    def _path_file(self) -> tuple[str, ...]:
        name = self._arch.loader.removesuffix(".so.1")
        file = self._sysroot.regular_file(f"/etc/{name}.path")
        if file is None or file.stat().st_size > _LONGEST_PATH_FILE:
            return _DEFAULT_PATH
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        return tuple(entry for line in text.splitlines() for entry in line.split(":") if entry.startswith("/"))

    def _accept(self, file: Path) -> FoundLibrary:
        source = self._sysroot.inside(file)
        if file.stat().st_size > _LARGEST_LIBRARY:
            raise LibraryError(f"{source} is too large")
        try:
            data = file.read_bytes()
            facts = read_elf(data, source)
        except OSError as error:
            raise LibraryError(f"{source} cannot be read: {error.strerror}") from error
        except ElfError as error:
            raise LibraryError(f"{source} is no ELF library: {error}") from error
        self._refuse(facts)
        self._found[source] = file
        return FoundLibrary(source, _sha256(data), facts, origin=owner_of(self._sysroot, source))

    def _refuse(self, facts: ElfFacts) -> None:
        """Raise ``LibraryError`` where the file is not musl's, or not for the wheel's architecture."""
        if facts.kind not in (ElfKind.LIBRARY, ElfKind.EXTENSION):
            raise LibraryError(f"{facts.path} is no shared library")
        if not self._arch.is_machine_of(facts.identity):
            raise LibraryError(f"{facts.path} is for another architecture than {self._arch.name}")
        glibc = [name for name in facts.needed if name in GLIBC_PARTS or is_glibc_loader(name)]
        versions = [need.version for need in facts.version_needs if need.library in GLIBC_PARTS]
        if glibc or versions:
            raise LibraryError(f"{facts.path} is built for glibc (needs {(glibc + versions)[0]}), so it is not taken")


def _not_found(directories: Sequence[str]) -> str:
    if not directories:
        return "not searched anywhere: this is no musl system; name one with --sysroot, or directories with --ldpaths"
    return f"not found in {', '.join(dict.fromkeys(directories))}; --ldpaths names other directories"


def _sha256(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


def split_paths(text: str | None) -> tuple[str, ...]:
    """
    Return the absolute directories of a list such as ``LD_LIBRARY_PATH``.

    >>> split_paths("/opt/lib::lib:/usr/lib")
    ('/opt/lib', '/usr/lib')
    """
    return tuple(entry for entry in (text or "").split(os.pathsep) if PurePosixPath(entry).is_absolute())

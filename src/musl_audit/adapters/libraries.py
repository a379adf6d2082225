"""Libraries from outside the wheel: found as musl's loader would find them, in a sysroot or on a musl host."""

import os
from collections.abc import Sequence
from functools import cached_property

from musl_audit.adapters.packages import Packages
from musl_audit.adapters.system_path import system_path
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf import read_elf
from musl_audit.errors import ElfError, LibraryError
from musl_audit.frozen import replace
from musl_audit.loader.libc_names import Libc, libc_named
from musl_audit.model import ElfFacts, ElfKind
from musl_audit.policy import Arch
from musl_audit.wheel.ports import FoundLibrary, SearchEntry

_LARGEST_LIBRARY = 1 << 30  # bytes
_NO_SYSTEM = "not searched anywhere: this is no musl system; name one with --sysroot, or directories with --ldpaths"
_MOST_TOLD = 8  # directories in a message


class SystemLibraries:
    """
    The libraries of one system for one architecture.

    ``added`` are directories searched before the RPATHs, as ``LD_LIBRARY_PATH`` is; ``ldpaths`` replace them and the
    system's own. Where *tree* is None there is no musl system, and only named directories of this machine are searched.

    A library found here is believed where it says that others lie. A wheel is believed where this is a system that it
    may have been built on (*believes_wheels*); elsewhere its paths count below the searched directories only.
    """

    def __init__(
        self,
        tree: Tree | None,
        arch: Arch,
        *,
        added: Sequence[str] = (),
        ldpaths: Sequence[str] | None = None,
        believes_wheels: bool = False,
    ) -> None:
        self._tree = tree or Tree()
        self._arch = arch
        self._packages = Packages(self._tree)
        self._named = tuple(ldpaths if ldpaths is not None else added)
        self._system = self._path_file() if tree is not None and ldpaths is None else ()
        self._believes_wheels = believes_wheels
        self._way_to_add = "--ldpaths" if ldpaths is not None else "LD_LIBRARY_PATH"

    def find(self, soname: str, entries: Sequence[SearchEntry]) -> FoundLibrary:
        """Return the library that was linked with; see ``ports.Libraries``."""
        if not _is_plain(soname):
            raise LibraryError("not a plain file name, so no file is chosen by it")
        searched = [entry.directory for entry in entries if self._is_searched(entry)]
        directories = dict.fromkeys((*self._named, *searched, *self._system))
        passed_over: list[str] = []
        refused: list[str] = []
        for directory in directories:
            try:
                source = self._tree.resolve(f"{directory}/{soname}")
            except PathError as error:
                passed_over.append(str(error))
                continue
            try:
                return replace(self._accept(source, directory), passed_over=tuple(passed_over))
            except LibraryError as error:
                passed_over.append(str(error))
                refused.append(str(error))
        unsearched = [e.directory for e in entries if _is_directory(e.directory) and e.directory not in directories]
        raise LibraryError(refused[0] if refused else self._not_found(tuple(directories), unsearched))

    def take(self, path: str) -> FoundLibrary:
        """Return the library at *path*; see ``ports.Libraries``."""
        try:
            source = self._tree.resolve(path)
        except PathError as error:
            raise LibraryError(str(error)) from error
        return self._accept(source, path.rpartition("/")[0] or "/")

    def read(self, library: FoundLibrary) -> bytes:
        """Return the bytes of *library*, the same that its digest was taken of."""
        data = self._bytes(library.source)
        if _sha256(data) != library.sha256:
            raise LibraryError(f"{library.source} changed while it was being copied")
        return data

    def _bytes(self, source: str) -> bytes:
        try:
            return self._tree.read(source, most=_LARGEST_LIBRARY)
        except PathError as error:
            raise LibraryError(str(error)) from error

    def _is_searched(self, entry: SearchEntry) -> bool:
        """Whether an entry is a directory, and one that its author may name."""
        if not _is_directory(entry.directory):
            return False
        return not entry.is_of_wheel or self._believes_wheels or self._is_below(entry.directory)

    def _is_below(self, directory: str) -> bool:
        """Whether *directory* leads to one that is searched anyway."""
        found = self._resolved(directory)
        return found is not None and any(found == root or found.startswith(root + "/") for root in self._roots)

    def _not_found(self, directories: Sequence[str], unsearched: Sequence[str]) -> str:
        """Return why nothing was found: where was searched, where was not, and what would change that."""
        where = f"not found in {_listed(directories)}" if directories else _NO_SYSTEM
        if unsearched:
            return f"{where}; RPATH {_listed(unsearched)} was not searched: add it with {self._way_to_add}"
        return f"{where}; --ldpaths names other directories, --exclude leaves it to the user" if directories else where

    @cached_property
    def _roots(self) -> tuple[str, ...]:
        """The directories below which an RPATH may lead; never the root itself, which is above everything."""
        found = (self._resolved(path) for path in (*self._named, *self._system))
        return tuple(root for root in found if root is not None and root != "/")

    def _resolved(self, path: str) -> str | None:
        try:
            return self._tree.resolve(path)
        except PathError:
            return None

    def _path_file(self) -> tuple[str, ...]:
        """Return the loader's search path: that of its path file, of which an empty one means nowhere."""
        try:
            return system_path(self._tree, f"/lib/{self._arch.loader}")
        except PathError as error:
            raise LibraryError(f"the search path of the loader cannot be read: {error}") from error

    def _accept(self, source: str, directory: str) -> FoundLibrary:
        if not _is_plain(source.rpartition("/")[2]):
            raise LibraryError(f"{source!r} is not a plain file name, so it is not copied")
        data = self._bytes(source)
        try:
            facts = read_elf(data, source)
        except ElfError as error:
            raise LibraryError(f"{source} is no ELF library: {error}") from error
        self._refuse(facts)
        owner = self._packages.owner_of(source)
        origin = self._packages.with_distribution(owner) if owner else None
        licence = self._packages.licence_of(owner) if owner else None
        return FoundLibrary(source, _sha256(data), facts, origin=origin, licence=licence, directory=directory)

    def _refuse(self, facts: ElfFacts) -> None:
        """Raise ``LibraryError`` where the file is not musl's, or not for the wheel's architecture."""
        if facts.kind not in (ElfKind.LIBRARY, ElfKind.EXTENSION):
            raise LibraryError(f"{facts.path} is no shared library")
        if not self._arch.is_machine_of(facts.identity):
            raise LibraryError(f"{facts.path} is for another architecture than {self._arch.name}")
        parts = [name for name in facts.needed if libc_named(name) is Libc.GLIBC]
        if parts:
            raise LibraryError(f"{facts.path} is built for glibc (it needs {parts[0]}), so it is not taken")
        if facts.soname and libc_named(facts.soname) is Libc.GLIBC:
            raise LibraryError(f"{facts.path} is a part of glibc ({facts.soname}), so it is not taken")


def _is_plain(name: str) -> bool:
    r"""
    Whether *name* is that of a file, and one that can be told, written into RECORD, and unpacked anywhere.

    >>> [_is_plain(name) for name in ("libfoo.so.1", "../libfoo.so", "lib\nfoo.so", "")]
    [True, False, False, False]
    """
    return name.isprintable() and not {"/", "\\"}.intersection(name) and name not in ("", ".", "..")


def _is_directory(entry: str) -> bool:
    """Whether a search path entry names a directory of the system: nothing relative, and no token."""
    return entry.startswith("/") and "$" not in entry


def _listed(directories: Sequence[str]) -> str:
    """Return *directories* as part of one line."""
    more = f" and {len(directories) - _MOST_TOLD} more" if len(directories) > _MOST_TOLD else ""
    return ", ".join(directories[:_MOST_TOLD]) + more


def _sha256(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


def split_paths(text: str | None) -> tuple[str, ...]:
    """
    Return the absolute directories of a list such as ``LD_LIBRARY_PATH``.

    >>> split_paths("/opt/lib::lib:/usr/lib")
    ('/opt/lib', '/usr/lib')
    """
    return tuple(entry for entry in (text or "").split(os.pathsep) if entry.startswith("/"))

"""The Protocols between the core and the world."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from musl_audit.frozen import frozen
from musl_audit.model import ElfFacts, Member, Problem
from musl_audit.wheel.limits import Limits

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object


@frozen
class PackedMember:
    """An archive entry as it is stored: enough to write it into another archive byte for byte."""

    member: Member
    method: int  # 0 stored, 8 deflated
    date_time: tuple[int, int, int, int, int, int]
    external_attributes: int
    data: bytes  # compressed


class Hasher(Protocol):
    """What ``hashlib.new`` returns: a digest in the making."""

    def update(self, data: bytes, /) -> None:
        """Go on with *data*."""

    def digest(self) -> bytes:
        """Return the digest of all data so far."""


class Archive(Protocol):
    """An opened wheel: its directory, and the bytes of one member at a time."""

    @property
    def filename(self) -> str:
        """The file name, without a directory."""

    @property
    def size(self) -> int:
        """The size of the whole file, in bytes."""

    @property
    def sha256(self) -> str:
        """The digest of the whole file, in hexadecimal."""

    def hash_beside(self) -> None:
        """Begin with ``sha256`` where that can be done beside what comes before it is asked for."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The entries of the central directory, in its order."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the archive itself; complete once every member asked for was read."""

    def head(self, member: Member) -> bytes:
        """Return the first bytes of *member*, four at least if it has them."""

    def read(self, member: Member) -> bytes:
        """Return the bytes of *member*; raise ``WheelError`` where ``pieces`` does."""

    def pieces(self, member: Member, hasher: Hasher | None = None) -> Iterator[bytes]:
        """
        Yield the bytes of *member* as they come; raise ``WheelError`` where they contradict the directory or a limit.

        *hasher* is given each piece while it is still in the processor's cache.
        """

    def each(
        self, members: Iterable[Member], hasher_of: Callable[[Member], Hasher | None]
    ) -> Iterator[tuple[Member, Hasher | None, Iterator[bytes | memoryview]]]:
        """
        Yield each of *members* in any order, with its hasher and with what ``pieces`` would yield.

        What is yielded is for the step at hand: of two members, hardly more is in memory than the larger one.
        """

    def packed(self, member: Member) -> PackedMember:
        """Return *member* as it lies in the file; raise ``WheelError`` where it cannot be read."""


@frozen
class FoundLibrary:
    """A shared library outside the wheel that may be grafted."""

    source: str  # its path as the user knows it, inside the sysroot
    sha256: str
    facts: ElfFacts  # under ``source`` as path
    origin: str | None = None  # the package it belongs to, as a package URL
    licence: str | None = None  # as the package database spells it
    directory: str = ""  # where the search found it: what $ORIGIN means in it
    passed_over: tuple[str, ...] = ()  # "/lib/libfoo.so.1: does not exist", in the order of the search


@frozen
class SearchEntry:
    """An entry of a search path; a wheel may say anything in its own, a library of the system may be believed."""

    directory: str
    is_of_wheel: bool = False


class Source(Protocol):
    """One wheel that can be opened, wherever it lies; a value, so that another process can be sent it."""

    @property
    def path(self) -> str:
        """What the user calls it: a path, a URL, a name."""

    @property
    def filename(self) -> str:
        """The wheel's file name, which says what its tags promise."""

    @property
    def identity(self) -> str:
        """What two references to one wheel have in common."""

    @property
    def size(self) -> int:
        """About how many bytes there are to read, 0 where nobody knows."""

    def open(self, limits: Limits) -> AbstractContextManager[Archive]:
        """Open it for reading; raise ``WheelError`` where it cannot be read, or is beyond *limits*."""


class Libraries(Protocol):
    """Where libraries from outside the wheel come from."""

    def find(self, soname: str, entries: Sequence[SearchEntry]) -> FoundLibrary:
        """
        Return the first library called *soname* that may be taken, searching *entries* (RPATHs) in the loader's order.

        As the linker does, pass over what is no library, glibc's, or for another architecture. Raise ``LibraryError``,
        which says where was searched and why what lies there is not taken, where there is none.
        """

    def take(self, path: str) -> FoundLibrary:
        """Return the library at *path*; raise ``LibraryError`` where it must not be taken."""

    def read(self, library: FoundLibrary) -> bytes:
        """Return the bytes of *library*, the same that its digest was taken of."""

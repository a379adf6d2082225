"""The nouns of a test wheel: what goes into it, and what must be said about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from testwheels.archive import Entry

RELEASES = ("1.1.24", "1.2.0", "1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5", "1.2.6")
FIRST_RELEASE = {"loongarch64": "1.2.5"}  # musl's first release for an architecture, where it is a late one

Edit = Callable[[bytes], bytes]
Maker = Literal["zig", "gnu", "glibc"]
Form = Literal["shared", "object", "executable", "static", "static-pie"]


@dataclass(frozen=True, slots=True)
class Stub:
    """A library that exists only while linking; its at most two *symbols* are names, or ``name@VERSION``."""

    soname: str
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Elf:
    """
    A file that a compiler and a linker make.

    ``{case}`` in ``path`` and ``rpath`` is the name of the case. ``needed`` is None for libc alone, under the name
    that Alpine gives it. ``edits`` change the linked bytes where no linker makes what the case needs.
    """

    path: str
    sources: tuple[str, ...]
    arch: str = "x86_64"
    maker: Maker = "zig"
    form: Form = "shared"
    needed: tuple[str | Stub, ...] | None = None
    soname: str | None = None
    rpath: str | None = None
    is_runpath: bool = True  # DT_RUNPATH; else DT_RPATH
    compile_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    is_stripped: bool = True
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A member that no compiler makes."""

    path: str | bytes
    data: bytes
    mode: int = 0o100644


Member = Elf | File
Content = tuple[str | bytes, bytes, int]


def unchanged(data: bytes) -> bytes:
    """Return *data*."""
    return data


def unchanged_entries(entries: list[Entry]) -> list[Entry]:
    """Return *entries*."""
    return entries


@dataclass(frozen=True, slots=True)
class Case:
    """
    One test wheel: a row of the table.

    ``finds`` are the codes that ``check`` must report with default settings, as ``MUSL301`` with the rule's usual
    severity or as ``MUSL301:note``. ``loads_on`` is None where the wheel alone does not decide it. ``unjudged`` is why
    musl's loader cannot judge what the case is about, None where it can.
    """

    name: str
    why: str
    members: tuple[Member, ...] = ()
    finds: tuple[str, ...] = ()
    loads_on: tuple[str, ...] | None = RELEASES
    near_miss_of: str | None = None
    unjudged: str | None = None
    outcome: Literal["report", "failure", "skip"] = "report"
    tags: str = "cp312-cp312-musllinux_1_2_x86_64"
    arch: str = "x86_64"
    version: str = "1.0"
    build: str | None = None
    filename: str | None = None
    # How the metadata differs from what it should be.
    written_tags: tuple[str, ...] | None = None
    is_purelib: bool = False
    dist_infos: tuple[str, ...] | None = None
    record: Callable[[list[str]], list[str]] | None = None
    entries: Callable[[list[Entry]], list[Entry]] = unchanged_entries
    archive: Edit = unchanged
    comment: bytes = b""
    remarks: Mapping[str, str] = field(default_factory=dict)  # further keys of the manifest

    @property
    def wheel(self) -> str:
        """The file name of the wheel."""
        build = f"-{self.build}" if self.build else ""
        return self.filename or f"{self.name}-{self.version}{build}-{self.tags}.whl"

    @property
    def known(self) -> tuple[str, ...]:
        """The releases of musl that exist for the architecture."""
        return RELEASES[RELEASES.index(FIRST_RELEASE.get(self.arch, RELEASES[0])) :]


def since(release: str) -> tuple[str, ...]:
    """
    Return *release* and all later ones.

    >>> since("1.2.5")
    ('1.2.5', '1.2.6')
    """
    return RELEASES[RELEASES.index(release) :]

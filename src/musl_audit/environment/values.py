"""What is known about a host and its interpreter: frozen values, nothing of which needs the world."""

from collections.abc import Mapping

from musl_audit.environment.installed.values import NOTHING_ASKED, Asked, Installation
from musl_audit.frozen import frozen
from musl_audit.loader.libc_names import Libc
from musl_audit.model import ElfFacts, Failure, MuslVersion, Report

_NO_NAMES: Mapping[str, bool] = {}


@frozen
class Loader:
    """A dynamic loader as a program names it, and what its file says."""

    path: str  # inside the root
    libc: Libc
    release: str | None = None  # "1.2.3" of musl, "2.36" of glibc; None: not told
    exists: bool = True
    detail: str = ""  # why it could not be read

    @property
    def musl(self) -> MuslVersion | None:
        """The release of musl, None where it is another libc or was not told."""
        if self.libc is not Libc.MUSL or self.release is None:
            return None
        try:
            return MuslVersion.parse(self.release.partition("-")[0])
        except ValueError:
            return None


@frozen
class OsRelease:
    """What ``os-release`` says."""

    id: str = ""
    version_id: str = ""
    pretty_name: str = ""
    like: tuple[str, ...] = ()


@frozen
class Host:
    """A system: this one, or one unpacked below a directory."""

    root: str  # "/" for this one
    libc: Libc
    loader: Loader | None = None  # of the program that told
    told_by: str | None = None  # "/bin/sh"
    arch: str | None = None  # of that program, as platform tags name it
    kernel: str | None = None  # `uname -m`; None for another root
    os_release: OsRelease | None = None
    others: tuple[Loader, ...] = ()  # further loaders that are installed


@frozen
class Build:
    """What an interpreter was built with, by the macros of ``pyconfig.h``."""

    sources: tuple[str, ...]  # the files that say so; empty: the interpreter itself
    macros: Mapping[str, bool]  # those that are mentioned: defined or not
    names: Mapping[str, bool] = _NO_NAMES  # "socket.AF_NETLINK": there or not, where it was run


@frozen
class Run:
    """What the loader and the interpreter said when they were executed."""

    musl: str | None = None  # as PEP 656 asks for it
    version: str | None = None
    implementation: str | None = None
    soabi: str | None = None
    suffixes: tuple[str, ...] = ()
    platform: str | None = None  # sysconfig.get_platform()
    build: Build | None = None
    problem: str = ""  # why something could not be run


@frozen
class Interpreter:
    """A Python on disk."""

    path: str  # as it was asked for
    executable: str  # after every symlink
    elf: ElfFacts
    libc: Libc
    loader: Loader | None = None
    arch: str | None = None  # as platform tags name it; None: none that the policies know
    triplet: str | None = None
    implementation: str = "cpython"
    version: str | None = None  # "3.11.2", or "3.11" where the rest is not told
    environment: str | None = None  # the directory of the virtual environment
    prefix: str | None = None
    soabi: str | None = None
    suffixes: tuple[str, ...] = ()  # of extension modules, in the order in which they are tried
    is_free_threaded: bool = False
    is_debug: bool = False
    build: Build | None = None
    pip: str | None = None  # the version of pip beside it
    run: Run | None = None
    chosen: str = ""  # why it is this one; empty where it was named

    @property
    def minor(self) -> tuple[int, int] | None:
        """Major and minor version."""
        parts = (self.version or "").split(".")
        return (int(parts[0]), int(parts[1])) if len(parts) > 1 and all(map(str.isdigit, parts[:2])) else None

    @property
    def musl(self) -> MuslVersion | None:
        """The release of musl that it runs on: as its loader said when it was executed, else as the file says."""
        if self.run is not None and self.run.musl is not None:
            return Loader("", Libc.MUSL, self.run.musl).musl
        return self.loader.musl if self.loader else None

    @property
    def wears_gnu_suffix(self) -> bool:
        """Whether a Python on musl looks for modules named after glibc: wheels for musl carry another name."""
        return self.libc in (Libc.MUSL, Libc.STATIC) and self.soabi is not None and "-linux-gnu" in self.soabi


@frozen
class WheelAnswer:
    """Whether an interpreter's installer takes a wheel, and whether its binaries load there."""

    path: str
    filename: str
    sentence: str
    installs: bool | None = None  # None: not known
    tag: str | None = None  # the accepted tag that fits best
    why_not: str = ""
    loads: bool | None = None
    code: str | None = None  # of the rule that names the reason why it does not load
    members: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    report: Report | None = None  # on the wheel itself, wherever it goes


@frozen
class Environment:
    """All that the rules look at."""

    host: Host
    interpreter: Interpreter | None
    platform_tags: tuple[str, ...] = ()  # accepted, best first
    wheels: tuple[WheelAnswer, ...] = ()
    installations: tuple[Installation, ...] = ()
    asked: Asked = NOTHING_ASKED  # how a command asks the same about what is installed
    required: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()

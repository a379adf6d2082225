"""Systems unpacked below a directory, made of real loaders and real programs: Alpine-like, Debian-like, or neither."""

import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.cli import ROOT, wheel

ASKERS = ROOT / "tests" / "loader" / "asker"
LOADERS = ROOT / "tests" / "loader" / "fixtures"
PYCONFIG = ROOT / "tests" / "unit" / "interpreter" / "data"
MUSL_LOADER = "/lib/ld-musl-x86_64.so.1"
GLIBC_LOADER = "/lib64/ld-linux-x86-64.so.2"
_LOADER_NAMES = {"i686": "i386", "armv7l": "armhf", "ppc64le": "powerpc64le"}


@cache
def program(case: str) -> bytes:
    """Return the first ELF file among the scripts of a test wheel."""
    with zipfile.ZipFile(wheel(case)) as archive:
        contents = (archive.read(name) for name in archive.namelist() if ".data/scripts/" in name)
        return next(content for content in contents if content.startswith(b"\x7fELF"))


def musl_program(arch: str = "x86_64") -> bytes:
    """Return a dynamic program for musl that asks for ``/lib/ld-musl-….so.1``."""
    return (ASKERS / f"ask-{arch}").read_bytes()


def static_program() -> bytes:
    """Return a static program, which asks for no loader."""
    return program("static_program")


def glibc_program() -> bytes:
    """Return a dynamic program that asks for glibc's loader."""
    return program("glibc_program")


def musl_loader(release: str, arch: str = "x86_64") -> bytes:
    """Return musl's own loader, as Debian ships it."""
    return (LOADERS / arch / f"ld-musl-{release}.so").read_bytes()


def pyconfig(name: str) -> str:
    """Return a real ``pyconfig.h`` of CPython 3.11: ``with`` kernel headers, or ``without``."""
    return (PYCONFIG / f"pyconfig-{name}-kernel-headers.h").read_text()


@dataclass(frozen=True)
class Root:
    """A directory in which a system is built up, path by path."""

    path: Path

    def place(self, path: str) -> Path:
        """Return where *path* of the system lies, the directories above it made."""
        place = self.path / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def file(self, path: str, content: bytes | str, *, mode: int = 0o755) -> "Root":
        """Put a file there."""
        place = self.place(path)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        place.chmod(mode)
        return self

    def link(self, path: str, target: str) -> "Root":
        """Put a symbolic link there, whose target means what it means inside."""
        self.place(path).symlink_to(target)
        return self

    def without(self, *paths: str) -> "Root":
        """Take files away."""
        for path in paths:
            (self.path / path.lstrip("/")).unlink()
        return self

    def library(
        self, folder: str = "/usr/lib/python3.12", *, soabi: str | None = "cpython-312-x86_64-linux-musl"
    ) -> "Root":
        """Put a standard library there: the landmark, and where it is told, the build's variables."""
        self.file(f"{folder}/os.py", "")
        if soabi is None:
            return self
        data = f"build_time_vars = {{'SOABI': '{soabi}', 'HAVE_LINUX_NETLINK_H': 1, 'HAVE_ASM_TYPES_H': 1}}\n"
        return self.file(f"{folder}/_sysconfigdata__linux_x86_64-linux-musl.py", data)


def alpine(path: Path, release: str = "1.2.3") -> Root:
    """Return a root as Alpine's: one busybox behind absolute links, musl's loader, a Python behind a link."""
    root = Root(path)
    root.file("/bin/busybox", musl_program()).file(MUSL_LOADER, musl_loader(release))
    for name in ("/bin/sh", "/bin/ls", "/usr/bin/env"):
        root.link(name, "/bin/busybox")
    root.link("/etc/os-release", "/usr/lib/os-release")
    root.file("/usr/lib/os-release", 'ID=alpine\nVERSION_ID=3.17.7\nPRETTY_NAME="Alpine Linux v3.17"\n')
    root.file("/usr/bin/python3.12", musl_program()).link("/usr/bin/python3", "python3.12")
    return root.library()


def debian(path: Path) -> Root:
    """Return a root as Debian's: programs for glibc, ``/bin`` a link, and a loader that only looks like glibc's."""
    root = Root(path)
    root.file("/usr/bin/dash", glibc_program()).link("/usr/bin/sh", "dash").link("/bin", "usr/bin")
    root.file(GLIBC_LOADER, b"\x7fELF ld.so (Debian GLIBC 2.36-9) stable release version 2.36.\n\0")
    root.file("/etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    root.file("/usr/bin/python3.11", glibc_program()).link("/usr/bin/python3", "python3.11")
    return root.library("/usr/lib/python3.11", soabi="cpython-311-x86_64-linux-gnu")


def loader_path(arch: str) -> str:
    """Return where programs for *arch* look for musl's loader."""
    return f"/lib/ld-musl-{_LOADER_NAMES.get(arch, arch)}.so.1"

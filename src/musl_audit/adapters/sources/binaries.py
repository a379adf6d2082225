"""
An ELF file by itself: an extension that was just built, a library of a package.

It is judged with what lies beside it and its search paths lead to; what it was built for, only a wheel's tags say.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager

from musl_audit.adapters.archive.zips import ZipArchive
from musl_audit.errors import WheelError
from musl_audit.frozen import frozen
from musl_audit.model import Failure, Skip, WheelFacts
from musl_audit.wheel.limits import Limits

RANK = 60  # before paths, which mean wheels
_MAGIC = b"\x7fELF"


@frozen
class Binary:
    """An ELF file on this machine's disk."""

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
        """The size of the file; that it cannot be read, its reading will say."""
        try:
            return os.stat(self.path).st_size
        except OSError:
            return 0

    def open(self, limits: Limits) -> AbstractContextManager[ZipArchive]:  # noqa: ARG002  # as every source is opened
        """Raise ``WheelError``: there is no archive to open."""
        raise WheelError("an ELF file by itself, not a wheel")

    def facts(self) -> WheelFacts:
        """Return what the file says about itself; raise ``ElfError`` or ``OSError`` where it cannot be read."""
        from pathlib import Path

        from musl_audit.adapters.elf_files import facts_around

        return facts_around(Path(self.path))


def accepts(reference: str) -> bool:
    """Whether *reference* is the path of an ELF file."""
    if reference.endswith(".whl"):
        return False
    try:
        if not os.path.isfile(reference):
            return False
        with open(reference, "rb") as file:  # pathlib is imported for nothing else
            return file.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return False


def find(reference: str) -> Iterator[Binary | Skip | Failure]:
    """Yield the file."""
    yield Binary(reference.removeprefix("./"))

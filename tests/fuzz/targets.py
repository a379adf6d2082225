"""What the fuzzer asks of the readers: whatever the bytes, an answer or one of our own errors, in bounds."""

import errno
import io
import zipfile
from typing import cast

from musl_audit.adapters.archive.zip_directory import read_directory
from musl_audit.adapters.archive.zips import ZipArchive
from musl_audit.elf import read_elf
from musl_audit.errors import ElfError, WheelError
from musl_audit.repair.tls import rewrite_accesses
from musl_audit.wheel.extract import extract
from musl_audit.wheel.limits import Limits

NAME = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
LIMITS = Limits(member_bytes=16 << 20, total_bytes=64 << 20)


class Disk(io.BytesIO):
    """A file that refuses to go before its beginning, as those on a disk do; one in memory stops there silently."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to *offset*; raise ``OSError`` where that is before the beginning."""
        if offset + (0, self.tell(), len(self.getbuffer()))[whence] < 0:
            raise OSError(errno.EINVAL, "Invalid argument")
        return super().seek(offset, whence)


def elf(data: bytes) -> None:
    """Read *data* as an ELF file."""
    try:
        read_elf(data, "x")
    except ElfError:
        return


def tls(data: bytes) -> None:
    """Rewrite the thread-local accesses of *data*: it checks its result itself."""
    try:
        rewrite_accesses(data)
    except ElfError:
        return


def archive(data: bytes) -> None:
    """Read *data* as a wheel, every member of it, and hold its directory against what the standard library reads."""
    try:
        file = cast("io.BufferedReader", Disk(data))  # a file in memory has all that is asked of one
        extract(ZipArchive(file, NAME, LIMITS), verify_hashes=True)
    except WheelError:
        return
    compare_directories(data)


def compare_directories(data: bytes) -> None:
    """Raise ``AssertionError`` where the directory of *data* holds other members than the standard library says."""
    with zipfile.ZipFile(Disk(data)) as opened:
        expected = [(info.orig_filename, info.header_offset, info.compress_size) for info in opened.infolist()]
    entries = read_directory(Disk(data), len(data), LIMITS).entries
    found = [(header.name, header.offset, header.compressed_size) for header in entries]
    if found != expected:
        raise AssertionError(f"we read {found}, zipfile {expected}")


TARGETS = {"elf": elf, "tls": tls, "archive": archive}

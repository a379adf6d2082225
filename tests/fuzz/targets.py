"""What the fuzzer asks of the readers: whatever the bytes, an answer or one of our own errors, in bounds."""

import errno
import io
import json
import zipfile
from typing import cast

from musl_audit.adapters.archive.decompression import is_readable, plain, plain_head
from musl_audit.adapters.archive.inflate import InflateError, collect, inflate_head
from musl_audit.adapters.archive.zip_directory import read_directory
from musl_audit.adapters.archive.zips import ZipArchive
from musl_audit.adapters.sbom import sbom as write_sbom
from musl_audit.adapters.sbom_merging import merged
from musl_audit.elf import read_elf
from musl_audit.errors import ElfError, WheelError
from musl_audit.model import Member, WheelName
from musl_audit.repair.tls import rewrite_accesses
from musl_audit.wheel.extract import extract
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.record import compare, parse_record

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


def compressed(data: bytes) -> None:
    """Inflate *data* by the method that its first byte chooses, in pieces, no further than was declared."""
    if not data:
        return
    method = READABLE[data[0] % len(READABLE)]
    for size in (4, len(data), LIMITS.member_bytes):
        try:
            _ = inflate_head(data[1:], 4) if method == 8 else plain_head(data[1:], method, 4)
            chunks = (data[at : at + 1000] for at in range(1, len(data), 1000))
            collect(plain(chunks, method, lambda: None), size=size, crc=0)
        except InflateError:
            continue


def record(data: bytes) -> None:
    """Read *data* as ``RECORD``, and hold it against members that it may name."""
    names = data.decode("latin-1").replace(",", "\n").splitlines()[:20]
    members = [Member(name, len(name), len(name), 0) for name in names]
    list(compare(parse_record(data, set(names)), members, names[:1], "demo-1.0.dist-info"))


def sbom(data: bytes) -> None:
    """Take *data* for the SBOM of an earlier run: merged with a new one it is valid JSON, or it is none of ours."""
    both = merged(data, NEW_SBOM)
    if both is not None:
        json.loads(both)


NEW_SBOM = write_sbom(WheelName("demo", "1.0", None, ("py3",), ("none",), ("any",)), (), None, version="1")
READABLE = [method for method in (8, 12, 14, 93) if is_readable(method)]  # deflate, bzip2, LZMA, zstd
TARGETS = {
    "elf": elf,
    "tls": tls,
    "archive": archive,
    "compressed": compressed,
    "record": record,
    "sbom": sbom,
}

"""
Archives made to be read in two ways: by pip, by uv, by us, or by none of them.

Each is a wheel with a real module for musl, sound but for what its name says.
"""

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from tests.support.archives import binary
from testwheels.archive import HAS_DESCRIPTOR, IS_UTF8, STORED, Entry, zip_bytes

NAME = "demo-1.0-py3-none-musllinux_1_2_x86_64.whl"
INFO = "demo-1.0.dist-info"
WHEEL = "Wheel-Version: {version}\nGenerator: test\nRoot-Is-Purelib: false\nTag: py3-none-musllinux_1_2_x86_64\n"
METADATA = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"


def good(*more: Entry, version: str = "1.0", info: str = INFO, listed: bool = True) -> list[Entry]:
    """Return the entries of a sound wheel and *more*, which RECORD lists if *listed*."""
    entries = [
        Entry("demo/__init__.py", b"value = 1\n"),
        Entry("demo/_demo.so", binary()),
        *more,
        Entry(f"{info}/METADATA", METADATA),
        Entry(f"{info}/WHEEL", WHEEL.format(version=version).encode()),
    ]
    rows = [_row(entry) for entry in (entries if listed else [*entries[:2], *entries[-2:]])]
    return [*entries, Entry(f"{info}/RECORD", "".join([*rows, f"{info}/RECORD,,\n"]).encode())]


def _row(entry: Entry) -> str:
    name = entry.name if isinstance(entry.name, str) else entry.name.decode("cp437")
    quoted = '"' + name.replace('"', '""') + '"' if set(name) & set(',"\n\r') else name
    digest = urlsafe_b64encode(sha256(entry.data).digest()).decode().rstrip("=")
    return f"{quoted},sha256={digest},{len(entry.data)}\n"


def text(name: str | bytes, data: bytes = b"one\n", **fields: object) -> Entry:
    """Return a member that is text."""
    return Entry(name, data, **fields)  # type: ignore[arg-type]


def zipped(*more: Entry, **fields: object) -> bytes:
    """Return the wheel of ``good``."""
    return zip_bytes(good(*more, **fields))  # type: ignore[arg-type]


def field(
    data: bytes, signature: bytes, offset: int, layout: str, value: int, *, name: bytes = b"demo/__init__.py"
) -> bytes:
    """Return *data* with a field of the header with *signature* before *name* written over."""
    header = {b"PK\3\4": 30, b"PK\1\2": 46}[signature]
    at = data.find(name)
    while data[at - header : at - header + 4] != signature:
        at = data.find(name, at + 1)
    at += offset - header
    return data[:at] + struct.pack(layout, value) + data[at + struct.calcsize(layout) :]


def end(data: bytes, offset: int, layout: str, value: int) -> bytes:
    """Return *data* with a field of the end record written over."""
    at = data.rfind(b"PK\5\6") + offset
    return data[:at] + struct.pack(layout, value) + data[at + struct.calcsize(layout) :]


def method(number: int, pack: Callable[[bytes], bytes]) -> bytes:
    """Return the wheel with ``demo/extra.txt`` compressed by *pack*, under the method *number*."""
    plain, packed = b"extra\n" * 50, pack(b"extra\n" * 50)
    data = zipped(text("demo/extra.txt", plain, method=STORED))
    raw = data.replace(plain, packed)  # stored once; RECORD has the digest alone
    shift = len(packed) - len(plain)
    for signature, at in ((b"PK\3\4", (8, 18)), (b"PK\1\2", (10, 20))):
        raw = field(raw, signature, at[0], "<H", number, name=b"demo/extra.txt")
        raw = field(raw, signature, at[1], "<I", len(packed), name=b"demo/extra.txt")
    return _moved(raw, b"demo/extra.txt", shift)


def _moved(data: bytes, name: bytes, shift: int) -> bytes:
    """Return *data* with the offsets of what lies behind *name*, and of the directory, moved by *shift*."""
    directory = data.find(b"PK\1\2")
    position, seen = directory, False
    while data[position : position + 4] == b"PK\1\2":
        lengths = struct.unpack_from("<3H", data, position + 28)
        its_name = data[position + 46 : position + 46 + lengths[0]]
        if seen:
            (offset,) = struct.unpack_from("<I", data, position + 42)
            data = data[: position + 42] + struct.pack("<I", offset + shift) + data[position + 46 :]
        seen |= its_name == name
        position += 46 + sum(lengths)
    return end(data, 16, "<I", directory)


def _lzma(data: bytes) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA1}]
    packed = lzma.compress(data, lzma.FORMAT_ALONE, filters=filters)
    properties = packed[:5]
    return struct.pack("<BBH", 9, 4, len(properties)) + properties + packed[13:]


def unicode_path(raw: str, real: str) -> bytes:
    """Return the extra field 0x7075, which says that the member called *raw* is called *real*."""
    body = struct.pack("<BI", 1, zlib.crc32(raw.encode())) + real.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


def streams() -> bytes:
    """Return the wheel with a second deflate stream behind the first in one member."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    second = deflate.compress(b"second\n") + deflate.flush()

    def pack(data: bytes) -> bytes:
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        return compressor.compress(data) + compressor.flush() + second

    return method(8, pack)


def nested() -> bytes:
    """Return a whole other archive, for a comment."""
    return zip_bytes([text("demo/__init__.py", b"value = 2\n"), text("other.py")])


def both_ends(*, second: bytes) -> bytes:
    """Return the wheel with a second end record behind its own."""
    return zipped() + second


def zip64(data: bytes, *, count: int | None = None) -> bytes:
    """Return *data* with zip64 end records that agree, or count otherwise."""
    at = data.rfind(b"PK\5\6")
    here, size, offset = struct.unpack_from("<HII", data, at + 10)
    total = here if count is None else count
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, total, total, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    return data[:at] + record + locator + data[at:]


def twice(name: str, first: bytes, second: bytes) -> bytes:
    """Return the wheel with two members of one name."""
    return zipped(text(name, first), text(name, second))


def hidden(name: str) -> bytes:
    """Return the wheel with a member that no directory lists."""
    entries = good()
    other = zip_bytes([text(name, b"hidden\n")])
    local = other[: other.find(b"PK\1\2")]
    data = zip_bytes(entries)
    directory = data.find(b"PK\1\2")
    return end(data[:directory] + local + data[directory:], 16, "<I", directory + len(local))


def standard(compression: int) -> bytes:
    """Return the wheel as Python's own ``zipfile`` writes it with *compression*."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for entry in good():
            archive.writestr(str(entry.name), entry.data)
    return buffer.getvalue()


CASES: dict[str, Callable[[], bytes]] = {
    "good": zipped,
    "good, stored": lambda: zip_bytes([replace(entry, method=STORED) for entry in good()]),
    "good, as zipfile writes it": lambda: standard(zipfile.ZIP_DEFLATED),
    "good, with data descriptors": lambda: zip_bytes([replace(entry, flags=HAS_DESCRIPTOR) for entry in good()]),
    "good, with directories": lambda: zipped(text("demo/sub/", b""), text("demo/sub/a.py")),
    "good, with zip64 records": lambda: zip64(zipped()),
    "good, with a comment": lambda: zip_bytes(good(), comment=b"a comment"),
    "good, names beyond ASCII": lambda: zipped(text("demo/grün.py")),
    "good, an empty member": lambda: zipped(text("demo/empty.py", b"")),
    "good, an executable": lambda: zipped(text("demo/run.sh", mode=0o100755)),
    "good, data": lambda: zipped(text("demo-1.0.data/data/share/a.txt")),
    "good, purelib": lambda: zipped(text("demo-1.0.data/purelib/pure.py")),
    "good, platlib": lambda: zipped(text("demo-1.0.data/platlib/plat.py")),
    "good, headers": lambda: zipped(text("demo-1.0.data/headers/a.h")),
    "good, a script": lambda: zipped(text("demo-1.0.data/scripts/tool", b"#!python\nprint(1)\n")),
    "two members of one name": lambda: twice("demo/a.py", b"one\n", b"two\n"),
    "two members of one name and content": lambda: twice("demo/a.py", b"one\n", b"one\n"),
    "two METADATA": lambda: twice(f"{INFO}/METADATA", METADATA, METADATA + b"Summary: x\n"),
    "two WHEEL": lambda: twice(f"{INFO}/WHEEL", WHEEL.format(version="1.0").encode(), b"Wheel-Version: 1.0\n"),
    "names that differ in case": lambda: zipped(text("demo/a.py"), text("demo/A.py", b"two\n")),
    "a name in two Unicode forms": lambda: zipped(text("demo/\u00e9.py"), text("demo/e\u0301.py", b"two\n")),
    "a NUL in a name": lambda: zipped(text("demo/a.py\0.txt"), listed=False),
    "a name with ./": lambda: zipped(text("./demo/a.py")),
    "a name with /./": lambda: zipped(text("demo/./a.py")),
    "a name with //": lambda: zipped(text("demo//a.py")),
    "a name with .. inside": lambda: zipped(text("demo/sub/../a.py")),
    "a name that climbs out": lambda: zipped(text("../escaped.py")),
    "an absolute name": lambda: zipped(text("/tmp/escaped-demo.py")),  # noqa: S108
    "a backslash": lambda: zipped(text("demo\\a.py")),
    "a drive letter": lambda: zipped(text("C:a.py")),
    "an empty name": lambda: zipped(text("", b"x"), listed=False),
    "a line break in a name": lambda: zipped(text("demo/a\nb.py")),
    "two names for one path": lambda: zipped(text("demo/a.py"), text("demo/./a.py", b"two\n")),
    "a path from two trees": lambda: zipped(text("a.py"), text("demo-1.0.data/platlib/a.py", b"two\n")),
    "a file that is a directory": lambda: zipped(text("demo/a"), text("demo/a/b.py")),
    "a symbolic link": lambda: zipped(text("demo/link", b"__init__.py", mode=0o120777)),
    "a device": lambda: zipped(text("demo/null", b"", mode=0o020666)),
    ".data of another name": lambda: zipped(text("other-1.0.data/purelib/a.py")),
    ".data of another version": lambda: zipped(text("demo-2.0.data/purelib/a.py")),
    ".data of another case": lambda: zipped(text("Demo-1.0.data/purelib/a.py")),
    "an unknown scheme in .data": lambda: zipped(text("demo-1.0.data/unknown/a.py")),
    "a file directly in .data": lambda: zipped(text("demo-1.0.data/a.py")),
    "an upper-case scheme in .data": lambda: zipped(text("demo-1.0.data/PURELIB/a.py")),
    "an empty scheme in .data": lambda: zipped(text("demo-1.0.data//a.py")),
    "dist-info of another case": lambda: zipped(info="Demo-1.0.dist-info"),
    "dist-info of another project": lambda: zipped(info="other-1.0.dist-info"),
    "dist-info of another version": lambda: zipped(info="demo-2.0.dist-info"),
    "two dist-infos": lambda: zipped(text("other-1.0.dist-info/METADATA", METADATA)),
    "two dist-infos of one project": lambda: zipped(text("DEMO-1.0.dist-info/METADATA", METADATA)),
    "Wheel-Version 1.9": lambda: zipped(version="1.9"),
    "Wheel-Version 2.0": lambda: zipped(version="2.0"),
    "Wheel-Version that is no number": lambda: zipped(version="one"),
    "no Wheel-Version": lambda: zip_bytes(
        [
            replace(entry, data=entry.data.partition(b"\n")[2]) if entry.name == f"{INFO}/WHEEL" else entry
            for entry in good()
        ]
    ),
    "no RECORD": lambda: zip_bytes(good()[:-1]),
    "no METADATA": lambda: zip_bytes([entry for entry in good() if entry.name != f"{INFO}/METADATA"]),
    "no WHEEL": lambda: zip_bytes([entry for entry in good() if entry.name != f"{INFO}/WHEEL"]),
    "a local header with another name": lambda: zipped(text("demo/a.py", local_name="demo/b.py")),
    "a local header with another size": lambda: field(zipped(), b"PK\3\4", 22, "<I", 5),
    "a local header with another checksum": lambda: field(zipped(), b"PK\3\4", 14, "<I", 5),
    "a local header with another method": lambda: field(zipped(), b"PK\3\4", 8, "<H", 0),
    "a local header that is encrypted": lambda: field(zipped(), b"PK\3\4", 6, "<H", 1),
    "a directory with another checksum": lambda: field(zipped(), b"PK\1\2", 16, "<I", 5),
    "a directory with another size": lambda: field(zipped(), b"PK\1\2", 24, "<I", 5),
    "an encrypted member": lambda: field(field(zipped(), b"PK\1\2", 8, "<H", 1), b"PK\3\4", 6, "<H", 1),
    "a member in no directory": lambda: hidden("demo/hidden.py"),
    "a directory of fewer members": lambda: end(end(zipped(), 8, "<H", 4), 10, "<H", 4),
    "a directory of more members": lambda: end(end(zipped(), 8, "<H", 9), 10, "<H", 9),
    "several disks": lambda: end(zipped(), 4, "<H", 1),
    "zip64 against 32 bits": lambda: zip64(zipped(), count=3),
    "bytes before the archive": lambda: b"#!/bin/sh\n" + zipped(),
    "bytes behind the archive": lambda: zipped() + b"\n\n\n",
    "an archive behind the archive": lambda: zipped() + nested(),
    "an archive before the archive": lambda: nested() + zipped(),
    "a comment that holds an archive": lambda: zip_bytes(good(), comment=nested()),
    "a comment that holds an end record": lambda: zip_bytes(good(), comment=b"PK\5\6" + bytes(18)),
    "a second end record": lambda: both_ends(second=b"PK\5\6" + bytes(18)),
    "two deflate streams": streams,
    "bytes behind the deflate stream": lambda: method(8, lambda data: _deflated(data) + b"junk"),
    "bzip2": lambda: method(12, bz2.compress),
    "LZMA": lambda: method(14, _lzma),
    "zstd by number, not by content": lambda: method(93, bytes),
    "deflate64 by number": lambda: method(9, _deflated),
    "an unknown method": lambda: method(77, bytes),
    "a name neither ASCII nor UTF-8": lambda: zipped(text(b"demo/gr\x81n.py")),
    "a name in UTF-8 without the flag": lambda: zipped(text("demo/grün.py".encode()), listed=False),
    "a name marked as UTF-8 that is none": lambda: zipped(text(b"demo/gr\x81n.py", flags=IS_UTF8), listed=False),
    "a Unicode path field": lambda: zipped(text("demo/a.py", extra=unicode_path("demo/a.py", "demo/b.py"))),
    "a Unicode path field that agrees": lambda: zipped(text("demo/a.py", extra=unicode_path("demo/a.py", "demo/a.py"))),
    "an extra field that runs out": lambda: zipped(text("demo/a.py", extra=b"\x99\x99\xff\x00x")),
    "a member that RECORD does not list": lambda: zipped(text("demo/a.py"), listed=False),
}


def _without_version(entry: Entry) -> Entry:
    return replace(entry, data=entry.data.partition(b"\n")[2]) if entry.name == f"{INFO}/WHEEL" else entry


def _deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()

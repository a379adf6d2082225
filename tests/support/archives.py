"""Wheels written with zipfile, and ways to make their bytes lie afterwards."""

import io
import struct
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.model import Problem, WheelFacts
from musl_audit.wheel.limits import Limits
from musl_audit.workflows.reading import read_facts

NAME = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
DIST_INFO = "demo-1.0.dist-info"
WHEEL_FILE = b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-musllinux_1_2_x86_64\n"
METADATA_FILE = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
ROOT = Path(__file__).resolve().parents[2]
REAL_WHEEL = ROOT / "testwheels" / "wheels" / "clean_x86_64-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
EXTENSION = "demo/_demo.cpython-312-x86_64-linux-musl.so"

# Offsets of fields in a local header and in an entry of the central directory (APPNOTE.TXT 4.3.7, 4.3.12).
LOCAL = {"flags": 6, "method": 8, "crc": 14, "compressed_size": 18, "size": 22, "name": 30}
CENTRAL = {"flags": 8, "method": 10, "crc": 16, "compressed_size": 20, "size": 24, "offset": 42, "name": 46}
_WIDTHS = {"flags": "<H", "method": "<H"}


def binary() -> bytes:
    """Return a real extension module for musl."""
    with zipfile.ZipFile(REAL_WHEEL) as archive:
        return next(archive.read(name) for name in archive.namelist() if name.endswith(".so"))


def record_of(files: Mapping[str, bytes]) -> bytes:
    """Return the right ``RECORD`` of *files*."""
    rows = [f"{name},sha256={digest(data)},{len(data)}\n" for name, data in files.items()]
    return "".join([*rows, f"{DIST_INFO}/RECORD,,\n"]).encode()


def digest(data: bytes) -> str:
    """Return the digest of *data* as ``RECORD`` has it."""
    return urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")


def demo_files(**more: bytes) -> dict[str, bytes]:
    """Return the files of a good wheel, ``RECORD`` excepted."""
    own = {f"{DIST_INFO}/METADATA": METADATA_FILE, f"{DIST_INFO}/WHEEL": WHEEL_FILE}
    return {"demo/__init__.py": b"from demo import _demo\n", **own, **more}


def zip_of(
    files: Mapping[str, bytes] | Iterable[tuple[str, bytes]], *, compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Return a zip of *files* in their order."""
    pairs = files.items() if isinstance(files, Mapping) else files
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in pairs:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def wheel_of(files: Mapping[str, bytes]) -> bytes:
    """Return a wheel of *files* and their right ``RECORD``."""
    return zip_of({**files, f"{DIST_INFO}/RECORD": record_of(files)})


def local_header(data: bytes, name: str) -> int:
    """Return the offset of the local header of *name*."""
    return zipfile.ZipFile(io.BytesIO(data)).getinfo(name).header_offset


def central_header(data: bytes, name: str) -> int:
    """Return the offset of the entry of *name* in the central directory."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    position = archive.start_dir
    while True:
        lengths = struct.unpack_from("<3H", data, position + 28)
        if data[position + 46 : position + 46 + lengths[0]] == name.encode():
            return position
        position += 46 + sum(lengths)


def with_field(data: bytes, offset: int, field: str, value: int, *, layout: Mapping[str, int] = LOCAL) -> bytes:
    """Return *data* with one number of the header at *offset* replaced."""
    changed = bytearray(data)
    struct.pack_into(_WIDTHS.get(field, "<L"), changed, offset + layout[field], value)
    return bytes(changed)


def with_bytes(data: bytes, offset: int, replacement: bytes) -> bytes:
    """Return *data* with *replacement* written over it at *offset*."""
    return data[:offset] + replacement + data[offset + len(replacement) :]


def problems_of(tmp_path: Path, data: bytes, limits: Limits | None = None) -> tuple[Problem, ...]:
    """Return what is wrong with the archive *data*, after every member was asked for."""
    return facts_of(tmp_path, data, limits=limits, verify_hashes=True).archive_problems


def kinds_of(tmp_path: Path, data: bytes, limits: Limits | None = None) -> list[str]:
    """Return the kinds of problems of the archive *data*."""
    return [problem.kind for problem in problems_of(tmp_path, data, limits)]


def facts_of(
    tmp_path: Path, data: bytes, *, name: str = NAME, limits: Limits | None = None, verify_hashes: bool = False
) -> WheelFacts:
    """Return the facts of the wheel *data*."""
    path = tmp_path / name
    path.write_bytes(data)
    return read_facts(path, limits=limits, verify_hashes=verify_hashes)


def contents_of(tmp_path: Path, data: bytes) -> dict[str, bytes]:
    """Return what our reader inflates from the archive *data*, by name."""
    path = tmp_path / NAME
    path.write_bytes(data)
    with open_wheel(path) as archive:
        return {member.name: archive.read(member) for member in archive.members}

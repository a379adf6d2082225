"""The headers of a tar archive (POSIX ustar and pax, and GNU's long names), read without trusting any of them."""

from collections.abc import Iterator

from musl_audit.adapters.images.blobs import Blob
from musl_audit.adapters.tree import PathError
from musl_audit.frozen import frozen

BLOCK = 512
_LARGEST_HEADER = 1 << 20  # bytes of a long name, or of pax records
_MOST_ENTRIES = 2_000_000
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL = b"L", b"K", b"x", b"g"
_FILES = (b"0", b"\0", b"7")
_LINK, _SYMBOLIC, _FOLDER = b"1", b"2", b"5"


@frozen
class TarEntry:
    """One entry: kind is file, folder, link (hard), symlink or other; ``offset`` is where its bytes are."""

    name: str
    kind: str
    offset: int
    size: int
    mode: int
    target: str = ""


def entries(blob: Blob, what: str) -> Iterator[TarEntry]:
    """Yield the entries of the archive in *blob*; raise ``PathError`` where it is none, or ends too early."""
    offset, count = 0, 0
    told: dict[str, str] = {}
    while True:
        header = blob.read_at(offset, BLOCK)
        if not header.strip(b"\0"):
            if not header and not count:
                raise PathError(f"{what}: empty")
            return
        _check(header, what, is_first=not count)
        count += 1
        if count > _MOST_ENTRIES:
            raise PathError(f"{what}: has more than {_MOST_ENTRIES} entries")
        kind, size = header[156:157], _number(header[124:136], what)
        offset += BLOCK
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL):
            if size > _LARGEST_HEADER:
                raise PathError(f"{what}: a header of {size} bytes")
            if kind != _PAX_GLOBAL:
                told |= _told(kind, blob.read_at(offset, size))
            offset += _padded(size)
            continue
        entry = _entry(header, kind, offset, size, told, what)
        told = {}
        if entry.size and len(blob.read_at(offset + entry.size - 1, 1)) != 1:
            raise PathError(f"{what}: ends within {entry.name!r}")
        offset += _padded(entry.size)
        yield entry


def _entry(header: bytes, kind: bytes, offset: int, size: int, told: dict[str, str], what: str) -> TarEntry:
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    name = told.get("path") or (f"{prefix}/" if prefix else "") + _text(header[:100])
    target = told.get("linkpath") or _text(header[157:257])
    if "size" in told:
        size = int(told["size"]) if told["size"].isascii() and told["size"].isdigit() else -1
        if size < 0:
            raise PathError(f"{what}: a size that is no number")
    mode = _number(header[100:108], what) & 0o7777
    if any(key.startswith("GNU.sparse") for key in told):
        return TarEntry(name, "other", offset, size, mode)
    if kind in _FILES:
        return TarEntry(name, "folder" if name.endswith("/") else "file", offset, size, mode)
    if kind in (_LINK, _SYMBOLIC, _FOLDER):
        word = {_LINK: "link", _SYMBOLIC: "symlink", _FOLDER: "folder"}[kind]
        return TarEntry(name, word, offset, 0, mode, target)
    is_sparse = kind == b"S"  # GNU's own: its map is in the way
    return TarEntry(name, "other", offset, size if is_sparse else 0, mode)


def _told(kind: bytes, data: bytes) -> dict[str, str]:
    """Return what an extended header says of the entry behind it."""
    if kind != _PAX:
        return {"path" if kind == _LONG_NAME else "linkpath": _text(data)}
    told: dict[str, str] = {}
    while data:
        length = data.partition(b" ")[0]
        if not length.isdigit() or not len(length) < int(length) <= len(data):
            return told
        record, data = data[len(length) + 1 : int(length)], data[int(length) :]
        key, _, value = record.rstrip(b"\n").partition(b"=")
        told[_text(key)] = _text(value)
    return told


def _check(header: bytes, what: str, *, is_first: bool) -> None:
    """Raise ``PathError`` where the checksum of a header is wrong: no archive, or one that is damaged."""
    if len(header) < BLOCK:
        raise PathError(f"{what}: not an archive" if is_first else f"{what}: ends within a header")
    said = _number(header[148:156], what) if header[148:156].strip(b"\0 ") else -1
    counted = sum(header) - sum(header[148:156]) + 8 * 0x20
    if said != counted:
        raise PathError(f"{what}: not an archive, and not a folder" if is_first else f"{what}: a damaged header")


def _number(field: bytes, what: str) -> int:
    """Return a number: octal digits, or, where the first bit is set, 256 to the power."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if value >= 1 << 62:
            raise PathError(f"{what}: a number out of range")
        return value
    digits = field.strip(b"\0 ")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        raise PathError(f"{what}: not an archive, or a damaged header") from None


def _padded(size: int) -> int:
    return (size + BLOCK - 1) // BLOCK * BLOCK


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")

"""A file on an index: parts of it by ranges, or the whole of it, held against the hash that the page states."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from musl_audit.adapters.indexes.asking import Asker, StatusError
from musl_audit.adapters.indexes.credentials import shown
from musl_audit.errors import IndexAccessError
from musl_audit.frozen import frozen
from musl_audit.wheel.offers import OfferedFile

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    import httpx

LARGEST_FILE = 4 << 30  # bytes, of a file whose size the page does not state
_CHUNK = 1 << 20
_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\*)")
_AS_IT_IS = {"Accept-Encoding": "identity"}


@frozen
class FetchedRange:
    """Bytes of a file, from where they begin; ``total`` is the size of the whole."""

    start: int
    data: bytes
    total: int | None
    etag: str | None


@frozen
class Whole:
    """A whole file on disk, its hash checked where the page states one."""

    path: Path
    sha256: str
    size: int


def fetch_part(
    asker: Asker, file: OfferedFile, first: int, length: int, *, whole: Path, etag: str | None = None
) -> FetchedRange | Whole:
    """
    Return *length* bytes of *file* from *first* on, fewer at its end; the whole of it where the server sends that.

    The whole goes to the path *whole*. With the *etag* of an earlier part, a file that changed since comes whole. Raise
    ``IndexAccessError`` where the answer is not what was asked for.
    """
    if file.url.startswith("file:"):
        return _local_whole(file, whole)
    headers = {**_AS_IT_IS, "Range": f"bytes={first}-{first + length - 1}"}
    if etag is not None:
        headers["If-Range"] = etag

    def read(response: "httpx.Response") -> FetchedRange | Whole:
        if response.status_code != 206:
            return _save(asker, response, file, whole)
        return _part(asker, response, file, first, length, etag)

    return asker.ask(file.url, headers, read)


def fetch_whole(asker: Asker, file: OfferedFile, path: Path) -> Whole:
    """Write *file* to *path*; raise ``IndexAccessError`` where it is not the file that the page states."""
    if file.url.startswith("file:"):
        return _local_whole(file, path)
    return asker.ask(file.url, _AS_IT_IS, lambda response: _save(asker, response, file, path))


def _part(
    asker: Asker, response: "httpx.Response", file: OfferedFile, first: int, length: int, etag: str | None
) -> FetchedRange:
    said = _RANGE.fullmatch(response.headers.get("content-range", "").strip())
    where = shown(file.url)
    if said is None:
        raise IndexAccessError(f"{where}: answers a part of the file without saying which")
    start, last = int(said[1]), int(said[2])
    total = int(said[3]) if said[3] != "*" else None
    end = first + length - 1 if total is None else min(first + length, total) - 1
    if start != first or last != end:
        raise IndexAccessError(f"{where}: answers bytes {start}-{last}, asked for {first}-{end}")
    if file.size is not None and total is not None and total != file.size:
        raise IndexAccessError(f"{where}: has {total} bytes, its index says {file.size}")
    strong = _strong(response.headers)
    if etag is not None and strong is not None and strong != etag:
        raise IndexAccessError(f"{where}: changed while it was read")
    data = b"".join(asker.pieces(response, most=length))
    if len(data) != last - start + 1:
        raise IndexAccessError(f"{where}: answers {len(data)} bytes for a range of {last - start + 1}")
    return FetchedRange(start, data, total, strong)


def _strong(headers: "Mapping[str, str]") -> str | None:
    """Return the ETag, where it vouches for every byte."""
    etag = headers.get("etag")
    return etag if etag and not etag.startswith("W/") else None


def _save(asker: Asker, response: "httpx.Response", file: OfferedFile, path: Path) -> Whole:
    if response.status_code != 200:
        raise StatusError(f"{shown(file.url)}: answers {response.status_code}", status=response.status_code)
    most = LARGEST_FILE if file.size is None else file.size
    with _written(path) as target:
        return _checked(asker.pieces(response, most=most), target, file, path, _kind(response))


def _kind(response: "httpx.Response") -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _local_whole(file: OfferedFile, path: Path) -> Whole:
    try:
        with local_path(file.url).open("rb") as source, _written(path) as target:
            return _checked(iter(lambda: source.read(_CHUNK), b""), target, file, path, "")
    except OSError as error:
        raise IndexAccessError(f"{shown(file.url)}: {error.strerror}") from error


def local_path(url: str) -> Path:
    """Return the path that a ``file:`` URL means."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))


@contextmanager
def _written(path: Path) -> "Iterator[BinaryIO]":
    """Yield a file to be at *path*, which is gone where an error comes."""
    try:
        with path.open("wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _checked(pieces: Iterator[bytes], target: BinaryIO, file: OfferedFile, path: Path, kind: str) -> Whole:
    """Write *pieces* to *target*, and hold them against what the page states."""
    ours, count = hashlib.sha256(), 0
    algorithm, digest = file.best_hash or ("", "")
    theirs = hashlib.new(algorithm) if algorithm in hashlib.algorithms_available and algorithm != "sha256" else ours
    for piece in pieces:
        target.write(piece)
        count += len(piece)
        ours.update(piece)
        if theirs is not ours:
            theirs.update(piece)
    where = shown(file.url)
    if file.size is not None and count != file.size:
        raise IndexAccessError(f"{where}: {count} bytes came, its index says {file.size}")
    if digest and theirs.hexdigest() != digest:
        page = ", but an HTML page" if kind == "text/html" else ""
        raise IndexAccessError(
            f"{where}: is not the file that its index lists{page}: {algorithm} is {theirs.hexdigest()}, not {digest}"
        )
    if not digest and kind == "text/html":
        raise IndexAccessError(f"{where}: an HTML page came, and no wheel")
    return Whole(path, ours.hexdigest(), count)

"""What a request would put into an index: the wheels of an upload, or those of a push from another index."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import IO, Protocol

from pyramid.request import Request

from musl_audit_devpi.judging import is_wheel

_INDEX = re.compile(r"/([^/+]+)/([^/+]+)/?")
_SPOOL = 8 << 20  # bytes of a stored file that are kept in memory


class Link(Protocol):
    """A file that an index has, as devpi-server knows it."""

    basename: str
    entry: "Entry"

    def add_log(self, what: str, who: str | None, **more: object) -> None:
        """Keep a row beside the file."""


class Entry(Protocol):
    """The stored file."""

    relpath: str
    url: str
    hashes: Mapping[str, str]

    def file_exists(self) -> bool:
        """Whether it is here, and not only on the mirrored index."""

    def file_open_read(self) -> IO[bytes]:
        """Return its content."""


class LinkStore(Protocol):
    """The files of a version."""

    def get_links(self, rel: str) -> list[Link]:
        """Return the files of one kind."""


class Stage(Protocol):
    """An index, as devpi-server knows it."""

    name: str
    ixconfig: Mapping[str, object]

    def get_linkstore_perstage(self, name: str, version: str) -> LinkStore:
        """Return the files of a version."""

    def get_mutable_linkstore_perstage(self, name: str, version: str) -> LinkStore:
        """Return the files of a version, to which something is added."""


@dataclass(frozen=True)
class Push:
    """A version that goes from one index to another."""

    name: str
    version: str
    target: str


def index_of(request: Request) -> str | None:
    """Return the index that a request is for, as ``user/index``; None where it is for none."""
    found = _INDEX.fullmatch(request.path_info)
    return f"{found[1]}/{found[2]}" if found else None


def uploaded(request: Request) -> tuple[str, IO[bytes]] | None:
    """Return the name and the content of the wheel that a form uploads, if it is one."""
    if request.POST.get(":action") != "file_upload":
        return None
    content = request.POST.get("content")
    filename: str | None = getattr(content, "filename", None)  # a text where no file was sent
    return (filename, content.file) if filename is not None and is_wheel(filename) else None


def pushed(request: Request) -> Push | None:
    """Return what a push within the server asks for; None where the request is none, which devpi-server answers."""
    if request.POST.get(":action"):
        return None
    try:
        wanted = request.json_body
    except ValueError:
        return None
    if not isinstance(wanted, dict) or wanted.get("only_docs"):
        return None
    words = [wanted.get(key) for key in ("name", "version", "targetindex")]
    name, version, target = words
    if not (isinstance(name, str) and isinstance(version, str) and isinstance(target, str)):
        return None
    return Push(name, version, target) if target.count("/") == 1 else None


def wheels_of(stage: Stage, push: Push) -> Iterator[Link]:
    """Yield the wheels that *stage* has of a version."""
    yield from (link for link in _links(stage, push) if is_wheel(link.basename))


def _links(stage: Stage, push: Push) -> list[Link]:
    from devpi_server.model import ModelException

    try:
        return stage.get_linkstore_perstage(push.name, push.version).get_links(rel="releasefile")
    except ModelException:
        return []  # nothing is there, or the mirrored index does not answer: devpi-server says so


def content_of(entry: Entry, stage: Stage) -> IO[bytes] | None:
    """Return the content of a stored file, fetched first where the index mirrors another; None where that fails."""
    from devpi_server.filestore import BadGateway
    from devpi_server.views import iter_fetch_remote_file

    if not entry.file_exists():
        try:
            for _ in iter_fetch_remote_file(stage, entry, entry.url):
                pass
        except BadGateway:
            return None
    copy = SpooledTemporaryFile(_SPOOL)  # noqa: SIM115  # the caller's to close
    with entry.file_open_read() as content:
        copyfileobj(content, copy, 1 << 20)
    copy.seek(0)
    return copy

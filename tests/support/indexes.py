"""Indexes on loopback, honest and hostile: a site is a table of replies by path."""

import base64
import hashlib
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.support.cli import Answer, wheel

from musl_audit.cli import main

JSON_PAGE = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Reply:
    """What a site answers; ``length`` lies about the body, ``pause`` lies between pieces of it, in seconds."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    pause: float = 0.0
    is_cut: bool = False  # the connection ends behind the body


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    range: str | None
    headers: Mapping[str, str]


Answerer = Callable[[Asked], Reply]


@dataclass
class Site:
    """A server: its replies by path, and what was asked of it."""

    replies: dict[str, Answerer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    latency: float = 0.0
    sent: int = 0
    url: str = ""

    def answer(self, asked: Asked) -> Reply:
        """Return the reply to a request."""
        self.asked.append(asked)
        time.sleep(self.latency)
        found = self.replies.get(asked.path)
        return found(asked) if found else Reply(status=404)

    @property
    def index(self) -> str:
        """The URL of its index."""
        return f"{self.url}/simple/"

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [asked.path for asked in self.asked]

    def ranges(self) -> list[str]:
        """Return the ranges that were asked for, in order."""
        return [asked.range for asked in self.asked if asked.range]


@contextmanager
def served(site: Site) -> Iterator[Site]:
    """Serve *site* on a free port of loopback."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing where a client had enough."""

    server = Server(("127.0.0.1", 0), _handler(site))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # as every server has it: a body must not wait for the header's acknowledgement

        def do_HEAD(self) -> None:  # the names that http.server calls
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            reply = site.answer(Asked(self.path, self.headers.get("Range"), dict(self.headers)))
            self.send_response(reply.status)
            length = len(reply.body) if reply.length is None else reply.length
            for name, value in {"Content-Length": str(length), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not with_body:
                return
            try:
                for piece in _pieces(reply):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    site.sent += len(piece)
            except OSError:  # the client had enough
                self.close_connection = True
            if reply.is_cut or length != len(reply.body):
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _pieces(reply: Reply) -> Iterator[bytes]:
    if not reply.pause:
        yield reply.body
        return
    for start in range(0, len(reply.body), 10):
        time.sleep(reply.pause)
        yield reply.body[start : start + 10]


# --- Honest sites --------------------------------------------------------------------------------------------


def file_reply(data: bytes, *, has_ranges: bool = True, etag: str = '"one"') -> Answerer:
    """Return what serves *data*, parts of it where it is asked for them."""

    def answer(asked: Asked) -> Reply:
        headers = {"ETag": etag, "Content-Type": "application/octet-stream"}
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", asked.range or "")
        if not has_ranges or found is None:
            return Reply(data, headers=headers)
        first, last = int(found[1]), min(int(found[2]), len(data) - 1)
        return Reply(data[first : last + 1], 206, {**headers, "Content-Range": f"bytes {first}-{last}/{len(data)}"})

    return answer


def page_row(path: Path, **changes: object) -> dict[str, object]:
    """Return what a page says of the file at *path*."""
    data = path.read_bytes()
    row = {
        "filename": path.name,
        "url": f"../../files/{path.name}",
        "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
        "size": len(data),
        **changes,
    }
    return {name: value for name, value in row.items() if value is not None}


def json_reply(project: str, rows: Iterable[Mapping[str, object]], **more: object) -> Answerer:
    """Return a page of PEP 691."""
    document = {"meta": {"api-version": "1.1"}, "name": project, "files": list(rows), **more}
    body = json.dumps(document).encode()
    return lambda _: Reply(body, headers={"Content-Type": JSON_PAGE})


def html_reply(rows: Iterable[Mapping[str, object]]) -> Answerer:
    """Return the same page as PEP 503 has it."""
    links = (
        f'<a href="{row["url"]}#sha256={row["hashes"]["sha256"]}">{row["filename"]}</a>'  # type: ignore[index]
        for row in rows
    )
    body = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
    return lambda _: Reply(body, headers={"Content-Type": "text/html"})


def project_of(path: Path) -> str:
    """Return the normalized project of a wheel."""
    return re.sub("[-_.]+", "-", path.name.partition("-")[0]).lower()


def site_of(wheels: Iterable[Path], *, has_ranges: bool = True, is_html: bool = False, latency: float = 0.0) -> Site:
    """Return a site with an index of *wheels*."""
    site = Site(latency=latency)
    pages: dict[str, list[dict[str, object]]] = {}
    for path in sorted(wheels):
        site.replies[f"/files/{path.name}"] = file_reply(path.read_bytes(), has_ranges=has_ranges)
        pages.setdefault(project_of(path), []).append(page_row(path))
    for project, rows in pages.items():
        site.replies[f"/simple/{project}/"] = html_reply(rows) if is_html else json_reply(project, rows)
    return site


# --- Asking --------------------------------------------------------------------------------------------------


def in_process(*arguments: str, **variables: str) -> Answer:
    """Return the answer of ``musl-audit`` to *arguments*, without a process of its own: ten times as fast."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in {"COLUMNS": "80", **variables}.items():
            patch.setenv(name, value)
        code = main(list(arguments))
    out.seek(0)
    err.seek(0)
    return Answer(code, out.read(), err.read())


# --- Wheels to offer -----------------------------------------------------------------------------------------


def offered(source: Path, name: str, folder: Path) -> Path:
    """Return the wheel *source* as another project or version, called *name*, in *folder*; pip takes it."""
    path = folder / name
    with zipfile.ZipFile(source) as old:
        members = {member: old.read(member) for member in old.namelist()}
    inside = next(member for member in members if member.endswith(".dist-info/METADATA")).partition("/")[0]
    project, version = name.split("-")[:2]
    contents = {member.replace(inside, f"{project}-{version}.dist-info"): data for member, data in members.items()}
    return write_wheel(path, contents)


def write_wheel(path: Path, contents: Mapping[str, bytes], *, requires: Iterable[str] = ()) -> Path:
    """Write a wheel of *contents*, with METADATA, WHEEL and RECORD for its name, and return its path."""
    project, version, *_, python, abi, platform = path.name.removesuffix(".whl").split("-")
    inside = f"{project}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    written = {member: data for member, data in contents.items() if not member.startswith(f"{inside}/")}
    written[f"{inside}/METADATA"] = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n{needs}".encode()
    pure = "true" if platform == "any" else "false"
    tags = "".join(f"Tag: {python}-{abi}-{tag}\n" for tag in platform.split("."))
    written[f"{inside}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {pure}\n{tags}".encode()
    rows = [f"{member},sha256={_digest(data)},{len(data)}\n" for member, data in written.items()]
    written[f"{inside}/RECORD"] = "".join([*rows, f"{inside}/RECORD,,\n"]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in written.items():
            archive.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED)
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


GRAFTED = "demo.libs/libdemo-0cd532bd.so.1"


def grafted_wheel(folder: Path, name: str, library: bytes, *, padding: int = 1_500_000) -> Path:
    """Return a wheel of more than *padding* bytes that begins with *library*, as auditwheel grafts one."""
    noise = hashlib.shake_128(b"noise").digest(padding)
    return write_wheel(folder / name, {GRAFTED: library, "demo/data.bin": noise})


def packed_library() -> bytes:
    """Return a library with packed relocations, out of a test wheel."""
    with zipfile.ZipFile(wheel("packed_relocations_x86_64")) as archive:
        member = next(name for name in archive.namelist() if ".so" in name and ".libs/" in name)
        return archive.read(member)

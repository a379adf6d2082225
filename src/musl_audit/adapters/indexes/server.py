"""A server on loopback, for the user that started it alone: pages and files behind a token in the path."""

import hmac
import secrets
import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from musl_audit.frozen import frozen

LOOPBACK = "127.0.0.1"
_IDLE = 60  # seconds that a connection may wait for its next request


@frozen
class Body:
    """An answer in memory."""

    data: bytes
    kind: str
    status: int = 200


@frozen
class FileBody:
    """An answer on disk."""

    path: Path


Answer = Body | FileBody


class ServedSite(Protocol):
    """What is served; every method may be called by several threads."""

    def projects(self, accept: str) -> Answer:
        """Return the list of projects."""

    def page(self, project: str, accept: str) -> Answer:
        """Return the page of a project."""

    def file(self, number: str, name: str) -> Answer:
        """Return a file that a page named."""


def refusal(status: int, sentence: str) -> Body:
    """Return an answer that says why there is none."""
    return Body(f"{sentence}\n".encode(), "text/plain; charset=utf-8", status)


@contextmanager
def serving(site: ServedSite, port: int = 0) -> Generator[str]:
    """Yield the URL under which *site* is served on loopback until the end of the block; ``OSError``: a port in use."""
    token = secrets.token_urlsafe(24)
    server = _Server((LOOPBACK, port), _handler(site, token))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/{token}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing where a client went away: it has its reasons."""


def _handler(site: ServedSite, token: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "musl-audit", ""
        timeout = _IDLE
        disable_nagle_algorithm = True

        def do_GET(self) -> None:  # the name that http.server calls
            self._reply(with_body=True)

        def do_HEAD(self) -> None:
            self._reply(with_body=False)

        def _reply(self, *, with_body: bool) -> None:
            answer = _answer(site, token, self.path, self.headers.get("Accept", ""))
            match answer:
                case Body(data=data, kind=kind, status=status):
                    self._head(status, kind, len(data))
                    if with_body:
                        self.wfile.write(data)
                case FileBody(path=path):
                    with path.open("rb") as file:
                        self._head(200, "application/octet-stream", path.stat().st_size)
                        if with_body:
                            shutil.copyfileobj(file, self.wfile, 1 << 20)

        def _head(self, status: int, kind: str, length: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(length))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: what matters is told at the end."""

    return Handler


def _answer(site: ServedSite, token: str, path: str, accept: str) -> Answer:
    """Return the answer to a request; whoever does not know the token gets none."""
    parts = [unquote(part) for part in urlsplit(path).path.split("/")]
    if len(parts) < 2 or not hmac.compare_digest(parts[1].encode(), token.encode()):
        return refusal(403, "this index is for the user that started it")
    match parts[2:]:
        case ["simple", ""]:
            return site.projects(accept)
        case ["simple", project, ""] | ["simple", project] if project:
            return site.page(project, accept)
        case ["links", ""]:  # for clients that look for links beside an index: there are none
            return Body(b"<!DOCTYPE html><title>no links</title>", "text/html")
        case ["files", number, name]:
            return site.file(number, name)
        case _:
            return refusal(404, "there is no such page")

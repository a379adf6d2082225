"""Asking a server: httpx with limits, retries, one pool of connections, and messages that show no credential."""

import os
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore, Lock

from musl_audit.adapters.indexes.credentials import Credentials, Pair, origin, shown
from musl_audit.errors import IndexAccessError
from musl_audit.frozen import frozen

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from ssl import SSLContext
    from typing import TypeVar

    import httpx

    Answer = TypeVar("Answer")

AT_ONCE = 4  # requests per host
LARGEST_PAGE = 64 << 20  # bytes; the largest page of a project seen has 12 MB
_REDIRECTS = 10
_UNAUTHORIZED = 401
_TRANSIENT = frozenset((408, 429, 500, 502, 503, 504))
_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@frozen
class Patience:
    """How long a server may take, and how often it is asked."""

    timeout: float = 15.0  # seconds, to connect and between two pieces
    tries: int = 3
    pause: float = 0.5  # seconds before the second try; doubled each time
    slowest: int = 4096  # bytes a second: a body that stays below it for four timeouts is given up


def patience_of(timeout: float) -> Patience:
    """Return the patience of somebody who waits *timeout* seconds, and briefly between tries if that is short."""
    return Patience(timeout=timeout, pause=min(Patience().pause, timeout / 30))


class TransientError(IndexAccessError):
    """An answer that another try may do away with."""


class Traffic:
    """How many bytes came, by any number of threads."""

    def __init__(self) -> None:
        self.received = 0
        self.requests = 0
        self._lock = Lock()

    def request(self) -> None:
        """Count a request."""
        with self._lock:
            self.requests += 1

    def add(self, count: int) -> None:
        """Count *count* bytes of a body."""
        with self._lock:
            self.received += count


class Asker:
    """One pool of connections for a run; at most four requests at once go to a host."""

    def __init__(
        self,
        credentials: Credentials | None = None,
        patience: Patience | None = None,
        *,
        agent: str = "musl-audit",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.traffic = Traffic()
        self._patience = patience or Patience()
        self._agent = agent
        self._sleep = sleep
        self._gates: dict[str, BoundedSemaphore] = {}
        self._lock = Lock()

    def close(self) -> None:
        """Close the connections."""
        if "_client" in vars(self):
            self._client.close()

    def body(self, url: str, headers: Mapping[str, str], most: int = LARGEST_PAGE) -> "tuple[bytes, httpx.Response]":
        """Return the whole answer, and the response that it came with; raise ``IndexAccessError`` for any but 2xx."""

        def read(response: "httpx.Response") -> tuple[bytes, "httpx.Response"]:
            return b"".join(self.pieces(response, most=most, is_decoded=True)), response

        return self.ask(url, headers, read)

    def ask(self, url: str, headers: Mapping[str, str], read: "Callable[[httpx.Response], Answer]") -> "Answer":
        """Return what *read* makes of the answer to GET *url*; ask again where a server is only busy or broken."""
        pause = self._patience.pause
        for _ in range(self._patience.tries - 1):
            try:
                return self._admitted(url, headers, read)
            except TransientError:
                self._sleep(pause)
                pause *= 2
        return self._admitted(url, headers, read)

    def pieces(self, response: "httpx.Response", *, most: int, is_decoded: bool = False) -> Iterator[bytes]:
        """Yield the body; raise ``IndexAccessError`` where it has more than *most* bytes or comes too slowly."""
        import httpx

        started, count = time.monotonic(), 0
        grace = 4 * self._patience.timeout
        try:
            for piece in response.iter_bytes() if is_decoded else response.iter_raw():
                count += len(piece)
                self.traffic.add(len(piece))
                if count > most:
                    raise IndexAccessError(f"{shown(str(response.url))}: more than the {most} bytes expected")
                passed = time.monotonic() - started
                if passed > grace and count < passed * self._patience.slowest:
                    raise IndexAccessError(f"{shown(str(response.url))}: comes too slowly, given up")
                yield piece
        except httpx.DecodingError as error:
            raise IndexAccessError(f"{shown(str(response.url))}: compressed data that cannot be read") from error

    # --- One request ---------------------------------------------------------------------------------------

    def _admitted(self, url: str, headers: Mapping[str, str], read: "Callable[[httpx.Response], Answer]") -> "Answer":
        """Return the answer to a request with what is known of the origin; keyring is asked after a refusal."""
        try:
            return self._asked(url, {**headers, **_authorization(self.credentials.of(url))}, read)
        except StatusError as error:
            pair = self.credentials.after_refusal(url) if error.status == _UNAUTHORIZED else None
            if pair is None:
                raise
        return self._asked(url, {**headers, **_authorization(pair)}, read)

    def _asked(self, url: str, headers: Mapping[str, str], read: "Callable[[httpx.Response], Answer]") -> "Answer":
        self.warm_up()
        import httpx

        self.traffic.request()
        try:
            with self._gate(url), self._client.stream("GET", url, headers=dict(headers)) as response:
                _check_status(response, url)
                return read(response)
        except httpx.TooManyRedirects as error:
            raise IndexAccessError(f"{shown(url)}: redirects without end") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise IndexAccessError(f"{shown(url)}: leads to a URL that is neither http nor https") from error
        except httpx.TimeoutException as error:
            raise TransientError(f"{shown(url)}: no answer within {self._patience.timeout:g} s") from error
        except httpx.ConnectError as error:
            raise TransientError(f"{shown(url)}: cannot be reached ({_reason(error)})") from error
        except (httpx.TransportError, httpx.StreamError) as error:
            raise TransientError(f"{shown(url)}: the connection broke off") from error

    @contextmanager
    def _gate(self, url: str) -> Generator[None]:
        where = origin(url)
        with self._lock:
            gate = self._gates.setdefault(where, BoundedSemaphore(AT_ONCE))
        with gate:
            yield

    def warm_up(self) -> None:
        """Do now what the first request would wait for."""
        with self._lock:
            _ = self._client

    @cached_property
    def _client(self) -> "httpx.Client":
        with ThreadPoolExecutor(1) as pool:  # certificates are read while httpx is imported
            trusted = pool.submit(_trusted)
            _import_httpx()
            import httpx

        return httpx.Client(
            headers={"User-Agent": self._agent},
            follow_redirects=True,
            max_redirects=_REDIRECTS,
            timeout=httpx.Timeout(self._patience.timeout, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=16),
            verify=trusted.result(),
            event_hooks={"response": [_refuse_downgrade]},
        )


_IMPORTING = Lock()


def _import_httpx() -> None:
    """Import httpx without its command line: click, rich and pygments would take longer than all else together."""
    with _IMPORTING:
        if "httpx" in sys.modules:
            return
        sys.modules["httpx._main"] = None  # type: ignore[assignment]  # what importlib understands as "not there"
        try:
            import httpx  # noqa: F401
        finally:
            del sys.modules["httpx._main"]


def _authorization(pair: Pair | None) -> dict[str, str]:
    """Return the header for *pair*; httpx takes it away where a redirect leads to another origin."""
    from base64 import b64encode

    return {} if pair is None else {"Authorization": "Basic " + b64encode(":".join(pair).encode()).decode()}


def _trusted() -> "SSLContext":
    """Return the certificates that are trusted: those that pip's and uv's users name, else the system's and certifi."""
    import ssl

    import certifi

    named = next((value for name in _CERTIFICATES if (value := os.environ.get(name))), None)
    try:
        if named is not None and Path(named).is_dir():
            return ssl.create_default_context(capath=named)
        return ssl.create_default_context(cafile=named or certifi.where())
    except OSError as error:  # ssl.SSLError is one
        raise IndexAccessError(f"certificates {named}: cannot be read") from error


def _refuse_downgrade(response: "httpx.Response") -> None:
    """Follow no redirect from https to anything else."""
    following = response.next_request
    if following is not None and response.url.scheme == "https" and following.url.scheme != "https":
        raise IndexAccessError(f"{shown(str(response.url))}: redirects from https to {following.url.scheme}: refused")


def _check_status(response: "httpx.Response", url: str) -> None:
    code = response.status_code
    if code in _TRANSIENT:
        raise TransientError(f"{shown(url)}: answers {code} {response.reason_phrase}")
    if code in (_UNAUTHORIZED, 407):
        raise StatusError(f"{shown(url)}: answers {code}: wants a user and password, other than given", status=code)
    if not 200 <= code < 300:
        raise StatusError(f"{shown(url)}: answers {code} {response.reason_phrase}".rstrip(), status=code)


class StatusError(IndexAccessError):
    """A final answer other than success."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


def _reason(error: Exception) -> str:
    """Return why a connection failed, in the system's words."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__

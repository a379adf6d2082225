"""Who may ask an index: from the URL, netrc or keyring, as pip looks for it; never shown to anybody."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

Pair = tuple[str, str]  # user, password
_PORTS = {"http": 80, "https": 443}


class Credentials:
    """The credentials of a run, by origin (scheme, host and port): what is known of one is told to no other."""

    def __init__(self, *, netrc: Path | None = None, uses_keyring: bool = False) -> None:
        self._pairs: dict[str, Pair | None] = {}
        self._roots: dict[str, str] = {}  # the URL that was named, for keyring
        self._netrc = netrc
        self._uses_keyring = uses_keyring

    def take(self, url: str) -> str:
        """Return *url* without its user and password, which are remembered for its origin."""
        parts = urlsplit(url)
        user, at, host = parts.netloc.rpartition("@")
        clean = urlunsplit(parts._replace(netloc=host)) if at else url
        if at:
            name, _, password = user.partition(":")
            self._pairs[origin(clean)] = (unquote(name), unquote(password))
        self._roots.setdefault(origin(clean), clean)
        return clean

    def know(self, url: str, pair: Pair) -> None:
        """Remember *pair* for the origin of *url*."""
        self._pairs[origin(url)] = pair

    def of(self, url: str) -> Pair | None:
        """Return what is known for *url* before it is asked: from a URL that was named, or netrc."""
        where = origin(url)
        if where not in self._pairs:
            self._pairs[where] = self._from_netrc(urlsplit(url).hostname or "")
        return self._pairs[where]

    def after_refusal(self, url: str) -> Pair | None:
        """Return what keyring knows for *url*, which answered 401; None where it is not to be asked."""
        where = origin(url)
        if not self._uses_keyring:
            return None
        known = self._pairs.get(where)
        found = _from_keyring((self._roots.get(where, url), urlsplit(url).netloc), known[0] if known else None)
        if found is not None and found != known:
            self._pairs[where] = found
            return found
        return None

    def _from_netrc(self, host: str) -> Pair | None:
        from netrc import NetrcParseError, netrc

        if self._netrc is None:
            return None
        try:
            found = netrc(self._netrc).authenticators(host)
        except (NetrcParseError, OSError, UnicodeDecodeError):
            return None
        return (found[0], found[2] or "") if found else None


def origin(url: str) -> str:
    """
    Return scheme, host and port of *url*.

    >>> origin("https://user@index.invalid/simple/"), origin("http://index.invalid:8080")
    ('https://index.invalid:443', 'http://index.invalid:8080')
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{port_of(url)}"


def port_of(url: str) -> int | None:
    """Return the port that *url* means, None where it names none that there is."""
    parts = urlsplit(url)
    try:
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def shown(url: str) -> str:
    """
    Return *url* as people may see it: without user, password, query and fragment, where secrets are.

    >>> shown("https://me:secret@index.invalid/simple/x.whl?token=1#sha256=0")
    'https://index.invalid/simple/x.whl'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def netrc_file() -> Path | None:
    """Return the path of the user's netrc: ``NETRC``, else the one at home; None where there is none."""
    named = os.environ.get("NETRC")
    candidates = (Path(named),) if named else tuple(Path.home() / name for name in (".netrc", "_netrc"))
    return next((path for path in candidates if path.is_file()), None)


def _from_keyring(services: tuple[str, ...], user: str | None) -> Pair | None:
    """Return what keyring says about the first of *services* that it knows; it may be absent, or broken."""
    try:
        import keyring
    except ImportError:
        return None
    try:
        for service in services:
            found = keyring.get_credential(service, user)
            if found is not None and found.password is not None:
                return found.username or "", found.password
    except Exception:  # noqa: BLE001  # a back end may raise anything; pip goes on without it, too
        return None
    return None

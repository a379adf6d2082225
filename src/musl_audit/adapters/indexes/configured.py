"""Which indexes there are: named, or configured where the users of pip and uv keep it."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from musl_audit.errors import UsageError
from musl_audit.frozen import frozen

_FALSE = ("", "0", "false", "no", "off", "n", "f")


@frozen
class Indexes:
    """The URLs to ask, in order, and the places of files without an index; both may hold credentials."""

    urls: tuple[str, ...]
    find_links: tuple[str, ...] = ()
    uses_keyring: bool = True


def named_indexes(index: str | None, extra: Sequence[str] = (), find_links: Sequence[str] = ()) -> Indexes:
    """
    Return the indexes that options name; what they do not say, the configuration does.

    An index that is named stands alone: no extra one of the configuration is asked. Raise ``UsageError`` where there is
    none at all, or a URL is none.
    """
    said = _Said(os.environ)
    if index is not None:
        urls = [index, *extra]
        links = [*find_links]
    else:
        main = said.first("INDEX_URL", uv=("UV_DEFAULT_INDEX", "UV_INDEX_URL"))
        is_off = said.is_true("NO_INDEX")
        urls = (
            []
            if is_off
            else [main or default_index(), *said.all("EXTRA_INDEX_URL", uv=("UV_INDEX", "UV_EXTRA_INDEX_URL"))]
        )
        urls += extra
        links = [*find_links, *said.all("FIND_LINKS", uv=("UV_FIND_LINKS",))]
    keyring = said.first("KEYRING_PROVIDER", uv=("UV_KEYRING_PROVIDER",)) != "disabled"
    return Indexes(
        tuple(dict.fromkeys(_checked(url) for url in urls)), tuple(dict.fromkeys(map(_link, links))), keyring
    )


def default_index() -> str:
    """Return the index that the pip installed here asks by default; raise ``UsageError`` where there is none."""
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        message = "no index is configured, and there is no pip here to tell its default: name one with --index URL"
        raise UsageError(message) from None
    return str(PyPI.simple_url)


class _Said:
    """What environment variables and pip's configuration files say; variables win, and later files."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._files: dict[str, str] | None = None

    def first(self, name: str, *, uv: Sequence[str] = ()) -> str | None:
        """Return the value of pip's option *name*."""
        values = self.all(name, uv=uv)
        return values[0] if values else None

    def all(self, name: str, *, uv: Sequence[str] = ()) -> list[str]:
        """Return the values of pip's option *name*, apart by spaces: of the first place that says any."""
        for variable in (f"PIP_{name}", *uv):
            if words := self._variables.get(variable, "").split():
                return [_without_name(word) if variable.startswith("UV_") else word for word in words]
        return self._from_files().get(name.lower().replace("_", "-"), "").split()

    def is_true(self, name: str) -> bool:
        """Whether pip's option *name* is on."""
        return (self.first(name) or "").lower() not in _FALSE

    def _from_files(self) -> dict[str, str]:
        if self._files is None:
            self._files = dict(_options(_configuration_files(self._variables)))
        return self._files


def _without_name(word: str) -> str:
    """Return the URL of uv's ``name=URL``."""
    name, equals, url = word.partition("=")
    return url if equals and "/" not in name else word


def _configuration_files(variables: Mapping[str, str]) -> Iterator[Path]:
    """Yield pip's configuration files, the one that wins last (pip's documentation, "Configuration")."""
    named = variables.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    for folder in reversed(variables.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)):
        yield Path(folder) / "pip" / name
    yield Path("/etc") / name
    home = Path.home()
    yield home / ".pip" / name
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support" / "pip" / name
    yield Path(variables.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / name
    yield Path(variables.get("VIRTUAL_ENV") or sys.prefix) / name
    if named:
        yield Path(named)


def _options(paths: Iterator[Path]) -> Iterator[tuple[str, str]]:
    """Yield the options of ``[global]``, and then of ``[install]``, of every file that there is."""
    from configparser import Error, RawConfigParser

    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for path in paths:
        parser = RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (Error, UnicodeDecodeError):
            raise UsageError(f"{path}: cannot be read as a configuration of pip") from None
        except OSError:
            continue
        for section, found in sections.items():
            if parser.has_section(section):
                found.update((key.replace("_", "-"), value) for key, value in parser.items(section) if value)
    for found in sections.values():
        yield from found.items()


def _checked(url: str) -> str:
    """Return *url*, or that of a directory; raise ``UsageError`` for what is neither."""
    scheme = url.partition(":")[0].lower()
    if scheme in ("http", "https", "file") and "://" in url:
        return url
    if Path(url).is_dir():
        return _file_url(url)
    raise UsageError(f"--index {_harmless(url)}: neither a URL of http or https, nor a directory")


def _link(place: str) -> str:
    """Return the URL of a place to find links at."""
    scheme = place.partition(":")[0].lower()
    return place if scheme in ("http", "https", "file") and "://" in place else _file_url(place)


def _file_url(path: str) -> str:
    return Path(path).absolute().as_uri()


def _harmless(url: str) -> str:
    """Return what was given for a URL without what may be a password in it."""
    return url.rpartition("@")[2]

"""Requirements out of files: requirements.txt, pyproject.toml, and lock files, which name the very files."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement

from musl_audit.adapters.indexes.lines import Line
from musl_audit.environment.destination import Destination
from musl_audit.errors import UsageError
from musl_audit.wheel.offers import OfferedFile

_DEEPEST = 10  # files that include each other
_OPTIONS = re.compile(r"\s+--(?:hash|global-option|config-settings?)[= ].*")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_INCLUDES = ("-r", "--requirement")

Table = Mapping[str, object]


def read_requirement_file(path: Path, destination: Destination | None) -> list[Line]:
    """
    Return what the file at *path* asks for at *destination*, None being everywhere, whatever markers say.

    Raise ``UsageError`` where it cannot be read.
    """
    readers: Mapping[str, Callable[[Table, Path, Mapping[str, str]], Iterator[Line]]] = {
        "pyproject.toml": _pyproject,
        "uv.lock": _uv_lock,
        "poetry.lock": _pinned_lock,
        "pdm.lock": _pinned_lock,
    }
    markers = marker_environment(destination) if destination else {}
    reader = readers.get(path.name)
    if reader is None and re.fullmatch(r"pylock(\.[^.]+)?\.toml", path.name):
        reader = _pylock
    try:
        return list(reader(_table(path), path, markers) if reader else _requirements(path, markers, ()))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise UsageError(f"{path}: not what its name says: {error}") from error


def marker_environment(destination: Destination) -> dict[str, str]:
    """Return what environment markers are told about *destination*."""
    full = destination.pythons[0]
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": destination.arch,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": ".".join(map(str, destination.minor)),
        "sys_platform": "linux",
        "extra": "",
    }


# --- requirements.txt --------------------------------------------------------------------------------------


def _requirements(path: Path, markers: Mapping[str, str], above: Sequence[Path]) -> Iterator[Line]:
    if len(above) > _DEEPEST or path in above:
        raise UsageError(f"{path}: files that include each other")
    for text in _logical_lines(_read(path)):
        option, _, rest = text.partition(" ")
        option, equals, value = option.partition("=")
        if option in _INCLUDES:
            yield from _requirements(path.parent / (value if equals else rest).strip(), markers, (*above, path))
        elif text.startswith("-r") and not text.startswith("--"):
            yield from _requirements(path.parent / text[2:].strip(), markers, (*above, path))
        elif text.startswith("-"):
            yield Line(text, skipped="an option, which is not read here")
        else:
            yield _line(_OPTIONS.sub("", text), markers)


def _logical_lines(text: str) -> Iterator[str]:
    """Yield the lines without comments, those joined that end with a backslash."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        plain = _COMMENT.sub("", line).strip()
        if plain:
            yield plain


def _line(text: str, markers: Mapping[str, str]) -> Line:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return Line(text, skipped="a path or a URL" if re.search(r"[/\\]|\.whl$", text) else "not a requirement")
    if requirement.url is not None:
        return Line(text, skipped="a URL")
    if markers and requirement.marker is not None and not requirement.marker.evaluate(dict(markers)):
        return Line(text, skipped="not for this place: its marker says so")
    requirement.marker = None
    return Line(str(requirement), requirement)


# --- TOML ----------------------------------------------------------------------------------------------------


def _pyproject(table: Table, _path: Path, markers: Mapping[str, str]) -> Iterator[Line]:
    project = table.get("project")
    if not isinstance(project, dict) or not isinstance(project.get("dependencies", []), list):
        raise UsageError(f"{_path}: has no [project] with dependencies")
    for text in project.get("dependencies", []):
        yield _line(str(text), markers)


def _uv_lock(table: Table, path: Path, markers: Mapping[str, str]) -> Iterator[Line]:
    for package in _rows(table, "package"):
        conditions = package.get("resolution-markers", [])
        if isinstance(conditions, list) and conditions and not any(_holds(text, markers) for text in conditions):
            continue
        source = package.get("source")
        if isinstance(source, dict) and not {"registry", "url"} & source.keys():
            continue  # the project itself, a directory, a repository
        yield _locked(package, path, _digest_of)


def _pylock(table: Table, path: Path, markers: Mapping[str, str]) -> Iterator[Line]:
    for package in _rows(table, "packages"):
        condition = package.get("marker")
        if isinstance(condition, str) and not _holds(condition, markers):
            continue
        if "version" in package:
            yield _locked(package, path, _hashes_of)


def _pinned_lock(table: Table, _path: Path, markers: Mapping[str, str]) -> Iterator[Line]:
    """Yield the versions of a lock that names no URLs: the index is asked about each."""
    for package in _rows(table, "package"):
        condition = package.get("marker", package.get("markers"))
        if isinstance(condition, str) and not _holds(condition, markers):
            continue
        if not isinstance(package.get("source"), dict) and "path" not in package:
            yield _line(f"{package['name']}=={package['version']}", markers)


def _locked(package: Table, path: Path, hashes_of: Callable[[Table], Iterator[tuple[str, str]]]) -> Line:
    text = f"{package['name']}=={package['version']}"
    files = tuple(_file(wheel, path, hashes_of) for wheel in _rows(package, "wheels"))
    return Line(text, Requirement(text), files=files)


def _file(wheel: Table, path: Path, hashes_of: Callable[[Table], Iterator[tuple[str, str]]]) -> OfferedFile:
    base = f"{path.absolute().parent.as_uri()}/"
    url = urljoin(base, str(wheel["url"] if "url" in wheel else wheel["path"]))
    name = wheel.get("name") or unquote(urlsplit(url).path.rpartition("/")[2])
    size = wheel.get("size")
    return OfferedFile(str(name), url, tuple(hashes_of(wheel)), size if isinstance(size, int) else None)


def _digest_of(wheel: Table) -> Iterator[tuple[str, str]]:
    algorithm, colon, digest = str(wheel.get("hash", "")).partition(":")
    if colon:
        yield algorithm, digest


def _hashes_of(wheel: Table) -> Iterator[tuple[str, str]]:
    hashes = wheel.get("hashes", {})
    if isinstance(hashes, dict):
        yield from ((str(name), str(digest)) for name, digest in hashes.items())


def _rows(table: Table, name: str) -> list[Table]:
    rows = table.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError(f"{name} is no list of tables")
    return rows


def _holds(marker: object, markers: Mapping[str, str]) -> bool:
    """Whether *marker* is true; one that cannot be read, or asks for what only its tool knows, is."""
    if not markers:
        return True
    try:
        return bool(Marker(str(marker)).evaluate(dict(markers)))
    except (InvalidMarker, ValueError, KeyError):
        return True


def _table(path: Path) -> Table:
    try:
        return tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is no text") from error

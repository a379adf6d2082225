"""
Wheels made again of what is installed: the files that ``RECORD`` lists, as they lie there now.

What an installer made is left out (bytecode, its own notes, the scripts of entry points), and what it moved goes back:
``bin/x`` is ``*.data/scripts/x`` again.
"""

import re
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from itertools import product
from pathlib import Path

from musl_audit.adapters.installed.files import LARGEST_FILE
from musl_audit.adapters.installed.projects import Listing
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.adapters.writer import EARLIEST, pack, publish, unpublished, write_archive
from musl_audit.errors import RepairError
from musl_audit.frozen import frozen
from musl_audit.repair.wheel_metadata import record_text
from musl_audit.wheel.ports import PackedMember
from musl_audit.wheel.record import digest_of

_OF_THE_INSTALLER = frozenset(
    "RECORD RECORD.jws RECORD.p7s INSTALLER REQUESTED direct_url.json uv_cache.json uv_build.json".split()
)
_LARGEST_ENTRY_POINTS = 1 << 20
_LEVEL = 6
_EXEC_LINES = 3  # what installers put before a script whose interpreter has a path too long for "#!"


@frozen
class Rebuilt:
    """A wheel that was made, and what a person should know about it."""

    path: Path
    changed: tuple[str, ...] = ()  # files that are not what RECORD says
    missing: tuple[str, ...] = ()  # files that are not there, and so are not in it


def rebuild(tree: Tree, listing: Listing, directory: Path) -> Rebuilt:
    """
    Write the wheel of the project in *listing* into *directory*, whole or not at all.

    Raise ``RepairError`` where its ``RECORD`` or its tags are not known, or a file cannot be read.
    """
    name = wheel_name(listing)
    if listing.record is None or listing.rows is None:
        raise RepairError(f"{listing.project.spelled}: no RECORD says which files are its own")
    files = _Files(tree, listing)
    target = directory / name
    with unpublished(target) as file:
        write_archive(file, files.entries())
        publish(file, target)
    return Rebuilt(target, tuple(files.changed), tuple(path for path in listing.missing if not _is_bytecode(path)))


def wheel_name(listing: Listing) -> str:
    """Return the file name of the wheel, by its metadata; raise ``RepairError`` where it does not say its tags."""
    project = listing.project
    stem = project.metadata.rpartition("/")[2].removesuffix(".dist-info")
    parts = [tuple(tag.split("-")) for tag in project.tags]
    if not parts or any(len(part) != 3 for part in parts) or stem.count("-") != 1:
        raise RepairError(f"{project.spelled}: its WHEEL file does not say which tags it had")
    columns = [list(dict.fromkeys(column)) for column in zip(*parts, strict=True)]
    if set(product(*columns)) != set(parts):  # no file name says just these
        columns = [[column[0]] for column in zip(*parts, strict=True)]
    return "-".join([stem, *(".".join(column) for column in columns)]) + ".whl"


class _Files:
    """The entries of a wheel, made one at a time."""

    def __init__(self, tree: Tree, listing: Listing) -> None:
        self._tree = tree
        self._listing = listing
        self._base = listing.project.metadata.rpartition("/")[2]
        self._data = self._base.removesuffix(".dist-info") + ".data"
        self._wrappers = _entry_points(tree, listing.project.metadata)
        self.changed: list[str] = []

    def entries(self) -> Iterator[PackedMember]:
        """Yield the files in the order of their names, ``RECORD`` last."""
        rows: list[tuple[str, str, str]] = []
        missing = set(self._listing.missing)
        for path, row in sorted((self._listing.rows or {}).items(), key=lambda item: _last(item[1], self._base)):
            member = self._member(row)
            if member is None or path in missing:
                continue
            data = self._read(path, row)
            if member.startswith(f"{self._data}/scripts/"):
                data = _unbound(data)
            rows.append((member, f"sha256={digest_of(data, 'sha256')}", str(len(data))))
            yield pack(member, data, mode=self._mode(path), date_time=EARLIEST, level=_LEVEL)
        record = f"{self._base}/RECORD"
        text = record_text([*rows, (record, "", "")])
        yield pack(record, text, mode=0o644, date_time=EARLIEST, level=_LEVEL)

    def _member(self, row: str) -> str | None:
        """Return what a row of ``RECORD`` is called in the wheel; None for what an installer made."""
        parts = [part for part in row.split("/") if part not in ("", ".")]
        if _is_bytecode(row) or row.startswith("/"):
            return None
        if parts[0] == self._base and parts[-1] in _OF_THE_INSTALLER and len(parts) == 2:
            return None
        outside = [part for part in parts if part != ".."]
        if parts[0] != "..":
            return "/".join(outside)
        if outside[0] == "bin" and len(outside) == 2:
            return None if outside[1] in self._wrappers else f"{self._data}/scripts/{outside[1]}"
        if match := re.fullmatch(r"include/(?:site/)?python3[^/]*/[^/]+/(.+)", "/".join(outside)):
            return f"{self._data}/headers/{match[1]}"
        return f"{self._data}/data/{'/'.join(outside)}"

    def _read(self, path: str, row: str) -> bytes:
        try:
            data = self._tree.read(path, most=LARGEST_FILE)
        except PathError as error:
            raise RepairError(f"{self._listing.project.spelled}: {error}") from error
        record = self._listing.record
        hasher = record.hasher(row) if record is not None else None
        if record is not None and hasher is not None:
            hasher.update(data)
            if record.contradicts(row, hasher):
                self.changed.append(path)
        return data

    def _mode(self, path: str) -> int:
        return 0o755 if self._tree.is_program(path) else 0o644


def _last(row: str, dist_info: str) -> tuple[bool, str]:
    return row.startswith(f"{dist_info}/"), row


def _is_bytecode(path: str) -> bool:
    return path.endswith((".pyc", ".pyo"))


def _entry_points(tree: Tree, metadata: str) -> frozenset[str]:
    """Return the names of the scripts that every installer makes by itself."""
    try:
        text = tree.text(f"{metadata}/entry_points.txt", most=_LARGEST_ENTRY_POINTS)
    except PathError:
        return frozenset()
    parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(text)
    except ConfigError:
        return frozenset()
    groups = ("console_scripts", "gui_scripts")
    return frozenset(name for group in groups if parser.has_section(group) for name in parser[group])


def _unbound(data: bytes) -> bytes:
    r"""
    Return a script as a wheel holds it: for whichever Python it will be installed.

    >>> _unbound(b"#!/opt/venv/bin/python3.11\nprint()\n")
    b'#!python\nprint()\n'
    """
    line, newline, rest = data.partition(b"\n")
    if not line.startswith(b"#!"):
        return data
    if rest.startswith(b"'''exec' "):
        return b"#!python\n" + b"\n".join(data.split(b"\n")[_EXEC_LINES:])
    return b"#!python" + newline + rest if b"python" in line.rpartition(b"/")[2] else data

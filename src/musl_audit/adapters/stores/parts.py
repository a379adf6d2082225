"""The list of a store's parts: which files count, and what is said of one that is not as it should be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from musl_audit.adapters.stores.layout import LAYOUT, SUMMARY, TABLES
from musl_audit.errors import MuslAuditError
from musl_audit.frozen import frozen

if TYPE_CHECKING:
    import pyarrow.fs as pafs

LIST = "parts.json"
_KIND = "musl-audit survey"


class StoreError(MuslAuditError):
    """A store that cannot be read or written: of another version, damaged, foreign, full, or somebody else's now."""


class NoStoreError(StoreError):
    """A place where there is no store yet."""


@frozen
class StorePart:
    """One file of a table."""

    name: str  # below the store: "verdicts/0123….parquet"
    rows: int
    size: int  # bytes

    @property
    def table(self) -> str:
        """The table that it is a part of."""
        return self.name.partition("/")[0]


@frozen
class PartList:
    """The parts that count."""

    parts: tuple[StorePart, ...] = ()
    runs: tuple[str, ...] = ()  # when each of the runs began that changed something: UTC, ISO; oldest first
    summary: StorePart | None = None  # what the first parts say together
    summed: int = 0  # how many these are

    def write(self, filesystem: "pafs.FileSystem", root: str) -> None:
        """Replace the list of the store at *root*, in one step."""
        document = {"kind": _KIND, "layout": LAYOUT, "parts": [_part_row(part) for part in self.parts]}
        document["runs"] = list(self.runs)
        if self.summary is not None and self.summed == len(self.parts):
            document["summary"] = _part_row(self.summary)
        elif self.summary is not None:  # by another name: who knows nothing of the parts behind it must not take it
            document["summary_of_first"] = {**_part_row(self.summary), "parts": self.summed}
        _put(filesystem, f"{root}/{LIST}", (json.dumps(document, indent=1) + "\n").encode())


def read_list(place: str, filesystem: "pafs.FileSystem", root: str) -> PartList:
    """Return the list of the store at *root*, called *place*; raise ``StoreError`` for what is none of this layout."""
    path = f"{root}/{LIST}"
    with told(place):
        if not filesystem.get_file_info(path).is_file:
            return PartList()
        with filesystem.open_input_stream(path) as stream:
            data = stream.read()
    try:
        document = json.loads(data)
        kind, layout = document["kind"], document["layout"]
        parts = tuple(_part(row) for row in document["parts"])
        summary, summed = _summary(document, len(parts))
        found = PartList(parts, tuple(map(str, document.get("runs", ()))), summary, summed)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{place}: {LIST} is no list of parts") from error
    if kind != _KIND or layout != LAYOUT:
        raise StoreError(f"{place}: is of layout {layout!r}; this musl-audit reads and writes {LAYOUT}")
    named = (*((part, TABLES) for part in parts), *((part, (SUMMARY,)) for part in filter(None, [summary])))
    if any(part.table not in tables or ".." in part.name for part, tables in named):
        raise StoreError(f"{place}: {LIST} names files that are no parts")
    return found


def _part_row(part: StorePart) -> dict[str, object]:
    return {"name": part.name, "rows": part.rows, "size": part.size}


def _part(row: dict[str, str]) -> StorePart:
    return StorePart(str(row["name"]), int(row["rows"]), int(row["size"]))


def _summary(document: dict[str, dict[str, str]], parts: int) -> tuple[StorePart | None, int]:
    """Return the summary that *document*, a list of so many *parts*, names, and of how many of them it is."""
    if "summary" in document:
        return _part(document["summary"]), parts
    if "summary_of_first" in document:
        row = document["summary_of_first"]
        return _part(row), min(int(row["parts"]), parts)
    return None, 0


def _put(filesystem: "pafs.FileSystem", path: str, data: bytes) -> None:
    """Write a small file in one step."""
    is_local = filesystem.type_name == "local"
    being_written = f"{path}.part" if is_local else path
    with filesystem.open_output_stream(being_written) as stream:
        stream.write(data)
    if is_local:
        filesystem.move(being_written, path)


@contextmanager
def told(place: str) -> Iterator[None]:
    """Raise ``StoreError``, in one line, for what Arrow or the system says."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{place}: {line(error)}") from error


def line(error: Exception) -> str:
    """Return what Arrow or the system says, in one line."""
    reason = getattr(error, "strerror", None) or str(error)
    return " ".join(str(reason).split())[:300]

"""
The store of a survey: immutable Parquet parts below a folder or in an object store, and one list of them.

A part is written under a temporary name and renamed when it is whole; then the list is replaced in one step. So what
the list names is always whole, and a process that is killed at any moment loses what it had not written yet.
"""

import json
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from musl_audit.adapters.stores.layout import LAYOUT, SUMMARY, TABLES, schema_of
from musl_audit.adapters.stores.locking import locked
from musl_audit.errors import MuslAuditError, UsageError
from musl_audit.frozen import frozen

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.fs as pafs
    from pyarrow import dataset

_LIST = "parts.json"
_KIND = "musl-audit survey"
_GROUP = {"facts": 64}  # rows that are packed, and later unpacked, at once: a wheel's facts have about 250 kB
_USUAL_GROUP = 65_536
_MOST_RUNS = 999
_WORTH_SUMMARY = 20  # a summary that a twentieth has changed of is worked out anew
_FEW = 16  # rows that are unpacked at once where each is judged by itself


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


class SurveyStore:
    """Tables that grow part by part; ``layout`` says what is in them."""

    def __init__(self, place: str, filesystem: "pafs.FileSystem", root: str) -> None:
        self.place = place
        self._filesystem = filesystem
        self._root = root
        self.runs: tuple[str, ...] = ()  # when each of the runs began that changed something: UTC, ISO; oldest first
        self.summary: StorePart | None = None  # what the first parts say together
        self._summed = 0  # how many these are
        self.parts = self._read_list()

    @property
    def since(self) -> tuple[StorePart, ...]:
        """The parts that the summary knows nothing of: all, where there is none."""
        return self.parts[self._summed :]

    @property
    def news(self) -> int:
        """How many sightings and verdicts these parts have."""
        return sum(part.rows for part in self.since if part.table != "facts")

    # --- Writing --------------------------------------------------------------------------------------------

    def begin_run(self, when: str) -> None:
        """Remember that a run began *when*; the next rows that are added make it one that changed something."""
        self.runs = (*self.runs[-_MOST_RUNS:], when)

    def add(self, tables: "Mapping[str, pa.Table]") -> None:
        """Add the rows of *tables*, by table, all of them or none."""
        with _told(self.place):
            new = tuple(self._write(name, [rows]) for name, rows in tables.items() if rows.num_rows)
            self._replace_list((*self.parts, *new), self.summary, self._summed)

    def wants_summary(self) -> bool:
        """Whether so much has changed since the summary that who asks had better have a new one."""
        return self.summary is None or self.news * _WORTH_SUMMARY > self.summary.rows

    def summarize(self, pieces: "Iterable[pa.Table]") -> None:
        """Keep *pieces*, the newest of what the parts say about each path, for who asks later."""
        with _told(self.place):
            self._filesystem.create_dir(f"{self._root}/{SUMMARY}", recursive=True)
            summary = self._write(SUMMARY, pieces)
            self._replace_list(self.parts, summary, len(self.parts))
            self.sweep()

    def compact(self) -> None:
        """Make one part of each table, a batch of rows in memory at a time, and delete what no list names any more."""
        with _told(self.place):
            merged = tuple(part for part in (self._write(name, self._merged(name)) for name in TABLES) if part.rows)
            summary = None if self.since else self.summary
            self._replace_list(merged, summary, len(merged))
            self.sweep()

    def _merged(self, table: str) -> "Iterator[pa.Table]":
        """Yield the rows of *table*; of several facts about one file, the first."""
        import pyarrow as pa

        seen: set[object] = set()
        for batch in self.batches(table, schema_of(table).names, rows=_GROUP.get(table, _USUAL_GROUP)):
            rows = pa.Table.from_batches([batch])
            yield _new_ones(rows, seen) if table == "facts" else rows

    def sweep(self) -> None:
        """Delete the files that no list names: what a killed process had begun."""
        import pyarrow.fs as pafs

        named = {f"{self._root}/{part.name}" for part in (*self.parts, *filter(None, [self.summary]))}
        selector = pafs.FileSelector(self._root, recursive=True)
        for info in self._filesystem.get_file_info(selector):
            is_ours = info.path.removeprefix(f"{self._root}/").partition("/")[0] in (*TABLES, SUMMARY)
            if info.is_file and is_ours and info.path not in named:
                self._filesystem.delete_file(info.path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the store against other writers; raise ``StoreError`` where there is one."""
        with locked(self._filesystem, self._root) as holder:
            if holder is not None:
                raise StoreError(f"{self.place}: {holder} is writing into it; wait for its end")
            self.parts = self._read_list()
            self.sweep()
            yield

    def _write(self, table: str, pieces: "Iterable[pa.Table]") -> StorePart:
        import pyarrow.parquet as pq

        name = f"{table}/{uuid4().hex}.parquet"
        path = f"{self._root}/{name}"
        is_local = self._filesystem.type_name == "local"
        being_written = f"{path}.part" if is_local else path  # an object appears whole
        schema = schema_of(table)
        dictionaries = [field.name for field in schema if str(field.type) == "string"]
        count = 0
        with (
            self._filesystem.open_output_stream(being_written) as stream,
            pq.ParquetWriter(
                stream, schema, compression="zstd", compression_level=9, use_dictionary=dictionaries
            ) as writer,
        ):
            for rows in pieces:
                if rows.num_rows:
                    writer.write_table(rows, row_group_size=_GROUP.get(table, _USUAL_GROUP))
                    count += rows.num_rows
        size = self._filesystem.get_file_info(being_written).size
        if is_local:
            self._filesystem.move(being_written, path)
        return StorePart(name, count, size)

    def _replace_list(self, parts: tuple[StorePart, ...], summary: StorePart | None, summed: int) -> None:
        document = {"kind": _KIND, "layout": LAYOUT, "parts": [_part_row(part) for part in parts]}
        document["runs"] = list(self.runs)
        if summary is not None and summed == len(parts):
            document["summary"] = _part_row(summary)
        elif summary is not None:  # under another name: who knows nothing of the parts behind it must not take it
            document["summary_of_first"] = {**_part_row(summary), "parts": summed}
        _put(self._filesystem, f"{self._root}/{_LIST}", (json.dumps(document, indent=1) + "\n").encode())
        self.parts, self.summary, self._summed = parts, summary, summed if summary else 0

    # --- Reading --------------------------------------------------------------------------------------------

    def dataset(self, table: str, parts: Sequence[StorePart] | None = None) -> "dataset.Dataset":
        """Return the parts of a table as one dataset; if *parts* are given, those of them."""
        from pyarrow import dataset

        if parts is None:
            parts = (*self.parts, *filter(None, [self.summary]))
        paths = [f"{self._root}/{part.name}" for part in parts if part.table == table]
        schema = schema_of(table)
        found = dataset.dataset(paths, schema=schema, filesystem=self._filesystem, format="parquet")
        with _told(self.place):
            for fragment in found.get_fragments():  # a column that a file lacks would be read as one without values
                if fragment.physical_schema.names != schema.names:
                    name = fragment.path.removeprefix(f"{self._root}/")
                    raise StoreError(f"{self.place}: {name}: its columns are not those of {table}")
        return found

    def rows(
        self, table: str, columns: Sequence[str] | None = None, where: "pc.Expression | None" = None
    ) -> "pa.Table":
        """Return *columns* of a table, of the rows of which *where* is true; raise ``StoreError`` for a bad part."""
        with _told(self.place):
            return self.dataset(table).to_table(columns=list(columns) if columns else None, filter=where)

    def rows_at(self, table: str, columns: Sequence[str], numbers: "pa.Array") -> "Iterator[pa.RecordBatch]":
        """
        Yield *columns* of the rows with these *numbers*, ascending from 0 over all parts of a table.

        Few rows at a time, whatever is beside them: memory is for some hundred kilobytes a row.
        """
        import pyarrow.parquet as pq

        first = 0
        with _told(self.place):
            for part in [part for part in self.parts if part.table == table]:
                with self._filesystem.open_input_file(f"{self._root}/{part.name}") as stream:
                    file = pq.ParquetFile(stream, pre_buffer=False)
                    for group in range(file.num_row_groups):
                        end = first + file.metadata.row_group(group).num_rows
                        if _between(numbers, first, end):
                            batches = file.iter_batches(_FEW, [group], list(columns), use_threads=False)
                            yield from _numbered(batches, first, numbers)
                        first = end

    def batches(self, table: str, columns: Sequence[str], *, rows: int = 64) -> "Iterator[pa.RecordBatch]":
        """Yield *columns* of a table, no more than *rows* at a time."""
        with _told(self.place):
            yield from self.dataset(table).to_batches(columns=list(columns), batch_size=rows, batch_readahead=1)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the parts, a line each: missing, truncated, foreign, or of other columns."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        for part in (*self.parts, *filter(None, [self.summary])):
            try:
                with self._filesystem.open_input_file(f"{self._root}/{part.name}") as stream:
                    found = pq.ParquetFile(stream)
                    rows = found.read()
            except (OSError, pa.ArrowException) as error:
                yield f"{part.name}: {_line(error)}"
                continue
            if rows.schema.remove_metadata() != schema_of(part.table):
                yield f"{part.name}: its columns are not those of {part.table}"
            elif rows.num_rows != part.rows:
                yield f"{part.name}: has {rows.num_rows} rows, and should have {part.rows}"

    def _read_list(self) -> tuple[StorePart, ...]:
        path = f"{self._root}/{_LIST}"
        with _told(self.place):
            if not self._filesystem.get_file_info(path).is_file:
                return ()
            with self._filesystem.open_input_stream(path) as stream:
                data = stream.read()
        try:
            document = json.loads(data)
            kind, layout = document["kind"], document["layout"]
            parts = tuple(_part(row) for row in document["parts"])
            self.runs = tuple(map(str, document.get("runs", ())))
            self.summary, self._summed = _summary(document, len(parts))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self.place}: {_LIST} is no list of parts") from error
        if kind != _KIND or layout != LAYOUT:
            raise StoreError(f"{self.place}: is of layout {layout!r}; this musl-audit reads and writes {LAYOUT}")
        named = (*((part, TABLES) for part in parts), *((part, (SUMMARY,)) for part in filter(None, [self.summary])))
        if any(part.table not in tables or ".." in part.name for part, tables in named):
            raise StoreError(f"{self.place}: {_LIST} names files that are no parts")
        return parts


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


def open_store(place: str, *, create: bool = False) -> SurveyStore:
    """
    Return the store at *place*, a folder or a URL such as ``s3://bucket/folder``.

    Raise ``StoreError`` where there is none and it is not to be created, or it cannot be read, ``UsageError`` where
    what is there is no store.
    """
    require_extra()
    import pyarrow.fs as pafs

    with _told(place):
        if "://" in place:
            filesystem, root = pafs.FileSystem.from_uri(place)
        else:
            filesystem, root = pafs.LocalFileSystem(), os.path.abspath(place)  # noqa: PTH100  # pyarrow takes text
        if not filesystem.get_file_info(f"{root}/{_LIST}").is_file:
            _begin(place, filesystem, root, create=create)
    return SurveyStore(place, filesystem, root)


def require_extra() -> None:
    """Raise ``UsageError`` where what the extra ``survey`` brings is not installed."""
    try:
        import pyarrow  # noqa: F401, ICN001
    except ImportError as error:
        message = f"a survey needs {error.name}: pip install 'musl-audit[survey]'"
        raise UsageError(message) from error


def _begin(place: str, filesystem: "pafs.FileSystem", root: str, *, create: bool) -> None:
    import pyarrow.fs as pafs

    if not create:
        raise NoStoreError(f"{place}: there is no store; `musl-audit survey SOURCE… --store {place}` makes one")
    info = filesystem.get_file_info(root)
    if info.is_file:
        raise UsageError(f"--store {place}: is a file, not a folder")
    if info.type == pafs.FileType.Directory:
        found = [item.base_name for item in filesystem.get_file_info(pafs.FileSelector(root))]
        if set(found) - {*TABLES, SUMMARY, "lock"}:
            raise UsageError(f"--store {place}: is neither empty nor a store")
    for folder in ("", *(f"/{table}" for table in TABLES)):
        filesystem.create_dir(root + folder, recursive=True)
    empty = {"kind": _KIND, "layout": LAYOUT, "parts": []}
    _put(filesystem, f"{root}/{_LIST}", (json.dumps(empty) + "\n").encode())


def _put(filesystem: "pafs.FileSystem", path: str, data: bytes) -> None:
    """Write a small file in one step."""
    is_local = filesystem.type_name == "local"
    being_written = f"{path}.part" if is_local else path
    with filesystem.open_output_stream(being_written) as stream:
        stream.write(data)
    if is_local:
        filesystem.move(being_written, path)


def _new_ones(rows: "pa.Table", seen: set[object]) -> "pa.Table":
    """Return those of *rows* whose digest is not among *seen*, and add these to it."""
    import pyarrow as pa

    kept = []
    for index, digest in enumerate(rows.column("sha256").to_pylist()):
        if digest not in seen:
            seen.add(digest)
            kept.append(index)
    return rows.take(pa.array(kept, pa.int64()))


def table_of(name: str, rows: Iterable[object]) -> "pa.Table":
    """Return *rows*, values of ``layout``, as the Arrow table called *name*."""
    import pyarrow as pa

    schema = schema_of(name)
    columns: dict[str, list[object]] = {field.name: [] for field in schema}
    for row in rows:
        for field, values in columns.items():
            value = getattr(row, field)
            values.append([_plain(item) for item in value] if field == "findings" else value)
    return pa.table(columns, schema=schema)


def _numbered(batches: "Iterable[pa.RecordBatch]", first: int, numbers: "pa.Array") -> "Iterator[pa.RecordBatch]":
    """Yield those rows of *batches*, which begin with the row *first* of their table, that have these *numbers*."""
    import pyarrow.compute as pc

    for batch in batches:
        if among := _between(numbers, first, first + batch.num_rows):
            yield batch.take(pc.subtract(among, first))
        first += batch.num_rows


def _between(numbers: "pa.Array", first: int, end: int) -> "pa.Array":
    """Return those of *numbers*, which ascend, from *first* to before *end*."""
    low = bisect_left(numbers, first, key=_as_number)
    return numbers.slice(low, bisect_left(numbers, end, low, key=_as_number) - low)


def _as_number(value: "pa.Scalar") -> int:
    return int(value.as_py())


def _plain(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in ("code", "severity", "message")}


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Raise ``StoreError``, in one line, for what Arrow or the system says."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{place}: {_line(error)}") from error


def _line(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return " ".join(str(reason).split())[:300]

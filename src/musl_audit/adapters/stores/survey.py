"""
The store of a survey: immutable Parquet parts below a folder or in an object store, and one list of them.

A part is written under a temporary name and renamed when it is whole; then the list is replaced in one step. So what
the list names is always whole, and a process that is killed at any moment loses what it had not written yet.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from musl_audit.adapters.stores.layout import SUMMARY, TABLES, schema_of
from musl_audit.adapters.stores.locking import locked
from musl_audit.adapters.stores.parts import LIST, NoStoreError, PartList, StoreError, StorePart, line, read_list, told
from musl_audit.adapters.stores.rows import between, new_ones, numbered
from musl_audit.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.fs as pafs
    from pyarrow import dataset

_GROUP = {"facts": 64}  # rows that are packed, and later unpacked, at once: a wheel's facts have about 250 kB
_USUAL_GROUP = 65_536
_MOST_RUNS = 999
_WORTH_SUMMARY = 20  # a summary that a twentieth has changed of is worked out anew
_FEW = 16  # rows that are unpacked at once where each is judged by itself


class SurveyStore:
    """Tables that grow part by part; ``layout`` says what is in them."""

    def __init__(self, place: str, filesystem: "pafs.FileSystem", root: str) -> None:
        self.place = place
        self._filesystem = filesystem
        self._root = root
        self.parts: tuple[StorePart, ...] = ()
        self.runs: tuple[str, ...] = ()  # when each of the runs began that changed something: UTC, ISO; oldest first
        self.summary: StorePart | None = None  # what the first parts say together
        self._summed = 0  # how many these are
        self._take(read_list(place, filesystem, root))

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
        with told(self.place):
            new = tuple(self._write(name, [rows]) for name, rows in tables.items() if rows.num_rows)
            self._replace_list((*self.parts, *new), self.summary, self._summed)

    def wants_summary(self) -> bool:
        """Whether so much has changed since the summary that who asks had better have a new one."""
        return self.summary is None or self.news * _WORTH_SUMMARY > self.summary.rows

    def summarize(self, pieces: "Iterable[pa.Table]") -> None:
        """Keep *pieces*, the newest of what the parts say about each path, for who asks later."""
        with told(self.place):
            self._filesystem.create_dir(f"{self._root}/{SUMMARY}", recursive=True)
            summary = self._write(SUMMARY, pieces)
            self._replace_list(self.parts, summary, len(self.parts))
            self.sweep()

    def compact(self) -> None:
        """Make one part of each table, a batch of rows in memory at a time, and delete what no list names any more."""
        with told(self.place):
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
            yield new_ones(rows, seen) if table == "facts" else rows

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
            self._take(read_list(self.place, self._filesystem, self._root))
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
        new = PartList(parts, self.runs, summary, summed if summary else 0)
        new.write(self._filesystem, self._root)
        self._take(new)

    def _take(self, listed: PartList) -> None:
        self.parts, self.runs, self.summary, self._summed = listed.parts, listed.runs, listed.summary, listed.summed

    # --- Reading --------------------------------------------------------------------------------------------

    def dataset(self, table: str, parts: Sequence[StorePart] | None = None) -> "dataset.Dataset":
        """Return the parts of a table as one dataset; if *parts* are given, those of them."""
        from pyarrow import dataset

        if parts is None:
            parts = (*self.parts, *filter(None, [self.summary]))
        paths = [f"{self._root}/{part.name}" for part in parts if part.table == table]
        schema = schema_of(table)
        found = dataset.dataset(paths, schema=schema, filesystem=self._filesystem, format="parquet")
        with told(self.place):
            for fragment in found.get_fragments():  # a column that a file lacks would be read as one without values
                if fragment.physical_schema.names != schema.names:
                    name = fragment.path.removeprefix(f"{self._root}/")
                    raise StoreError(f"{self.place}: {name}: its columns are not those of {table}")
        return found

    def rows(
        self, table: str, columns: Sequence[str] | None = None, where: "pc.Expression | None" = None
    ) -> "pa.Table":
        """Return *columns* of a table, of the rows of which *where* is true; raise ``StoreError`` for a bad part."""
        with told(self.place):
            return self.dataset(table).to_table(columns=list(columns) if columns else None, filter=where)

    def rows_at(self, table: str, columns: Sequence[str], numbers: "pa.Array") -> "Iterator[pa.RecordBatch]":
        """
        Yield *columns* of the rows with these *numbers*, ascending from 0 over all parts of a table.

        Few rows at a time, whatever is beside them: memory is for some hundred kilobytes a row.
        """
        import pyarrow.parquet as pq

        first = 0
        with told(self.place):
            for part in [part for part in self.parts if part.table == table]:
                with self._filesystem.open_input_file(f"{self._root}/{part.name}") as stream:
                    file = pq.ParquetFile(stream, pre_buffer=False)
                    for group in range(file.num_row_groups):
                        end = first + file.metadata.row_group(group).num_rows
                        if between(numbers, first, end):
                            batches = file.iter_batches(_FEW, [group], list(columns), use_threads=False)
                            yield from numbered(batches, first, numbers)
                        first = end

    def batches(self, table: str, columns: Sequence[str], *, rows: int = 64) -> "Iterator[pa.RecordBatch]":
        """Yield *columns* of a table, no more than *rows* at a time."""
        with told(self.place):
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
                yield f"{part.name}: {line(error)}"
                continue
            if rows.schema.remove_metadata() != schema_of(part.table):
                yield f"{part.name}: its columns are not those of {part.table}"
            elif rows.num_rows != part.rows:
                yield f"{part.name}: has {rows.num_rows} rows, and should have {part.rows}"


def open_store(place: str, *, create: bool = False) -> SurveyStore:
    """
    Return the store at *place*, a folder or a URL such as ``s3://bucket/folder``.

    Raise ``StoreError`` where there is none and it is not to be created, or it cannot be read, ``UsageError`` where
    what is there is no store.
    """
    require_extra()
    import pyarrow.fs as pafs

    with told(place):
        if "://" in place:
            filesystem, root = pafs.FileSystem.from_uri(place)
        else:
            filesystem, root = pafs.LocalFileSystem(), os.path.abspath(place)  # noqa: PTH100  # pyarrow takes text
        if not filesystem.get_file_info(f"{root}/{LIST}").is_file:
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
    PartList().write(filesystem, root)

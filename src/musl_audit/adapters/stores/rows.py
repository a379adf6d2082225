"""Rows of a store as Arrow has them: made of values, and picked."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from musl_audit.adapters.stores.layout import schema_of

if TYPE_CHECKING:
    import pyarrow as pa


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


def _plain(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in ("code", "severity", "message")}


def new_ones(rows: "pa.Table", seen: set[object]) -> "pa.Table":
    """Return those of *rows* whose digest is not among *seen*, and add these to it."""
    import pyarrow as pa

    kept = []
    for index, digest in enumerate(rows.column("sha256").to_pylist()):
        if digest not in seen:
            seen.add(digest)
            kept.append(index)
    return rows.take(pa.array(kept, pa.int64()))


def numbered(batches: "Iterable[pa.RecordBatch]", first: int, numbers: "pa.Array") -> "Iterator[pa.RecordBatch]":
    """Yield those rows of *batches*, which begin with the row *first* of their table, that have these *numbers*."""
    import pyarrow.compute as pc

    for batch in batches:
        among = between(numbers, first, first + batch.num_rows)
        if len(among) == batch.num_rows:
            yield batch
        elif len(among):
            yield batch.take(pc.subtract(among, first))
        first += batch.num_rows


def between(numbers: "pa.Array", first: int, end: int) -> "pa.Array":
    """Return those of *numbers*, which ascend, from *first* to before *end*."""
    low = bisect_left(numbers, first, key=_as_number)
    return numbers.slice(low, bisect_left(numbers, end, low, key=_as_number) - low)


def _as_number(value: "pa.Scalar") -> int:
    return int(value.as_py())

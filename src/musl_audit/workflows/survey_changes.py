"""What a survey says at two moments, compared path by path."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from musl_audit.adapters.stores.queries import Row, StoreViews, states
from musl_audit.frozen import frozen

if TYPE_CHECKING:
    import pyarrow as pa


class Kind(StrEnum):
    """What happened to a wheel."""

    NEW = "new"
    NEW_BROKEN = "new and broken"
    FIXED = "fixed"
    BROKEN = "broken"
    CHANGED = "changed"  # it loads elsewhere than before


@frozen
class WheelChange:
    """A wheel about which the store says something else than before."""

    kind: Kind
    path: str
    project: str
    version: str
    summary: str  # now


def changes(answers: StoreViews, old: str, new: str) -> tuple[WheelChange, ...]:
    """Return what is different at the end of *new* from the end of *old*, both ISO times in UTC, by path."""
    before, after = states(answers, old), states(answers, new)
    found = ((path, _kind(before.get(path), row), row) for path, row in sorted(after.items()))
    return tuple(WheelChange(kind, path, str(row[0]), str(row[1]), str(row[5])) for path, kind, row in found if kind)


def _kind(before: Row | None, after: Row) -> Kind | None:
    kept, loads_on = after[3], after[4]
    if before is None:
        return Kind.NEW_BROKEN if kept is False else Kind.NEW
    if before[3] is False and kept is not False:
        return Kind.FIXED
    if before[3] is not False and kept is False:
        return Kind.BROKEN
    return Kind.CHANGED if before[4] != loads_on else None


def changes_table(found: Iterable[WheelChange]) -> "pa.Table":
    """Return *found* as an Arrow table."""
    import pyarrow as pa

    names = ("kind", "path", "project", "version", "summary")
    rows = [{name: str(getattr(change, name)) for name in names} for change in found]
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))

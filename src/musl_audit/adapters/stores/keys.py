"""What a store knows, told by its key columns alone: of a million rows, Python sees those that it asks for."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from musl_audit.adapters.stores.survey import SurveyStore

if TYPE_CHECKING:
    import pyarrow as pa

SKIPPED = ""  # in place of a digest: a file that there is nothing to know about


class Keys:
    """Which files a store has seen, of which wheels it has facts, and which the judge of now has judged."""

    def __init__(self, store: SurveyStore, *, policies: str, judge: str) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        self._store = store
        self._facts = store.rows("facts", ["sha256"]).column("sha256")
        by_now = (pc.field("policies") == policies) & (pc.field("judge") == judge)
        judged = store.rows("verdicts", ["sha256"], by_now).column("sha256")
        self._pure = store.rows(
            "sightings", ["sha256"], (pc.field("outcome") == "skipped") & pc.field("sha256").is_valid()
        ).column("sha256")
        self._settled = pa.chunked_array([*judged.chunks, *self._pure.chunks], pa.string())

    def seen(self, paths: Sequence[str]) -> dict[tuple[str, int, str], str]:
        """Return the digest of each file at *paths* as it was seen; files that failed are read again."""
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = (pc.field("outcome") != "failed") & pc.field("path").isin(pa.array(paths, pa.string()))
        rows = self._store.rows("sightings", ["path", "size", "stamp", "sha256"], wanted)
        columns = [rows.column(name).to_pylist() for name in rows.column_names]
        return {(path, size, stamp): sha256 or SKIPPED for path, size, stamp, sha256 in zip(*columns, strict=True)}

    def with_facts(self, digests: Iterable[str]) -> set[str]:
        """Return those of *digests* whose wheels' facts are there."""
        return _those_in(self._facts, digests)

    def settled(self, digests: Iterable[str]) -> set[str]:
        """Return those of *digests* that need no verdict: judged by the judge of now, or pure."""
        return _those_in(self._settled, digests)

    def pure(self, digests: Iterable[str]) -> set[str]:
        """Return those of *digests* that have nothing to judge in them."""
        return _those_in(self._pure, digests)

    def unjudged(self) -> "pa.Array":
        """Return where the facts lie that wait for a verdict, once each: numbers of rows, ascending."""
        import pyarrow as pa
        import pyarrow.compute as pc

        waits = pc.invert(pc.is_in(self._facts, value_set=self._settled))
        waiting = pa.table({"sha256": self._facts.filter(waits), "row": pc.indices_nonzero(waits)})
        firsts = waiting.group_by("sha256").aggregate([("row", "min")]).column("row_min")
        return firsts.combine_chunks().sort()


def _those_in(column: "pa.ChunkedArray", digests: Iterable[str]) -> set[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(digests, pa.string())
    return set(wanted.filter(pc.is_in(wanted, value_set=column)).to_pylist())

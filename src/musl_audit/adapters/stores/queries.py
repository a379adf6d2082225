"""Questions to a store, in SQL: views over its parts, and what the report and ``diff`` ask of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from musl_audit.adapters.stores.layout import SUMMARY, TABLES, schema_of
from musl_audit.adapters.stores.parts import StoreError
from musl_audit.adapters.stores.survey import SurveyStore
from musl_audit.adapters.stores.wheels import wheels_view
from musl_audit.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[object, ...]
_BATCH = 20_000  # rows

VIEWS = {
    "failures": """
        WITH failed AS (SELECT DISTINCT path FROM sightings WHERE outcome = 'failed'),
        seen_last AS (SELECT path, max(seen) AS seen FROM sightings SEMI JOIN failed USING (path) GROUP BY path)
        SELECT path, code, detail, seen FROM sightings SEMI JOIN seen_last USING (path, seen)
        WHERE outcome = 'failed'""",
    "findings": """
        SELECT path, project, version, f.code AS code, f.severity AS severity, f.message AS message
        FROM (SELECT path, project, version, unnest(findings) AS f FROM wheels)""",
    "distributions": """
        SELECT path, project, version, arch, unnest(loads_at) AS distribution, true AS loads FROM wheels
        UNION ALL
        SELECT path, project, version, arch, unnest(fails_at) AS distribution, false AS loads FROM wheels""",
}


class StoreViews:
    """The views of one store, open for questions."""

    def __init__(self, store: SurveyStore) -> None:
        try:
            import duckdb
        except ImportError as error:
            raise UsageError("this needs duckdb: pip install 'musl-audit[survey]'") from error
        self._store = store
        self._connection: duckdb.DuckDBPyConnection = duckdb.connect()
        self._connection.execute("SET memory_limit = '700MB'")
        self._datasets = {table: store.dataset(table) for table in TABLES if table != "facts"}
        for name, rows in self._datasets.items():
            self._connection.register(name, rows)
        with self._told():
            for name, query in {"wheels": wheels_view(self._connection, store), **VIEWS}.items():
                self._connection.execute(f"CREATE VIEW {name} AS {query}")
        # What somebody asks may read what is registered here, and no file of this machine.
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def wheels(self) -> "Iterator[pa.Table]":
        """Yield the rows of the view ``wheels``, some at a time."""
        import pyarrow as pa

        with self._told():
            found = self._connection.sql("SELECT * FROM wheels")
            # The first is called the second before DuckDB 1.5.
            read = getattr(found, "to_arrow_reader", None) or found.fetch_arrow_reader
            for batch in read(_BATCH):
                yield pa.Table.from_batches([batch]).cast(schema_of(SUMMARY))

    def table(self, query: str, parameters: Sequence[object] = ()) -> "pa.Table":
        """Return the answer to *query* as an Arrow table; raise ``UsageError`` where DuckDB refuses it."""
        with self._told():
            found = self._connection.sql(query, params=list(parameters))
            if found is None:
                raise UsageError("not a question: one SELECT is wanted")
            return found.to_arrow_table()

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Return the answer to *query*, a tuple for each row."""
        with self._told():
            found: list[Row] = self._connection.execute(query, parameters).fetchall()
            return found

    @contextmanager
    def _told(self) -> Iterator[None]:
        import duckdb
        import pyarrow as pa

        try:
            yield
        except (duckdb.IOException, pa.ArrowException, OSError) as error:
            raise StoreError(f"{self._store.place}: {_line(error)}") from error
        except duckdb.Error as error:
            if fault := next(self._store.faults(), None):  # what DuckDB says of a damaged part is that SQL is wrong
                raise StoreError(f"{self._store.place}: {fault}") from error
            raise UsageError(_line(error)) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def states(answers: StoreViews, until: str) -> dict[str, Row]:
    """
    Return what the store said of each path at the end of *until*, an ISO date or time.

    A row is: project, version, sha256, kept, loads_on, summary, codes.
    """
    query = """
        WITH s AS (
            SELECT path, sha256, row_number() OVER (PARTITION BY path ORDER BY seen DESC) AS place
            FROM sightings WHERE seen <= $1 AND sha256 IS NOT NULL
        ), v AS (
            SELECT *, row_number() OVER (PARTITION BY sha256 ORDER BY judged DESC) AS place
            FROM verdicts WHERE judged <= $1
        )
        SELECT s.path, v.project, v.version, v.sha256, v.kept, v.loads_on, v.summary, v.codes
        FROM s JOIN v USING (sha256) WHERE s.place = 1 AND v.place = 1
    """
    return {str(path): tuple(rest) for path, *rest in answers.rows(query, [until])}

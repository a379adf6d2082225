"""Questions to a store, in SQL: views over its parts, and what the report and ``diff`` ask of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from musl_audit.adapters.stores.layout import TABLES
from musl_audit.adapters.stores.survey import StoreError, SurveyStore
from musl_audit.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[object, ...]

# Newest first by when it was judged; `rowid` decides between those of one second, in the order of the parts.
VIEWS = {
    "newest_sightings": """
        SELECT * EXCLUDE (place) FROM (
            SELECT *, row_number() OVER (PARTITION BY path ORDER BY seen DESC, number DESC) AS place
            FROM (SELECT *, row_number() OVER () AS number FROM sightings)
        ) WHERE place = 1""",
    "newest_verdicts": """
        SELECT * EXCLUDE (place) FROM (
            SELECT *, row_number() OVER (PARTITION BY sha256 ORDER BY judged DESC, number DESC) AS place
            FROM (SELECT *, row_number() OVER () AS number FROM verdicts)
        ) WHERE place = 1""",
    "wheels": """
        SELECT s.path, s.size, s.uploaded, s.seen, v.* EXCLUDE (number)
        FROM newest_sightings s JOIN newest_verdicts v USING (sha256)""",
    "failures": "SELECT path, code, detail, seen FROM newest_sightings WHERE outcome = 'failed'",
    "findings": """
        SELECT path, project, version, f.code AS code, f.severity AS severity, f.message AS message
        FROM (SELECT path, project, version, unnest(findings) AS f FROM wheels)""",
    "distributions": """
        SELECT path, project, version, arch, unnest(loads_at) AS distribution, true AS loads FROM wheels
        UNION ALL
        SELECT path, project, version, arch, unnest(fails_at) AS distribution, false AS loads FROM wheels""",
}


class Answers:
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
        for name, query in VIEWS.items():
            self._connection.execute(f"CREATE VIEW {name} AS {query}")
        # What somebody asks may read what is registered here, and no file of this machine.
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def keep(self, view: str) -> None:
        """Work a view out once, for many questions."""
        with self._told():
            self._connection.execute(f"CREATE TEMP TABLE kept_{view} AS SELECT * FROM {view}")  # noqa: S608  # ours

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


def states(answers: Answers, until: str) -> dict[str, Row]:
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

"""
The view ``wheels`` of a store, in SQL: the newest of what its sightings and verdicts say about each path.

A summary of all parts is that view. One of the first parts is most of it: what the parts behind them changed is little,
and worked out here. That a wheel which was seen was judged then, or before, is taken for granted.
"""

from typing import TYPE_CHECKING

from musl_audit.adapters.stores.layout import SUMMARY
from musl_audit.adapters.stores.survey import SurveyStore

if TYPE_CHECKING:
    import duckdb

_MANY = 4  # news: a quarter of what there is, which is better read once
_SUMMARY = "SELECT * FROM summary_of_wheels"

# The newest by the time that rows state, to the microsecond. Keys are worked out alone: rows are wide.
_FROM_ALL_PARTS = """
    WITH seen_last AS (SELECT path, max(seen) AS seen FROM sightings GROUP BY path),
    judged_last AS (SELECT sha256, max(judged) AS judged FROM verdicts GROUP BY sha256)
    SELECT s.path, s.size, s.uploaded, s.seen, v.*
    FROM sightings s SEMI JOIN seen_last USING (path, seen)
    JOIN (SELECT * FROM verdicts SEMI JOIN judged_last USING (sha256, judged)) v USING (sha256)"""

_NEWS = """
    CREATE TABLE newly_seen AS
        SELECT path, size, uploaded, seen, sha256, outcome FROM sightings_since
        QUALIFY row_number() OVER (PARTITION BY path ORDER BY seen DESC) = 1;
    CREATE TABLE newly_judged AS
        SELECT * FROM verdicts_since QUALIFY row_number() OVER (PARTITION BY sha256 ORDER BY judged DESC) = 1;
    CREATE TABLE changed AS
        SELECT path, size, uploaded, seen, sha256 FROM summary_of_wheels
        WHERE path IN (SELECT path FROM newly_seen) OR sha256 IN (SELECT sha256 FROM newly_judged);"""
# Whose verdict is in an old part: read before, and now seen elsewhere.
_LACKS = """
    SELECT EXISTS (FROM newly_seen WHERE outcome = 'wheel' AND sha256 NOT IN (SELECT sha256 FROM newly_judged))"""
_FROM_SUMMARY = """
    SELECT * FROM summary_of_wheels
    WHERE path NOT IN (SELECT path FROM newly_seen) AND path NOT IN (SELECT path FROM changed)
    UNION ALL
    SELECT s.path, s.size, s.uploaded, s.seen, v.*
    FROM (
        SELECT path, size, uploaded, seen, sha256 FROM newly_seen
        UNION ALL
        SELECT path, size, uploaded, seen, sha256 FROM changed WHERE path NOT IN (SELECT path FROM newly_seen)
    ) s JOIN newly_judged v USING (sha256)"""


def wheels_view(connection: "duckdb.DuckDBPyConnection", store: SurveyStore) -> str:
    """Return the query of the view; *connection*, which has the store's tables, gets those that it needs."""
    if store.summary is None:
        return _FROM_ALL_PARTS
    connection.register("summary_of_wheels", store.dataset(SUMMARY))
    if not store.since:
        return _SUMMARY
    if store.news * _MANY > store.summary.rows:
        return _FROM_ALL_PARTS
    for table in ("sightings", "verdicts"):
        connection.register(f"{table}_since", store.dataset(table, store.since))
    connection.execute(_NEWS)
    lacks = connection.execute(_LACKS).fetchone()
    return _FROM_ALL_PARTS if lacks is None or lacks[0] else _FROM_SUMMARY

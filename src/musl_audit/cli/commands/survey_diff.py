"""
Say what changed in a survey between two moments: new wheels, fixed ones, broken ones.

OLD and NEW are days or times (ISO, UTC), or runs: last is the moment before the last
run that changed something, last-1 that before the one before; NEW is by default now.

for example:
  musl-audit survey diff 2026-11-01 --store survey

exit code:
  0  nothing got worse
  1  a wheel broke its promise since, or came broken
  2  wrong usage
  4  the store cannot be read
"""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import date, datetime

from musl_audit.cli import arguments
from musl_audit.cli.survey_table import FORMATS


def add_arguments(parser: ArgumentParser) -> None:
    """Add what this command can be asked."""
    parser.add_argument("old", metavar="OLD", help="a day, to its end, a time, or last, last-1 …")
    parser.add_argument("new", metavar="NEW", nargs="?", help="default: now")
    parser.add_argument("--store", metavar="PLACE", required=True, help="the store of a survey")
    parser.add_argument(
        "--format", type=arguments.one_of(FORMATS), metavar="FORMAT", default="text", help=", ".join(FORMATS)
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the answer to FILE")


def run(options: Namespace) -> int:
    """Write what changed, and return the exit code."""
    from musl_audit.adapters.stores.queries import StoreViews
    from musl_audit.adapters.stores.survey import open_store
    from musl_audit.cli.survey_table import write_table
    from musl_audit.workflows.survey_changes import Kind, changes, changes_table

    store = open_store(options.store)
    old, new = (moment(text, store.runs) for text in (options.old, options.new or "9999-12-31"))
    found = changes(StoreViews(store), old, new)
    write_table(changes_table(found), options.format, options.output)
    return 1 if any(change.kind in (Kind.BROKEN, Kind.NEW_BROKEN) for change in found) else 0


def moment(text: str, runs: Sequence[str] = ()) -> str:
    """
    Return *text* as the store writes times; a day means its end, ``last`` when the last of *runs* began.

    >>> moment("2026-11-01"), moment("2026-11-01T08:00:00+00:00")
    ('2026-11-01T23:59:59.999999+00:00', '2026-11-01T08:00:00.000000+00:00')
    """
    from datetime import UTC

    from musl_audit.errors import UsageError

    if match := re.fullmatch(r"last(?:-(\d{1,3}))?", text):
        back = int(match[1] or 0) + 1
        if back > len(runs):
            raise UsageError(f"{text}: the store remembers {len(runs)} runs that changed something")
        return runs[-back]
    try:
        if len(text) == len("2026-11-01"):
            return f"{date.fromisoformat(text).isoformat()}T23:59:59.999999+00:00"
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text}: no day or time such as 2026-11-01 or 2026-11-01T08:00:00+00:00") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="microseconds")

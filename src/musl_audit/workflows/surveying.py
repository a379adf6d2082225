"""
A whole mirror or index: facts once, verdicts again and again.

A file that the store knows is not opened, one whose facts it has is judged from them, and only the rest is read. What
is found goes into the store as it comes, so that a run that ends early, by a signal or by a full disk, has lost little,
and the next one goes on.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from os import PathLike, fspath
from typing import TYPE_CHECKING

from musl_audit import __version__
from musl_audit.adapters.candidates import Candidate, DocumentLine, Surveyed, find_candidates
from musl_audit.adapters.runners import Runner, runner_for
from musl_audit.adapters.stores.layout import FactsRow, SightingRow, VerdictRow
from musl_audit.adapters.stores.survey import SurveyStore, open_store, table_of
from musl_audit.frozen import frozen
from musl_audit.model import Failure, Skip
from musl_audit.wheel.limits import Limits
from musl_audit.workflows.survey_looking import (
    LONGEST_MESSAGE,
    Found,
    Looked,
    Looking,
    Remembered,
    Wanted,
    clean,
    now,
)

if TYPE_CHECKING:
    import pyarrow as pa

_PART_ROWS = int(os.environ.get("MUSL_AUDIT_SURVEY_ROWS", "512"))  # kept back before a part is written
_PART_BYTES = 16 << 20


@frozen
class Plan:
    """What a survey would do: files it has seen as they are, facts to judge again, wheels to read."""

    known: int
    again: int
    to_read: tuple[Wanted, ...]
    rows: tuple[Skip | Failure, ...]
    elsewhere: tuple[tuple[Wanted, str], ...] = ()  # with facts, but never seen at this place: the digest

    @property
    def bytes_to_read(self) -> int:
        """The size of the wheels to read."""
        return sum(source.size for source in self.to_read)


@frozen
class Survey:
    """What a survey did, and the store that it did it in."""

    store: SurveyStore
    known: int = 0
    again: int = 0
    read: int = 0
    skipped: int = 0
    failed: int = 0

    def frame(self) -> "pa.Table":
        """Return the newest verdict about every wheel, as an Arrow table."""
        from musl_audit.adapters.stores.queries import StoreViews

        return StoreViews(self.store).table("SELECT * FROM wheels ORDER BY path")


def plan_survey(
    inputs: Iterable[Surveyed],
    store: SurveyStore,
    *,
    policies: str,
    limit: int | None = None,
) -> Plan:
    """Return what there is to do about *inputs*, given what *store* knows; no more than *limit* wheels are read."""
    seen = _seen(store)
    judged = _judged(store, policies)
    with_facts = set(store.rows("facts", ["sha256"]).column("sha256").to_pylist())
    known, again, to_read, rows, elsewhere = 0, set(), [], [], []
    for item in inputs:
        if isinstance(item, Skip | Failure):
            rows.append(item)
            continue
        known_here = seen.get((item.path, item.size, item.stamp))
        sha256 = item.sha256 if known_here is None else known_here
        if sha256 is None or (sha256 != _SKIPPED and sha256 not in with_facts):
            to_read.append(item)
            continue
        if known_here is None:
            elsewhere.append((item, sha256))
        if sha256 == _SKIPPED or sha256 in judged:
            known += 1
        else:
            again.add(sha256)
    return Plan(known, len(again), tuple(to_read[:limit]), tuple(rows), tuple(elsewhere))


def survey(
    inputs: "Iterable[Surveyed | str | PathLike[str]]",
    store: SurveyStore | str | PathLike[str],
    *,
    runner: Runner | None = None,
    jobs: int = 1,
    limits: Limits | None = None,
    policies: str | PathLike[str] | None = None,
    limit: int | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> Survey:
    """
    Look at every wheel of *inputs*, add to *store* what it did not know, and return what was done.

    *inputs* are what ``find_candidates`` yields, or references that it takes; *store* may be the place of one, which is
    begun where there is none.
    Facts of any wheel of the store that the policies of now have not judged are judged, too. *limit* bounds how many
    wheels are read. *watch* is told how many wheels, and bytes, are done. Raise ``StoreError`` where the store cannot
    be written, or somebody else writes into it.
    """
    directory = None if policies is None else fspath(policies)
    work = Looking(limits, directory)
    if not isinstance(store, SurveyStore):
        store = open_store(fspath(store), create=True)
    with store.held():
        plan = plan_survey(_candidates(inputs), store, policies=work.digest, limit=limit)
        again = list(_unjudged(store, work.digest))
        store.begin_run(now())
        return _Run(store, work, runner, jobs, watch).done(plan, again)


def _candidates(inputs: "Iterable[Surveyed | str | PathLike[str]]") -> Iterator[Surveyed]:
    for item in inputs:
        if isinstance(item, str | PathLike):
            yield from find_candidates([fspath(item)])
        else:
            yield item


class _Run:
    """One run: items out, rows in, parts written."""

    def __init__(
        self,
        store: SurveyStore,
        work: Looking,
        runner: Runner | None,
        jobs: int,
        watch: Callable[[int, int], None] | None,
    ) -> None:
        self._store = store
        self._work = work
        self._runner = runner
        self._jobs = jobs
        self._watch = watch or (lambda _wheels, _bytes: None)
        self._sightings: list[SightingRow] = []
        self._facts: list[FactsRow] = []
        self._verdicts: list[VerdictRow] = []
        self._bytes = 0
        self._new: set[str] = set()
        self._judged: set[str] = set()

    def done(self, plan: Plan, again: Sequence[str]) -> Survey:
        """Return what was done when all of *plan* is, and the facts of the digests *again* are judged."""
        counts = {"again": 0, "read": 0, "skipped": 0, "failed": 0}
        for row in plan.rows:
            counts["skipped" if isinstance(row, Skip) else "failed"] += 1
        pure = _pure(self._store) if plan.elsewhere else frozenset()
        for source, sha256 in plan.elsewhere:
            outcome, detail = ("skipped", "pure") if sha256 in pure else ("wheel", "")
            self._sightings.append(_row(source, sha256, outcome, detail))
        try:
            for found in self._looked(_remembered(self._store, again), len(again)):
                counts["again"] += 1
                if isinstance(found, Looked):
                    self._keep(None, found)
            for source, found in self._answers(plan.to_read):
                kind = "read" if isinstance(found, Looked) else "skipped" if isinstance(found, Skip) else "failed"
                counts[kind] += 1
                self._keep(source, found)
        finally:
            self._write()
        if self._store.summary is None:
            from musl_audit.adapters.stores.queries import StoreViews

            self._store.summarize(StoreViews(self._store).wheels())
        return Survey(self._store, known=plan.known, **counts)

    def _answers(self, sources: Sequence[Candidate | DocumentLine]) -> Iterator[tuple[Candidate | DocumentLine, Found]]:
        done = 0
        for count, (source, found) in enumerate(
            zip(sources, self._looked(iter(sources), len(sources)), strict=True), start=1
        ):
            done += source.size
            self._watch(count, done)
            yield source, found

    def _looked(self, items: Iterator[Wanted] | Iterator[Remembered], count: int) -> Iterator[Found]:
        if not count:
            return
        first = list(_taken(items, 4096))
        runner = self._runner or runner_for(first, self._jobs)
        with closing(runner.run(self._work, chain(first, items), self._jobs)) as answers:
            yield from answers

    def _keep(self, source: Wanted | None, found: Found) -> None:
        if isinstance(found, Looked):
            if found.facts is not None and found.sha256 not in self._new:
                self._new.add(found.sha256)
                self._facts.append(found.facts)
                self._bytes += len(found.facts.document)
            if found.verdict is not None and found.sha256 not in self._judged:
                self._judged.add(found.sha256)
                self._verdicts.append(found.verdict)
        if source is not None:
            self._sightings.append(_sighting(source, found))
        rows = len(self._sightings) + len(self._verdicts)
        if rows >= _PART_ROWS or self._bytes >= _PART_BYTES:
            self._write()

    def _write(self) -> None:
        tables = {
            "sightings": table_of("sightings", self._sightings),
            "facts": table_of("facts", self._facts),
            "verdicts": table_of("verdicts", self._verdicts),
        }
        if any(table.num_rows for table in tables.values()):
            self._store.add(tables)
        self._sightings, self._facts, self._verdicts, self._bytes = [], [], [], 0


_SKIPPED = ""  # in place of a digest: a file that there is nothing to know about


def _sighting(source: Wanted, found: Found) -> SightingRow:
    outcome, detail, code = "wheel", "", ""
    match found:
        case Skip(reason=reason):
            outcome, detail = "skipped", reason
        case Failure(message=message, code=name):
            outcome, detail, code = "failed", message, name
        case Looked(verdict=None):
            outcome, detail = "skipped", "pure"
    return _row(source, found.sha256 if isinstance(found, Looked) else None, outcome, detail, code)


def _row(source: Wanted, sha256: str | None, outcome: str, detail: str, code: str = "") -> SightingRow:
    return SightingRow(
        path=clean(source.path),
        size=source.size,
        stamp=source.stamp,
        sha256=sha256,
        outcome=outcome,
        detail=clean(detail)[:LONGEST_MESSAGE],
        code=code,
        uploaded=source.uploaded,
        seen=now(),
    )


def _seen(store: SurveyStore) -> dict[tuple[str, int, str], str]:
    """Return the digest of each file as it was seen; files that failed are read again."""
    rows = store.rows("sightings", ["path", "size", "stamp", "sha256", "outcome"])
    columns = [rows.column(name).to_pylist() for name in rows.column_names]
    return {
        (path, size, stamp): sha256 or _SKIPPED
        for path, size, stamp, sha256, outcome in zip(*columns, strict=True)
        if outcome != "failed"
    }


def _judged(store: SurveyStore, policies: str) -> set[str]:
    """Return the digests of what needs no verdict: judged by these policies and this tool, or pure."""
    rows = store.rows("verdicts", ["sha256", "policies", "judge"])
    columns = [rows.column(name).to_pylist() for name in rows.column_names]
    judged = {sha256 for sha256, by, judge in zip(*columns, strict=True) if (by, judge) == (policies, __version__)}
    return judged | _pure(store)


def _pure(store: SurveyStore) -> frozenset[str]:
    """Return the digests of wheels that have nothing to judge in them."""
    rows = store.rows("sightings", ["sha256", "outcome"])
    outcomes = zip(rows.column("sha256").to_pylist(), rows.column("outcome").to_pylist(), strict=True)
    return frozenset(sha256 for sha256, outcome in outcomes if outcome == "skipped" and sha256)


def _unjudged(store: SurveyStore, policies: str) -> Iterator[str]:
    """Yield the digests of the facts that wait for a verdict."""
    judged = _judged(store, policies)
    for sha256 in dict.fromkeys(store.rows("facts", ["sha256"]).column("sha256").to_pylist()):
        if sha256 not in judged:
            yield sha256


def _remembered(store: SurveyStore, wanted: Sequence[str]) -> Iterator[Remembered]:
    """Yield the facts of *wanted*, once each, a batch of rows in memory at a time."""
    left = set(wanted)
    for batch in store.batches("facts", ["sha256", "filename", "document"]) if left else ():
        for row in batch.to_pylist():
            if row["sha256"] in left:
                left.discard(row["sha256"])
                yield Remembered(row["filename"], row["sha256"], row["document"])


def _taken(items: Iterator[Wanted] | Iterator[Remembered], most: int) -> Iterator[Wanted | Remembered]:
    for _, item in zip(range(most), items, strict=False):
        yield item

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

from musl_audit.adapters.candidates import Candidate, DocumentLine, Surveyed, find_candidates
from musl_audit.adapters.runners import Runner, runner_for
from musl_audit.adapters.stores.layout import FactsRow, SightingRow, VerdictRow
from musl_audit.adapters.stores.rows import table_of
from musl_audit.adapters.stores.survey import SurveyStore, open_store
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
from musl_audit.workflows.survey_planning import Plan, keys_of, planned

if TYPE_CHECKING:
    import pyarrow as pa

_PART_ROWS = int(os.environ.get("MUSL_AUDIT_SURVEY_ROWS", "512"))  # kept back before a part is written
_PART_BYTES = 16 << 20
_ENOUGH, _ENOUGH_BYTES = 4096, 16 << 20


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
        keys = keys_of(store, work.digest)
        plan = planned(_candidates(inputs), keys, limit)
        again = keys.unjudged()
        del keys  # of a large store, a hundred megabytes that the processes to come would have, too
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

    def done(self, plan: Plan, again: "pa.Array") -> Survey:
        """Return what was done when all of *plan* is, and the facts in the rows *again* are judged."""
        counts = {"again": 0, "read": 0, "skipped": 0, "failed": 0}
        for row in plan.rows:
            counts["skipped" if isinstance(row, Skip) else "failed"] += 1
        for source, sha256, is_pure in plan.elsewhere:
            outcome, detail = ("skipped", "pure") if is_pure else ("wheel", "")
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
        if self._store.wants_summary():
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
        first = list(_taken(items))
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


def _remembered(store: SurveyStore, numbers: "pa.Array") -> Iterator[Remembered]:
    """Yield the facts in the rows with these *numbers*, a few in memory at a time."""
    for batch in store.rows_at("facts", ["sha256", "filename", "document"], numbers):
        for row in batch.to_pylist():
            yield Remembered(row["filename"], row["sha256"], row["document"])


def _taken(items: Iterator[Wanted] | Iterator[Remembered]) -> Iterator[Wanted | Remembered]:
    """Yield the first of *items*: what there is to do, or so much that more makes no difference to how it is done."""
    size = 0
    for _, item in zip(range(_ENOUGH), items, strict=False):
        yield item
        size += item.size
        if size > _ENOUGH_BYTES:
            return

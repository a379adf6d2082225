"""One run of ``survey``: sources in, rows into the store, a summary out."""

import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterable
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from musl_audit.adapters.candidates import Candidate, Surveyed, find_candidates
from musl_audit.adapters.catalogs import policies_digest
from musl_audit.adapters.runners import Runner
from musl_audit.adapters.stores.parts import NoStoreError
from musl_audit.adapters.stores.queries import StoreViews
from musl_audit.adapters.stores.survey import SurveyStore, open_store
from musl_audit.cli.audit_run import limits_of
from musl_audit.cli.index_options import group_of
from musl_audit.cli.stderr import complain, remark
from musl_audit.errors import UsageError
from musl_audit.judging.gate import CLEAN, FOUND, INCOMPLETE, NOTHING
from musl_audit.model import Failure, Skip
from musl_audit.reporters.rows import dump
from musl_audit.reporters.style import plural
from musl_audit.workflows.survey_looking import identity
from musl_audit.workflows.survey_planning import plan_survey
from musl_audit.workflows.surveying import Survey, survey

if TYPE_CHECKING:
    from musl_audit.adapters.indexes.projects import IndexGroup

_CLEAR = "\r\x1b[K"
_UNITS = (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10))


def run_survey(options: Namespace) -> int:
    """Look, keep, say what was done, and return the exit code."""
    has_sources = bool(options.sources or options.requirements)
    if not has_sources and not (options.check or options.compact):
        raise UsageError("no source given: name a folder, a glob, a list of wheels, facts, or projects of an index")
    if options.dry_run:
        return _tried(options)
    store = open_store(options.store, create=has_sources)
    if options.check:
        return _checked(store)
    inputs = _inputs(options)
    done = _done(inputs, store, options) if has_sources else Survey(store)
    if options.compact:
        with store.held():
            if store.since:
                store.summarize(StoreViews(store).wheels())
            store.compact()
    return _told(done, options)


def _inputs(options: Namespace) -> list[Surveyed]:
    since = _day(options.since)
    found: list[Surveyed] = []
    with ExitStack() as stack:

        def index() -> "IndexGroup":
            return stack.enter_context(group_of(options))

        for item in find_candidates(options.sources, options.requirements, index):
            if isinstance(item, Failure):
                remark(f"{item.path}: {item.message} ({item.code})")
            if since is None or not isinstance(item, Candidate) or _is_since(item, since):
                found.append(item)
    return found


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--since {text}: a day such as 2026-11-01") from error


def _is_since(item: Candidate, since: date) -> bool:
    """Whether a wheel was uploaded, or its file written, on the day *since* or later; unknown counts as yes."""
    if item.uploaded:
        return item.uploaded[:10] >= since.isoformat()
    if not item.stamp.isdigit():
        return True
    return datetime.fromtimestamp(int(item.stamp) / 1e9, UTC).date() >= since


def _done(inputs: list[Surveyed], store: SurveyStore, options: Namespace) -> Survey:
    progress = _Progress(inputs, is_quiet=options.quiet)
    with closing(progress):
        return survey(
            inputs,
            store,
            runner=_runner(options),
            jobs=options.jobs,
            limits=limits_of(options),
            policies=options.policies,
            limit=options.limit,
            watch=progress.tell,
        )


def _runner(options: Namespace) -> Runner | None:
    """Return the cluster that was asked for, None where processes of this machine do."""
    address = options.scheduler or os.environ.get("DASK_SCHEDULER_ADDRESS")
    if not address:
        return None
    from musl_audit.adapters.runners.dask import Cluster, require_extra

    require_extra()
    if address != "local" and "://" not in address:
        raise UsageError(f"--scheduler {address}: an address such as tcp://10.0.0.1:8786, or local")
    return Cluster(address, partial(identity, options.policies), patience=f"{options.scheduler_timeout:g}s")


def _tried(options: Namespace) -> int:
    with TemporaryDirectory(prefix="musl-audit-") as empty:
        try:
            store = open_store(options.store)
        except NoStoreError:
            store = open_store(empty, create=True)
        inputs = _inputs(options)
        plan = plan_survey(inputs, store, policies=policies_digest(options.policies), limit=options.limit)
    row = {
        "known": plan.known,
        "to_judge_again": plan.again,
        "to_read": len(plan.to_read),
        "bytes_to_read": plan.bytes_to_read,
    }
    if options.json:
        sys.stdout.write(dump(row) + "\n")
    else:
        sys.stdout.write(
            f"would read {plural(len(plan.to_read), 'wheel')} ({spell_bytes(plan.bytes_to_read)}), "
            f"judge {plan.again} again from facts, and leave {plan.known} as known\n"
        )
    return CLEAN


def _checked(store: SurveyStore) -> int:
    faults = list(store.faults())
    for fault in faults:
        remark(f"{store.place}: {fault}")
    parts = plural(len(store.parts), "part")
    sys.stdout.write(f"{store.place}: {parts}, {len(faults)} of them damaged\n" if faults else f"{parts}, all whole\n")
    return INCOMPLETE if faults else CLEAN


def _told(done: Survey, options: Namespace) -> int:
    broken = _number(StoreViews(done.store), "SELECT count(*) FROM wheels WHERE kept = false")
    total = done.known + done.again + done.read + done.skipped + done.failed
    code = _code(done, broken, total, options)
    counts = {name: getattr(done, name) for name in ("read", "again", "known", "skipped", "failed")}
    if options.json:
        sys.stdout.write(dump({**counts, "broken": broken, "store": options.store, "exit_code": code}) + "\n")
    elif not options.quiet:
        sys.stdout.write(
            f"{plural(done.read, 'wheel')} read, {done.again} judged again, {done.known} known, "
            f"{done.skipped} skipped, {done.failed} failed; {broken} in the store break their promise\n"
            f"next: musl-audit survey report --store {options.store}\n"
        )
    if code == NOTHING:
        complain("there was nothing to look at")
    return code


def _code(done: Survey, broken: int, total: int, options: Namespace) -> int:
    if done.failed:
        return INCOMPLETE
    if options.fail_on_broken and broken:
        return FOUND
    return CLEAN if total or not (options.sources or options.requirements) else NOTHING


def _number(answers: StoreViews, query: str) -> int:
    return int(str(answers.rows(query)[0][0]))


class _Progress:
    """A line of stderr, for who watches a terminal: wheels, bytes, what is left."""

    def __init__(self, inputs: Iterable[Surveyed], *, is_quiet: bool) -> None:
        sizes = [item.size for item in inputs if not isinstance(item, Skip | Failure)]
        self._wheels, self._bytes = len(sizes), sum(sizes)
        self._is_watched = not is_quiet and sys.stderr.isatty()
        self._began = time.monotonic()

    def tell(self, wheels: int, size: int) -> None:
        """Show that so many *wheels*, of *size* bytes, are done."""
        if not self._is_watched:
            return
        seconds = max(time.monotonic() - self._began, 0.001)
        left = seconds * (self._bytes - size) / size if size else 0
        sys.stderr.write(
            f"{_CLEAR}{wheels}/{self._wheels} wheels, {wheels / seconds:.0f}/s, "
            f"{spell_bytes(size)} of {spell_bytes(self._bytes)}, {left:.0f} s left"
        )
        sys.stderr.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._is_watched:
            sys.stderr.write(_CLEAR)


def spell_bytes(size: int) -> str:
    """
    Return *size* as a person would say it.

    >>> spell_bytes(512), spell_bytes(3 << 20)
    ('512 bytes', '3.0 MB')
    """
    for unit, factor in _UNITS:
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"

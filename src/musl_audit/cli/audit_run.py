"""One run of ``show`` or ``check``: wheels in, a report out, an exit code."""

from argparse import Namespace
from collections.abc import Generator, Sequence
from contextlib import closing

from musl_audit import __version__
from musl_audit.adapters.catalogs import load_catalog
from musl_audit.cli.destinations import destinations, opened
from musl_audit.cli.output import Output
from musl_audit.cli.progress import with_progress
from musl_audit.cli.settings import settings_of
from musl_audit.cli.stderr import complain, remark, tell_unused_globs
from musl_audit.frozen import replace
from musl_audit.judging.baseline import Baseline, Place, baseline_of
from musl_audit.judging.claims import check_floor
from musl_audit.judging.gate import CLEAN, FOUND, INCOMPLETE, NOTHING, exit_code, gate
from musl_audit.judging.identity import wheel_identity
from musl_audit.model import Failure, Outcome, Report, Skip
from musl_audit.policy import Catalog
from musl_audit.reporters import reporter
from musl_audit.reporters.base import Heading, Summary, Tally
from musl_audit.wheel.limits import Limits
from musl_audit.workflows.examining import Examination

_WORST_FIRST = (INCOMPLETE, FOUND, CLEAN, NOTHING)


class AuditRun:
    """What a run of one command is asked to do, and what it has seen so far."""

    def __init__(self, command: str, options: Namespace) -> None:
        self.command = command
        self.options = options
        self.settings = settings_of(options)
        self.examination = Examination(
            self.settings,
            limits_of(options),
            verify_hashes=options.verify_hashes,
            catalog=load_catalog(options.policies) if options.policies else None,
        )
        self.destinations = destinations(options.format, options.output)
        self.baseline = _baseline(getattr(options, "baseline", None))
        self._tally = Tally()
        self._identities: set[str] = set()
        self._found_again: set[Place] = set()
        self._accepted: list[Report] = []
        self._codes = {self._exit_code(())}
        self._used_ignores: set[str] = set()
        self._used_globs: set[str | None] = set()

    @property
    def files(self) -> list[str]:
        """The files that will be written."""
        return [item.path for item in self.destinations if item.path is not None]

    @property
    def catalog(self) -> Catalog:
        """The policies."""
        return self.examination.catalog

    def report(self, outcomes: Generator[Outcome], total: int = 0) -> int:
        """Write the report on *outcomes*, of which there will be *total*, as asked, and return the exit code."""
        check_floor(self.settings, self.catalog)
        outcomes = with_progress(outcomes, total, is_quiet=self.options.quiet)
        with closing(outcomes), opened(self.destinations, self.options.color) as places:
            reports = [(reporter(item.format, self._heading(output)), output) for item, output in places]
            for report, output in reports:
                output.write(report.begin())
            for outcome in map(self._gated, outcomes):
                for report, output in reports:
                    output.write(report.outcome(outcome))
            summary = self._summary()
            for report, output in reports:
                output.write(report.end(summary))
        if getattr(self.options, "write_baseline", None):
            from musl_audit.cli.baseline_files import write_baseline

            write_baseline(self.options.write_baseline, baseline_of(self._accepted))
        self._explain(summary)
        return summary.exit_code

    def _gated(self, outcome: Outcome) -> Outcome:
        """Return *outcome* as the gate lets it through, counted."""
        if isinstance(outcome, Report):
            gated = gate(outcome, self.settings)
            outcome = gated.report
            self._used_ignores |= gated.used_ignores
            outcome = self._without_known(outcome)
            self._used_globs.update(library.excluded_by for library in outcome.external_libraries)
        elif isinstance(outcome, Failure) and not any(item.is_for_people for item in self.destinations):
            remark(f"{outcome.path}: {outcome.message} ({outcome.code})")
        self._tally.add(outcome)
        self._codes.add(self._exit_code((outcome,)))
        return outcome

    def _without_known(self, report: Report) -> Report:
        """Return *report* without what the baseline knows, or note it for the baseline that is to be written."""
        if getattr(self.options, "write_baseline", None):
            self._accepted.append(report)
        if self.baseline is None:
            return report
        new, found = self.baseline.new_of(report)
        self._identities.add(wheel_identity(report))
        self._found_again |= found
        self._tally.add_known(len(report.findings) - len(new.findings))
        return new

    def _exit_code(self, outcomes: Sequence[Outcome]) -> int:
        options = self.options
        if self.command == "check":
            settings = replace(self.settings, fail_on=None) if options.write_baseline else self.settings
            return exit_code(outcomes, settings, allow_empty=options.allow_empty, strict_inputs=options.strict_inputs)
        if any(isinstance(outcome, Failure) for outcome in outcomes):
            return INCOMPLETE
        allowed = Report | Skip if getattr(options, "allow_pure_python_wheel", False) else Report
        return CLEAN if any(isinstance(outcome, allowed) for outcome in outcomes) else NOTHING

    def _summary(self) -> Summary:
        settings = self.settings
        ignores = dict.fromkeys((*settings.ignore, *(glob for glob, _ in settings.per_file_ignores)))
        return self._tally.summary(
            exit_code=min(self._codes, key=_WORST_FIRST.index),
            unused_ignores=tuple(ignore for ignore in ignores if ignore not in self._used_ignores),
            baseline=getattr(self.options, "baseline", None) or getattr(self.options, "write_baseline", None),
            gone=self._gone(),
        )

    def _gone(self) -> tuple[str, ...]:
        """Return what the baseline knows and this run did not find in the wheels that it saw."""
        if self.baseline is None:
            return ()
        gone = self.baseline.gone(self._identities, self._found_again)
        return tuple(" ".join(filter(None, (code, wheel, member))) for wheel, code, member in gone)

    def _heading(self, output: Output) -> Heading:
        options = self.options
        return Heading(
            command=self.command,
            version=__version__,
            policy=self.catalog.version,
            settings=self.settings,
            width=output.width,
            is_quiet=options.quiet,
            paint=output.paint,
            is_verbose=options.verbose,
            is_oneline=getattr(options, "oneline", False),
            group_by=getattr(options, "group_by", None),
            has_statistics=getattr(options, "statistics", False),
            writes_baseline=bool(getattr(options, "write_baseline", None)),
            supported=self.catalog.oldest_supported(),
        )

    def _explain(self, summary: Summary) -> None:
        """Say why the exit code is what nothing in the report explains, and what was said in vain."""
        if summary.examined and not self.options.quiet:
            tell_unused_globs(self.settings, self._used_globs)
        skipped = ", ".join(f"{number} {reason}" for reason, number in summary.skip_reasons)
        if summary.exit_code == NOTHING:
            complain("no wheel was examined" + (f"; skipped: {skipped}" if skipped else ""))
        elif summary.exit_code == INCOMPLETE and not summary.failed:
            is_strict = skipped and self.options.strict_inputs
            complain(f"--strict-inputs: skipped {skipped}" if is_strict else "not every wheel could be judged")


def _baseline(path: str | None) -> Baseline | None:
    if path is None:
        return None
    from musl_audit.cli.baseline_files import read_baseline

    return read_baseline(path)


def limits_of(options: Namespace) -> Limits:
    """Return how much of a wheel is read at most."""
    return Limits(
        member_bytes=options.max_member_size,
        total_bytes=options.max_total_size,
        members=options.max_members,
        ratio=options.max_ratio,
    )

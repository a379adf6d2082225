"""What every report is told, and what it offers."""

from collections.abc import Callable

from musl_audit.frozen import frozen
from musl_audit.judging.settings import Settings
from musl_audit.model import Failure, MuslVersion, Outcome, Report, Severity, Skip

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

Paint = Callable[[str, str], str]  # (text, style) → text, coloured where the output is for eyes


def plain(text: str, _style: str) -> str:
    """Return *text* as it is: the paint of pipes and files."""
    return text


@frozen
class Heading:
    """What is known before the first wheel."""

    command: str  # show or check
    version: str
    policy: str
    settings: Settings
    width: int = 80
    is_quiet: bool = False
    paint: Paint = plain
    is_verbose: bool = False  # name all, however many
    is_oneline: bool = False  # show: a line per wheel
    group_by: str | None = None  # check: wheel or rule; None: what suits the number of wheels
    has_statistics: bool = False
    writes_baseline: bool = False
    supported: MuslVersion | None = None  # the oldest musl among the distributions that are supported


@frozen
class Summary:
    """What is known after the last wheel; findings are counted as the gate let them through."""

    examined: int = 0
    skipped: int = 0
    failed: int = 0
    errors: int = 0
    warnings: int = 0
    notes: int = 0
    skip_reasons: tuple[tuple[str, int], ...] = ()  # by reason
    unused_ignores: tuple[str, ...] = ()
    exit_code: int = 0
    baseline: str | None = None  # the file of what is known, read or written
    known: int = 0  # findings that it knows and nothing else mentions
    gone: tuple[str, ...] = ()  # what it knows and was not found again


class Reporter(Protocol):
    """Turns a run into text, a piece at a time; what has nothing to say yet returns an empty string."""

    def begin(self) -> str:
        """Return what stands before everything else."""

    def outcome(self, outcome: Outcome) -> str:
        """Return what there is to say about one wheel, now that it is done."""

    def end(self, summary: Summary) -> str:
        """Return what there is to say now that all are done."""


class Gathering:
    """What reporters share that say everything at the end: a subclass says it in ``end``."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._reports: list[Report] = []
        self._failures: list[Failure] = []

    def begin(self) -> str:
        """Return nothing."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Keep what the end is about, and return nothing; one that is skipped is only counted."""
        match outcome:
            case Report():
                self._reports.append(outcome)
            case Failure():
                self._failures.append(outcome)
            case Skip():
                pass
        return ""


class Tally:
    """Counts outcomes as they pass."""

    def __init__(self) -> None:
        self._examined = self._failed = 0
        self._severities = dict.fromkeys(Severity, 0)
        self._skips: dict[str, int] = {}
        self._known = 0

    def add_known(self, number: int) -> None:
        """Count findings that a baseline knows."""
        self._known += number

    def add(self, outcome: Outcome) -> None:
        """Count *outcome*, as the gate let it through."""
        match outcome:
            case Report(findings=findings):
                self._examined += 1
                for finding in findings:
                    self._severities[finding.severity] += 1
            case Failure():
                self._failed += 1
            case Skip(reason=reason):
                self._skips[reason] = self._skips.get(reason, 0) + 1

    def summary(
        self,
        *,
        exit_code: int,
        unused_ignores: tuple[str, ...] = (),
        baseline: str | None = None,
        gone: tuple[str, ...] = (),
    ) -> Summary:
        """Return what was counted."""
        return Summary(
            examined=self._examined,
            skipped=sum(self._skips.values()),
            failed=self._failed,
            errors=self._severities[Severity.ERROR],
            warnings=self._severities[Severity.WARNING],
            notes=self._severities[Severity.NOTE],
            skip_reasons=tuple(sorted(self._skips.items())),
            unused_ignores=unused_ignores,
            exit_code=exit_code,
            baseline=baseline,
            known=self._known,
            gone=gone,
        )

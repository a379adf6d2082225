"""How a survey looks at one wheel, or at facts that it kept, in whatever process: from there to the rows of a store."""

from datetime import UTC, datetime
from functools import cached_property, lru_cache

from musl_audit import __version__
from musl_audit.adapters.candidates import Candidate, DocumentLine
from musl_audit.adapters.catalogs import load_catalog, policies_digest
from musl_audit.adapters.stores.layout import FactsRow, FindingRow, VerdictRow
from musl_audit.errors import WheelError
from musl_audit.frozen import frozen
from musl_audit.judging.audit import judge
from musl_audit.judging.rules.musl902_not_judged import RULE as NOT_JUDGED
from musl_audit.model import Failure, Report, Severity, Skip, WheelFacts
from musl_audit.policy import Catalog
from musl_audit.reporters.places import is_offered, lowest_series
from musl_audit.reporters.sentence import summary
from musl_audit.wheel.facts_document import facts_from_json, facts_to_json
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.names import normalized_project
from musl_audit.workflows.examining import facts_of, is_pure

LONGEST_MESSAGE = 500  # characters of a finding


@frozen
class Remembered:
    """Facts out of the store, to be judged again."""

    path: str  # the wheel's file name
    sha256: str
    document: bytes

    @property
    def size(self) -> int:
        """The bytes of the document."""
        return len(self.document)


@frozen
class Looked:
    """What came of a wheel: its facts, if they were read, and its verdict."""

    sha256: str
    facts: FactsRow | None
    verdict: VerdictRow | None  # None: pure, nothing to judge


Wanted = Candidate | DocumentLine
Found = Looked | Skip | Failure


class Looking:
    """How each wheel is looked at; another process, on another machine, can be sent it."""

    def __init__(self, limits: Limits | None = None, policies: str | None = None) -> None:
        self._limits = limits or Limits()
        self._policies = policies

    def __reduce__(self) -> tuple[object, ...]:
        return _looking_here, (self._limits, self._policies, self.digest)

    @cached_property
    def catalog(self) -> Catalog:
        """The policies, loaded once in each process."""
        return load_catalog(self._policies)

    @cached_property
    def digest(self) -> str:
        """The digest of the policies."""
        return policies_digest(self._policies)

    def __call__(self, item: Wanted | Remembered) -> Found:
        """Return what there is to say about a wheel, out of its bytes or out of its facts."""
        if isinstance(item, Candidate):
            facts = facts_of(item.source, self._limits)
            return self._looked(facts, facts_to_json(facts, item.path)) if isinstance(facts, WheelFacts) else facts
        try:
            facts, _ = facts_from_json(item.document)
        except WheelError as error:
            return Failure(item.path, NOT_JUDGED.code, str(error))
        return self._looked(facts, item.document if isinstance(item, DocumentLine) else None)

    def _looked(self, facts: WheelFacts, document: bytes | None) -> Looked:
        row = None if document is None else FactsRow(facts.sha256, clean(facts.filename), document)
        return Looked(facts.sha256, row, self._verdict(facts))

    def _verdict(self, facts: WheelFacts) -> VerdictRow | None:
        if is_pure(facts):
            return None
        return verdict_row(judge(facts, self.catalog), policies=self.digest)


@lru_cache(maxsize=1)
def _looking_here(limits: Limits, policies: str | None, digest: str) -> Looking:
    """Return what looks at wheels in this process: a cluster sends it with every batch, policies are loaded once."""
    looking = Looking(limits, policies)
    looking.digest = digest
    return looking


def identity(policies: str | None = None) -> str:
    """Return which musl-audit this process has, and which policies: what all that take part must have in common."""
    return f"musl-audit {__version__} with the policies {policies_digest(policies)[:12]}"


def verdict_row(report: Report, *, policies: str) -> VerdictRow:
    """Return the row of *report*, judged by the policies of that digest."""
    verdict, name, lowest = report.verdict, report.name, lowest_series(report)
    kept = [claim.kept for claim in report.claims if claim.kept is not None]
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    return VerdictRow(
        sha256=report.sha256,
        policies=policies,
        judge=__version__,
        judged=now(),
        filename=clean(report.filename),
        project=clean(normalized_project(name.distribution) if name else report.filename),
        version=clean(name.version if name else ""),
        arch=verdict.arch,
        kind=report.kind.value,
        loads=verdict.loads.value,
        required_musl=None if verdict.required_musl is None else str(verdict.required_musl),
        kept=all(kept) if kept else None,
        is_mendable=bool(errors) and all(finding.is_mendable for finding in errors),
        summary=clean(summary(report)),
        loads_on=[str(release) for release in sorted(verdict.loads_on)],
        loads_at=[item.id for item in verdict.distributions if item.loads and is_offered(item, lowest)],
        fails_at=[item.id for item in verdict.distributions if item.loads is False],
        codes=sorted({finding.code for finding in errors}),
        findings=[
            FindingRow(finding.code, finding.severity.value, clean(finding.sentence)[:LONGEST_MESSAGE])
            for finding in report.findings
        ],
    )


def now() -> str:
    """Return the time, UTC, as rows state it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def clean(text: str) -> str:
    """Return *text* as the UTF-8 that every column needs: names out of a wheel may hold any bytes."""
    return text.encode("utf-8", "backslashreplace").decode()

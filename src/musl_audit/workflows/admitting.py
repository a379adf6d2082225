"""One wheel at a gate: whether it may pass, and the sentence that says why. What plug-ins of indexes call."""

from os import PathLike, fspath

from musl_audit.errors import UsageError
from musl_audit.frozen import frozen
from musl_audit.judging.gate import is_at_least, is_unjudged
from musl_audit.judging.settings import Settings
from musl_audit.model import Failure, Outcome, Report, Skip
from musl_audit.policy import Catalog
from musl_audit.wheel.limits import Limits
from musl_audit.workflows.examining import examine


@frozen
class Admission:
    """What a gate says of a file; ``sentence`` is one line of printable text, whatever the wheel's names are."""

    is_admitted: bool
    is_judged: bool  # False: it cannot be, or it is none of musl's business
    sentence: str
    codes: tuple[str, ...]  # of the findings that ``fail_on`` reaches
    outcome: Outcome


def admit(
    path: str | PathLike[str],
    settings: Settings | None = None,
    *,
    catalog: Catalog | None = None,
    limits: Limits | None = None,
    admits_unjudgeable: bool = False,
) -> Admission:
    """
    Return whether the file at *path* may pass a gate with *settings*.

    What is no wheel for musl passes. What cannot be judged passes where *admits_unjudgeable* says so: a wheel that is
    no archive, one for an architecture without policies. Raise ``UsageError`` where *path* means no single file, and
    for settings that name a floor that *catalog* does not have.
    """
    from musl_audit.reporters.visible import visible

    settings = settings or Settings()
    outcomes = list(examine([path], settings, catalog=catalog, limits=limits))
    if len(outcomes) != 1:
        raise UsageError(f"{fspath(path)}: one file is wanted, not {len(outcomes)}")
    is_judged, codes = False, tuple[str, ...]()
    match outcome := outcomes[0]:
        case Skip(reason=reason):
            is_admitted, said = True, f"Not judged: {reason}"
        case Failure(code=code, message=message):
            is_admitted, said, codes = admits_unjudgeable, f"Cannot be judged: {message}", (code,)
        case Report():
            codes, said = _against(outcome, settings)
            is_judged = not is_unjudged(outcome)
            is_admitted = not codes and (is_judged or admits_unjudgeable)
    return Admission(is_admitted, is_judged, visible(said), codes, outcome)


def _against(report: Report, settings: Settings) -> tuple[tuple[str, ...], str]:
    """Return the codes of what speaks against the wheel, and the verdict with their names."""
    from musl_audit.reporters.sentence import summary

    against = {
        (finding.code, finding.name) for finding in report.findings if is_at_least(finding.severity, settings.fail_on)
    }
    names = ", ".join(f"{code} {name}" for code, name in sorted(against))
    return tuple(sorted({code for code, _ in against})), summary(report) + (f" ({names})" if names else "")

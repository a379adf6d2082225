"""The ladder: each range of musl releases, who ships it, whether the wheel loads there, and what decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from musl_audit.model import Claim, DistributionAnswer, Evidence, MuslVersion, Report, Verdict
from musl_audit.reporters.layout import listed, ranges


@dataclass(frozen=True, slots=True)
class Rung:
    """Neighbouring releases about which the same is to be said."""

    releases: tuple[MuslVersion, ...]  # ascending
    loads: bool
    promised_by: tuple[str, ...]  # tags
    evidence: tuple[int, ...]  # indices into the verdict's
    distributions: tuple[DistributionAnswer, ...]

    @property
    def is_broken(self) -> bool:
        """Whether a tag promises what does not hold."""
        return bool(self.promised_by) and not self.loads

    @property
    def span(self) -> str:
        """The releases as a person would say them."""
        first, last = self.releases[0], self.releases[-1]
        return str(first) if first == last else f"{first}–{last}"


def ladder(report: Report) -> list[Rung]:
    """Return the rungs of *report*, the newest releases first."""
    verdict = report.verdict
    runs = groupby(verdict.known, key=lambda release: _said_about(release, verdict, report.claims))
    rungs = []
    for (loads, evidence, promised_by), releases in runs:
        span = tuple(releases)
        answers = tuple(answer for answer in verdict.distributions if answer.musl in span)
        rungs.append(Rung(span, loads, promised_by, evidence, answers))
    return rungs[::-1]


def _said_about(
    release: MuslVersion, verdict: Verdict, claims: Iterable[Claim]
) -> tuple[bool, tuple[int, ...], tuple[str, ...]]:
    evidence = tuple(index for index, item in enumerate(verdict.decided_by) if release in item.fails_on)
    promised_by = tuple(claim.tag for claim in claims if claim.floor is not None and release >= claim.floor)
    return release in verdict.loads_on, evidence, promised_by


def spell_distributions(rung: Rung, verdict: Verdict) -> list[str]:
    """
    Return who ships the releases of *rung*, by name, ranges joined.

    Those whose musl differs from its release, so that the answer does, say so: Alpine 3.15 has ``qsort_r`` backported.
    """
    usual = [answer for answer in rung.distributions if answer.loads is rung.loads]
    other = [answer for answer in rung.distributions if answer.loads is not rung.loads]
    tail = f" ({'loads' if not rung.loads else 'fails'} there: its musl is patched)"
    return [*_by_name(usual, verdict.distributions), *(text + tail for text in _by_name(other, verdict.distributions))]


def _by_name(chosen: Iterable[DistributionAnswer], everyone: Sequence[DistributionAnswer]) -> list[str]:
    releases: dict[str, list[str]] = {}
    for answer in everyone:
        releases.setdefault(answer.name, []).append(answer.release)
    numbers: dict[str, list[int]] = {}
    for answer in chosen:
        numbers.setdefault(answer.name, []).append(releases[answer.name].index(answer.release))
    return [_joined(name, releases[name], indices) for name, indices in numbers.items()]


def _joined(name: str, releases: Sequence[str], indices: Iterable[int]) -> str:
    spans = [
        releases[first] if first == last else f"{releases[first]}–{releases[last]}" for first, last in ranges(indices)
    ]
    text = " and ".join(spans)
    return name if text == "rolling" else f"{name} {text}"


def spell_evidence(item: Evidence, name: str) -> str:
    """Return what decided: the rule, and the symbols or the file it is about."""
    what = listed(item.symbols, 3) or listed(item.members, 1)
    return f"{item.code} {name}" + (f": {', '.join(what).replace(', and ', ' and ')}" if what else "")

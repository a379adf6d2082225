"""The ladder: each range of musl releases, who ships it, whether the wheel loads there, and what decides."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from musl_audit.frozen import frozen
from musl_audit.judging.impact import spell_releases
from musl_audit.judging.rules.base import spell
from musl_audit.model import DistributionAnswer, Evidence, Loads, MuslVersion, Report, Verdict
from musl_audit.reporters.text_layout import listed, ranges


@frozen
class ReleaseRung:
    """Neighbouring releases with the same answer and the same promises."""

    releases: tuple[MuslVersion, ...]  # ascending
    loads: bool
    promised_by: tuple[str, ...]  # tags
    evidence: tuple[Evidence, ...]  # in the order of the verdict: the widest reason first
    distributions: tuple[DistributionAnswer, ...]
    is_certain: bool = True

    @property
    def answer(self) -> str:
        """The answer in a word: loads, fails, or maybe."""
        if not self.loads:
            return "fails"
        return "loads" if self.is_certain else "maybe"

    @property
    def is_broken(self) -> bool:
        """Whether a tag promises what does not hold."""
        return bool(self.promised_by) and not self.loads

    @property
    def span(self) -> str:
        """The releases as a person would say them."""
        first, last = self.releases[0], self.releases[-1]
        return str(first) if first == last else f"{first}–{last}"


def ladder(report: Report) -> list[ReleaseRung]:
    """Return the rungs of *report*, the newest releases first."""
    verdict = report.verdict

    def answer(release: MuslVersion) -> tuple[bool, tuple[str, ...]]:
        floors = ((claim.tag, claim.floor) for claim in report.claims)
        return release in verdict.loads_on, tuple(tag for tag, floor in floors if floor and release >= floor)

    runs = [(loads, tags, tuple(run)) for (loads, tags), run in groupby(verdict.known, key=answer)]
    return [_rung(releases, verdict, loads=loads, promised_by=tags) for loads, tags, releases in reversed(runs)]


def _rung(
    releases: tuple[MuslVersion, ...], verdict: Verdict, *, loads: bool, promised_by: tuple[str, ...]
) -> ReleaseRung:
    evidence = tuple(item for item in verdict.decided_by if not item.fails_on.isdisjoint(releases))
    distributions = tuple(answer for answer in verdict.distributions if answer.musl in releases)
    return ReleaseRung(
        releases, loads, promised_by, evidence, distributions, is_certain=verdict.loads is not Loads.UNKNOWN
    )


# --- Who ships it -----------------------------------------------------------------------------------------


def spell_distributions(rung: ReleaseRung, verdict: Verdict) -> list[str]:
    """
    Return who ships the releases of *rung*: a line with names, ranges joined, and one with the exceptions.

    An exception is a distribution that changed its musl: Alpine 3.15 has ``qsort_r`` backported.
    """
    usual = [answer for answer in rung.distributions if answer.loads is rung.loads]
    other = [answer for answer in rung.distributions if answer.loads is not rung.loads]
    lines = [", ".join(_by_name(answers, verdict.distributions)) for answers in (usual, other)]
    but = f"but it {'fails' if rung.loads else 'loads'} with the patched musl of "
    return [text for text in (lines[0], lines[1] and but + lines[1]) if text]


def _by_name(chosen: Iterable[DistributionAnswer], everyone: Sequence[DistributionAnswer]) -> list[str]:
    numbers: dict[str, list[str]] = {}
    for answer in everyone:
        numbers.setdefault(answer.name, []).append(answer.release)
    indices: dict[str, list[int]] = {}
    for answer in chosen:
        indices.setdefault(answer.name, []).append(numbers[answer.name].index(answer.release))
    return [_joined(name, numbers[name], found) for name, found in indices.items()]


def _joined(name: str, numbers: Sequence[str], indices: Sequence[int]) -> str:
    """Return *name* with its releases: numbered neighbours as a range, words (edge, main) by themselves."""
    words = [index for index in indices if not numbers[index][:1].isdigit()]
    spans = [
        numbers[first] if first == last else f"{numbers[first]}–{numbers[last]}"
        for first, last in ranges(index for index in indices if index not in words)
    ]
    spans += [numbers[index] for index in words]
    return name if spans == ["rolling"] else f"{name} {' and '.join(spans)}"


# --- Why --------------------------------------------------------------------------------------------------


def spell_reasons(
    rung: ReleaseRung, known: Sequence[MuslVersion], told: Collection[tuple[str, tuple[str, ...], tuple[str, ...]]] = ()
) -> list[str]:
    """
    Return what decides about *rung*: a line per rule, with the releases that it is about if not all of them.

    *told* are code, members and symbols of the findings that the report lists anyway: of these only the code is said.
    """
    lines = []
    for code, group in groupby(sorted(rung.evidence, key=lambda item: item.code), key=lambda item: item.code):
        items = sorted(group, key=lambda item: max(item.fails_on), reverse=True)
        reasons = [_reason(item, rung, known, is_told=(code, item.members, item.symbols) in told) for item in items]
        lines.append(" ".join(filter(None, (code, ", ".join(listed(list(filter(None, reasons)), 3))))))
    return lines


def _reason(item: Evidence, rung: ReleaseRung, known: Sequence[MuslVersion], *, is_told: bool) -> str:
    hit = item.fails_on.intersection(rung.releases)
    where = "" if len(hit) == len(rung.releases) else f" ({spell_releases(hit, known)})"
    if is_told:
        return where.strip()
    return spell(item.symbols or (member.rpartition("/")[2] for member in item.members), limit=2) + where

"""Where a wheel works and where it does not, by the distributions that people know."""

from collections.abc import Iterable, Sequence

from musl_audit.frozen import frozen
from musl_audit.model import DistributionAnswer, Evidence, MuslVersion, Report
from musl_audit.reporters.text_layout import ranges

_BEST_KNOWN = "Alpine"


@frozen
class Place:
    """A release of a distribution on which an installer takes the wheel, and what is in its way there."""

    answer: DistributionAnswer
    evidence: tuple[Evidence, ...]  # empty: it loads, or its musl lacks what the usual one has

    @property
    def loads(self) -> bool:
        """Whether everything in the wheel loads there."""
        return self.answer.loads is True


def places(report: Report) -> tuple[Place, ...]:
    """
    Return the distributions that the verdict of *report* is told by.

    Those on which an installer takes the wheel: pip asks for the series of musl alone, so ``musllinux_1_2`` means every
    1.2. Of these Alpine, and others where they are told nothing by what Alpine does: there is no Alpine for the
    architecture, or it fails there and on no Alpine.
    """
    lowest = lowest_series(report)
    answers = [item for item in report.verdict.distributions if is_offered(item, lowest)]
    best = [item for item in answers if item.name == _BEST_KNOWN]
    if best and all(item.loads for item in best):
        best = [item for item in answers if item.name == _BEST_KNOWN or not item.loads]
    return tuple(Place(item, _evidence(item, report.verdict.decided_by)) for item in best or answers)


def lowest_series(report: Report) -> tuple[int, int]:
    """Return the oldest series of musl that a tag names, (0, 0) where none does: such a wheel is offered everywhere."""
    arch = report.verdict.arch
    series = [_series(claim.series) for claim in report.claims if claim.series and claim.arch == arch]
    return min(series, default=(0, 0))


def is_offered(answer: DistributionAnswer, lowest: tuple[int, int]) -> bool:
    """Whether an installer takes a wheel there whose oldest series of musl is *lowest*."""
    return (answer.musl.major, answer.musl.minor) >= lowest


def _series(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _evidence(answer: DistributionAnswer, decided_by: Sequence[Evidence]) -> tuple[Evidence, ...]:
    if answer.loads is not False or answer.because is None:
        return ()
    return tuple(item for item in decided_by if answer.musl in item.fails_on)


def spell_places(chosen: Iterable[DistributionAnswer], everyone: Sequence[DistributionAnswer]) -> str:
    """Return *chosen* as a person would say it, of all that the policies know: ``Alpine 3.13–3.17 and 3.20``."""
    wanted = frozenset(item.id for item in chosen)
    by_name: dict[str, list[DistributionAnswer]] = {}
    for item in everyone:
        by_name.setdefault(item.name, []).append(item)
    spelled = (_spell(name, items, wanted) for name, items in by_name.items())
    return ", ".join(filter(None, spelled))


def _spell(name: str, items: Sequence[DistributionAnswer], wanted: frozenset[str]) -> str:
    indices = [index for index, item in enumerate(items) if item.id in wanted]
    spans = [_span(items, first, last) for first, last in ranges(indices)]
    if not spans:
        return ""
    return name if spans == ["rolling"] else f"{name} {' and '.join(spans)}"


def _span(items: Sequence[DistributionAnswer], first: int, last: int) -> str:
    """Return neighbouring releases as a range; one without end where there is nothing after it."""
    if first == last:
        return items[first].release
    if last == len(items) - 1:
        return f"{items[first].release} and later"
    return f"{items[first].release}–{items[last].release}"


def is_shipped(release: MuslVersion, answers: Iterable[DistributionAnswer]) -> bool:
    """Whether one of *answers* is about a distribution that ships *release*."""
    return any(item.musl == release for item in answers)

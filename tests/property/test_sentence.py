"""The sentence never contradicts the verdict, whatever fails where."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.values import catalog, extension, judged, wheel

from musl_audit.frozen import replace
from musl_audit.judging.verdict import required
from musl_audit.model import DistributionAnswer, Evidence, Loads, Report
from musl_audit.reporters.sentence import summary

CLEAN = judged(wheel(extension()))
CODES = ("MUSL101", "MUSL202", "MUSL401", "MUSL402", "MUSL407", "MUSL901")
TAGS = ("musllinux_1_1_x86_64", "musllinux_1_2_x86_64", "linux_x86_64")
ALPINES = [item.release for item in CLEAN.verdict.distributions if item.name == "Alpine"]
POSITIVE = re.compile(
    r"(?:Works|Loads) on (?!no )(?:every known musl: )?(.*?)(?:, but not on (.*?))?(?:, as far .*?)?\.(?= |$)"
)
NEGATIVE = re.compile(r"(?:Crashes|Fails to load) on (.*?)(?::[^.]*)?\.(?= |$)")


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Return a report whose evidence fails on any releases, as the judge would put it together."""
    clean = judged(wheel(extension(), platform=draw(st.sampled_from(TAGS))))
    known = clean.verdict.known
    failing = draw(st.lists(st.tuples(st.sampled_from(CODES), st.sets(st.sampled_from(known), min_size=1)), max_size=3))
    evidence = tuple(Evidence(frozenset(releases), code, ("a.so",), ("one",)) for code, releases in failing)
    loads_on = frozenset(known).difference(*(item.fails_on for item in evidence))
    loads = Loads.NONE if not loads_on else Loads.ALL if loads_on == frozenset(known) else Loads.SOME
    answers = tuple(_answer(item, evidence) for item in clean.verdict.distributions)
    verdict = replace(
        clean.verdict,
        loads=loads,
        loads_on=loads_on,
        required_musl=required(known, loads_on),
        decided_by=evidence,
        distributions=answers,
    )
    return replace(clean, verdict=verdict)


def _answer(item: DistributionAnswer, evidence: tuple[Evidence, ...]) -> DistributionAnswer:
    because = next((index for index, one in enumerate(evidence) if item.musl in one.fails_on), None)
    return replace(item, loads=because is None, because=because)


def alpines(said: str) -> set[str]:
    """Return the releases of Alpine that a text names, as a reader would understand it."""
    found: set[str] = set()
    for part in re.split(r", (?=[A-Z])", said):
        if not part.startswith("Alpine "):
            continue
        spans = re.split(r" and (?!later)", part.removeprefix("Alpine "))
        for span in spans:
            first, _, last = span.replace(" and later", f"–{ALPINES[-1]}").partition("–")
            start, end = ALPINES.index(first), ALPINES.index(last or first)
            found.update(ALPINES[start : end + 1])
    return found


@given(reports())
@settings(max_examples=400)
def test_the_sentence_never_contradicts_the_verdict(report: Report) -> None:
    """Where it says "works", all loads; where it says "fails" or "crashes", something does not."""
    said = summary(report)
    loads = {item.release: item.loads for item in report.verdict.distributions if item.name == "Alpine"}
    works = set().union(*(alpines(where) for where, _ in POSITIVE.findall(said)))
    fails = set().union(*(alpines(where) for where in NEGATIVE.findall(said)))

    assert all(loads[name] for name in works), said
    assert not any(loads[name] for name in fails), said
    assert ("every known musl" in said) == (report.verdict.loads is Loads.ALL)
    nowhere = said.startswith(("Loads on no musl", "Crashes on every musl"))
    assert nowhere == (report.verdict.loads is Loads.NONE)


@given(reports())
def test_no_alpine_that_takes_the_wheel_is_passed_over(report: Report) -> None:
    """Each one is said to work or to fail, unless nothing works at all."""
    said = summary(report)
    oldest = min((claim.floor for claim in report.claims if claim.floor), default=None)
    taken = {
        item.release
        for item in report.verdict.distributions
        if item.name == "Alpine" and (oldest is None or item.musl >= oldest)
    }
    told = set().union(*(alpines(where) for where, _ in POSITIVE.findall(said)))
    told |= set().union(*(alpines(where) for where in NEGATIVE.findall(said)))

    assert report.verdict.loads is Loads.NONE or told == taken, said


def test_the_catalog_names_alpine() -> None:
    """What the properties above read."""
    assert [item.release for item in catalog().distributions if item.name == "Alpine" and item.verified] == ALPINES

"""The sentence never contradicts the verdict, whatever fails where."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.values import catalog, extension, judged, wheel

from musl_audit.frozen import replace
from musl_audit.judging.verdict import required
from musl_audit.model import (
    Brings,
    Claim,
    DistributionAnswer,
    Evidence,
    Finding,
    Fix,
    FixKind,
    Loads,
    MuslVersion,
    Report,
    Severity,
)
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
    fault = st.tuples(st.sampled_from(CODES), st.sets(st.sampled_from(known), min_size=1), st.booleans())
    failing = draw(st.lists(fault, max_size=3, unique_by=lambda one: one[0]))
    evidence = tuple(Evidence(frozenset(releases), code, ("a.so",), ("one",)) for code, releases, _ in failing)
    findings = tuple(_finding(code, is_mendable=is_mendable) for code, _, is_mendable in failing)
    loads_on = frozenset(known).difference(*(item.fails_on for item in evidence))
    loads = Loads.NONE if not loads_on else Loads.ALL if loads_on == frozenset(known) else Loads.SOME
    is_partly_told: bool = draw(st.booleans())
    if loads_on and is_partly_told:
        loads = Loads.UNKNOWN  # a part cannot be told from the wheel
    answers = tuple(_answer(item, evidence) for item in clean.verdict.distributions)
    verdict = replace(
        clean.verdict,
        loads=loads,
        loads_on=loads_on,
        required_musl=required(known, loads_on),
        decided_by=evidence,
        distributions=answers,
    )
    claims = tuple(replace(claim, broken_on=_broken(claim, loads_on, known)) for claim in clean.claims)
    return replace(
        clean,
        verdict=verdict,
        claims=claims,
        findings=findings,
        brings=draw(st.sampled_from([Brings.DYNAMIC, Brings.STATIC])) if not evidence else Brings.DYNAMIC,
    )


def _broken(claim: Claim, loads_on: frozenset[MuslVersion], known: tuple[MuslVersion, ...]) -> frozenset[MuslVersion]:
    floor = claim.floor
    return frozenset() if floor is None else frozenset(one for one in known if one >= floor and one not in loads_on)


def _finding(code: str, *, is_mendable: bool) -> Finding:
    fix = Fix(FixKind.MANUAL, automatic=is_mendable)
    releases = frozenset({MuslVersion(1, 2, 2)})  # that it has some is all that counts
    return Finding(code, code.lower(), Severity.ERROR, "message", members=("a.so",), fails_on=releases, fix=fix)


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
    assert ("as far as the wheel alone can tell" in said) == (report.verdict.loads is Loads.UNKNOWN)
    assert ("static" in said) == (report.brings is Brings.STATIC)
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


@given(reports())
def test_no_more_is_said_to_be_mended_than_is(report: Report) -> None:
    """All, a part or nothing of what is in the way where an installer takes the wheel."""
    said = summary(report)
    in_the_way = {
        item.code
        for item in report.verdict.decided_by
        if any(not item.fails_on.isdisjoint(claim.broken_on) for claim in report.claims)
    }
    mendable = {finding.code for finding in report.findings if finding.is_mendable}

    if said.endswith("`musl-audit repair` mends it."):
        assert in_the_way <= mendable
    elif said.endswith("mends a part of it."):
        assert mendable & {item.code for item in report.verdict.decided_by}
    else:
        assert not in_the_way & mendable


@given(reports(), st.sampled_from(["musllinux_1_2_mips64", "musllinux_1_2_x86_64", "linux_x86_64", "any"]))
def test_what_was_not_judged_is_not_said_to_work_or_to_fail(report: Report, platform: str) -> None:
    """An architecture without policies, or nothing for a loader."""
    known = platform != "musllinux_1_2_mips64"
    empty = judged(wheel(platform=platform)) if known else judged(wheel(extension(), platform=platform))
    said = summary(replace(empty, findings=report.findings))

    assert said.startswith(("Cannot be judged", "Has nothing for musl in it"))
    assert POSITIVE.search(said) is None
    assert NEGATIVE.search(said) is None


def test_the_catalog_names_alpine() -> None:
    """What the properties above read."""
    assert [item.release for item in catalog().distributions if item.name == "Alpine" and item.verified] == ALPINES

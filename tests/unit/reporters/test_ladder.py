"""The ladder: what is said about each range of releases."""

import pytest
from tests.support.values import executable, extension, judged, library, newest, uses, wheel

from musl_audit.reporters.ladder import ReleaseRung, ladder, spell_distributions, spell_reasons

PACKED = wheel(
    extension(needed=("libdemo.so.1", "libc.so"), runpath="$ORIGIN/../demo.libs"),
    library(packed_relocations=8),
)


def test_the_newest_releases_come_first() -> None:
    """A reader looks for what runs today."""
    spans = [rung.span for rung in ladder(judged(PACKED))]

    assert spans == [f"1.2.4–{newest()}", "1.2.2–1.2.3", "1.1.0–1.2.1"]


def test_a_promise_divides_the_rungs() -> None:
    """Failing where nothing is promised is no fault."""
    rungs = ladder(judged(PACKED))

    assert [(rung.loads, rung.is_broken, rung.promised_by) for rung in rungs] == [
        (True, False, ("musllinux_1_2_x86_64",)),
        (False, True, ("musllinux_1_2_x86_64",)),
        (False, False, ()),
    ]


def test_a_gap_is_a_rung_of_its_own() -> None:
    """What came, went and came back."""
    report = judged(wheel(extension(undefined=uses("__xstat"), identity=_i686()), platform="musllinux_1_2_i686"))

    assert [(rung.span, rung.loads) for rung in ladder(report)] == [
        (f"1.2.4–{newest()}", True),
        ("1.2.2–1.2.3", False),
        ("1.2.0–1.2.1", False),
        ("1.1.0–1.1.24", True),
    ]


def test_distributions_are_joined_to_ranges() -> None:
    """By name, neighbours as a range, words by themselves."""
    report = judged(PACKED)
    rung = ladder(report)[0]

    (line,) = spell_distributions(rung, report.verdict)
    assert line.startswith("Alpine 3.18–3.24 and edge, Void (64-bit), Chimera, ")


def test_a_patched_musl_is_an_exception() -> None:
    """Alpine 3.15 has ``qsort_r`` backported."""
    report = judged(wheel(extension(undefined=uses("qsort_r"))))
    rung = next(rung for rung in ladder(report) if rung.span == "1.2.2")

    assert "but it loads with the patched musl of Alpine 3.15" in spell_distributions(rung, report.verdict)


def test_reasons_say_on_which_releases_they_hold() -> None:
    """Unless it is all of the rung."""
    report = judged(wheel(extension(undefined=uses("qsort_r", "statx"))))
    broken = next(rung for rung in ladder(report) if rung.is_broken)

    assert spell_reasons(broken, report.verdict.known) == ["MUSL101 statx, qsort_r (1.2.2)"]


def test_reasons_without_symbols_name_files() -> None:
    """Without their directories, which the findings have."""
    report = judged(PACKED)
    broken = next(rung for rung in ladder(report) if rung.is_broken)

    assert spell_reasons(broken, report.verdict.known) == ["MUSL401 libdemo.so.1"]


def test_what_cannot_be_told_is_not_promised() -> None:
    """A search path leads out of the tree: the library may be there, or not."""
    program = executable(needed=("libdemo.so.1",), runpath="$ORIGIN/../lib/python3.12/site-packages/demo.libs")
    rungs = ladder(judged(wheel(program, library())))

    assert {rung.answer for rung in rungs} == {"maybe"}


def test_a_wheel_without_an_architecture_has_no_ladder() -> None:
    """There is nothing to load."""
    assert ladder(judged(wheel(platform="musllinux_1_2_mips64"))) == []


@pytest.mark.parametrize("elf", [extension(), executable(), library()])
def test_every_known_release_is_on_one_rung(elf: object) -> None:
    """Whatever the floor."""
    from musl_audit.model import ElfFacts

    assert isinstance(elf, ElfFacts)
    report = judged(wheel(elf), floor="1.2.5")
    rungs: list[ReleaseRung] = ladder(report)

    assert tuple(sorted(release for rung in rungs for release in rung.releases)) == report.verdict.known


def _i686() -> object:
    from tests.support.values import I686

    return I686

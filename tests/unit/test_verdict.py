"""From findings to the answer."""

from tests.support.values import executable, extension, judged, library, release, uses, wheel

from musl_audit.model import Loads


def test_a_clean_wheel_loads_on_all_releases_and_earns_every_tag() -> None:
    """The ladder goes down to the oldest known release."""
    verdict = judged(wheel(extension())).verdict

    assert (verdict.loads, str(verdict.required_musl)) == (Loads.ALL, "1.1.0")
    assert verdict.earned_tags == ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64")


def test_what_fails_on_no_promised_release_is_still_in_the_ladder() -> None:
    """gettid came in 1.2.2: no finding for musllinux_1_2, and evidence for 1.2.1."""
    report = judged(wheel(extension(undefined=uses("gettid"))))

    assert report.findings == ()
    assert (str(report.verdict.required_musl), report.verdict.decided_by[0].symbols) == ("1.2.2", ("gettid",))
    assert report.verdict.earned_tags == ("musllinux_1_2_x86_64",)


def test_a_release_in_a_gap_does_not_load() -> None:
    """posix_fallocate64 works on 1.2.3 and 1.2.6, and not between."""
    verdict = judged(wheel(extension(undefined=uses("posix_fallocate64")))).verdict

    assert str(verdict.required_musl) == "1.2.6"
    assert release("1.2.3") in verdict.loads_on


def test_a_distribution_may_have_backported_the_symbol() -> None:
    """Alpine 3.15's 1.2.2 has qsort_r."""
    answers = {
        answer.id: answer.loads for answer in judged(wheel(extension(undefined=uses("qsort_r")))).verdict.distributions
    }

    assert (answers["alpine-3.14"], answers["alpine-3.15"], answers["alpine-3.16"]) == (False, True, True)


def test_a_distribution_may_lack_a_symbol() -> None:
    """Debian's musl package is built without crypt."""
    answers = {
        answer.id: answer.loads for answer in judged(wheel(extension(undefined=uses("crypt")))).verdict.distributions
    }

    assert answers["debian-musl-package-12"] is False
    assert answers["alpine-3.17"] is True


def test_the_widest_reason_comes_first() -> None:
    """Packed relocations fail on more releases than qsort_r does."""
    verdict = judged(wheel(extension(undefined=uses("qsort_r"), packed_relocations=8))).verdict

    assert [item.code for item in verdict.decided_by] == ["MUSL401", "MUSL101"]


def test_an_error_that_no_release_decides_about_breaks_the_promise() -> None:
    """The loader is content, and the wheel is broken all the same."""
    report = judged(wheel(extension("demo/_demo.cpython-312-x86_64-linux-gnu.so")))

    assert (report.verdict.loads, report.claims[0].kept, report.verdict.earned_tags) == (Loads.ALL, False, ())


def test_a_path_into_another_tree_leaves_the_verdict_unknown() -> None:
    """Not knowing is said."""
    facts = wheel(executable(needed=("libdemo.so.1",), rpath="$ORIGIN/../lib"), library())
    report = judged(facts)

    assert (report.verdict.loads, report.claims[0].kept) == (Loads.UNKNOWN, None)


def test_a_linux_wheel_is_told_what_it_qualifies_for() -> None:
    """linux_x86_64 promises nothing."""
    report = judged(wheel(extension(packed_relocations=8), platform="linux_x86_64"))

    assert (report.findings, report.verdict.earned_tags) == ((), ())
    assert str(report.verdict.required_musl) == "1.2.4"


def test_external_libraries_are_listed_with_their_status() -> None:
    """By soname, with the files that need them."""
    report = judged(wheel(extension(needed=("libc.so", "libz.so.1", "libodbc.so.2"))))

    assert [(item.soname, item.status) for item in report.external_libraries] == [
        ("libc.so", "libc"),
        ("libodbc.so.2", "missing"),
        ("libz.so.1", "allowed"),
    ]

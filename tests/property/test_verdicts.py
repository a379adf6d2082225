"""``kept``, ``broken_on`` and ``loads`` say the same thing of a wheel, whatever is in it."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.values import catalog, executable, extension, library, uses, wheel

from musl_audit import judge
from musl_audit.judging.settings import Settings
from musl_audit.model import ElfFacts, ElfKind, Fault, FaultKind, Loads, Severity

SYMBOLS = ("malloc", "qsort_r", "statx", "crypt", "no_such_thing", "posix_fallocate64", "PyLong_FromLong")
NEEDED = ("libc.so", "libone.so", "libz.so.1", "libmissing.so", "ld-linux-x86-64.so.2", "libp.so")

fields = st.fixed_dictionaries(
    {},
    optional={
        "needed": st.lists(st.sampled_from(NEEDED), max_size=3, unique=True).map(tuple),
        "undefined": st.lists(st.sampled_from(SYMBOLS), max_size=3, unique=True).map(lambda names: uses(*names)),
        "packed_relocations": st.sampled_from([0, 8]),
        "zero_length_segments": st.sampled_from([0, 1]),
        "initial_exec": st.sampled_from([frozenset(), frozenset({""})]),
        "has_text_relocations": st.booleans(),
        "isa_needed": st.sampled_from([0, 2]),
        "rpath": st.sampled_from([None, "$ORIGIN", "lib", "/opt/x", "$ORIGIN/../../.."]),
        "faults": st.sampled_from([(), (Fault(FaultKind.CODE),), (Fault(FaultKind.EXIT_CODE),)]),
        "page_congruence": st.sampled_from([4096, 65536]),
    },
)
extensions = st.builds(
    lambda path, kind, more: extension(path, kind=kind, **more),
    st.sampled_from(("demo/_demo.cpython-312-x86_64-linux-musl.so", "demo/_demo.cpython-39-x86_64-linux-gnu.so")),
    st.sampled_from((ElfKind.EXTENSION, ElfKind.STATIC_EXECUTABLE)),
    fields,
)
libraries = st.builds(
    lambda path, names, more: library(path, defined=names, **more),
    st.sampled_from(("demo/libone.so", "demo.libs/libtwo.so")),
    st.sampled_from((frozenset[str](), frozenset({"__libc_start_main", "stdin"}), frozenset({"qsort_r"}))),
    fields,
)
programs = st.builds(lambda more: executable(**more), fields)
platforms = st.sampled_from(
    (
        "musllinux_1_2_x86_64",
        "musllinux_1_1_x86_64.musllinux_1_2_x86_64",
        "musllinux_1_0_x86_64",
        "musllinux_9000_0_x86_64",
        "linux_x86_64",
        "manylinux_2_17_x86_64.musllinux_1_2_x86_64",
    )
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(extensions, libraries, programs), max_size=4, unique_by=lambda elf: elf.path), platforms)
def test_every_part_of_a_report_says_the_same(elves: list[ElfFacts], platform: str) -> None:
    """
    The invariant of a report.

    A tag is kept exactly where no promised release is broken, no error is left that no release decides about, and all
    is known. What is broken is promised and does not load. What loads everywhere breaks nothing.
    """
    report = judge(wheel(*elves, platform=platform), catalog(), Settings())
    verdict = report.verdict
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]

    for claim in report.claims:
        assert not claim.broken_on & verdict.loads_on
        if claim.series is None:
            assert claim.kept is None
        elif claim.kept:
            assert not claim.broken_on
            assert not [finding for finding in errors if claim.tag in finding.tags and not finding.fails_on]
            assert verdict.loads is not Loads.UNKNOWN
        elif claim.kept is False:
            assert claim.broken_on or [finding for finding in errors if not finding.fails_on]
        if verdict.loads is Loads.ALL:
            assert not claim.broken_on
        if verdict.loads is Loads.NONE and claim.floor is not None:
            assert claim.kept is False
    for finding in errors:
        assert not finding.fails_on & verdict.loads_on
    for item in verdict.decided_by:
        assert not item.fails_on & verdict.loads_on

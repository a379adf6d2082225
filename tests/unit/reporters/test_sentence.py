"""The verdict in the reader's words, for every case."""

from dataclasses import replace

import pytest
from tests.support.testwheels import manifest
from tests.support.values import I686, executable, extension, judged, library, uses, wheel

from musl_audit.model import ElfFacts, ElfKind
from musl_audit.reporters.sentence import summary
from musl_audit.workflows.reading import read_facts

MUSL = "musllinux_1_2_x86_64"
PACKED = library(packed_relocations=8)
MENDS = "`musl-audit repair` mends it."


CASES: dict[str, tuple[ElfFacts, str]] = {
    "all": (extension(), "Works on every known musl: Alpine 3.13 and later."),
    "crash, mended": (PACKED, f"Crashes on Alpine 3.13–3.17. Works on Alpine 3.18 and later. {MENDS}"),
    "symbol missing": (
        extension(undefined=uses("pthread_getname_np")),
        (
            "Fails to load on Alpine 3.13–3.15: it needs pthread_getname_np, which musl there lacks. "
            "Works on Alpine 3.16 and later. `musl-audit repair` mends it."
        ),
    ),
    "backported to one": (
        extension(undefined=uses("qsort_r")),
        (
            "Fails to load on Alpine 3.13–3.14: it needs qsort_r, which musl there lacks. Works on Alpine 3.15 and "
            "later. `musl-audit repair` mends it."
        ),
    ),
    "older releases are not promised": (extension(undefined=uses("getentropy")), "Works on Alpine 3.13 and later."),
    "crash hides a symbol": (
        extension(packed_relocations=8, undefined=uses("pthread_getname_np")),
        "Crashes on Alpine 3.13–3.17. Works on Alpine 3.18 and later. `musl-audit repair` mends it.",
    ),
    "gone again": (
        extension(undefined=uses("posix_fallocate64")),
        (
            "Fails to load on Alpine 3.18–3.23: it needs posix_fallocate64, which musl there lacks. "
            "Works on Alpine 3.13–3.17 and 3.24 and later. `musl-audit repair` mends it."
        ),
    ),
    "none, symbol": (
        extension(undefined=uses("no_such_thing")),
        "Loads on no musl at all: it needs no_such_thing, which no musl has.",
    ),
    "none, library": (
        extension(needed=("libc.so", "libodbc.so.2")),
        "Loads on no musl at all: it needs libodbc.so.2, and does not bring it. `musl-audit repair` mends it.",
    ),
    "none, glibc": (
        extension(needed=("ld-linux-x86-64.so.2",)),
        "Loads on no musl at all: a file was built for glibc.",
    ),
    "none, refused": (
        extension(initial_exec=frozenset({""})),
        (
            "Loads on no musl at all: a file has initial-exec TLS, which nothing loaded later may have. "
            "`musl-audit repair` mends it."
        ),
    ),
    "promise broken by something else": (
        extension("demo/_demo.cpython-39-x86_64-linux-musl.so"),
        (
            "Loads on every known musl: Alpine 3.13 and later. "
            "Its promise is broken all the same: MUSL304 extension-suffix."
        ),
    ),
}


@pytest.mark.parametrize(("elf", "sentence"), CASES.values(), ids=CASES)
def test_where_it_works_and_where_not(elf: ElfFacts, sentence: str) -> None:
    """Distributions by name, the way it fails, and whether it can be mended."""
    assert summary(judged(wheel(elf, platform=MUSL))) == sentence


def test_an_older_tag_is_asked_about_older_releases() -> None:
    """pip takes ``musllinux_1_1`` on Alpine 3.12, too."""
    elf = extension(undefined=uses("gettid"))

    assert summary(judged(wheel(elf, platform="musllinux_1_1_x86_64"))) == (
        "Fails to load on Alpine 3.12: it needs gettid, which musl there lacks. Works on Alpine 3.13 and later. "
        "`musl-audit repair` mends it."
    )


def test_a_gap_is_said() -> None:
    """32-bit musl lacks ``__xstat`` from 1.2.0 to 1.2.3."""
    elf = extension("demo/_demo.cpython-312-i386-linux-musl.so", undefined=uses("__xstat"), identity=I686)

    assert summary(judged(wheel(elf, platform="musllinux_1_2_i686"))) == (
        "Fails to load on Alpine 3.13–3.17: it needs __xstat, which musl there lacks. Works on Alpine 3.18 and later."
    )


def test_a_static_program_works_everywhere() -> None:
    """Nothing asks for a loader."""
    elf = replace(executable(), kind=ElfKind.STATIC_EXECUTABLE, interpreter=None, needed=())

    assert summary(judged(wheel(elf))) == (
        "Works on every known musl: Alpine 3.13 and later. Its programs are static and need no musl."
    )
    assert "static" not in summary(judged(wheel(elf, extension())))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("initial_exec_exported", "a file has initial-exec TLS, which nothing loaded later may have"),
        ("ifunc_referenced", "a file has indirect functions, which no musl resolves"),
        ("libz_internals", "it needs inflate_fast, which it does not find"),
        ("unsound_text_relocations", "a file does not load (MUSL409 unsound-image)"),
        ("unreadable_extension", "a file does not load (MUSL901 unreadable-elf)"),
    ],
)
def test_a_symbol_is_no_reason_where_something_else_is(name: str, why: str) -> None:
    """It is named only by rules that are about it; a rule without words for a sentence is named itself."""
    facts = read_facts(str(manifest()[name].path))

    assert summary(judged(facts)).startswith(f"Loads on no musl at all: {why}.")


def test_a_wheel_without_binaries_has_nothing_for_musl_in_it() -> None:
    """There is nothing to judge."""
    facts = wheel(platform="linux_x86_64")

    for one in (facts, replace(facts, name=None), wheel(platform=MUSL)):
        assert summary(judged(one)) == "Has nothing for musl in it: no binary that musl's loader would load."


def test_an_unknown_architecture_is_named() -> None:
    """Nothing is guessed."""
    assert summary(judged(wheel(extension(), platform="musllinux_1_2_mips64"))) == (
        "Cannot be judged: musl-audit knows nothing of musllinux_1_2_mips64."
    )


def test_what_only_another_distribution_lacks_is_an_exception() -> None:
    """Debian's package of musl 1.2.3 has no ``crypt``."""
    assert summary(judged(wheel(extension(undefined=uses("crypt"))))) == (
        "Works on Alpine 3.13 and later, but not on Debian (musl package) 12."
    )


def test_a_long_name_is_shortened() -> None:
    """C++ has names of a thousand letters."""
    said = summary(judged(wheel(extension(undefined=uses("_Z" + "x" * 900)))))

    assert len(said) < 160


def test_more_is_not_promised_to_be_mended_than_is_reported() -> None:
    """What the gate hides cannot be counted on."""
    report = judged(wheel(PACKED))

    assert summary(replace(report, findings=())) == "Crashes on Alpine 3.13–3.17. Works on Alpine 3.18 and later."

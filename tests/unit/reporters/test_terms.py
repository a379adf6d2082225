"""The terms of a verdict."""

import pytest
from tests.support.values import I686, extension, judged, library, newest, uses, wheel

from musl_audit.model import ElfFacts
from musl_audit.reporters.terms import headline

NOW = newest()
MUSL = "musllinux_1_2_x86_64"
PACKED = library(packed_relocations=8)


@pytest.mark.parametrize(
    ("elf", "platform", "sentence"),
    [
        (
            extension(),
            MUSL,
            f"loads on every known musl (1.1.0–{NOW}); keeps its promise musllinux_1_2 (floor 1.2.2, policy)",
        ),
        (
            PACKED,
            MUSL,
            "needs musl 1.2.4 or later; breaks its promise musllinux_1_2 (floor 1.2.2, policy) on musl 1.2.2–1.2.3",
        ),
        (
            extension(undefined=uses("no_such_thing")),
            MUSL,
            f"loads on no known musl; breaks its promise musllinux_1_2 (floor 1.2.2, policy) on musl 1.2.2–{NOW}",
        ),
        (extension(), "linux_x86_64", f"loads on every known musl (1.1.0–{NOW})"),
        (
            extension(),
            "musllinux_1_0_x86_64",
            f"loads on every known musl (1.1.0–{NOW}); musllinux_1_0 cannot be judged: the policies know nothing of it",
        ),
        (
            extension("demo/_demo.cpython-39-x86_64-linux-musl.so"),
            MUSL,
            f"loads on every known musl (1.1.0–{NOW}); breaks its promise musllinux_1_2 (floor 1.2.2, policy): MUSL304",
        ),
    ],
)
def test_what_is_needed_and_which_promises_are_kept(elf: ElfFacts, platform: str, sentence: str) -> None:
    """A clause each."""
    assert headline(judged(wheel(elf, platform=platform))).partition(": ")[2] == sentence


def test_a_gap_is_said() -> None:
    """What an older musl could load is not forgotten."""
    elf = extension("demo/_demo.cpython-312-i386-linux-musl.so", undefined=uses("__xstat"), identity=I686)

    assert "needs musl 1.2.4 or later, or 1.1.0–1.1.24; " in headline(judged(wheel(elf, platform="musllinux_1_2_i686")))


def test_who_it_is_about_is_said_first() -> None:
    """Project, version, Python, architecture."""
    assert headline(judged(wheel(extension(), abi="abi3"))).startswith("demo 1.0 for cp312 abi3, x86_64: ")

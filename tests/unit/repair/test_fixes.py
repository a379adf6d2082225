"""What repair mends beyond grafting: which suffix it gives an extension, and which files it leaves alone."""

from dataclasses import replace

import pytest
from tests.support.testwheels import manifest

from musl_audit import Settings, load_catalog, read_facts
from musl_audit.judging.audit import context_of
from musl_audit.loader.extension_suffixes import AdmittedPython
from musl_audit.model import ElfFacts, Member, WheelFacts
from musl_audit.repair.actions import ClearExecutableStack, DropZeroLengthSegments, RenameMember, UnpackRelocations
from musl_audit.repair.fixes import file_fixes, importable_suffix, suffix_fixes

TRIPLET = "x86_64-linux-musl"
OLD = (AdmittedPython(10), AdmittedPython(10, is_patched=False))
STABLE = (AdmittedPython(9, is_oldest=True),)


@pytest.mark.parametrize(
    ("admitted", "suffix", "expected"),
    [
        ((AdmittedPython(12),), ".cpython-312-x86_64-linux-gnu.so", ".cpython-312-x86_64-linux-musl.so"),
        ((AdmittedPython(12),), ".cpython-312-aarch64-linux-musl.so", ".cpython-312-x86_64-linux-musl.so"),
        ((AdmittedPython(12),), ".cpython-312.so", ".cpython-312-x86_64-linux-musl.so"),
        ((AdmittedPython(13, True),), ".cpython-313t-x86_64-linux-gnu.so", ".cpython-313t-x86_64-linux-musl.so"),
        ((AdmittedPython(12),), ".abi3-x86_64-linux-gnu.so", ".abi3.so"),
        (STABLE, ".abi3-x86_64-linux-gnu.so", ".abi3.so"),
        (STABLE, ".abi3-x86_64-linux-musl.so", ".abi3.so"),
        ((AdmittedPython(15, True, is_oldest=True),), ".abi3t-x86_64-linux-gnu.so", ".abi3t.so"),
    ],
)
def test_the_platform_in_a_suffix_is_set_right(
    admitted: tuple[AdmittedPython, ...], suffix: str, expected: str
) -> None:
    """It says nothing about how the code was built, and every interpreter of the tags wants the same."""
    assert importable_suffix(suffix, admitted, TRIPLET) == expected


@pytest.mark.parametrize(
    ("admitted", "suffix"),
    [
        ((AdmittedPython(12),), ".cpython-311-x86_64-linux-musl.so"),
        ((AdmittedPython(12), AdmittedPython(13)), ".cpython-312-x86_64-linux-gnu.so"),
        ((AdmittedPython(13, True),), ".cpython-313-x86_64-linux-musl.so"),
        ((AdmittedPython(13),), ".cpython-313t-x86_64-linux-musl.so"),
        ((AdmittedPython(13, True),), ".abi3.so"),
        ((AdmittedPython(12),), ".abi3t.so"),
        (STABLE, ".cpython-39-x86_64-linux-gnu.so"),
        ((AdmittedPython(12),), ".pypy310-pp73-x86_64-linux-gnu.so"),
        ((AdmittedPython(12),), ".cp312-win_amd64.so"),
        (OLD, ".cpython-39-x86_64-linux-gnu.so"),
    ],
)
@pytest.mark.parametrize("forced", [False, True])
def test_no_name_mends_what_was_built_for_another_abi(
    admitted: tuple[AdmittedPython, ...], suffix: str, forced: bool
) -> None:
    """Python would import it, and crash or worse: not even --fix-suffix does that."""
    assert importable_suffix(suffix, admitted, TRIPLET, pleases_both_camps=forced) is None


@pytest.mark.parametrize("platform", ["x86_64-linux-gnu", "x86_64-linux-musl", "aarch64-linux-musl"])
def test_only_plain_so_pleases_both_builds_of_an_old_python(platform: str) -> None:
    """CPython 3.10 and older: its own sources want glibc's triplet on musl, too; Alpine patches that."""
    suffix = f".cpython-310-{platform}.so"

    assert importable_suffix(suffix, OLD, TRIPLET) is None
    assert importable_suffix(suffix, OLD, TRIPLET, pleases_both_camps=True) == ".so"


# --- which files


def facts_of(case: str) -> WheelFacts:
    return read_facts(str(manifest()[case].path))


def renamed(facts: WheelFacts, *, is_forced: bool = False) -> list[RenameMember]:
    return list(suffix_fixes(context_of(facts, load_catalog(), Settings()), is_forced=is_forced))


def with_file(facts: WheelFacts, path: str, *, elf: ElfFacts | None = None) -> WheelFacts:
    """Return *facts* with one more member, which is a copy of *elf* if there is one."""
    elves = (*facts.elves, replace(elf, path=path)) if elf else facts.elves
    return replace(facts, members=(*facts.members, Member(path, 1, 1, 0)), elves=tuple(elves))


def test_an_extension_is_renamed() -> None:
    """Where every interpreter of the tags wants musl's triplet."""
    assert renamed(facts_of("suffix_of_glibc")) == [
        RenameMember(
            "suffix_of_glibc/_probe.cpython-312-x86_64-linux-gnu.so",
            "suffix_of_glibc/_probe.cpython-312-x86_64-linux-musl.so",
        )
    ]


def test_a_copy_that_is_importable_is_enough() -> None:
    """Another name could make Python import another copy than before."""
    facts = facts_of("suffix_of_glibc")
    facts = with_file(facts, "suffix_of_glibc/_probe.abi3.so", elf=facts.elves[0])

    assert renamed(facts) == []


def test_no_file_is_replaced_by_a_renamed_one() -> None:
    """Not even one that only lands in the same place when it is installed."""
    new = "suffix_of_glibc/_probe.cpython-312-x86_64-linux-musl.so"
    facts = facts_of("suffix_of_glibc")

    assert renamed(with_file(facts, new)) == []
    assert renamed(with_file(facts, f"suffix_of_glibc-1.0.data/platlib/{new}")) == []


def test_two_copies_that_would_get_one_name_keep_theirs() -> None:
    """Nobody knows which is the right one; the judge then refuses both."""
    facts = facts_of("suffix_of_glibc")
    facts = with_file(facts, "suffix_of_glibc/_probe.cpython-312-aarch64-linux-gnu.so", elf=facts.elves[0])

    assert renamed(facts) == []


def test_an_old_python_is_only_served_when_asked() -> None:
    """A warning is no reason to rename what some of them import; what all of them import stays anyway."""
    case = "suffix_of_musl_cp310"
    assert renamed(facts_of(case)) == []
    assert [action.new for action in renamed(facts_of(case), is_forced=True)] == [f"{case}/_probe.so"]
    assert renamed(facts_of("suffix_of_glibc_cp310"), is_forced=True) == []


@pytest.mark.parametrize(
    ("case", "floor", "expected"),
    [
        ("packed_relocations_x86_64", None, [UnpackRelocations]),
        ("packed_relocations_x86_64", "1.2.4", [UnpackRelocations]),
        ("packed_relocations_loongarch64", None, []),
        ("zero_length_segment", None, [DropZeroLengthSegments]),
        ("zero_length_segment", "supported", [DropZeroLengthSegments]),
        ("executable_stack", None, [ClearExecutableStack]),
        ("program_with_executable_stack", None, []),
        ("no_word_on_the_stack", None, []),
        ("clean_x86_64", None, []),
    ],
)
def test_a_file_is_mended_where_that_helps_some_release_whatever_the_floor(
    case: str, floor: str | None, expected: list[type]
) -> None:
    """loongarch64 begins with 1.2.5, which applies packed relocations; a program's stack is the kernel's business."""
    context = context_of(facts_of(case), load_catalog(), Settings(floor=floor))

    assert [type(action) for action in file_fixes(context, context.loaded)] == expected

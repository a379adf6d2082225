"""From the facts of a wheel to a plan, and to why there is none."""

from dataclasses import replace

import pytest
from tests.support.fake_libraries import FactLibraries
from tests.support.values import catalog, executable, extension, library, uses, wheel

from musl_audit.judging.settings import Settings
from musl_audit.model import WheelFacts
from musl_audit.repair.actions import (
    Action,
    ClearExecutableStack,
    DropZeroLengthSegments,
    Graft,
    MoveBehindShim,
    RenameMember,
    RepairPlan,
    RepairSettings,
    Retag,
    Strip,
    UnpackRelocations,
)
from musl_audit.repair.plan import Proposal, propose

RUNTIME = library("/usr/lib/libone.so", packed_relocations=64)


def proposal(facts: WheelFacts, repair: RepairSettings | None = None, settings: Settings | None = None) -> Proposal:
    """Return what is proposed for *facts* on a system that has ``libone.so``, whose relocations are packed."""
    libraries = FactLibraries({"libone.so": RUNTIME})
    found = propose(facts, catalog(), settings or Settings(), repair or RepairSettings(), lambda _: libraries)
    assert isinstance(found, Proposal)
    return found


def kinds(found: Proposal) -> list[type[Action]]:
    return [type(action) for action in found.plan.actions]


def test_a_wheel_that_is_fine_has_no_plan() -> None:
    """It is copied."""
    found = proposal(wheel(extension()))

    assert (found.plan, found.predicted.name) == (RepairPlan(), wheel(extension()).name)


def test_the_order_of_a_plan() -> None:
    """Grafts and their wiring, strip, mends with the unpacking last, and the tags."""
    damaged = extension(needed=("libone.so",), is_stack_executable=True, zero_length_segments=1)

    found = proposal(wheel(damaged, platform="linux_x86_64"), RepairSettings(strip="unneeded"))

    assert kinds(found)[0] is Graft
    assert kinds(found)[-6:] == [Strip, Strip, DropZeroLengthSegments, ClearExecutableStack, UnpackRelocations, Retag]
    assert found.plan.refusals == ()


def test_without_mending_only_grafts_and_tags() -> None:
    """And then the promise is broken, which is refused."""
    damaged = extension(needed=("libone.so",), is_stack_executable=True)

    found = proposal(wheel(damaged), RepairSettings(fix=False))

    assert {UnpackRelocations, ClearExecutableStack}.isdisjoint(kinds(found))
    assert found.plan.refusals[0].startswith("MUSL401 ")


@pytest.mark.parametrize(
    ("facts", "is_renamed"),
    [
        (wheel(extension("demo/_demo.cpython-312-x86_64-linux-gnu.so")), True),
        (wheel(extension("demo/_demo.cpython-312-x86_64-linux-gnu.so"), extension("demo/_demo.so")), False),
        (wheel(extension("demo/_demo.cpython-310-x86_64-linux-gnu.so"), python="cp310", abi="cp310"), False),
    ],
)
def test_a_name_that_python_does_not_import_is_mended(facts: WheelFacts, is_renamed: bool) -> None:
    """Where every interpreter of the tags wants another one, and no other copy is imported."""
    assert (RenameMember in kinds(proposal(facts))) is is_renamed


def test_a_program_that_needs_a_library_moves() -> None:
    """One that needs none stays where it is."""
    needing, plain = executable(needed=("libone.so",)), executable("demo-1.0.data/scripts/plain")

    found = proposal(wheel(needing, plain))

    moves = [action for action in found.plan.actions if isinstance(action, MoveBehindShim)]
    assert moves == [MoveBehindShim(needing.path, "demo.scripts/demo")]


def test_what_cannot_be_mended_is_refused_with_the_way_out() -> None:
    """The finding of check, and its hint."""
    (refusal,) = proposal(wheel(extension(undefined=uses("qsort_r")))).plan.refusals

    assert refusal.startswith("MUSL101 qsort_r: in musl from 1.2.3 on")
    assert "--floor supported" in refusal


def test_a_floor_of_the_user_is_the_promise() -> None:
    """What only older releases lack is fine then; what can be mended is mended all the same."""
    facts = wheel(extension(needed=("libone.so",), undefined=uses("qsort_r")))

    found = proposal(facts, settings=Settings(floor="1.2.4", floor_source="--floor 1.2.4"))

    assert (found.plan.refusals, UnpackRelocations in kinds(found)) == ((), True)


def test_an_instruction_set_above_the_baseline_is_said_as_check_does() -> None:
    """A warning, which ``--disable-isa-ext-check`` silences."""
    facts = wheel(extension(isa_needed=4))

    assert "--disable-isa-ext-check" in proposal(facts).plan.notes[0]
    assert proposal(facts).plan.refusals == ()
    assert proposal(facts, RepairSettings(checks_isa=False)).plan.notes == ()


def test_metadata_that_says_something_else_is_written_anew() -> None:
    """Other tags than the file name, or a pure root; not if they only are compressed, and not without updating."""
    fine = wheel(extension())
    pure = replace(fine, metadata=replace(fine.metadata, root_is_purelib=True))
    other = replace(fine, metadata=replace(fine.metadata, tags=("py3-none-any",)))

    assert [kinds(proposal(facts)) for facts in (fine, pure, other)] == [[], [Retag], [Retag]]
    assert kinds(proposal(other, RepairSettings(update_tags=False))) == []


def test_without_updating_tags_the_promise_is_judged_all_the_same() -> None:
    """The wheel keeps its name; what it would be called is what it must keep."""
    settings = RepairSettings(update_tags=False)
    good = proposal(wheel(extension(needed=("libone.so",)), platform="linux_x86_64"), settings)
    bad = proposal(wheel(extension(undefined=uses("qsort_r")), platform="linux_x86_64"), settings)

    assert (str(good.promise), good.predicted.filename) == (
        "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl",
        "demo-1.0-cp312-cp312-linux_x86_64.whl",
    )
    assert (good.plan.refusals, len(bad.plan.refusals)) == ((), 1)


def test_what_is_planned_is_all_there_is_to_plan() -> None:
    """The prediction, planned for again, needs nothing more."""
    damaged = extension("demo/_demo.cpython-312-x86_64-linux-gnu.so", needed=("libone.so",), is_stack_executable=True)
    found = proposal(wheel(damaged, executable(needed=("libone.so",)), platform="linux_x86_64"))

    again = proposal(found.predicted)

    assert (found.plan.refusals, again.plan) == ((), RepairPlan())


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(wheel(extension()), name=None), "is not the name of a wheel"),
        (wheel(platform="linux_vax"), "no binary of it is for an architecture that the policies know"),
        (wheel(extension(), platform="linux_aarch64"), "the file name says aarch64, the binaries are for x86_64"),
    ],
)
def test_what_cannot_even_be_planned(facts: WheelFacts, reason: str) -> None:
    """A plan of refusals alone."""
    found = propose(facts, catalog(), Settings(), RepairSettings(), lambda _: FactLibraries({}))

    assert isinstance(found, RepairPlan)
    assert reason in found.refusals[0]

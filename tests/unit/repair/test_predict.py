"""What a plan makes of the facts; and that patchelf makes the same of the file."""

from pathlib import Path

import pytest
from tests.support.repairs import INPUTS
from tests.support.values import extension, library, wheel

from musl_audit.adapters.patchers.patchelf import patch
from musl_audit.elf import read_elf
from musl_audit.model import ElfFacts, VersionNeed, WheelName
from musl_audit.repair.actions import (
    ClearExecutableStack,
    DropNeeded,
    DropZeroLengthSegments,
    ElfAction,
    Graft,
    MoveBehindShim,
    PatchAction,
    RenameMember,
    ReplaceNeeded,
    Retag,
    SetRunpath,
    SetSoname,
    Strip,
    UnpackRelocations,
)
from musl_audit.repair.predict import differences, predict, predict_elf

ELF = library("x", needed=("a.so", "b.so"), rpath="/r", runpath="/s")


@pytest.mark.parametrize(
    ("action", "changed"),
    [
        (ReplaceNeeded("x", "a.so", "c.so"), {"needed": ("c.so", "b.so")}),
        (DropNeeded("x", "a.so"), {"needed": ("b.so",)}),
        (SetSoname("x", "y"), {"soname": "y"}),
        (
            SetRunpath(
                "x",
                ("$ORIGIN", "$ORIGIN/.."),
            ),
            {"rpath": "$ORIGIN:$ORIGIN/..", "runpath": None},
        ),
        (SetRunpath("x", ()), {"rpath": None, "runpath": None}),
        (ClearExecutableStack("x"), {"is_stack_executable": False}),
        (DropZeroLengthSegments("x"), {"zero_length_segments": 0}),
        (UnpackRelocations("x"), {"packed_relocations": 0, "relocation_types": frozenset({8})}),
        (Strip("x"), {}),
    ],
)
def test_one_action_changes_what_it_says(action: ElfAction, changed: dict[str, object]) -> None:
    """And nothing else."""
    before = library(
        "x",
        needed=("a.so", "b.so"),
        rpath="/r",
        runpath="/s",
        packed_relocations=8,
        zero_length_segments=1,
        is_stack_executable=True,
    )

    after = predict_elf(before, action)

    assert set(differences(before, after)) == set(changed)
    assert {name: getattr(after, name) for name in changed} == changed


def test_a_version_need_goes_with_the_library() -> None:
    """patchelf renames the file that versions are asked of, too."""
    before = library("x", needed=("a.so",), version_needs=(VersionNeed("a.so", "V1"), VersionNeed("b.so", "V2")))

    after = predict_elf(before, ReplaceNeeded("x", "a.so", "c.so"))

    assert after.version_needs == (VersionNeed("c.so", "V1"), VersionNeed("b.so", "V2"))


def test_a_wheel_after_its_plan() -> None:
    """Members, binaries, name and tags."""
    old, tool = extension("demo/_demo.bad.so"), library("demo-1.0.data/scripts/tool")
    name = WheelName("demo", "1.0", "1", ("cp312",), ("cp312",), ("musllinux_1_2_x86_64",))
    actions = (
        Graft("demo.libs/g.so", "/usr/lib/g.so", "0", "g.so", library("demo.libs/g.so")),
        MoveBehindShim(tool.path, "demo.scripts/tool"),
        RenameMember(old.path, "demo/_demo.so"),
        Retag(name),
    )

    after = predict(wheel(old, tool, platform="linux_x86_64"), actions)

    members = ["demo-1.0.data/scripts/tool", "demo.libs/g.so", "demo.scripts/tool", "demo/_demo.so"]
    assert sorted(member.name for member in after.members) == members
    assert [elf.path for elf in after.elves] == members[1:]
    assert (after.filename, after.metadata.tags) == (str(name), ("cp312-cp312-musllinux_1_2_x86_64",))


@pytest.mark.parametrize("path", sorted(INPUTS.glob("*/lib*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_patchelf_makes_of_real_files_what_was_predicted(path: Path) -> None:
    """Every action that it does, in one call, on every architecture."""
    data = path.read_bytes()
    before = read_elf(data, "x")
    actions: list[PatchAction] = [
        *(ReplaceNeeded("x", soname, f"new-{soname}") for soname in before.needed[:1]),
        *(DropNeeded("x", soname) for soname in before.needed[1:2]),
        SetSoname("x", "new.so"),
        SetRunpath("x", ("$ORIGIN", "$ORIGIN/../lib")),
    ]
    expected: ElfFacts = before
    for action in actions:
        expected = predict_elf(expected, action)

    assert differences(expected, read_elf(patch(data, actions, "x"), "x")) == ()

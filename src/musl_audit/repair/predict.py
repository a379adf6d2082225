"""What the facts of a wheel will be once a plan was applied: judged before any tool runs."""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from musl_audit.elf.machines import MACHINES, UNKNOWN_MACHINE
from musl_audit.model import ElfFacts, Member, WheelFacts, WheelMetadata, WheelName
from musl_audit.repair.actions import (
    Action,
    AddNeeded,
    AddPolyfill,
    ClearExecutableStack,
    DropMember,
    DropNeeded,
    DropZeroLengthSegments,
    ElfAction,
    Graft,
    MoveBehindShim,
    RenameMember,
    ReplaceNeeded,
    Retag,
    RewriteThreadLocals,
    SetRunpath,
    SetSoname,
    Strip,
    UnpackRelocations,
)


def predict(facts: WheelFacts, actions: Iterable[Action]) -> WheelFacts:
    """Return the facts that *facts* become; sizes, digests and RECORD are not predicted, for nothing judges them."""
    elves = {elf.path: elf for elf in facts.elves}
    names = {member.name: member for member in facts.members}
    name, metadata = facts.name, facts.metadata
    changes = tuple(actions)
    for action in changes:
        match action:
            case Graft(member=member, facts=grafted):
                elves[member] = grafted
                names[member] = Member(member, size=0, compressed_size=0, crc=0)
            case DropMember(member=member):
                del elves[member], names[member]
            case AddPolyfill(member=member, facts=built):
                elves[member] = replace(built, path=member)
                names[member] = Member(member, size=0, compressed_size=0, crc=0)
            case RenameMember(member=member, new=new):
                elves[new] = replace(elves.pop(member), path=new)
                names[new] = replace(names.pop(member), name=new)
            case MoveBehindShim(member=member, new=new):
                elves[new] = replace(elves.pop(member), path=new)
                names[new] = replace(names[member], name=new)
            case Retag(new=new_name, updates_tags=updates_tags):
                name, metadata = new_name, retagged_metadata(metadata, new_name, updates_tags=updates_tags)
            case _:
                elves[action.member] = predict_elf(elves[action.member], action)
    return replace(
        facts,
        filename=str(name) if name else facts.filename,
        name=name,
        members=tuple(names.values()),
        elves=tuple(elf for _, elf in sorted(elves.items())),
        metadata=metadata,
        record_problems=() if changes else facts.record_problems,  # RECORD is written anew with any change
    )


def predict_elf(elf: ElfFacts, action: ElfAction) -> ElfFacts:  # noqa: C901, PLR0911  # one case each
    """Return what *elf* becomes by *action*."""
    match action:
        case AddNeeded(soname=added):
            return replace(elf, needed=(*elf.needed, added))
        case ReplaceNeeded(old=old, new=new):
            return replace(
                elf,
                needed=tuple(new if soname == old else soname for soname in elf.needed),
                version_needs=tuple(
                    replace(need, library=new) if need.library == old else need for need in elf.version_needs
                ),
            )
        case DropNeeded(soname=dropped):
            return replace(elf, needed=tuple(soname for soname in elf.needed if soname != dropped))
        case SetSoname(soname=soname):
            return replace(elf, soname=soname)
        case SetRunpath(entries=entries):
            return replace(elf, rpath=":".join(entries) or None, runpath=None)
        case DropZeroLengthSegments():
            return replace(elf, zero_length_segments=0)
        case ClearExecutableStack():
            return replace(elf, is_stack_executable=False)
        case UnpackRelocations():
            relative = MACHINES.get(elf.identity.machine, UNKNOWN_MACHINE).relative
            return replace(elf, packed_relocations=0, relocation_types=elf.relocation_types | {relative})
        case RewriteThreadLocals():
            return _with_threads_computed(elf)
        case Strip():
            return elf
        case _:
            assert_never(action)


def _with_threads_computed(elf: ElfFacts) -> ElfFacts:
    machine = MACHINES.get(elf.identity.machine, UNKNOWN_MACHINE)
    return replace(
        elf,
        initial_exec=frozenset(),
        initial_exec_slots=0,
        is_tls_rewritten=True,
        relocation_types=elf.relocation_types - machine.initial_exec | machine.module,
    )


def retagged_metadata(metadata: WheelMetadata, name: WheelName, *, updates_tags: bool = True) -> WheelMetadata:
    """Return *metadata* with the tags of *name*, if they are updated, and with a root that is no longer called pure."""
    return replace(metadata, tags=expanded_tags(name) if updates_tags else metadata.tags, root_is_purelib=False)


def expanded_tags(name: WheelName) -> tuple[str, ...]:
    """Return the ``Tag`` lines of WHEEL for *name*, one for each combination (PEP 425, compressed tag sets)."""
    return tuple(
        f"{python}-{abi}-{platform}"
        for python in name.python_tags
        for abi in name.abi_tags
        for platform in name.platform_tags
    )


SAME = (
    "kind",
    "identity",
    "soname",
    "interpreter",
    "needed",
    "rpath",
    "runpath",
    "undefined",
    "defined",
    "copied",
    "hidden_versions",
    "ifuncs",
    "version_needs",
    "version_definitions",
    "relocation_types",
    "initial_exec",
    "initial_exec_slots",
    "is_tls_rewritten",
    "thread_local",
    "packed_relocations",
    "has_hash_table",
    "zero_length_segments",
    "is_stack_executable",
    "has_text_relocations",
)


def differences(predicted: ElfFacts, actual: ElfFacts) -> tuple[str, ...]:
    """Return the names of the facts of a file that are not as they were predicted; in any order."""
    return tuple(name for name in SAME if _comparable(predicted, name) != _comparable(actual, name))


def _comparable(elf: ElfFacts, name: str) -> object:
    if name == "thread_local" and elf.is_tls_rewritten:  # its slots name none of its own variables any longer
        return elf.thread_local - elf.defined
    if name == "undefined":
        return sorted(elf.undefined, key=lambda symbol: (symbol.name, symbol.is_weak, symbol.type))
    return getattr(elf, name)

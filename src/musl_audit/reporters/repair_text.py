"""What ``repair`` says about each wheel: where it went, what was done, or why not; as text and as data."""

from collections.abc import Iterator
from typing import assert_never

from musl_audit.model import MuslVersion, WheelName
from musl_audit.repair.actions import (
    Action,
    AddNeeded,
    AddPolyfill,
    ClearExecutableStack,
    DropMember,
    DropNeeded,
    DropZeroLengthSegments,
    Graft,
    LeftOut,
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


def spell_action(action: Action) -> str:  # noqa: C901, PLR0911, PLR0912  # one case each
    """
    Return what *action* does, as a line of a list.

    >>> spell_action(UnpackRelocations("demo.libs/libgcc_s.so.1"))
    'unpack the relocations of demo.libs/libgcc_s.so.1'
    """
    match action:
        case Graft(member=member, source=source):
            return f"copy {source} to {member}"
        case AddPolyfill(symbol=symbol, needed_by=members, needless_since=None):
            return f"add {symbol}, which no musl has, to {', '.join(members)}"
        case AddPolyfill(symbol=symbol, needed_by=members, needless_since=since):
            return f"add {symbol} for musl before {since} to {', '.join(members)}"
        case AddNeeded(member=member, soname=soname):
            return f"let {member} need {soname}, too"
        case ReplaceNeeded(member=member, old=old, new=new):
            return f"let {member} need {new} for {old}"
        case DropNeeded(member=member, soname=soname):
            return f"let {member} no longer need {soname}"
        case SetSoname(member=member, soname=soname):
            return f"name {member} {soname} inside"
        case SetRunpath(member=member, entries=()):
            return f"remove the search path of {member}"
        case SetRunpath(member=member, entries=entries):
            return f"let {member} search {':'.join(entries)}"
        case Strip(member=member):
            return f"strip {member}"
        case UnpackRelocations(member=member):
            return f"unpack the relocations of {member}"
        case RewriteThreadLocals(member=member, slots=slots):
            return (
                f"rewrite the thread-local accesses of {member} ({slots} {'variable' if slots == 1 else 'variables'})"
            )
        case DropZeroLengthSegments(member=member):
            return f"drop the segments of no length of {member}"
        case ClearExecutableStack(member=member):
            return f"clear the executable-stack flag of {member}"
        case DropMember(member=member):
            return f"leave out {member}"
        case RenameMember(member=member, new=new):
            return f"rename {member} to {new}"
        case MoveBehindShim(member=member, new=new):
            return f"move {member} to {new}, and put a script that starts it in its place"
        case Retag(new=name):
            return f"write RECORD, and WHEEL for {name}"
        case _:
            assert_never(action)


def spell_left_out(library: LeftOut) -> str:
    """
    Return who brings *library*, and why.

    >>> spell_left_out(LeftOut("libcuda.so.1", ("demo.so",), "/opt/cuda*", "/opt/cuda-12/libcuda.so.1"))
    "libcuda.so.1 (/opt/cuda-12/libcuda.so.1), by --exclude '/opt/cuda*'"
    """
    where = f" ({library.path})" if library.path else ""
    why = "it was not found" if library.glob is None else f"by --exclude {library.glob!r}"
    return f"{library.soname}{where}, {why}"


def left_out_row(library: LeftOut) -> dict[str, object]:
    """Return *library* as JSON."""
    return {
        "soname": library.soname,
        "needed_by": list(library.needed_by),
        "exclude": library.glob,
        "path": library.path,
    }


def action_row(action: Action) -> dict[str, object]:
    """Return *action* as JSON: its kind in kebab-case, and its fields."""
    kind = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in type(action).__name__)[1:]
    return {"kind": kind, **dict(_fields(action))}


def _fields(action: Action) -> Iterator[tuple[str, object]]:
    for name in type(action).__annotations__:
        value = getattr(action, name)
        if name == "facts" or (name == "entries" and isinstance(action, Graft)):
            continue
        if isinstance(value, MuslVersion):
            yield name, str(value)
        elif isinstance(value, WheelName):
            yield "wheel", str(value)
        else:
            yield name, list(value) if isinstance(value, tuple) else value

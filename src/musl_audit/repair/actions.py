"""
What a repair does, as data: actions on members, and the plan that holds them.

A plan is made from facts alone, its effect on the facts is predicted and judged, and only then is it applied.
"""

from musl_audit.frozen import frozen
from musl_audit.model import ElfFacts, MuslVersion, WheelName


@frozen
class Graft:
    """Copy a library from outside into the wheel; ``facts`` are the source's, under the member's name."""

    member: str  # "demo.libs/libfoo-1a2b3c4d.so.1"
    source: str  # the path inside the sysroot, as the user knows it
    sha256: str  # of the source file
    soname: str  # what was needed: "libfoo.so.1"
    facts: ElfFacts
    origin: str | None = None  # the package it came from, as a package URL
    licence: str | None = None  # as the package database spells it
    entries: tuple[str, ...] = ()  # of its own search path, as directories of the system it came from
    passed_over: tuple[str, ...] = ()  # what the search met before it, and why that was not taken


@frozen
class AddPolyfill:
    """Add a library of ours that defines ``symbol``, for the musl releases without it."""

    member: str  # "demo.libs/libmusl-polyfill-qsort_r-1a2b3c4d.so"
    symbol: str
    needed_by: tuple[str, ...]  # the members that refer to it
    needless_since: MuslVersion | None  # the release from which on libc has it; None: no release
    sha256: str  # of the library
    facts: ElfFacts  # under its file name


@frozen
class AddNeeded:
    """Let ``member`` need ``soname``, too: behind all that it needs already, libc among them."""

    member: str
    soname: str


@frozen
class ReplaceNeeded:
    """Let ``member`` need ``new`` where it needs ``old``."""

    member: str
    old: str
    new: str


@frozen
class DropNeeded:
    """Let ``member`` no longer need ``soname``."""

    member: str
    soname: str


@frozen
class SetSoname:
    """Set DT_SONAME of ``member``."""

    member: str
    soname: str


@frozen
class SetRunpath:
    """Set the search path of ``member`` to ``entries``, as DT_RPATH; none: remove it."""

    member: str
    entries: tuple[str, ...]


@frozen
class Strip:
    """Remove what the loader does not need from ``member``."""

    member: str


@frozen
class UnpackRelocations:
    """Expand the packed relocations of ``member``."""

    member: str


@frozen
class RewriteThreadLocals:
    """Let the initial-exec accesses of ``member`` compute what musl refuses to give a file that is loaded later."""

    member: str
    slots: int  # words of it that hold where a thread-local variable is
    variables: tuple[str, ...] = ()  # that it exports, and nothing else defines


@frozen
class DropZeroLengthSegments:
    """Take loadable segments of no length out of the program header table of ``member``."""

    member: str


@frozen
class ClearExecutableStack:
    """Clear the flag that asks for an executable stack."""

    member: str


@frozen
class RenameMember:
    """Give ``member`` another name: an extension whose suffix Python does not import."""

    member: str
    new: str


@frozen
class DropMember:
    """Leave ``member`` out of the wheel."""

    member: str


@frozen
class MoveBehindShim:
    """Move an executable of ``*.data/scripts`` into site-packages as ``new``, and put a script that starts it there."""

    member: str
    new: str


@frozen
class Retag:
    """Give the wheel the name ``new``, and WHEEL its build tag and, unless asked not to, its tags."""

    new: WheelName
    updates_tags: bool = True


PatchAction = AddNeeded | ReplaceNeeded | DropNeeded | SetSoname | SetRunpath  # what patchelf does, all in one call
OwnMend = DropZeroLengthSegments | ClearExecutableStack | UnpackRelocations | RewriteThreadLocals
ElfAction = PatchAction | Strip | OwnMend
Action = Graft | AddPolyfill | ElfAction | DropMember | RenameMember | MoveBehindShim | Retag


@frozen
class LeftOut:
    """A library that is needed and stays outside: the user brings it."""

    soname: str
    needed_by: tuple[str, ...]  # sorted
    glob: str | None  # of --exclude; None: it was not found, and that was to be ignored
    path: str | None = None  # where it was found, if the glob was matched by that


@frozen
class RepairPlan:
    """All that a repair does to one wheel, in the order in which it is applied; empty: it is fine as it is."""

    actions: tuple[Action, ...] = ()
    notes: tuple[str, ...] = ()  # what the user should know: a dependency on libpython that was dropped …
    refusals: tuple[str, ...] = ()  # why the wheel cannot be repaired; the plan is then not applied
    left_out: tuple[LeftOut, ...] = ()  # sorted by soname


NOTHING_TO_DO = RepairPlan()


@frozen
class RepairSettings:
    """What the user asked of a repair."""

    plat: str = "auto"  # auto, musllinux_X_Y, or musllinux_X_Y_ARCH
    lib_sdir: str = ".libs"
    only_plat: bool = False
    update_tags: bool = True
    strip: str | None = None  # unneeded, debug or all
    fix: bool = True
    polyfill: bool = True  # add functions that a promised musl lacks; never without ``fix``
    patches: bool = True  # False: no ELF file is changed
    fix_suffix: bool = False
    fix_tls: bool = True
    build_tag: str | None = None
    checks_isa: bool = True  # say what needs more than the architecture's baseline
    include: tuple[str, ...] = ()  # libraries, by soname or path, that no NEEDED leads to
    ignores_missing: bool = False

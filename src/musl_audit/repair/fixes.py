"""What else a repair mends: faults that are in the wheel already and that have one right cure."""

from collections import Counter
from collections.abc import Container, Iterator

from musl_audit.judging.context import Context
from musl_audit.loader.extension_suffixes import AdmittedPython, admitted_pythons, imports, module_of, suffix_of
from musl_audit.model import ElfFacts, ElfKind
from musl_audit.repair.actions import (
    ClearExecutableStack,
    DropMember,
    DropNeeded,
    DropZeroLengthSegments,
    ElfAction,
    RenameMember,
    ReplaceNeeded,
    RewriteThreadLocals,
    UnpackRelocations,
)
from musl_audit.repair.tls import REWRITABLE
from musl_audit.wheel.installed_tree import place_of


def file_fixes(
    context: Context, files: tuple[ElfFacts, ...], *, unmendable: Container[str] = (), rewrites_tls: bool = False
) -> Iterator[ElfAction]:
    """
    Yield what mends *files*, the grafted ones among them, in the order in which it must be done.

    Whatever the floor: what helps one known release is done. Packed relocations come late: patchelf and strip, run
    after them, would have to know the new table. Thread-local accesses come last: nothing may move afterwards. Neither
    is done to *unmendable* files.
    """
    needs_unpacking = context.lacking("packed-relocations")
    for file in files:
        if file.zero_length_segments and context.lacking("zero-length-segments"):
            yield DropZeroLengthSegments(file.path)
        if file.is_stack_executable and file.kind is not ElfKind.EXECUTABLE:
            yield ClearExecutableStack(file.path)
        if file.packed_relocations and needs_unpacking and file.path not in unmendable:
            yield UnpackRelocations(file.path)
        if rewrites_tls and file.initial_exec and file.path not in unmendable:
            yield from _rewriting(context, file, files)


def _rewriting(context: Context, file: ElfFacts, files: tuple[ElfFacts, ...]) -> Iterator[RewriteThreadLocals]:
    """
    Yield the rewriting of *file* if something loads it with ``dlopen``, and all its variables are its own.

    One that it exports is its own where no other of *files* has a definition: which of two is taken depends on who is
    loaded first.
    """
    is_known = (file.identity.machine, file.identity.bits, file.identity.byte_order) in REWRITABLE
    loaded_later = [file in load.files for load in context.loads if not load.is_program]
    is_grafted = file not in context.loaded
    if not is_known or not (any(loaded_later) or (is_grafted and loaded_later)):
        return
    variables = file.initial_exec - {""}
    others = frozenset[str]().union(*(other.defined for other in files if other is not file))
    if variables <= file.defined and not variables & others:
        yield RewriteThreadLocals(file.path, file.initial_exec_slots, tuple(sorted(variables)))


def libc_drops(context: Context) -> Iterator[DropMember | DropNeeded | ReplaceNeeded]:
    """Yield what leaves every bundled libc out of the wheel and lets what needs one of them need the system's."""
    arch = context.arch
    libcs = {elf.path.rpartition("/")[2] for elf in context.bundled_libcs}
    if arch is None or not libcs:
        return
    own = arch.libc_sonames[-1]
    needs = {(need.path, need.soname) for load in context.loads for need in load.needs if need.soname in libcs}
    for path in sorted({path for path, _ in needs}):
        file = next(elf for elf in context.facts.elves if elf.path == path)
        has_libc = any(context.catalog.reserved_libc_name(soname) for soname in file.needed)
        for soname in (soname for soname in file.needed if (path, soname) in needs):
            yield DropNeeded(path, soname) if has_libc else ReplaceNeeded(path, soname, own)
            has_libc = True
    yield from (DropMember(elf.path) for elf in context.bundled_libcs)


def suffix_fixes(context: Context, *, is_forced: bool) -> Iterator[RenameMember]:
    """
    Yield a name that every interpreter of the tags imports, for each extension of which they import no copy.

    Where it depends on who built the interpreter (CPython 3.10 and older), only if *is_forced*, and then plain ``.so``,
    which both camps import. No name mends an extension that was built for another version of Python or another ABI.
    """
    if context.arch is None or context.facts.name is None:
        return
    admitted = tuple(admitted_pythons(context.facts.name))
    triplet = context.arch.triplet
    wanted = []
    for copies in _modules(context):
        answers = {copy.path: [imports(each, suffix_of(copy), triplet) for each in admitted] for copy in copies}
        unhelped = [each for each in zip(*answers.values(), strict=True) if all(answer.why_not for answer in each)]
        if not unhelped:
            continue
        is_certain = all(answer.is_certain for each in unhelped for answer in each)
        for copy in copies:
            new = importable_suffix(suffix_of(copy), admitted, triplet, pleases_both_camps=is_forced)
            if new and (is_certain or is_forced):
                wanted.append(RenameMember(copy.path, copy.path.removesuffix(suffix_of(copy)) + new))
    # Two that would become one, or one that would replace another file: nobody knows which is the right one.
    places = Counter(place_of(name) for name in (member.name for member in context.facts.members))
    places.update(place_of(action.new) for action in wanted)
    yield from (action for action in wanted if places[place_of(action.new)] == 1)


def importable_suffix(
    suffix: str, admitted: tuple[AdmittedPython, ...], triplet: str, *, pleases_both_camps: bool = False
) -> str | None:
    """
    Return the suffix that all *admitted* interpreters on musl import for what was built as *suffix* says.

    None where another name does not help, as with another version in it, or where the one that does is for others to
    choose: plain ``.so`` is returned only if that is wanted, by *pleases_both_camps*.

    >>> importable_suffix(".cpython-312-x86_64-linux-gnu.so", (AdmittedPython(12),), "x86_64-linux-musl")
    '.cpython-312-x86_64-linux-musl.so'
    >>> importable_suffix(".abi3-x86_64-linux-gnu.so", (AdmittedPython(9, is_oldest=True),), "x86_64-linux-musl")
    '.abi3.so'
    >>> importable_suffix(".cpython-311-x86_64-linux-musl.so", (AdmittedPython(12),), "x86_64-linux-musl")
    """
    built_for = suffix.removesuffix(".so").split("-")
    if built_for[0] == ".cpython":
        built_for = [*built_for[:2], triplet]
    elif built_for[0] in (".abi3", ".abi3t"):
        built_for = built_for[:1]
    renamed = "-".join(built_for) + ".so"
    refusals = [answer for each in admitted if (answer := imports(each, renamed, triplet)).why_not]
    if any(answer.is_certain for answer in refusals):
        return None
    if not refusals:
        return renamed
    return ".so" if pleases_both_camps else None


def _modules(context: Context) -> Iterator[list[ElfFacts]]:
    """Yield the copies of each extension module that an interpreter could look for: one file for most."""
    modules: dict[tuple[str, ...], list[ElfFacts]] = {}
    for elf in context.facts.elves:
        is_ours = context.arch is not None and context.arch.is_machine_of(elf.identity)
        if is_ours and elf.kind is ElfKind.EXTENSION and (name := module_of(elf)):
            modules.setdefault(name, []).append(elf)
    yield from modules.values()

"""What else a repair mends: faults that are in the wheel already and that have one right cure."""

from collections.abc import Iterator

from musl_audit.context import Context
from musl_audit.model import ElfFacts, ElfKind
from musl_audit.repair.actions import (
    ClearExecutableStack,
    DropZeroLengthSegments,
    ElfAction,
    RenameMember,
    UnpackRelocations,
)
from musl_audit.rules.musl304_extension_suffix import Interpreter, imports, interpreters, module_of, suffix_of


def file_fixes(context: Context, files: tuple[ElfFacts, ...]) -> Iterator[ElfAction]:
    """
    Yield what mends *files*, the grafted ones among them, in the order in which it must be done.

    Packed relocations come last: patchelf and strip, run after them, would have to know the new table.
    """
    needs_unpacking = context.promised & context.lacking("packed-relocations")
    for file in files:
        if file.zero_length_segments and context.promised & context.lacking("zero-length-segments"):
            yield DropZeroLengthSegments(file.path)
        if file.is_stack_executable and file.kind is not ElfKind.EXECUTABLE:
            yield ClearExecutableStack(file.path)
        if file.packed_relocations and needs_unpacking:
            yield UnpackRelocations(file.path)


def suffix_fixes(context: Context, *, is_forced: bool) -> Iterator[RenameMember]:
    """
    Yield a name that every interpreter of the tags imports, for each extension that some of them do not.

    Where it depends on who built the interpreter (CPython 3.10 and older), only if *is_forced*, and then plain ``.so``,
    which both camps import. An extension built for another version of Python is not mended by a name.
    """
    if context.arch is None or context.facts.name is None:
        return
    admitted = tuple(interpreters(context.facts.name))
    taken = {member.name for member in context.facts.members}
    triplet = context.arch.triplet
    for elf in context.loaded:
        if elf.kind is not ElfKind.EXTENSION or not module_of(elf) or not admitted:
            continue
        answers = [imports(interpreter, suffix_of(elf), triplet) for interpreter in admitted]
        failing = [answer for answer in answers if answer.why_not]
        if not failing or (not is_forced and not all(answer.is_certain for answer in failing)):
            continue
        new = elf.path.removesuffix(suffix_of(elf)) + _right_suffix(suffix_of(elf), admitted, triplet)
        if new not in taken and new != elf.path:
            yield RenameMember(elf.path, new)


def _right_suffix(suffix: str, admitted: tuple[Interpreter, ...], triplet: str) -> str:
    """Return *suffix* with musl's triplet where all *admitted* interpreters import that, else plain ``.so``."""
    tagged, dash, _ = suffix.removesuffix(".so").partition("-")
    stable = tagged.startswith(".abi3")
    renamed = f"{tagged}.so" if stable else _with_triplet(suffix, triplet)
    is_right = dash or stable
    return renamed if is_right and not any(imports(each, renamed, triplet).why_not for each in admitted) else ".so"


def _with_triplet(suffix: str, triplet: str) -> str:
    """
    Return *suffix* with the platform's part replaced.

    >>> _with_triplet(".cpython-312-x86_64-linux-gnu.so", "x86_64-linux-musl")
    '.cpython-312-x86_64-linux-musl.so'
    """
    parts = suffix.removesuffix(".so").split("-")
    return "-".join([*parts[:2], triplet]) + ".so"

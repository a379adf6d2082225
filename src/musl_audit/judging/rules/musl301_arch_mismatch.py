"""
A file is built for another architecture than the wheel's tag says.

musl's loader does not check the machine of a library: it maps it, and the process crashes at the first call.
An error for an extension module, for a library that another file needs, and where nothing in the wheel
matches the tag; elsewhere a note, because wheels carry programs and data for other machines on purpose.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Phrase, Rule
from musl_audit.model import ElfFacts, ElfKind, Severity, Statement

RULE = Rule(
    "MUSL301",
    "arch-mismatch",
    Severity.ERROR,
    "build it for the architecture of the tag, or correct the tag",
    phrase=Phrase("is", "are", "for another architecture"),
    is_told_by_tags=True,
    blocks_import=True,
)
_JUDGED = (ElfKind.EXTENSION, ElfKind.LIBRARY, ElfKind.EXECUTABLE, ElfKind.STATIC_EXECUTABLE)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for files that would be loaded, and one for the others, by architecture."""
    arch = context.arch
    if arch is None:
        return
    files = [elf for elf in context.facts.elves if elf.kind in _JUDGED]
    foreign = [elf for elf in files if not arch.is_machine_of(elf.identity)]
    nothing_matches = len(foreign) == len(files)
    loaded = {file.path for file in context.loaded}
    groups: dict[tuple[bool, str], list[str]] = {}
    for elf in foreign:
        is_fatal = nothing_matches or elf.kind is ElfKind.EXTENSION or elf.path in loaded
        groups.setdefault((is_fatal, _name(elf, context)), []).append(elf.path)
    for (is_fatal, name), paths in sorted(groups.items()):
        yield RULE.states(
            f"built for {name}, not for {arch.name}",
            members=paths,
            severity=Severity.ERROR if is_fatal else Severity.NOTE,
            fails_on=context.known if is_fatal else frozenset(),
        )


def _name(elf: ElfFacts, context: Context) -> str:
    arch = context.catalog.machine_of(elf.identity)
    if arch is not None:
        return arch.name
    identity = elf.identity
    return f"machine {identity.machine} ({identity.bits} bits, {identity.byte_order}-endian)"

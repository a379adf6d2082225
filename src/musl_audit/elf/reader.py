"""Bytes → ``ElfFacts``, in one pass over what the loader would look at."""

from musl_audit.elf.faults import find_faults
from musl_audit.elf.kinds import EXTENSION_MARKS, INTERPRETER_SYMBOL, kind_of_library, kind_of_program, kind_of_type
from musl_audit.elf.lookup import Lookup
from musl_audit.elf.mark import has_mark
from musl_audit.elf.memory import PAGE_SIZE, PF_X
from musl_audit.elf.notes import read_arm_float_abi, read_isa_needed
from musl_audit.elf.relocations import RelocationTable, read_relocations, relocation_tables
from musl_audit.elf.strings import StringTable
from musl_audit.elf.symbol_facts import FIELDS, SymbolFacts
from musl_audit.elf.symbols import read_symbols
from musl_audit.elf.versions import read_version_definitions, read_version_needs
from musl_audit.elf.view import (
    DT_GNU_HASH,
    DT_HASH,
    DT_NEEDED,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    DT_TEXTREL,
    DT_VERSYM,
    PT_GNU_STACK,
    PT_INTERP,
    ByteSource,
    ElfView,
)
from musl_audit.errors import ElfError
from musl_audit.frozen import deferred, filled
from musl_audit.model import ElfFacts, ElfKind, Fault, FaultKind

LARGEST_PAGE = 65536
FIRST_COUNTS = (DT_GNU_HASH, DT_VERSYM)  # tags beyond those that decode_dyn keeps in a table


def read_elf(data: bytes | memoryview | ByteSource, path: str, *, are_names_deferred: bool = False) -> ElfFacts:
    """
    Return what the ELF file *data* says about itself, under the name *path*.

    Raises ``ElfError``, and nothing else, for whatever is malformed; time and memory grow with ``len(data)`` at most.
    Of a source, only what is looked at is cut out: not code, not constants, not debug information.
    Whoever keeps no name for *data* has it freed before the names of the symbols are made, which for the largest
    libraries are half as much again.

    With *are_names_deferred* they are made when somebody asks, and names that overlap without end raise then.
    """
    image = ElfView(data)
    kind = kind_of_type(image)
    if kind is not None:
        return ElfFacts(path=path, kind=kind, identity=image.identity)
    facts, symbols = _read_all_but_names(image, path)
    del data, image
    if are_names_deferred:
        symbols.keep_lookup()
        return deferred(facts, symbols, *FIELDS)
    symbols.make_names()
    return filled(facts, symbols, *FIELDS)


def _read_all_but_names(image: ElfView, path: str) -> tuple[ElfFacts, SymbolFacts]:
    """Return the facts but those that are names of symbols, and what knows these without the image."""
    entries = image.dynamic_entries()
    dynamic = _last_of_each(entries)
    strings = StringTable(image, dynamic)
    tables = relocation_tables(image, dynamic)
    relocations = read_relocations(image, dynamic, tables)
    table = read_symbols(image, dynamic, relocations)
    kind = kind_of_program(image, dynamic)
    lookup = Lookup(image, dynamic, strings, table.names)
    faults = _faults(image, kind, dynamic, lookup, tables)
    # A file that is unsound may have lost its hash table, and more than that is not said of it.
    symbols = SymbolFacts(table, strings, relocations, None if faults else lookup)
    lost = frozenset(() if faults else lookup.missing(symbols.first_own()))
    soname = _soname(strings, dynamic)
    needed = tuple([strings[value] for tag, value in entries if tag == DT_NEEDED])
    rpath, runpath = _string(strings, dynamic, DT_RPATH), _string(strings, dynamic, DT_RUNPATH)
    version_needs = read_version_needs(image, dynamic, strings)
    version_definitions = read_version_definitions(image, dynamic, strings)
    strings.hold(table.names)
    facts = ElfFacts(
        path=path,
        kind=kind or _kind_of_library(symbols, path),
        identity=image.identity,
        soname=soname,
        interpreter=_interpreter(image),
        needed=needed,
        rpath=rpath,
        runpath=runpath,
        version_needs=version_needs,
        version_definitions=version_definitions,
        relocation_types=relocations.types,
        initial_exec_slots=relocations.initial_exec_slots,
        is_tls_rewritten=has_mark(image),
        packed_relocations=relocations.packed,
        has_hash_table=DT_HASH in dynamic or DT_GNU_HASH in dynamic,
        zero_length_segments=_zero_length_segments(image),
        is_stack_executable=any(segment.flags & PF_X for segment in image.segments_of_type(PT_GNU_STACK)),
        has_text_relocations=DT_TEXTREL in dynamic,
        isa_needed=read_isa_needed(image),
        arm_float_abi=read_arm_float_abi(image),
        page_congruence=_page_congruence(image),
        copied=symbols.copied,
        initial_exec=symbols.initial_exec,
        thread_local=symbols.thread_local,
        faults=faults,
    )
    symbols.lost = lost
    return facts, symbols


def _kind_of_library(symbols: SymbolFacts, path: str) -> ElfKind:
    """Return the kind that definitions tell, of which only those that may are made."""
    if symbols.looks_up(f"PyInit_{path.rpartition('/')[2].partition('.')[0]}"):  # as in most modules
        return ElfKind.LIBRARY if symbols.looks_up(INTERPRETER_SYMBOL) else ElfKind.EXTENSION
    marked = symbols.beginning(*EXTENSION_MARKS)
    return kind_of_library(marked | symbols.beginning(INTERPRETER_SYMBOL)) if marked else ElfKind.LIBRARY


def _last_of_each(entries: list[tuple[int, int]]) -> dict[int, int]:
    """Return the value of each tag: of one that stands twice the loader takes the last, but the first of two others."""
    dynamic = dict(entries)
    if len(dynamic) < len(entries):
        dynamic.update({tag: value for tag, value in reversed(entries) if tag in FIRST_COUNTS})
    return dynamic


def _faults(
    image: ElfView, kind: ElfKind | None, dynamic: dict[int, int], lookup: Lookup, tables: tuple[RelocationTable, ...]
) -> tuple[Fault, ...]:
    """Return what the loader would come upon in a file of a kind that it loads."""
    if kind in (ElfKind.STATIC_EXECUTABLE, ElfKind.CORE):
        return ()
    if kind is ElfKind.RELOCATABLE:
        return (Fault(FaultKind.NO_DYNAMIC_SECTION),)
    return find_faults(image, dynamic, lookup, tables)


def _string(strings: StringTable, dynamic: dict[int, int], tag: int) -> str | None:
    return strings[dynamic[tag]] if tag in dynamic else None


def _soname(strings: StringTable, dynamic: dict[int, int]) -> str | None:
    """Return DT_SONAME, which musl never reads: one that cannot be read is none."""
    try:
        return _string(strings, dynamic, DT_SONAME)
    except ElfError:
        return None


def _interpreter(image: ElfView) -> str | None:
    """Return PT_INTERP's path, found by its offset in the file as the kernel does."""
    for segment in image.segments_of_type(PT_INTERP):
        end = segment.offset + segment.file_size
        if end > image.size:
            raise ElfError("interpreter runs past the end of the file", offset=segment.offset)
        path = bytes(image.bytes_at(segment.offset, end))
        return path.partition(b"\0")[0].decode("utf-8", "surrogateescape") or None
    return None


def _page_congruence(image: ElfView) -> int:
    """Return the largest power of two, up to 64 KiB, modulo which offset and address of every segment agree."""
    found = LARGEST_PAGE
    for load in image.loads:
        if load.memory_size:
            distance = (load.offset - load.address) % LARGEST_PAGE
            found = min(found, distance & -distance or LARGEST_PAGE)
    return found


def _zero_length_segments(image: ElfView) -> int:
    """
    Return how many load segments musl maps with a length of 0, which the kernel refuses (until musl 1.2.3).

    The lowest page is mapped with the whole image, and a segment that begins within a page has that page at least.
    """
    if not image.loads:
        return 0
    lowest = min(load.address for load in image.loads) // PAGE_SIZE
    empty = (load.address for load in image.loads if not load.memory_size)
    return sum(address % PAGE_SIZE == 0 and address // PAGE_SIZE != lowest for address in empty)

"""
The facts of an ELF file as pyelftools reads them: the oracle that ``musl_audit.elf`` is held against.

Nothing here shares code with it, and where a file has section headers they are used, so that two ways through the same
file must meet. What a file is *for* is no field of any header; the tests of kinds state it for files that they build.
"""

import io
from collections.abc import Iterator, Mapping
from typing import Any

from elftools.elf import enums
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.notes import iter_notes
from elftools.elf.relocation import RelrRelocationTable
from elftools.elf.sections import ARMAttributesSection
from elftools.elf.segments import Segment

from musl_audit.model import Symbol, VersionNeed

Facts = dict[str, object]

GLOBAL_BINDINGS = ("STB_GLOBAL", "STB_WEAK", "STB_LOOS")  # the last is STB_GNU_UNIQUE
ACCEPTED_TYPES = ("STT_NOTYPE", "STT_OBJECT", "STT_FUNC", "STT_COMMON", "STT_TLS")
IFUNC = "STT_LOOS"
TYPE_WORDS = {"STT_LOOS": "ifunc"}

# pyelftools knows no relocations of RISC-V.
RISCV = {"R_RISCV_COPY": 4, "R_RISCV_TLS_TPREL32": 10, "R_RISCV_TLS_TPREL64": 11}
RELOCATION_NAMES: dict[str, Mapping[str, object]] = {
    "EM_386": enums.ENUM_RELOC_TYPE_i386,
    "EM_X86_64": enums.ENUM_RELOC_TYPE_x64,
    "EM_ARM": enums.ENUM_RELOC_TYPE_ARM,
    "EM_AARCH64": enums.ENUM_RELOC_TYPE_AARCH64,
    "EM_PPC64": enums.ENUM_RELOC_TYPE_PPC64,
    "EM_S390": enums.ENUM_RELOC_TYPE_S390X,
    "EM_RISCV": RISCV,
    "EM_LOONGARCH": enums.ENUM_RELOC_TYPE_LOONGARCH,
}


def oracle_facts(data: bytes) -> Facts:
    """
    Return the facts of *data* by the names of ``ElfFacts``' fields.

    All but ``path``, ``kind`` and ``thread_local``: pyelftools names too few of the relocations of TLS.
    """
    elf = ELFFile(io.BytesIO(data))
    facts: Facts = {
        "machine": enums.ENUM_E_MACHINE.get(elf["e_machine"], elf["e_machine"]),
        "bits": elf.elfclass,
        "byte_order": "little" if elf.little_endian else "big",
        "flags": elf["e_flags"],
    }
    if elf["e_type"] not in ("ET_EXEC", "ET_DYN"):
        return facts
    dynamic = next((segment for segment in elf.iter_segments() if isinstance(segment, DynamicSegment)), None)
    facts |= _segment_facts(elf) | _dynamic_facts(dynamic) | _version_facts(elf)
    facts |= _symbol_facts(elf, dynamic) if dynamic is not None else {}
    return facts


def _segment_facts(elf: ELFFile) -> Facts:
    segments = list(elf.iter_segments())
    loads = [segment for segment in segments if segment["p_type"] == "PT_LOAD"]
    first_page = min((load["p_vaddr"] & ~4095 for load in loads), default=0)
    isa = 0
    for segment in segments:
        if segment["p_type"] in ("PT_NOTE", "PT_GNU_PROPERTY") and elf["e_machine"] in ("EM_386", "EM_X86_64"):
            isa |= _isa_needed(elf, segment)
    return {
        "interpreter": next((s.get_interp_name() for s in segments if s["p_type"] == "PT_INTERP"), None),
        "is_stack_executable": any(s["p_type"] == "PT_GNU_STACK" and s["p_flags"] & 1 for s in segments),
        "zero_length_segments": sum(
            load["p_memsz"] == 0 and load["p_vaddr"] & 4095 == 0 and load["p_vaddr"] != first_page for load in loads
        ),
        "isa_needed": isa,
        "arm_float_abi": _arm_float_abi(elf),
    }


def _isa_needed(elf: ELFFile, segment: Segment) -> int:
    found = 0
    for note in iter_notes(elf, segment["p_offset"], segment["p_filesz"]):
        if note["n_type"] != "NT_GNU_PROPERTY_TYPE_0" or note["n_name"] != "GNU":
            continue
        for entry in note["n_desc"]:
            if entry.pr_type == "GNU_PROPERTY_X86_ISA_1_NEEDED":
                found |= entry.pr_data
    return found


def _arm_float_abi(elf: ELFFile) -> str | None:
    if elf["e_machine"] != "EM_ARM":
        return None
    if elf["e_flags"] & 0xFF000000 == 0x05000000:
        if elf["e_flags"] & 0x400:
            return "hard"
        if elf["e_flags"] & 0x200:
            return "soft"
    for section in elf.iter_sections():
        if isinstance(section, ARMAttributesSection):
            for subsection in section.iter_subsections("aeabi"):
                for scope in subsection.iter_subsubsections("TAG_FILE"):
                    for attribute in scope.iter_attributes("TAG_ABI_VFP_ARGS"):
                        return {0: "soft", 1: "hard"}.get(attribute.value)
    return None


def _dynamic_facts(dynamic: DynamicSegment | None) -> Facts:
    tags = list(dynamic.iter_tags()) if dynamic is not None else []
    present = {tag["d_tag"] for tag in tags}

    def last(tag: str, attribute: str) -> str | None:
        return next((getattr(entry, attribute) for entry in reversed(tags) if entry["d_tag"] == tag), None)

    return {
        "soname": last("DT_SONAME", "soname"),
        "rpath": last("DT_RPATH", "rpath"),
        "runpath": last("DT_RUNPATH", "runpath"),
        "needed": tuple(tag.needed for tag in tags if tag["d_tag"] == "DT_NEEDED"),
        "has_hash_table": bool({"DT_HASH", "DT_GNU_HASH"} & present),
        "has_text_relocations": "DT_TEXTREL" in present,
    }


def _version_facts(elf: ELFFile) -> Facts:
    facts: Facts = {}
    needs = [section for section in elf.iter_sections() if section["sh_type"] == "SHT_GNU_verneed"]
    definitions = [section for section in elf.iter_sections() if section["sh_type"] == "SHT_GNU_verdef"]
    if needs:
        facts["version_needs"] = tuple(
            VersionNeed(need.name, auxiliary.name)
            for need, auxiliaries in needs[0].iter_versions()
            for auxiliary in auxiliaries
        )
    if definitions:
        facts["version_definitions"] = tuple(
            next(auxiliaries).name
            for definition, auxiliaries in definitions[0].iter_versions()
            if not definition["vd_flags"] & 1
        )
    return facts


def _relocations(dynamic: DynamicSegment) -> tuple[set[tuple[int, int]], int]:
    """Return the distinct ``(type, symbol)`` of all relocations but those of type 0, and the bytes of packed ones."""
    pairs = set()
    packed = 0
    for table in dynamic.get_relocation_tables().values():
        if isinstance(table, RelrRelocationTable):
            packed = next(dynamic.iter_tags("DT_RELRSZ"))["d_val"]
            continue
        for relocation in table.iter_relocations():
            if relocation["r_info_type"]:
                pairs.add((relocation["r_info_type"], relocation["r_info_sym"]))
    return pairs, packed


def _types_named(elf: ELFFile, *words: str) -> set[int]:
    names = RELOCATION_NAMES.get(elf["e_machine"], {})
    return {number for name, number in names.items() if isinstance(number, int) and name.rpartition("_")[2] in words}


def _symbols(elf: ELFFile, dynamic: DynamicSegment) -> Iterator[Any]:
    sections = (section for section in elf.iter_sections() if section["sh_type"] == "SHT_DYNSYM")
    return iter(next(sections, dynamic).iter_symbols())


def _hidden(elf: ELFFile) -> set[int]:
    found = set()
    for section in elf.iter_sections():
        if section["sh_type"] == "SHT_GNU_versym":
            for index in range(section.num_symbols()):
                version = section.get_symbol(index)["ndx"]
                if isinstance(version, int) and version & 0x8000:
                    found.add(index)
    return found


def _symbol_facts(elf: ELFFile, dynamic: DynamicSegment) -> Facts:
    pairs, packed = _relocations(dynamic)
    referenced = {symbol for _, symbol in pairs}
    hidden_indices = _hidden(elf)
    copies = {symbol for kind, symbol in pairs if kind in _types_named(elf, "COPY")}
    initial = {
        symbol
        for kind, symbol in pairs
        if kind in _types_named(elf, "TPOFF", "TPOFF32", "TPOFF64", "TPREL32", "TPREL64")
    }
    undefined, defined, references, hidden, ifuncs, copied = [], set(), set(), set(), set(), set()
    initial_exec = {""} if 0 in initial else set()
    for index, symbol in enumerate(_symbols(elf, dynamic)):
        binding, kind = symbol["st_info"]["bind"], symbol["st_info"]["type"]
        if binding not in GLOBAL_BINDINGS:
            initial_exec |= {""} if index in initial else set()
            continue
        if index in copies:
            copied.add(symbol.name)
        if index in initial:
            initial_exec.add(symbol.name)
        if symbol["st_shndx"] == "SHN_UNDEF":
            word = TYPE_WORDS.get(kind, str(kind).removeprefix("STT_").lower())
            undefined.append(Symbol(symbol.name, binding == "STB_WEAK", word, index in referenced))
            continue
        if index in referenced:
            references.add(symbol.name)
        if index in hidden_indices:
            hidden.add(symbol.name)
        elif kind == IFUNC:
            ifuncs.add(symbol.name)
        elif kind in ACCEPTED_TYPES and (symbol["st_value"] or kind == "STT_TLS"):
            defined.add(symbol.name)
    return {
        "undefined": tuple(undefined),
        "defined": defined,
        "referenced_definitions": references,
        "hidden_versions": hidden - defined,
        "ifuncs": ifuncs,
        "copied": copied,
        "initial_exec": initial_exec,
        "relocation_types": {kind for kind, _ in pairs},
        "packed_relocations": packed,
    }

r"""
Facts as JSON, and back: how an index is judged again without its wheels.

The document is an object: ``facts_version``, then the fields of ``WheelFacts`` in their order. A field that has its
default is left out; sets are sorted lists. Names out of a wheel may hold bytes that are no UTF-8, which JSON cannot
say: in every text ``\xNN`` stands for such a byte, ``\uNNNN`` for another lone surrogate, and ``\\`` for a backslash.
"""

from typing import cast

from musl_audit.errors import WheelError
from musl_audit.model import (
    ElfFacts,
    ElfIdentity,
    ElfKind,
    Fault,
    FaultKind,
    Member,
    Problem,
    Symbol,
    VersionNeed,
    WheelFacts,
    WheelMetadata,
    WheelName,
)
from musl_audit.wheel.shapes import (
    FLAG,
    INTEGER,
    TEXT,
    Json,
    ShapeError,
    many,
    matching,
    member_of,
    one_of,
    optional,
    record_of,
    set_of,
)

FACTS_VERSION = 1

_NAME = record_of(
    WheelName,
    {
        "distribution": TEXT,
        "version": TEXT,
        "build": optional(TEXT),
        "python_tags": many(TEXT),
        "abi_tags": many(TEXT),
        "platform_tags": many(TEXT),
    },
)
_MEMBER = record_of(
    Member,
    {
        "name": TEXT,
        "size": INTEGER,
        "compressed_size": INTEGER,
        "crc": INTEGER,
        "mode": INTEGER,
        "is_directory": FLAG,
    },
)
_IDENTITY = record_of(
    ElfIdentity,
    {"machine": INTEGER, "bits": one_of(32, 64), "byte_order": one_of("little", "big"), "flags": INTEGER},
)
_SYMBOL = record_of(Symbol, {"name": TEXT, "is_weak": FLAG, "type": TEXT, "is_referenced": FLAG})
_ELF = record_of(
    ElfFacts,
    {
        "path": TEXT,
        "kind": member_of(ElfKind),
        "identity": _IDENTITY,
        "soname": optional(TEXT),
        "interpreter": optional(TEXT),
        "needed": many(TEXT),
        "rpath": optional(TEXT),
        "runpath": optional(TEXT),
        "undefined": many(_SYMBOL),
        "defined": set_of(TEXT),
        "referenced_definitions": set_of(TEXT),
        "copied": set_of(TEXT),
        "hidden_versions": set_of(TEXT),
        "ifuncs": set_of(TEXT),
        "version_needs": many(record_of(VersionNeed, {"library": TEXT, "version": TEXT})),
        "version_definitions": many(TEXT),
        "relocation_types": set_of(INTEGER),
        "initial_exec": set_of(TEXT),
        "initial_exec_slots": INTEGER,
        "is_tls_rewritten": FLAG,
        "thread_local": set_of(TEXT),
        "packed_relocations": INTEGER,
        "has_hash_table": FLAG,
        "zero_length_segments": INTEGER,
        "is_stack_executable": FLAG,
        "has_text_relocations": FLAG,
        "isa_needed": INTEGER,
        "arm_float_abi": optional(TEXT),
        "faults": many(record_of(Fault, {"kind": member_of(FaultKind), "address": INTEGER})),
    },
)
_PROBLEM = record_of(Problem, {"kind": TEXT, "members": many(TEXT), "detail": TEXT})
_METADATA = record_of(
    WheelMetadata,
    {"dist_infos": many(TEXT), "tags": many(TEXT), "root_is_purelib": optional(FLAG), "has_wheel_file": FLAG},
)
_WHEEL = record_of(
    WheelFacts,
    {
        "filename": TEXT,
        "name": optional(_NAME),
        "sha256": matching("[0-9a-f]{64}", "a SHA-256 digest in lower-case hexadecimal digits"),
        "size": INTEGER,
        "members": many(_MEMBER),
        "elves": many(_ELF),
        "metadata": _METADATA,
        "archive_problems": many(_PROBLEM),
        "record_problems": many(_PROBLEM),
        "elf_problems": many(_PROBLEM),
    },
)


def facts_to_json(facts: WheelFacts) -> dict[str, Json]:
    """Return *facts* as an object for ``json.dumps``: the same facts, the same object, and valid Unicode throughout."""
    fields = cast("dict[str, Json]", _WHEEL.write(facts))
    return {"facts_version": FACTS_VERSION, **fields}


def facts_from_json(data: object) -> WheelFacts:
    """
    Return the facts that ``facts_to_json`` wrote as *data*.

    Raise ``WheelError``, with the place in the document, where *data* is anything else.
    """
    if not isinstance(data, dict) or "facts_version" not in data:
        raise WheelError("not a facts document: facts_version is missing")
    version = data["facts_version"]
    if not isinstance(version, int) or isinstance(version, bool):
        raise WheelError("not a facts document: facts_version is no number")
    if version != FACTS_VERSION:
        raise WheelError(f"facts of another version than {FACTS_VERSION}, which this musl-audit reads")
    try:
        return cast("WheelFacts", _WHEEL.read(data))
    except ShapeError as error:
        where = error.where.removeprefix(".") or "the document"
        raise WheelError(f"not a facts document: {where}: {error}") from error

"""GNU properties and ARM attributes, in the forms that assemblers and linkers write them."""

import struct

import pytest
from tests.support.elfwriter import Library, write_library
from tests.support.elves import elf_of
from tests.support.patches import segment_index, with_header, with_segment

from musl_audit.elf import read_elf
from musl_audit.elf.view import PT_DYNAMIC, PT_GNU_PROPERTY, PT_NOTE

ISA_NEEDED, ISA_USED, FEATURES = 0xC0008002, 0xC0010002, 0xC0000002
SILENT = 0x05000000  # e_flags of ARM that say EABI 5, and nothing of floats
HARD, SOFT = b"\x1c\x01", b"\x1c\x00"  # Tag_ABI_VFP_args


def property_note(alignment: int, *properties: tuple[int, int]) -> bytes:
    """Return a note of ``(type, value)`` properties, each padded to *alignment*."""
    rows = [
        struct.pack("<III", kind, 4, value).ljust(16 if alignment == 8 else 12, b"\0") for kind, value in properties
    ]
    description = b"".join(rows)
    return struct.pack("<III4s", 4, len(description), 5, b"GNU\0") + description


def build_id() -> bytes:
    """Return a note of another type, whose length is no multiple of 4."""
    return struct.pack("<III4s", 4, 5, 3, b"GNU\0") + b"\1\2\3\4\5" + bytes(3)


def with_notes(arch: str, kind: int, notes: bytes, alignment: int) -> bytes:
    """Return a library whose segment of type *kind* holds *notes*."""
    data = write_library(Library(arch))
    index = segment_index(data, PT_DYNAMIC) + 1
    fields = {"type": kind, "offset": len(data), "file_size": len(notes), "alignment": alignment}
    return with_segment(data, index, **fields) + notes


@pytest.mark.parametrize("kind", [PT_NOTE, PT_GNU_PROPERTY])
@pytest.mark.parametrize(("arch", "alignment"), [("x86_64", 8), ("i686", 4)])
def test_the_needed_instruction_set_is_read(arch: str, alignment: int, kind: int) -> None:
    """Properties are padded to 8 bytes in 64-bit files, to 4 in 32-bit ones."""
    notes = property_note(alignment, (FEATURES, 3), (ISA_USED, 15), (ISA_NEEDED, 5))

    assert read_elf(with_notes(arch, kind, notes, alignment), "x").isa_needed == 5


def test_other_notes_are_passed_over() -> None:
    """In front and behind."""
    notes = build_id() + property_note(8, (ISA_NEEDED, 2)) + build_id()

    assert read_elf(with_notes("x86_64", PT_NOTE, notes, 4), "x").isa_needed == 2


def test_notes_of_an_aligned_segment_begin_at_multiples_of_8() -> None:
    """Where p_align is 8, each note is padded to 8 bytes."""
    odd = struct.pack("<III4s", 4, 20, 3, b"GNU\0") + bytes(20)
    padded = odd + bytes(4) + property_note(8, (ISA_NEEDED, 2))

    assert read_elf(with_notes("x86_64", PT_NOTE, padded, 8), "x").isa_needed == 2
    assert read_elf(with_notes("x86_64", PT_NOTE, odd + property_note(8, (ISA_NEEDED, 2)), 4), "x").isa_needed == 2


def test_other_machines_have_no_x86_instruction_set() -> None:
    """The same property number means something else there."""
    notes = property_note(8, (ISA_NEEDED, 2))

    assert read_elf(with_notes("aarch64", PT_NOTE, notes, 8), "x").isa_needed == 0


@pytest.mark.parametrize(
    "notes",
    [
        b"",
        b"\xff" * 40,
        struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, 5),
        property_note(8, (ISA_NEEDED, 2))[:-8],
        struct.pack("<III4s", 4, 16, 5, b"GNU\0") + struct.pack("<IIQ", ISA_NEEDED, 0xFFFFFFFF, 1),
        struct.pack("<III4s", 4, 16, 5, b"ABC\0") + struct.pack("<IIQ", ISA_NEEDED, 4, 1),
        struct.pack("<III4s", 4, 8, 5, b"GNU\0") + struct.pack("<II", ISA_NEEDED, 4),
    ],
)
def test_a_broken_note_says_nothing(notes: bytes) -> None:
    """Nor does it make the file unreadable: the loader never reads notes."""
    assert read_elf(with_notes("x86_64", PT_NOTE, notes, 8), "x").isa_needed == 0


def attributes(*values: bytes, vendor: bytes = b"aeabi\0", scope: int = 1) -> bytes:
    """Return the contents of ``.ARM.attributes``."""
    body = b"".join(values)
    inner = bytes([scope]) + struct.pack("<I", len(body) + 5) + body
    return b"A" + struct.pack("<I", 4 + len(vendor) + len(inner)) + vendor + inner


def with_attributes(section: bytes, *, flags: int = SILENT, count: int = 1) -> bytes:
    """Return a real ARM extension whose only section is *section*."""
    data = elf_of("clean_armv7l")
    header = struct.pack("<10I", 0, 0x70000003, 0, 0, len(data), len(section), 0, 0, 1, 0)
    fields = {"flags": flags, "shoff": len(data) + len(section), "shentsize": 40, "shnum": count}
    return with_header(data, **fields) + section + header


@pytest.mark.parametrize(
    ("section", "answer"),
    [
        (attributes(HARD), "hard"),
        (attributes(SOFT), "soft"),
        (attributes(b"\x1c\x02"), None),
        (attributes(b"\x1c\x03"), None),
        (attributes(b"\x05ARM v7\0", b"\x06\x0a", b"\x43" + b"2.09\0", b"\x20\x01gnu\0", b"\x22\x01", HARD), "hard"),
        (attributes(b"\x06\x0a"), None),
        (attributes(b"\x06\x80\x01", HARD), "hard"),
        (attributes(HARD, scope=2), None),
        (attributes(HARD, vendor=b"gnu\0"), None),
        (b"A" + struct.pack("<I", 8) + b"gnu\0" + attributes(HARD)[1:], "hard"),
        (b"A" + bytes(4) + attributes(HARD)[1:], "hard"),
        (attributes(b"\x1c" + b"\xff" * 9), None),
        (attributes(b"\x05no end")[:-1], None),
        (attributes(HARD)[:11], None),
        (b"", None),
        (b"A", None),
    ],
)
def test_attributes_say_how_floats_are_passed(section: bytes, answer: str | None) -> None:
    """Where the flags are silent; what is broken or says neither is None."""
    assert read_elf(with_attributes(section), "x").arm_float_abi == answer


def test_flags_come_before_attributes() -> None:
    """The linker writes the flags from all attributes together."""
    assert read_elf(with_attributes(attributes(SOFT), flags=0x05000400), "x").arm_float_abi == "hard"
    assert read_elf(with_attributes(attributes(HARD), flags=0x05000200), "x").arm_float_abi == "soft"


def test_flags_of_an_older_eabi_say_nothing() -> None:
    """The same bits meant something else before EABI 5."""
    assert read_elf(with_attributes(attributes(SOFT), flags=0x04000400), "x").arm_float_abi == "soft"


@pytest.mark.parametrize("count", [0, 2, 0xFFFF])
def test_section_headers_that_lie_say_nothing(count: int) -> None:
    """The one fact that hangs on them is unknown then, and the file is still readable."""
    assert read_elf(with_attributes(attributes(HARD), count=count), "x").arm_float_abi is None

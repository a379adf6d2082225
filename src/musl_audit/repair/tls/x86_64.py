"""
x86_64: accesses through a slot that is addressed relative to the instruction pointer.

The psABI has two instructions for initial-exec TLS, of seven bytes each: ``mov slot(%rip),%reg`` and
``add slot(%rip),%reg``. Whatever else is addressed so has the same form: a ModRM byte with mod 00 and r/m 101, then a
displacement of 32 bits, then an immediate of 0, 1, 2 or 4 bytes, whatever prefixes and opcode stand before. So every
byte of the code is asked whether it is such a ModRM byte of an instruction that leads to a slot: none is overlooked,
wherever instructions begin.
"""

import re
import struct
from collections.abc import Iterator, Mapping

from musl_audit.errors import AccessError
from musl_audit.repair.tls import x86_64_code as code
from musl_audit.repair.tls.machine import Access, Code, CodeListing, Instruction, Slot, Use

RAX, RCX, RDX = 0, 1, 2
RED_ZONE = 0x90  # 128 bytes below the stack pointer are the running function's; two words of ours below them
DTV = 8  # %fs:8 is the table of modules: "external and internal ABI" in musl's pthread_impl.h

_RELATIVE = rb"[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]"  # mod 00, r/m 101, and each register
_IMMEDIATES = (0, 1, 2, 4)
_OPCODES = {
    b"\x48\x8b": (0, Use.LOAD),  # REX.W, and REX.WR for the registers from r8 on
    b"\x4c\x8b": (8, Use.LOAD),
    b"\x48\x03": (0, Use.ADD),
    b"\x4c\x03": (8, Use.ADD),
}
_SIZE = 7
_OPERAND_SIZE_PREFIX = 0x66  # before a jump, some processors take it for one of 16 bits
_REX2 = 0xD5  # with it, what looks like a prefix is part of one, and the register another
_REX = range(0x40, 0x50)
_BETWEEN_REGISTERS = frozenset(b"\x01\x09\x21\x29\x31\x39\x85\x89\x8b")  # add, or, and, sub, xor, cmp, test, mov
_WINDOW = 1 << 18
_MOST_HALVES = 64


class X8664:
    """The port's implementation."""

    name = "x86_64"
    tpoff, dtpmod = 18, 16  # R_X86_64_TPOFF64, R_X86_64_DTPMOD64
    alignment, filler = 16, b"\xcc"  # int3

    def accesses(self, text: Code, slots: Mapping[int, Slot]) -> Iterator[Access]:
        """Yield each ``mov`` or ``add`` of a slot; see the port."""
        for at in _displacements(text, min(slots), max(slots)):
            (displacement,) = struct.unpack_from("<i", text.content, at)
            end = text.address + at + 4 + displacement
            slot = next((end + size for size in _IMMEDIATES if end + size in slots), None)
            if slot is not None:
                yield _access(text, at, slot, is_at_end=slot == end)

    def thunk(self, access: Access, slot: Slot, address: int) -> tuple[Instruction, ...]:
        """
        Return the code that computes the slot's old content: ``dtv[module] + offset - thread pointer``.

        No instruction of it writes flags but the last ``add``, which writes what the replaced one did.
        """
        listing = CodeListing(address)
        register = access.register
        if access.use is Use.LOAD:
            result, scratch = register, _others(register)[0]
            saved = [scratch]
        else:
            saved = result, scratch = _others(register)[:2]
        code.lea(listing, code.RSP, code.RSP, -RED_ZONE)
        for place, one in enumerate(saved):
            code.save(listing, one, 8 * place)
        code.load_thread(listing, result, DTV)
        code.load_relative(listing, scratch, slot.address)
        code.load_entry(listing, result, scratch)
        code.lea(listing, result, result, slot.offset)
        code.load_thread(listing, scratch, 0)
        code.complement(listing, scratch)
        code.lea_sum(listing, result, scratch)
        if access.use is Use.ADD:
            code.add(listing, register, result)
        for place, one in enumerate(saved):
            code.restore(listing, one, 8 * place)
        code.lea(listing, code.RSP, code.RSP, RED_ZONE)
        code.jump(listing, access.end)
        return tuple(listing.instructions)

    def jump(self, access: Access, target: int) -> tuple[Instruction, ...]:
        """Return ``jmp`` and a filler; see the port."""
        listing = CodeListing(access.address)
        code.jump(listing, target)
        code.fill(listing)
        return tuple(listing.instructions)


def _others(register: int) -> list[int]:
    return [one for one in (RAX, RCX, RDX) if one != register]


def _displacements(text: Code, lowest: int, highest: int) -> Iterator[int]:
    """
    Yield where a displacement is that could lead between the *lowest* and the *highest* slot, by its upper half.

    Window by window, because the upper half is nearly the same for all of one: a regular expression passes over the
    rest.
    """
    size = len(text.content)
    for start in range(0, size, _WINDOW):
        end = min(start + _WINDOW, size)
        nearest = lowest - _IMMEDIATES[-1] - (text.address + end + 4)
        farthest = highest - (text.address + start)
        halves = range(nearest >> 16, (farthest >> 16) + 1)
        pattern = re.compile(_RELATIVE + b"(?=" + _upper_half(halves) + b")", re.DOTALL)
        found = pattern.finditer(text.content, start, min(end + 4, size))
        yield from (one.end() for one in found if one.start() < end)


def _upper_half(halves: range) -> bytes:
    """Return a pattern for a displacement whose upper two bytes are one of *halves*."""
    if len(halves) > _MOST_HALVES:
        return b"...."
    options = {struct.pack("<H", half & 0xFFFF) for half in halves if -0x8000 <= half < 0x8000}
    return b"..(?:" + b"|".join(map(re.escape, sorted(options))) + b")" if options else b"(?!)"


def _access(text: Code, at: int, slot: int, *, is_at_end: bool) -> Access:
    """Return the access whose displacement is *at*; raise ``AccessError`` where it is none of the two."""
    start = at - 3
    opcode = _OPCODES.get(text.content[start : at - 1]) if is_at_end and start >= 0 else None
    if opcode is not None and not _is_prefixed(text.content, start):
        register = opcode[0] | text.content[at - 1] >> 3
        if register != code.RSP:
            return Access(text.address + start, _SIZE, slot, register, opcode[1])
    there = text.content[max(at - 5, 0) : at + 4].hex(" ")
    where = text.address + at - 1
    raise AccessError(f"the slot at {slot:#x} is used by an unknown instruction around {where:#x}: {there}")


def _is_prefixed(content: bytes, start: int) -> bool:
    """
    Whether the byte before *start* may be a prefix of the instruction there that gives it another meaning.

    0xd5 is also the last byte of an instruction between two registers, such as ``mov %rdx,%rbp``.
    """
    before = content[max(start - 3, 0) : start]
    if not before or before[-1] != _REX2:
        return bool(before) and before[-1] == _OPERAND_SIZE_PREFIX
    return not (len(before) == 3 and before[0] in _REX and before[1] in _BETWEEN_REGISTERS)

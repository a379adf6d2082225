"""
The instructions of x86_64 that a thunk is made of, and their encodings.

====================================  ===========================================================
``lea d(%base),%reg``                 REX.W 8D, mod 10, SIB base, disp32
``lea 1(%base,%index),%reg``          REX.W 8D, mod 01, SIB base+index, disp8
``mov %reg,d(%rsp)``                  REX.W 89, mod 01, SIB rsp, disp8
``mov d(%rsp),%reg``                  REX.W 8B, mod 01, SIB rsp, disp8
``mov (%base,%index,8),%reg``         REX.W 8B, mod 01, SIB base+index*8, disp8 of 0
``mov d(%rip),%reg``                  REX.W 8B, mod 00, r/m 101, disp32
``mov %fs:d,%reg``                    64 REX.W 8B, mod 00, SIB 25 (no base, no index), disp32
``not %reg``                          REX.W F7 /2
``add %from,%reg``                    REX.W 01, mod 11
``jmp target``                        E9, rel32
====================================  ===========================================================

Every operand in memory but the one of ``%rip`` has a SIB byte and a displacement: that form alone is right for all
registers, where others give ``rsp``, ``r12``, ``rbp`` and ``r13`` another meaning. ``rsp`` is never an index.

How instructions are encoded: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, chapter 2.
"""

import struct

from musl_audit.errors import AccessError
from musl_audit.repair.tls.machine import CodeListing

RSP = 4
NAMES = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{number}" for number in range(8, 16)))
_NO_INDEX, _SIB = 4, 4  # index 100 and r/m 100 of the tables
_RELATIVE = 5  # r/m 101 where mod is 00
_LEA, _LOAD, _STORE, _ADD, _NOT = 0x8D, 0x8B, 0x89, 0x01, 0xF7
_FS = b"\x64"


def lea(listing: CodeListing, register: int, base: int, displacement: int) -> None:
    """Write ``lea displacement(%base),%register``."""
    text = f"lea {_spelled(displacement)}(%{NAMES[base]}),%{NAMES[register]}"
    operand = bytes([_modrm(2, register, _SIB), _sib(0, _NO_INDEX, base)]) + _signed(displacement)
    listing.write(text, bytes([_rex(register, 0, base), _LEA]) + operand)


def lea_sum(listing: CodeListing, register: int, index: int) -> None:
    """Write ``lea 1(%register,%index),%register``."""
    text = f"lea 0x1(%{NAMES[register]},%{NAMES[index]},1),%{NAMES[register]}"
    operand = bytes([_modrm(1, register, _SIB), _sib(0, index, register), 1])
    listing.write(text, bytes([_rex(register, index, register), _LEA]) + operand)


def save(listing: CodeListing, register: int, place: int) -> None:
    """Write ``mov %register,place(%rsp)``."""
    listing.write(f"mov %{NAMES[register]},{_stack(place)}", _with_stack(_STORE, register, place))


def restore(listing: CodeListing, register: int, place: int) -> None:
    """Write ``mov place(%rsp),%register``."""
    listing.write(f"mov {_stack(place)},%{NAMES[register]}", _with_stack(_LOAD, register, place))


def load_entry(listing: CodeListing, register: int, index: int) -> None:
    """Write ``mov (%register,%index,8),%register``."""
    text = f"mov 0x0(%{NAMES[register]},%{NAMES[index]},8),%{NAMES[register]}"
    operand = bytes([_modrm(1, register, _SIB), _sib(3, index, register), 0])
    listing.write(text, bytes([_rex(register, index, register), _LOAD]) + operand)


def load_relative(listing: CodeListing, register: int, target: int) -> None:
    """Write ``mov target(%rip),%register``, for the word at the address *target*."""
    code = bytes([_rex(register, 0, 0), _LOAD, _modrm(0, register, _RELATIVE)])
    distance = target - (listing.here + len(code) + 4)
    listing.write(f"mov {_spelled(distance)}(%rip),%{NAMES[register]}", code + _signed(distance))


def load_thread(listing: CodeListing, register: int, place: int) -> None:
    """Write ``mov %fs:place,%register``."""
    code = bytes([_rex(register, 0, 0), _LOAD, _modrm(0, register, _SIB), _sib(0, _NO_INDEX, 5)])
    listing.write(f"mov %fs:{place:#x},%{NAMES[register]}", _FS + code + _signed(place))


def complement(listing: CodeListing, register: int) -> None:
    """Write ``not %register``, which writes no flags."""
    listing.write(f"not %{NAMES[register]}", bytes([_rex(0, 0, register), _NOT, _modrm(3, 2, register)]))


def add(listing: CodeListing, register: int, other: int) -> None:
    """Write ``add %other,%register``."""
    code = bytes([_rex(other, 0, register), _ADD, _modrm(3, other, register)])
    listing.write(f"add %{NAMES[other]},%{NAMES[register]}", code)


def jump(listing: CodeListing, target: int) -> None:
    """Write ``jmp target``."""
    listing.write(f"jmp {target:#x}", b"\xe9" + _signed(target - (listing.here + 5)))


def fill(listing: CodeListing) -> None:
    """Write two bytes that never run."""
    listing.write("xchg %ax,%ax", b"\x66\x90")


def _with_stack(opcode: int, register: int, place: int) -> bytes:
    return bytes([_rex(register, 0, RSP), opcode, _modrm(1, register, _SIB), _sib(0, _NO_INDEX, RSP), place])


def _rex(register: int, index: int, base: int) -> int:
    """Return the prefix that says 64 bits, and the fourth bit of three registers."""
    return 0x48 | (register >> 3) << 2 | (index >> 3) << 1 | base >> 3


def _modrm(mode: int, register: int, operand: int) -> int:
    return mode << 6 | (register & 7) << 3 | operand & 7


def _sib(scale: int, index: int, base: int) -> int:
    return scale << 6 | (index & 7) << 3 | base & 7


def _signed(value: int) -> bytes:
    if not -1 << 31 <= value < 1 << 31:
        raise AccessError("the new code would be too far from the old")
    return struct.pack("<i", value)


def _stack(place: int) -> str:
    return f"{place:#x}(%rsp)"


def _spelled(value: int) -> str:
    return f"{value:#x}"

"""
The instructions of aarch64 that accesses and thunks are made of, and their encodings.

A register has five bits: Rd or Rt from bit 0, Rn from bit 5, Rt2 from bit 10, Rm from bit 16.

===============================  ==========  ================================
``adrp Xd, page``                0x90000000  immlo bits 29-30, immhi from 5
``ldr Xt, [Xn, #offset]``        0xf9400000  offset / 8 from bit 10
``ldr Xt, [Xn, Xm, lsl #3]``     0xf8607800
``ldur Xt, [Xn, #-8]``           0xf85f8000  -8 in nine bits from bit 12
``mrs Xt, tpidr_el0``            0xd53bd040
``add Xd, Xn, #value``           0x91000000  value from bit 10
``add Xd, Xn, #value, lsl #12``  0x91400000  value from bit 10
``sub Xd, Xn, Xm``               0xcb000000
``stp Xt, Xt2, [sp, #-16]!``     0xa9bf0000
``ldp Xt, Xt2, [sp], #16``       0xa8c10000
``b target``                     0x14000000  distance / 4 in 26 bits
===============================  ==========  ================================

Source: Arm Architecture Reference Manual for A-profile, chapter C6.
"""

import struct

from musl_audit.errors import AccessError
from musl_audit.repair.tls.machine import CodeListing

SP = ZERO = 31  # which of the two, the instruction decides
PAGE = 4096  # of adrp, whatever the kernel's pages are
_ADRP, _LDR, _LDR_INDEXED, _LDUR_BEFORE = 0x90000000, 0xF9400000, 0xF8607800, 0xF85F8000
_MRS_THREAD, _ADD, _ADD_HIGH, _SUB = 0xD53BD040, 0x91000000, 0x91400000, 0xCB000000
_STP, _LDP, _B = 0xA9BF0000, 0xA8C10000, 0x14000000


def push(listing: CodeListing, first: int, second: int) -> None:
    """Write ``stp first, second, [sp, #-16]!``."""
    _write(listing, f"stp x{first}, x{second}, [sp, #-16]!", _STP | second << 10 | SP << 5 | first)


def pop(listing: CodeListing, first: int, second: int) -> None:
    """Write ``ldp first, second, [sp], #16``."""
    _write(listing, f"ldp x{first}, x{second}, [sp], #16", _LDP | second << 10 | SP << 5 | first)


def read_thread_pointer(listing: CodeListing, register: int) -> None:
    """Write ``mrs register, tpidr_el0``."""
    _write(listing, f"mrs x{register}, tpidr_el0", _MRS_THREAD | register)


def load_before(listing: CodeListing, register: int, base: int) -> None:
    """Write ``ldur register, [base, #-8]``."""
    _write(listing, f"ldur x{register}, [x{base}, #-8]", _LDUR_BEFORE | base << 5 | register)


def load_word(listing: CodeListing, register: int, address: int) -> None:
    """Write ``adrp`` and ``ldr`` of the word at *address*, both of *register*."""
    pages = address // PAGE - listing.here // PAGE
    if not -1 << 20 <= pages < 1 << 20:
        raise AccessError("the new code would be too far from the table of offsets")
    immediate = (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5
    _write(listing, f"adrp x{register}, {address // PAGE * PAGE:#x}", _ADRP | immediate | register)
    offset = address % PAGE
    _write(
        listing,
        f"ldr x{register}, [x{register}, #{offset}]",
        _LDR | offset // 8 << 10 | register << 5 | register,
    )


def load_indexed(listing: CodeListing, register: int, index: int) -> None:
    """Write ``ldr register, [register, index, lsl #3]``."""
    text = f"ldr x{register}, [x{register}, x{index}, lsl #3]"
    _write(listing, text, _LDR_INDEXED | index << 16 | register << 5 | register)


def add_value(listing: CodeListing, register: int, value: int) -> None:
    """Write one ``add`` of *value* to *register*, or two where it has more than 12 bits."""
    high, low = divmod(value, PAGE)
    if high >= PAGE:
        raise AccessError(f"a variable is {value} bytes into its block, farther than two instructions add")
    same = register << 5 | register
    if high:
        _write(listing, f"add x{register}, x{register}, #{high:#x}, lsl #12", _ADD_HIGH | high << 10 | same)
    _write(listing, f"add x{register}, x{register}, #{low:#x}", _ADD | low << 10 | same)


def subtract(listing: CodeListing, register: int, minuend: int, subtrahend: int) -> None:
    """Write ``sub register, minuend, subtrahend``."""
    _write(listing, f"sub x{register}, x{minuend}, x{subtrahend}", _SUB | subtrahend << 16 | minuend << 5 | register)


def jump(listing: CodeListing, target: int) -> None:
    """Write ``b target``."""
    distance = (target - listing.here) // 4
    if not -1 << 25 <= distance < 1 << 25:
        raise AccessError("the new code would be too far from the old")
    _write(listing, f"b {target:#x}", _B | distance & 0x3FFFFFF)


def _write(listing: CodeListing, text: str, word: int) -> None:
    listing.write(text, struct.pack("<I", word))

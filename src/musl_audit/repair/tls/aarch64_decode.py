"""
What an instruction of aarch64 says about addresses and registers, as far as a search for slots asks.

Source: Arm Architecture Reference Manual for A-profile, chapter C4, the encoding index. Where a class of instructions
is not told apart, the answer is the careful one: it may write the register.
"""

LITERAL_LOAD = 0x58  # the highest byte of ldr Xt, label
_LDR, _LDR_MASK = 0xF9400000, 0xFFC00000
_ADD, _ADD_MASK = 0x91000000, 0xFFC00000
_INDIRECT, _INDIRECT_MASK = 0x39000000, 0x3B000000  # loads and stores of any size with an offset of 12 bits
_STORE, _STORE_MASK = 0x39000000, 0x3FC00000  # among them those of general registers, which write none
_BRANCHES = frozenset({0x14, 0x15, 0x16, 0x17, 0xD6, 0xD7, 0xD4})  # b, br, ret, exceptions: what follows is elsewhere's
_CALLS = frozenset({0x94, 0x95, 0x96, 0x97})
_TESTS = frozenset({0x54, 0x34, 0x35, 0x36, 0x37, 0xB4, 0xB5, 0xB6, 0xB7})  # conditional branches: they write nothing
_CALL_BY_REGISTER, _CALL_BY_REGISTER_MASK = 0xD63F0000, 0xFFFFFC1F
_LAST_OF_CALLED, _LINK = 18, 30  # a called function may write x0 to x18; the call itself writes x30


def is_load(word: int) -> bool:
    """Whether it is ``ldr Xt, [Xn, #offset]``."""
    return word & _LDR_MASK == _LDR


def relative(word: int) -> int:
    """Return the 21 bits of ``adr`` and ``adrp``: bytes, or pages."""
    return (((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3) ^ 1 << 20) - (1 << 20)


def literal(word: int) -> int:
    """Return how many bytes on the literal of ``ldr`` is."""
    return 4 * ((word >> 5 & 0x7FFFF ^ 1 << 18) - (1 << 18))


def offset_from(word: int, register: int) -> int | None:
    """Return what the instruction adds to *register* for an address, None where it is none that does."""
    if word >> 5 & 31 != register:
        return None
    value = word >> 10 & 0xFFF
    if word & _ADD_MASK == _ADD:
        return value
    if word & _INDIRECT_MASK != _INDIRECT:
        return None
    is_quad = word >> 26 & 1 and word >> 23 & 1  # q registers: size 0, but 16 bytes
    return value << (4 if is_quad else word >> 30)


def uses_up(word: int, register: int) -> bool:
    """Whether it is ``ldr`` or ``add`` from *register* to itself: the page in it is gone."""
    return word & 31 == register and (is_load(word) or word & _ADD_MASK == _ADD)


def is_end(word: int) -> bool:
    """Whether control does not go on behind the instruction, or comes back with other registers."""
    return word >> 24 in _BRANCHES and word & _CALL_BY_REGISTER_MASK != _CALL_BY_REGISTER


def may_write(word: int, register: int) -> bool:
    """Whether the instruction may change *register*, or what it calls may."""
    top = word >> 24
    if top in _CALLS or word & _CALL_BY_REGISTER_MASK == _CALL_BY_REGISTER:
        return register <= _LAST_OF_CALLED or register == _LINK
    if top in _TESTS or word & _STORE_MASK == _STORE:
        return False
    return word & 31 == register or _may_write_another_field(word, register)


def _may_write_another_field(word: int, register: int) -> bool:
    """Whether a load or store may change *register* as its second target, its status or its base."""
    base, second, status = word >> 5 & 31, word >> 10 & 31, word >> 16 & 31
    match word >> 24 & 0x3B:  # without the size, and whether registers are vectors
        case 0x28 | 0x29:  # pairs
            is_load, is_written_back = word >> 22 & 1, word >> 23 & 1
            return bool((is_load and register == second) or (is_written_back and register == base))
        case 0x38:  # one register; its base is written back where bit 10 is set
            return bool(register == base and word >> 10 & 1)
        case 0x08 | 0x09 | 0x19:  # exclusive, several vectors, copies of memory
            return register in (base, second, status)
        case _:
            return False

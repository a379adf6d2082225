"""
What an instruction of aarch64 does to a register and where control goes, as far as a search for slots asks.

Source: Arm Architecture Reference Manual for A-profile, chapter C4, the encoding index. Where classes of instructions
are not told apart, the answer is that it is not sure.
"""

from enum import StrEnum

LITERAL_LOAD = 0x58  # the highest byte of ldr Xt, label
_ADD, _ADD_MASK = 0x91000000, 0xFFC00000
_LDR, _LDR_MASK = 0xF9400000, 0xFFC00000
_MOVE, _MOVE_MASK = 0xAA0003E0, 0xFFE0FFE0  # orr Xd, xzr, Xm
_INDIRECT, _INDIRECT_MASK = 0x39000000, 0x3B000000  # loads and stores of any size with an offset of 12 bits
_CALL_BY_REGISTER, _RETURN, _BY_REGISTER_MASK = 0xD63F0000, 0xD65F0000, 0xFFFFFC1F
_SUPERVISOR_CALL, _SUPERVISOR_CALL_MASK = 0xD4000001, 0xFFE0001F
_LAST_OF_CALLED, _LINK = 18, 30  # a called function may write x0 to x18; the call itself writes x30
VECTOR = 1 << 26
_HINTS = frozenset({0x3E2, 0x3E6})  # prfum, prfm: the upper ten bits


class Effect(StrEnum):
    """What an instruction does to a register."""

    KEEPS = "keeps"
    LEAKS = "leaks"  # keeps it, but its value goes somewhere else as well
    WRITES = "writes"
    UNSURE = "unsure"


class CodeFlow(StrEnum):
    """Where control goes behind an instruction."""

    ON = "on"
    BRANCH = "branch"  # to its target alone
    BOTH = "both"  # to its target, or on
    CALL = "call"  # and comes back
    END = "end"
    UNKNOWN = "unknown"  # to an address in a register


def is_load(word: int) -> bool:
    """Whether it is ``ldr Xt, [Xn, #offset]``."""
    return word & _LDR_MASK == _LDR


def relative(word: int) -> int:
    """Return the 21 bits of ``adr`` and ``adrp``: bytes, or pages."""
    return (((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3) ^ 1 << 20) - (1 << 20)


def literal(word: int) -> int:
    """Return how many bytes on the literal of ``ldr`` is."""
    return 4 * _signed(word >> 5, 19)


def copied_to(word: int, register: int) -> int | None:
    """Return the register into which ``mov`` copies *register*, None where it is no such ``mov``."""
    return word & 31 if word & _MOVE_MASK == _MOVE and word >> 16 & 31 == register else None


def offset_from(word: int, register: int) -> int | None:
    """Return what the instruction adds to *register* for an address, None where it is none that does."""
    if word >> 5 & 31 != register:
        return None
    value = word >> 10 & 0xFFF
    if word & _ADD_MASK == _ADD:
        return value
    if word & _INDIRECT_MASK != _INDIRECT:
        return None
    is_quad = word & VECTOR and word >> 23 & 1  # q registers: size 0, but 16 bytes
    return value << (4 if is_quad else word >> 30)


def uses_up(word: int, register: int) -> bool:
    """Whether it is ``ldr`` or ``add`` from *register* to itself: what it held is gone."""
    return word & 31 == word >> 5 & 31 == register and (word & _LDR_MASK == _LDR or word & _ADD_MASK == _ADD)


def way(word: int) -> tuple[CodeFlow, int]:
    """Return where control goes, and how many instructions on the target is."""
    top = word >> 24
    return _branch(word, top) if top & 0x1C == 0x14 or not top else (CodeFlow.ON, 0)  # all branches share these bits


def _branch(word: int, top: int) -> tuple[CodeFlow, int]:
    if top & 0x7C == 0x14:  # b, bl
        return (CodeFlow.CALL if top & 0x80 else CodeFlow.BRANCH), _signed(word, 26)
    if top & 0x7E == 0x34 or top == 0x54:  # cbz, cbnz, b.cond
        return CodeFlow.BOTH, _signed(word >> 5, 19)
    if top & 0x7E == 0x36:  # tbz, tbnz
        return CodeFlow.BOTH, _signed(word >> 5, 14)
    if word & _BY_REGISTER_MASK == _CALL_BY_REGISTER:
        return CodeFlow.CALL, 0
    if word & _BY_REGISTER_MASK == _RETURN or top == 0xD4 or not top:  # ret, exceptions, udf
        is_system_call = word & _SUPERVISOR_CALL_MASK == _SUPERVISOR_CALL
        return (CodeFlow.ON if is_system_call else CodeFlow.END), 0
    return (CodeFlow.UNKNOWN if top & 0xFE == 0xD6 else CodeFlow.ON), 0


def effect(word: int, register: int, going: CodeFlow) -> Effect:
    """
    Return what the instruction does to *register*; for one that only makes an address of it, that it keeps it.

    *going* is where control goes behind it.
    """
    if going is CodeFlow.CALL:
        return _if(register <= _LAST_OF_CALLED or register == _LINK)
    if going is not CodeFlow.ON or word >> 24 == 0xD4:
        return Effect.KEEPS
    return _of_group(word, register)


def _of_group(word: int, register: int) -> Effect:
    match word >> 25 & 15:  # the main groups
        case 0b1000 | 0b1001 | 0b1010 | 0b1011:  # with an immediate; of the system: mrs
            return _if(word & 31 == register)
        case 0b0101 | 0b1101:
            return _of_registers(word, register)
        case 0b0100 | 0b0110 | 0b1100 | 0b1110:
            return _of_memory(word, register)
        case _:  # of vectors, and what is not assigned
            return Effect.UNSURE if word & 31 == register else Effect.KEEPS


def _of_registers(word: int, register: int) -> Effect:
    if word & 0x1FE00000 == 0x1A400000:  # ccmp, ccmn: flags alone
        return Effect.KEEPS
    if register in (word >> 5 & 31, word >> 16 & 31) and copied_to(word, register) is None:
        return Effect.UNSURE if word & 31 == register else Effect.LEAKS  # it computes with the page
    return _if(word & 31 == register)


def _of_memory(word: int, register: int) -> Effect:
    target, base, second, status = word & 31, word >> 5 & 31, word >> 10 & 31, word >> 16 & 31
    targets: tuple[int, ...]
    places: tuple[int, ...]
    is_load, is_vector = bool(word >> 22 & 3), bool(word & VECTOR)
    if word >> 22 in _HINTS:
        return Effect.KEEPS
    if word & _INDIRECT_MASK == _INDIRECT:
        targets, places = (target,), ()  # who makes an address of it is asked about by ``offset_from``
    elif word & 0x3B000000 == 0x18000000:  # from a literal
        targets, places, is_load = (target,), (), True
    elif word & 0x3A000000 == 0x28000000:  # pairs
        targets, places, is_load = (target, second), (base,), bool(word >> 22 & 1)
    elif word & 0x3B200000 == 0x38000000:  # with an offset of nine bits
        targets, places = (target,), (base,)
    elif word & 0x3B200C00 == 0x38200800:  # with an offset in a register
        targets, places = (target,), (base, status)
    else:  # exclusive, atomic, several vectors: any field may be a target
        return Effect.UNSURE if register in (target, base, second, status) else Effect.KEEPS
    is_target = register in targets and not is_vector
    if register in places:
        return Effect.UNSURE if is_load and is_target else Effect.LEAKS
    return _if(is_target) if is_load or not is_target else Effect.LEAKS


def _if(is_written: bool) -> Effect:  # noqa: FBT001  # the only argument
    return Effect.WRITES if is_written else Effect.KEEPS


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return (value ^ 1 << bits - 1) - (1 << bits - 1)

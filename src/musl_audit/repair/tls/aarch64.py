"""
aarch64: accesses through a slot whose page is one instruction and whose place in the page is a later one.

Compilers have one sequence for initial-exec TLS: ``adrp Xn, page``, then ``ldr Xt, [Xn, #offset]``, often directly
behind it, sometimes with others in between. The ``ldr`` alone is the access, wherever its page comes from.

That all are known is proven so. Whoever wants the address of a slot must begin with an ``adrp`` of a page from which
it can be reached. Each of these pages is followed through its register, over copies, branches and calls, until
something else is written to it: what reads a slot on the way was linked to read it, and does so on every way. Where a
page is lost (stored, computed with, or in a register when control goes to an address in another), no ``ldr`` of the
whole code that was not met may have an offset that leads from it to a slot. ``adr`` and ``ldr`` relative to the
instruction itself are refused if they lead to one.
"""

import re
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from sys import byteorder

from musl_audit.errors import AccessError
from musl_audit.repair.tls import aarch64_code as code
from musl_audit.repair.tls import aarch64_decode as decode
from musl_audit.repair.tls.aarch64_code import PAGE
from musl_audit.repair.tls.aarch64_decode import CodeFlow, Effect
from musl_audit.repair.tls.machine import Access, Code, CodeListing, Instruction, Slot

_SIZE = 4
_REACH = 8 * PAGE  # of ldr's offset: twelve bits of eight bytes
_MOST_STEPS = 16  # for each instruction: real code takes less than one
# The highest byte of adr, adrp and of ldr from a literal; of ldr with an offset.
_RELATIVE = re.compile(rb"[\x10\x30\x50\x70\x90\xb0\xd0\xf0\x58]")
_LOADS = re.compile(rb"\xf9")


class AArch64:
    """The port's implementation."""

    name = "aarch64"
    tpoff, dtpmod = 1030, 1028  # R_AARCH64_TLS_TPREL64, R_AARCH64_TLS_DTPMOD64
    alignment, filler = 4, bytes(4)  # udf

    def accesses(self, text: Code, slots: Mapping[int, Slot]) -> Iterator[Access]:
        """Yield each ``ldr`` of a slot; see the port."""
        skipped = -text.address % 4
        content = text.content[skipped : skipped + (len(text.content) - skipped) // 4 * 4]
        yield from _Search(content, text.address + skipped, slots).accesses()

    def thunk(self, access: Access, slot: Slot, address: int) -> tuple[Instruction, ...]:
        """
        Return the code that computes the slot's old content: ``dtv[module] + offset - thread pointer``.

        There is no red zone on aarch64. The table of modules is eight bytes below the thread pointer: "external and
        internal ABI" in musl's pthread_impl.h.
        """
        listing = CodeListing(address)
        register = access.register
        pointer, scratch = [one for one in (0, 1, 2) if one != register][:2]
        code.push(listing, pointer, scratch)
        code.read_thread_pointer(listing, pointer)
        code.load_before(listing, scratch, pointer)
        code.load_word(listing, register, slot.address)
        code.load_indexed(listing, scratch, register)
        code.add_value(listing, scratch, slot.offset)
        code.subtract(listing, register, scratch, pointer)
        code.pop(listing, pointer, scratch)
        code.jump(listing, access.end)
        return tuple(listing.instructions)

    def jump(self, access: Access, target: int) -> tuple[Instruction, ...]:
        """Return ``b``; see the port."""
        listing = CodeListing(access.address)
        code.jump(listing, target)
        return tuple(listing.instructions)


class _Search:
    """The search through *content*, whole instructions at *address*, for what leads to one of *slots*."""

    def __init__(self, content: bytes, address: int, slots: Mapping[int, Slot]) -> None:
        self._address, self._slots = address, slots
        self._words = array("I", content)
        if byteorder == "big":
            self._words.byteswap()
        self._tops = content[3::4]
        self._found: dict[int, tuple[int, int]] = {}  # by index: slot and register
        self._lost: set[int] = set()  # pages whose address goes where it is not followed
        self._steps = _MOST_STEPS * len(self._words)

    def accesses(self) -> Iterator[Access]:
        """Yield the accesses, ascending."""
        self._follow(list(self._pages()))
        self._require_nothing_lost()
        for at, (slot, register) in sorted(self._found.items()):
            yield Access(self._address + 4 * at, _SIZE, slot, register)

    def _pages(self) -> Iterator[tuple[int, int, int]]:
        """Yield where the address of a page near a slot begins to be in a register: index, register, page."""
        pages = {slot // PAGE for slot in self._slots}
        near = {page - distance for page in pages for distance in range(_REACH // PAGE)}
        for match in _RELATIVE.finditer(self._tops):
            at = match.start()
            word = self._words[at]
            if not word >> 31:
                self._require_elsewhere(at, word)
            elif (page := self._page(at, word)) in near and not self._is_used_up(at + 1, word & 31, page):
                yield at + 1, word & 31, page

    def _is_used_up(self, at: int, register: int, page: int) -> bool:
        """Whether the instruction at index *at* makes the address of something else, as most do: no more to follow."""
        if at >= len(self._words) or not decode.uses_up(self._words[at], register):
            return False
        address = page * PAGE + (decode.offset_from(self._words[at], register) or 0)
        return address // 8 * 8 not in self._slots

    def _page(self, at: int, word: int) -> int:
        return (self._address + 4 * at) // PAGE + decode.relative(word)

    def _require_elsewhere(self, at: int, word: int) -> None:
        """Refuse ``adr`` of a slot, and ``ldr`` that takes it for a literal."""
        is_literal = word >> 24 == decode.LITERAL_LOAD
        target = self._address + 4 * at + (decode.literal(word) if is_literal else decode.relative(word))
        if target // 8 * 8 in self._slots:
            raise self._unknown(target // 8 * 8, at)

    def _follow(self, places: list[tuple[int, int, int]]) -> None:
        """Follow each page through its register, wherever control may go, until something else is written to it."""
        seen = set()
        while places:
            place = places.pop()
            if place in seen or not 0 <= place[0] < len(self._words):
                continue
            seen.add(place)
            if len(seen) > self._steps:
                raise AccessError("the ways to the slots are too many to follow")
            places += self._next(*place)

    def _next(self, at: int, register: int, page: int) -> Iterator[tuple[int, int, int]]:
        """Yield where *page* is in which register behind the instruction at index *at*; note what that reads."""
        word = self._words[at]
        offset = decode.offset_from(word, register)
        if offset is not None:
            self._note(at, word, page * PAGE + offset)
        if (copy := decode.copied_to(word, register)) is not None:
            yield at + 1, copy, page
        way, distance = decode.way(word)
        effect = decode.effect(word, register, way)
        if effect in (Effect.LEAKS, Effect.UNSURE) or way is CodeFlow.UNKNOWN:
            self._lost.add(page)
        if effect in (Effect.WRITES, Effect.UNSURE):
            return
        if way in (CodeFlow.ON, CodeFlow.BOTH, CodeFlow.CALL):
            yield at + 1, register, page
        if way in (CodeFlow.BRANCH, CodeFlow.BOTH):
            yield at + distance, register, page

    def _note(self, at: int, word: int, address: int) -> None:
        """Note the access that the instruction at index *at* is, if it reads a slot; refuse any other use of one."""
        slot = address // 8 * 8
        if slot not in self._slots:
            return
        is_other = self._found.get(at, (slot, 0))[0] != slot
        if is_other or slot != address or not decode.is_load(word) or word & 31 == code.ZERO:
            raise self._unknown(slot, at)
        self._found[at] = slot, word & 31

    def _require_nothing_lost(self) -> None:
        """Refuse a load that may be from a page whose address was lost: nobody knows what its register holds."""
        offsets = self._offsets()
        for match in _LOADS.finditer(self._tops) if offsets else ():
            at = match.start()
            word = self._words[at]
            slot = offsets.get((word >> 10 & 0xFFF) * 8)
            if slot is not None and at not in self._found and decode.is_load(word):
                raise self._unknown(slot, at)

    def _offsets(self) -> dict[int, int]:
        """Return the offsets that lead from a lost page to a slot, with the slot."""
        slots = sorted(self._slots)
        found = {}
        for start in (page * PAGE for page in self._lost):
            for slot in slots[bisect_left(slots, start) : bisect_left(slots, start + _REACH)]:
                found[slot - start] = slot
        return found

    def _unknown(self, slot: int, at: int) -> AccessError:
        there = struct.pack(f"<{len(self._words[at : at + 2])}I", *self._words[at : at + 2]).hex(" ")
        where = self._address + 4 * at
        return AccessError(f"the slot at {slot:#x} may be used by an unknown instruction at {where:#x}: {there}")

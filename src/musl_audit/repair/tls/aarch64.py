"""
aarch64: accesses through a slot whose page is one instruction and whose place in the page is a later one.

Compilers have one sequence for initial-exec TLS: ``adrp Xn, page``, then ``ldr Xt, [Xn, #offset]``, often directly
behind it, sometimes with others in between. The ``ldr`` alone is the access, wherever its page comes from.

That all are known is proven so. Whoever wants the address of a slot must begin with an ``adrp`` of a page from which it
can be reached, and what that leads to is known where the next instruction uses it up. Where one stays open, every
``ldr`` of the whole code that has the offset of a slot from that page must be known: the ``adrp`` that its register
comes from is found by going back from it, over instructions that do not write the register and that control does not
leave for good. What reads the slot on that way was linked to read it, and does so on every way. ``adr`` and ``ldr``
relative to the instruction itself are refused if they lead to a slot.
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
from musl_audit.repair.tls.machine import Access, Code, Instruction, Listing, Slot

_SIZE = 4
_REACH = 8 * PAGE  # of ldr's offset: twelve bits of eight bytes
_FARTHEST = 256  # instructions between adrp and ldr
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
        listing = Listing(address)
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
        listing = Listing(access.address)
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

    def accesses(self) -> Iterator[Access]:
        """Yield the accesses, ascending."""
        offsets = self._offsets(self._open_pages())
        for match in _LOADS.finditer(self._tops) if offsets else ():
            at = match.start()
            word = self._words[at]
            offset = (word >> 10 & 0xFFF) * 8
            if not decode.is_load(word) or offset not in offsets:
                continue
            page = self._page_in(at, word >> 5 & 31)
            if page is None or (page * PAGE + offset in self._slots and word & 31 == code.ZERO):
                raise self._unknown(offsets[offset], at)
            if (slot := page * PAGE + offset) in self._slots:
                yield Access(self._address + 4 * at, _SIZE, slot, word & 31)

    def _open_pages(self) -> set[int]:
        """Return the pages near a slot whose address stays in a register, or leads to a slot at once."""
        pages = {slot // PAGE for slot in self._slots}
        near = {page - distance for page in pages for distance in range(_REACH // PAGE)}
        found = set()
        for match in _RELATIVE.finditer(self._tops):
            at = match.start()
            word = self._words[at]
            if not word >> 31:
                self._require_elsewhere(at, word)
            elif (page := self._page(at, word)) in near and self._is_open(at, word & 31, page):
                found.add(page)
        return found

    def _page(self, at: int, word: int) -> int:
        return (self._address + 4 * at) // PAGE + decode.relative(word)

    def _is_open(self, at: int, register: int, page: int) -> bool:
        """Whether the instruction behind ``adrp`` leaves open what its *page* is for; refuse the address of a slot."""
        following = self._words[at + 1] if at + 1 < len(self._words) else 0
        offset = decode.offset_from(following, register)
        if offset is None:
            return True
        slot = (page * PAGE + offset) // 8 * 8
        if slot in self._slots and not decode.is_load(following):
            raise self._unknown(slot, at)
        return slot in self._slots or not decode.uses_up(following, register)

    def _require_elsewhere(self, at: int, word: int) -> None:
        """Refuse ``adr`` of a slot, and ``ldr`` that takes it for a literal."""
        is_literal = word >> 24 == decode.LITERAL_LOAD
        target = self._address + 4 * at + (decode.literal(word) if is_literal else decode.relative(word))
        if target // 8 * 8 in self._slots:
            raise self._unknown(target // 8 * 8, at)

    def _offsets(self, pages: set[int]) -> dict[int, int]:
        """Return the offsets that lead from one of *pages* to a slot, with the slot."""
        slots = sorted(self._slots)
        found = {}
        for start in (page * PAGE for page in pages):
            for slot in slots[bisect_left(slots, start) : bisect_left(slots, start + _REACH)]:
                found[slot - start] = slot
        return found

    def _page_in(self, at: int, register: int) -> int | None:
        """Return the page whose address *register* holds at index *at*; None where it cannot be told."""
        for index in range(at - 1, max(at - _FARTHEST, 0) - 1, -1):
            word = self._words[index]
            if word & 0x9F00001F == 0x90000000 | register:
                return self._page(index, word)
            if decode.is_end(word) or decode.may_write(word, register):
                return None
        return None

    def _unknown(self, slot: int, at: int) -> AccessError:
        there = struct.pack(f"<{len(self._words[at : at + 2])}I", *self._words[at : at + 2]).hex(" ")
        where = self._address + 4 * at
        return AccessError(f"the slot at {slot:#x} may be used by an unknown instruction at {where:#x}: {there}")

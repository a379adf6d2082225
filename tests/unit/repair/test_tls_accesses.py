"""Which instructions are accesses to a slot, which are refused, and the code that stands for them."""

import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musl_audit.errors import AccessError
from musl_audit.repair.tls.aarch64 import AArch64
from musl_audit.repair.tls.machine import Access, Code, Slot, TlsMachine, Use, machine_code
from musl_audit.repair.tls.x86_64 import X8664

TEXT, SLOT = 0x1000, 0x94F10
SLOTS = {SLOT: Slot(SLOT, 0x40, 0), SLOT + 8: Slot(SLOT + 8, 0x48, 24)}
X86_64, AARCH64 = X8664(), AArch64()


def found(machine: TlsMachine, content: bytes, slots: dict[int, Slot] = SLOTS) -> list[Access]:
    return list(machine.accesses(Code(TEXT, content), slots))


def at_slot(opcode: str, *, slot: int = SLOT, immediate: str = "", before: bytes = b"\x90" * 9) -> bytes:
    """Return code with the instruction of *opcode*, ModRM included, whose operand is *slot*."""
    code, rest = bytes.fromhex(opcode), bytes.fromhex(immediate)
    here = TEXT + len(before) + len(code) + 4 + len(rest)
    return before + code + struct.pack("<i", slot - here) + rest + b"\x90" * 9


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def adrp(register: int, page: int, here: int = TEXT) -> int:
    pages = page // 4096 - here // 4096
    return 0x90000000 | (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5 | register


def ldr(target: int, base: int, offset: int) -> int:
    return 0xF9400000 | offset // 8 << 10 | base << 5 | target


ADRP, LOW = adrp(8, SLOT), SLOT % 4096
NOP, RET = 0xD503201F, 0xD65F03C0


@pytest.mark.parametrize(("prefix", "high"), [("48", 0), ("4c", 8)])
@pytest.mark.parametrize(("opcode", "use"), [("8b", Use.LOAD), ("03", Use.ADD)])
@pytest.mark.parametrize("low", [0, 1, 2, 3, 4, 5, 6, 7])
def test_mov_and_add_into_each_register_are_accesses(prefix: str, high: int, opcode: str, use: Use, low: int) -> None:
    """REX.W, and REX.WR for the upper half; the stack pointer alone is nobody's."""
    content = at_slot(f"{prefix} {opcode} {5 | low << 3:02x}")

    if high + low == 4:
        with pytest.raises(AccessError):
            found(X86_64, content)
    else:
        assert found(X86_64, content) == [Access(TEXT + 9, 7, SLOT, high + low, use)]


@pytest.mark.parametrize(
    ("opcode", "immediate"),
    [
        pytest.param("48 8d 05", "", id="lea: its address is taken"),
        pytest.param("8b 05", "", id="mov of 32 bits"),
        pytest.param("48 89 05", "", id="mov into it"),
        pytest.param("48 2b 05", "", id="sub"),
        pytest.param("ff 35", "", id="push"),
        pytest.param("ff 15", "", id="call through it"),
        pytest.param("48 83 3d", "00", id="cmp with a byte"),
        pytest.param("66 81 3d", "00 00", id="cmp with two"),
        pytest.param("48 81 3d", "00 00 00 00", id="cmp with four"),
        pytest.param("66 48 8b 05", "", id="mov behind a prefix of operand size"),
        pytest.param("d5 48 8b 05", "", id="REX2: registers from r16 on"),
        pytest.param("62 f4 fc 08 8b 05", "", id="EVEX"),
        pytest.param("c5 fa 7e 05", "", id="vmovq"),
        pytest.param("49 8b 05", "", id="REX.WB"),
    ],
)
def test_whatever_else_uses_a_slot_is_refused(opcode: str, immediate: str) -> None:
    """With the slot, the place and the bytes."""
    with pytest.raises(AccessError, match=f"slot at {SLOT:#x} is used by an unknown instruction around 0x10.*: .*"):
        found(X86_64, at_slot(opcode, immediate=immediate))


def test_the_end_of_the_instruction_before_is_no_prefix() -> None:
    """``mov %rdx,%rbp`` ends as the prefix REX2 begins."""
    assert len(found(X86_64, at_slot("48 89 d5 48 8b 05"))) == 1


@pytest.mark.parametrize("slot", [SLOT - 8, SLOT + 16])
def test_a_neighbour_of_the_slots_is_left_alone(slot: int) -> None:
    """An ordinary entry of the same table."""
    assert found(X86_64, at_slot("48 8d 05", slot=slot)) == []
    assert found(AARCH64, words(adrp(8, slot), ldr(8, 8, slot % 4096), RET)) == []


@pytest.mark.parametrize("start", [(1 << 18) - distance for distance in range(12)])
def test_an_access_across_two_windows_of_the_search_is_found_once(start: int) -> None:
    """Wherever its bytes are divided."""
    assert [one.address for one in found(X86_64, at_slot("48 8b 05", before=b"\x90" * start))] == [TEXT + start]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["48 8b 05", "4c 8b 3d", "48 03 15", "90", "48 8d 05"]), max_size=40))
def test_the_accesses_are_those_that_were_written(opcodes: list[str]) -> None:
    """In their order; a ``lea`` among them refuses them all."""
    content, expected = b"", []
    for opcode in opcodes:
        if len(opcode) > 2:
            expected.append(TEXT + len(content))
        content = content + (
            bytes.fromhex(opcode) if len(opcode) == 2 else at_slot(opcode, before=content)[len(content) : -9]
        )

    if "48 8d 05" in opcodes:
        with pytest.raises(AccessError):
            found(X86_64, content)
    else:
        assert [access.address for access in found(X86_64, content)] == expected


@pytest.mark.parametrize("register", range(31))
def test_the_load_behind_its_page_is_an_access(register: int) -> None:
    """The page stays as it is; the load alone is replaced."""
    content = words(adrp(register, SLOT), ldr(register, register, LOW), RET)

    assert found(AARCH64, content) == [Access(TEXT + 4, 4, SLOT, register)]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param((NOP, NOP), id="others in between"),
        pytest.param((adrp(9, 0x70000), ldr(9, 9, LOW)), id="the same offset in another page"),
        pytest.param((0xB4000048,), id="a branch that may not be taken"),
        pytest.param((0x14000003, NOP, NOP), id="a jump"),
        pytest.param((0xF90003E8,), id="the page is stored as well"),
        pytest.param((0xB4000060, 0xD2800008, RET), id="a branch that is taken, past another value"),
    ],
)
def test_a_load_away_from_its_page_is_an_access(between: tuple[int, ...]) -> None:
    """As far as its register keeps the page."""
    content = words(ADRP, *between, ldr(3, 8, LOW), RET)

    assert found(AARCH64, content) == [Access(TEXT + 4 * (1 + len(between)), 4, SLOT, 3)]


def test_one_page_may_serve_two_loads() -> None:
    """And the copy of it in another register."""
    content = words(ADRP, ldr(3, 8, LOW), 0xAA0803E9, ldr(4, 9, LOW + 8), RET)

    assert [(one.slot, one.register) for one in found(AARCH64, content)] == [(SLOT, 3), (SLOT + 8, 4)]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param((0xD2800008,), id="a constant"),
        pytest.param((0x94000100,), id="a call, which need not keep it"),
        pytest.param((0xF94003E8,), id="a load"),
        pytest.param((RET,), id="the end of the function"),
    ],
)
def test_the_same_offset_from_another_address_is_nobodys(written: tuple[int, ...]) -> None:
    """A field of some structure, in a register that held the page before."""
    assert found(AARCH64, words(ADRP, NOP, *written, ldr(3, 8, LOW), RET)) == []


@pytest.mark.parametrize(
    "code",
    [
        pytest.param((ADRP, 0x91000108 | LOW << 10), id="add: its address is taken"),
        pytest.param((ADRP, 0xF9000000 | LOW // 8 << 10 | 8 << 5), id="str"),
        pytest.param((ADRP, 0xB9400000 | LOW // 4 << 10 | 8 << 5), id="ldr of 32 bits"),
        pytest.param((ADRP, 0xFD400000 | LOW // 8 << 10 | 8 << 5), id="ldr into a vector register"),
        pytest.param((ADRP, ldr(31, 8, LOW)), id="ldr into nothing"),
        pytest.param((NOP, 0x10000000 | (SLOT - TEXT - 4) >> 2 << 5), id="adr"),
        pytest.param((NOP, 0x58000000 | (SLOT - TEXT - 4) >> 2 << 5), id="ldr as of a literal"),
        pytest.param((ADRP, 0xF90003E8, 0xF94003E3, ldr(4, 3, LOW)), id="a page that was stored"),
        pytest.param((ADRP, 0xD61F0200, NOP, ldr(3, 8, LOW)), id="a jump to an address in a register"),
    ],
)
def test_whatever_else_may_use_a_slot_is_refused_on_aarch64(code: tuple[int, ...]) -> None:
    """With the slot, the place and the bytes."""
    with pytest.raises(AccessError, match=f"slot at {SLOT:#x} may be used by an unknown instruction at 0x10"):
        found(AARCH64, words(*code, RET))


def test_ways_without_end_are_not_followed() -> None:
    """Many pages, each of which goes around a loop of the whole code: refused instead of followed for hours."""
    pages = [adrp(register % 28, SLOT - 4096 * (register % 8), TEXT + 4 * register) for register in range(224)]
    content = words(*pages, *[NOP] * 400, 0x14000000 | (-620 & 0x3FFFFFF), RET)

    with pytest.raises(AccessError, match="too many"):
        found(AARCH64, content)


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda machine: machine.name)
def test_a_hundred_thousand_slots_are_searched_for_at_once(machine: TlsMachine) -> None:
    """Not one after the other: a step for each slot and each byte would not end here."""
    slots = {address: Slot(address, 0, 0) for address in range(SLOT, SLOT + 800_000, 8)}

    assert found(machine, bytes(1 << 16), slots) == []


@pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda machine: machine.name)
def test_code_that_is_too_far_away_is_refused(machine: TlsMachine) -> None:
    """No jump of the architecture reaches it."""
    with pytest.raises(AccessError, match="too far"):
        machine.jump(Access(TEXT, 8, SLOT, 1), TEXT + (1 << 32))


@pytest.mark.parametrize(("offset", "instructions"), [(8, 1), (4095, 1), (4096, 2), ((1 << 24) - 1, 2)])
def test_a_far_variable_takes_a_second_add_on_aarch64(offset: int, instructions: int) -> None:
    """Twelve bits each; farther than both is refused."""
    near = len(AARCH64.thunk(Access(TEXT, 4, SLOT, 5), Slot(SLOT, 1, 0), TEXT + 4096))
    thunk = AARCH64.thunk(Access(TEXT, 4, SLOT, 5), Slot(SLOT, offset, 0), TEXT + 4096)

    assert len(thunk) == near + instructions - 1
    with pytest.raises(AccessError, match="farther than two instructions add"):
        AARCH64.thunk(Access(TEXT, 4, SLOT, 5), Slot(SLOT, 1 << 24, 0), TEXT + 4096)


def sizes(machine: TlsMachine, registers: Iterable[int]) -> set[int]:
    uses = (Use.LOAD, Use.ADD) if machine is X86_64 else (Use.LOAD,)
    accesses = [Access(TEXT, 7, SLOT, register, use) for register in registers for use in uses]
    return {len(machine_code(machine.thunk(access, SLOTS[SLOT], TEXT + 4096))) for access in accesses}


def test_an_access_costs_at_most_a_hundred_bytes() -> None:
    """Whatever the register."""
    assert max(sizes(X86_64, [0, 1, 2, 3, 5, *range(6, 16)])) <= 100
    assert sizes(AARCH64, range(31)) == {40}

"""What an ELF writer must know of each architecture: header fields, relocation numbers, and code that returns 0."""

import struct
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Machine:
    """
    One architecture, as ELF sees it; the numbers are those of its processor supplement.

    ``code`` returns 0 to its caller. ``relocations`` maps the use of a relocation to its type: ``got``, ``plt``,
    ``pointer`` (to a symbol), ``relative``, ``tpoff`` (initial-exec), ``dtpmod`` (general dynamic), ``irelative``.
    """

    number: int  # e_machine
    bits: int
    code: bytes
    relocations: dict[str, int] = field(hash=False)
    byte_order: str = "little"
    flags: int = 0  # e_flags
    has_addends: bool = True  # RELA, not REL
    hash_word: str = "I"  # of DT_HASH

    @property
    def word(self) -> str:
        """The ``struct`` code of an address."""
        return "Q" if self.bits == 64 else "I"

    @property
    def word_size(self) -> int:
        """Bytes of an address."""
        return self.bits // 8

    def pack(self, layout: str, *values: int) -> bytes:
        """Return *values* in the byte order of the machine; ``P`` in *layout* is an address."""
        return struct.pack(("<" if self.byte_order == "little" else ">") + layout.replace("P", self.word), *values)


def _relocations(numbers: str) -> dict[str, int]:
    uses = ("pointer", "got", "plt", "relative", "tpoff", "dtpmod", "irelative")
    return dict(zip(uses, map(int, numbers.split()), strict=True))


_X86_CODE = bytes.fromhex("31c0 c3")

MACHINES = {
    "x86_64": Machine(62, 64, _X86_CODE, _relocations("1 6 7 8 18 16 37")),
    "i686": Machine(3, 32, _X86_CODE, _relocations("1 6 7 8 14 35 42"), has_addends=False),
    "aarch64": Machine(183, 64, bytes.fromhex("00008052 c0035fd6"), _relocations("257 1025 1026 1027 1030 1028 1032")),
    "armv7l": Machine(
        40,
        32,
        bytes.fromhex("0000a0e3 1eff2fe1"),
        _relocations("2 21 22 23 19 17 160"),
        flags=0x5000400,
        has_addends=False,
    ),
    "ppc64le": Machine(21, 64, bytes.fromhex("00006038 2000804e"), _relocations("38 20 21 22 73 68 248"), flags=2),
    "s390x": Machine(
        22, 64, bytes.fromhex("a7290000 07fe"), _relocations("22 10 11 12 56 54 61"), byte_order="big", hash_word="Q"
    ),
    # No GLOB_DAT there: a slot of the global offset table is a plain R_RISCV_64.
    "riscv64": Machine(243, 64, bytes.fromhex("0145 8280"), _relocations("2 2 5 3 11 7 58"), flags=5),
}

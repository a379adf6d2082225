"""What rewriting asks of an architecture: where its code reads a slot, and the machine code that computes the same."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Protocol

from musl_audit.elf.headers import Region
from musl_audit.frozen import frozen


@frozen
class Slot:
    """
    A word of the global offset table that holds the distance of a variable from the thread pointer.

    *offset* is where the variable is in the file's own block of thread-local storage, *entry* where the file has the
    relocation that fills the slot.
    """

    address: int
    offset: int
    entry: int


class Use(StrEnum):
    """What an instruction does with a slot."""

    LOAD = "load"  # register = slot
    ADD = "add"  # register += slot


@frozen
class Access:
    """The instructions of *size* bytes at *address* that read the slot at address *slot* into *register*."""

    address: int
    size: int
    slot: int
    register: int
    use: Use = Use.LOAD

    @property
    def region(self) -> Region:
        """The bytes of the instructions."""
        return Region(self.address, self.size)

    @property
    def end(self) -> int:
        """Where the code goes on."""
        return self.address + self.size


@frozen
class Code:
    """The bytes of an executable segment, at *address*."""

    address: int
    content: bytes


@frozen
class Instruction:
    """One instruction: as an assembler spells it, and its bytes."""

    text: str
    code: bytes


class TlsMachine(Protocol):
    """An architecture: its relocation types, and its code."""

    name: str
    tpoff: int  # the relocation that a slot has: the distance of the variable from the thread pointer
    dtpmod: int  # the relocation that it gets: the number of the module in the thread's table of modules
    alignment: int  # of a thunk
    filler: bytes  # what stands between thunks: it traps

    def accesses(self, code: Code, slots: Mapping[int, Slot]) -> Iterator[Access]:
        """
        Yield each access of *code* to one of *slots*, ascending by address.

        Raise ``AccessError`` where anything else in *code* leads to a slot, or might.
        """

    def thunk(self, access: Access, slot: Slot, address: int) -> tuple[Instruction, ...]:
        """
        Return the code at *address* that leaves in the register what *access* would, had *slot* its old content.

        It changes nothing else, flags included, and goes on behind the access.
        """

    def jump(self, access: Access, target: int) -> tuple[Instruction, ...]:
        """Return what stands in the place of *access*: a jump to *target*, and nothing behind it that runs."""


class CodeListing:
    """Instructions one behind the other from *address* on, as they are written."""

    def __init__(self, address: int) -> None:
        self.here = address
        self.instructions: list[Instruction] = []

    def write(self, text: str, code: bytes) -> None:
        """Add one instruction."""
        self.instructions.append(Instruction(text, code))
        self.here += len(code)


def machine_code(instructions: Iterable[Instruction]) -> bytes:
    """Return the bytes of *instructions*."""
    return b"".join(instruction.code for instruction in instructions)

"""What is in an ELF file, or what is wrong with it, however its bytes are read."""

from musl_audit.elf import read_elf
from musl_audit.elf.view import ByteSource
from musl_audit.errors import ElfError
from musl_audit.model import ElfFacts


def said_of(data: bytes | ByteSource) -> ElfFacts | str:
    """Return the facts of *data*, or what is wrong with them."""
    try:
        return read_elf(data, "x.so")
    except ElfError as error:
        return str(error)


def is_dynamic(data: bytes) -> bool:
    """Whether there is something to damage in *data*."""
    found = said_of(data)
    return isinstance(found, ElfFacts) and found.is_dynamic and bool(found.needed)

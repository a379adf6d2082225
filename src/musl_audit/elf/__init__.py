"""Bytes → ``ElfFacts``: everything musl-audit knows about an ELF file, read from its program headers alone."""

from musl_audit.elf.reader import read_elf
from musl_audit.elf.view import is_elf

__all__ = ["is_elf", "read_elf"]

"""Bytes → ``ElfFacts``: everything musl-audit knows about an ELF file, read from its program headers alone."""

from musl_audit.elf.layout import is_elf
from musl_audit.elf.reader import read_elf

__all__ = ["is_elf", "read_elf"]

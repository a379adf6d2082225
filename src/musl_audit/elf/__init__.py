"""
Bytes ⇄ ELF: everything musl-audit knows about an ELF file, and the editing of one.

May import the nouns (``model``, ``errors``, ``frozen``) and nothing else; section headers play no part in reading.
Read ``reader`` first; ``machines`` has every number of the psABIs, a row per machine.
"""

from musl_audit.elf.reader import read_elf
from musl_audit.elf.view import is_elf

__all__ = ["is_elf", "read_elf"]

"""Packed relative relocations (DT_RELR), which musl applies from 1.2.4 on, made ordinary ones."""

from musl_audit.repair.relr.unpack import unpack_relocations
from musl_audit.repair.relr.verify import verify

__all__ = ["unpack_relocations", "verify"]

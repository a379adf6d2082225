"""
What is known about musl, distributions and tags: the JSON files of ``policies/`` as the core asks for them.

May import ``wheel``, ``elf`` and the nouns; files come in through the port ``PolicyFiles``.
Read ``catalog`` first: every question there is. ``derive`` makes the file of a new release.
"""

from musl_audit.policy.catalog import Catalog
from musl_audit.policy.history import SymbolTable
from musl_audit.policy.parts import (
    AllowedLibrary,
    Arch,
    Distribution,
    DistributionKind,
    KnownRelocation,
)
from musl_audit.policy.releases import PolicyFiles

__all__ = [
    "AllowedLibrary",
    "Arch",
    "Catalog",
    "Distribution",
    "DistributionKind",
    "KnownRelocation",
    "PolicyFiles",
    "SymbolTable",
]

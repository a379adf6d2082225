"""What is known about musl, distributions and tags: data of ``policies/``, as the core asks for it."""

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

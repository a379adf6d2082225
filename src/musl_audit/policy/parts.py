"""
The rows of the policies: architectures, relocation types, distributions, allowed libraries.

They are named tuples, because every command makes them: a dataclass with slots costs a millisecond of start-up each.
"""

from collections.abc import Mapping
from enum import StrEnum

from musl_audit.elf.machines import MACHINES
from musl_audit.errors import PolicyError
from musl_audit.frozen import frozen
from musl_audit.model import ElfIdentity, MuslVersion, Releases
from musl_audit.policy.fields import Fields


@frozen
class Arch:
    """An architecture as a platform tag names it, and what musl calls it."""

    name: str  # of the platform tag: "i686"
    machine: int  # e_machine
    bits: int
    byte_order: str  # "little" or "big"
    flags_mask: int  # e_flags & flags_mask == flags_value: the ABI that musl builds for this tag have
    flags_value: int
    loader: str  # "ld-musl-i386.so.1"
    libc_sonames: tuple[str, ...]  # "libc.so", "libc.musl-x86.so.1"
    triplet: str  # the multiarch triplet in suffixes of extension modules: "i386-linux-musl"
    first_release: MuslVersion  # before it, the policies know no musl for the architecture
    symbols_of: str | None = None  # the architecture whose history is also this one's
    is_told_by_elf: bool = True  # armv6l has the ELF identity of armv7l
    note: str = ""

    def is_machine_of(self, identity: ElfIdentity) -> bool:
        """Whether a file is for this processor, whatever its ABI flags."""
        return (identity.machine, identity.bits, identity.byte_order) == (self.machine, self.bits, self.byte_order)

    @property
    def irelative(self) -> int:
        """The relocation type of indirect functions, which musl never supports."""
        return MACHINES[self.machine].irelative

    def has_abi(self, identity: ElfIdentity) -> bool:
        """Whether the ``e_flags`` of a file for this processor are those of musl's ABI, such as EABI5."""
        return identity.flags & self.flags_mask == self.flags_value


@frozen
class KnownRelocation:
    """A relocation type that musl's loader applies on some releases."""

    number: int
    name: str  # "R_X86_64_TPOFF64"
    releases: Releases


class DistributionKind(StrEnum):
    """What a row about distributions is about."""

    DISTRIBUTION = "distribution"
    PACKAGE = "package"  # musl beside another libc


class DistributionCycle(StrEnum):
    """How a distribution's releases follow each other."""

    RELEASE = "release"
    ROLLING = "rolling"  # as last seen
    PAST = "past"  # what a rolling one once had


@frozen
class Distribution:
    """One release of a distribution, the musl it ships, and what its build changes in that musl's symbols."""

    id: str  # "alpine-3.18"
    name: str
    release: str
    musl: MuslVersion
    kind: DistributionKind
    cycle: DistributionCycle
    released: str | None  # ISO dates; None: not known
    supported_until: str | None
    verified: bool  # its musl release was seen in a source
    bits: int | None  # 32 or 64 where the row is for those architectures only
    symbols_added: frozenset[str]
    symbols_removed: frozenset[str]
    note: str = ""

    def is_supported_at(self, day: str) -> bool:
        """Whether the distribution was released and its support had not ended on *day*, an ISO date."""
        if self.cycle is DistributionCycle.PAST:
            return False
        return (self.released or "") <= day <= (self.supported_until or "9999")

    def is_for(self, arch: Arch) -> bool:
        """Whether the row says something about *arch*."""
        return self.bits in (None, arch.bits)


@frozen
class AllowedLibrary:
    """A library that a wheel may need from outside, and what it may use of it."""

    soname: str
    baseline: str  # the version that every promised distribution has at least
    versions: tuple[str, ...]  # those that were measured, ascending
    exports: frozenset[str]  # of the newest one
    internals: frozenset[str]  # its own, whether or not some build exports them
    since: Mapping[str, str]  # exports that the baseline lacks → the first version with them
    reason: str = ""


def read_arch(fields: Fields) -> Arch:
    """Return the architecture that a file of ``policies/arch/`` describes."""
    elf = fields.table("elf").only("machine", "bits", "byte_order", "flags_mask", "flags_value", "is_told_by_elf")
    if elf.number("machine") not in MACHINES:
        raise PolicyError(f"{elf.where}: machine {elf.number('machine')} has no row in elf/machines.py")
    return Arch(
        name=fields.text("name"),
        machine=elf.number("machine"),
        bits=elf.number("bits"),
        byte_order=elf.text("byte_order"),
        flags_mask=elf.number("flags_mask"),
        flags_value=elf.number("flags_value"),
        loader=fields.text("loader"),
        libc_sonames=tuple(fields.texts("libc_sonames")),
        triplet=fields.text("triplet"),
        first_release=fields.release("first_release"),
        symbols_of=fields.optional_text("symbols_of"),
        is_told_by_elf=elf.flag("is_told_by_elf"),
        note=fields.optional_text("note") or "",
    )


def read_distribution(fields: Fields) -> Distribution:
    """Return the distribution that a row of ``distributions.json`` describes."""
    kind, cycle = _kind_and_cycle(fields)
    return Distribution(
        id=fields.text("id"),
        name=fields.text("name"),
        release=fields.text("release"),
        musl=fields.release("musl"),
        kind=kind,
        cycle=cycle,
        released=fields.optional_text("released"),
        supported_until=fields.optional_text("supported_until"),
        verified=fields.flag("musl_verified"),
        bits=fields.optional_number("bits"),
        symbols_added=frozenset(fields.texts("symbols_added")),
        symbols_removed=frozenset(fields.texts("symbols_removed")),
        note=fields.optional_text("note") or "",
    )


def _kind_and_cycle(fields: Fields) -> tuple[DistributionKind, DistributionCycle]:
    kind, cycle = fields.text("kind"), fields.text("cycle")
    try:
        return DistributionKind(kind), DistributionCycle(cycle)
    except ValueError:
        message = f"{fields.where}: kind {kind!r} and cycle {cycle!r} are no sort of distribution"
        raise PolicyError(message) from None


def read_library(fields: Fields) -> AllowedLibrary:
    """Return the allowed library that a row of ``libraries.json`` describes."""
    return AllowedLibrary(
        soname=fields.text("soname"),
        baseline=fields.text("baseline"),
        versions=tuple(fields.texts("versions")),
        exports=frozenset(fields.texts("exports")),
        internals=frozenset(fields.texts("internals")),
        since=fields.mapping("since"),
        reason=fields.optional_text("reason") or "",
    )

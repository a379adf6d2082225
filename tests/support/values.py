"""Values for tests of the core: facts as small as the rule under test needs them."""

from dataclasses import replace
from functools import cache

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.judging.settings import Settings
from musl_audit.model import (
    ElfFacts,
    ElfIdentity,
    ElfKind,
    Member,
    MuslVersion,
    Report,
    Symbol,
    WheelFacts,
    WheelMetadata,
    WheelName,
)
from musl_audit.policy import Catalog

X86_64 = ElfIdentity(machine=62, bits=64, byte_order="little")
I686 = ElfIdentity(machine=3, bits=32, byte_order="little")
AARCH64 = ElfIdentity(machine=183, bits=64, byte_order="little")
ARMV7L = ElfIdentity(machine=40, bits=32, byte_order="little", flags=0x05000400)


@cache
def catalog() -> Catalog:
    """Return the policies of the repository, read once."""
    return load_catalog()


def newest() -> str:
    """Return the newest release of musl that the policies know."""
    return str(catalog().releases[-1])


def release(text: str) -> MuslVersion:
    """Return the release called *text*."""
    return MuslVersion.parse(text)


def uses(*names: str, is_weak: bool = False) -> tuple[Symbol, ...]:
    """Return undefined symbols that relocations refer to."""
    return tuple(Symbol(name, is_weak=is_weak, type="func") for name in names)


def extension(path: str = "demo/_demo.cpython-312-x86_64-linux-musl.so", **facts: object) -> ElfFacts:
    """Return an extension module; ``facts`` are fields of ``ElfFacts``."""
    module = path.rpartition("/")[2].partition(".")[0]
    elf = ElfFacts(path, ElfKind.EXTENSION, X86_64, needed=("libc.so",), defined=frozenset({f"PyInit_{module}"}))
    return replace(elf, **facts)  # type: ignore[arg-type]  # names of fields are checked at run time


def library(path: str = "demo.libs/libdemo.so.1", **facts: object) -> ElfFacts:
    """Return a shared library."""
    elf = ElfFacts(path, ElfKind.LIBRARY, X86_64, soname=path.rpartition("/")[2], needed=("libc.so",))
    return replace(elf, **facts)  # type: ignore[arg-type]


def executable(path: str = "demo-1.0.data/scripts/demo", **facts: object) -> ElfFacts:
    """Return a dynamic executable."""
    elf = ElfFacts(
        path, ElfKind.EXECUTABLE, X86_64, interpreter="/lib/ld-musl-x86_64.so.1", needed=("libc.musl-x86_64.so.1",)
    )
    return replace(elf, **facts)  # type: ignore[arg-type]


def wheel(
    *elves: ElfFacts,
    platform: str = "musllinux_1_2_x86_64",
    python: str = "cp312",
    abi: str = "cp312",
    others: tuple[str, ...] = (),
) -> WheelFacts:
    """Return the facts of a wheel of *elves* and of members that are no ELF files."""
    name = WheelName("demo", "1.0", None, (python,), (abi,), tuple(platform.split(".")))
    members = tuple(Member(path, 1, 1, 0) for path in (*(elf.path for elf in elves), *others))
    tags = tuple(f"{python}-{abi}-{tag}" for tag in name.platform_tags)
    metadata = WheelMetadata(dist_infos=("demo-1.0.dist-info",), tags=tags, root_is_purelib=False)
    return WheelFacts(
        str(name), name, "0" * 64, 1, members, tuple(sorted(elves, key=lambda elf: elf.path)), metadata=metadata
    )


def judged(facts: WheelFacts, **settings: object) -> Report:
    """Return the report on *facts*; ``settings`` are fields of ``Settings``."""
    from musl_audit.judging.audit import judge

    return judge(facts, catalog(), replace(Settings(), **settings))  # type: ignore[arg-type]


def codes(report: Report) -> list[str]:
    """Return the codes of the findings, in order."""
    return [finding.code for finding in report.findings]

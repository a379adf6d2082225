"""
The wheel is tagged for any platform, and there are binaries in it.

pip installs it everywhere, also where the binaries cannot load. Whether a wheel is pure is told by its
content, never by its tag: each binary is listed with the C library that it was built for.

Some projects ship binaries for several platforms in one wheel, and choose at run time: ignore the rule there.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Rule, spell
from musl_audit.loader.libc_names import Libc, libc_named
from musl_audit.model import ElfFacts, Fix, FixKind, Severity, Statement

RULE = Rule(
    "MUSL010",
    "any-tag-with-binaries",
    Severity.WARNING,
    "tag the wheel for its platform: `python -m wheel tags --platform-tag musllinux_1_2_ARCH`",
    tells_releases=False,
)
_TAGGED_ANEW = Fix(FixKind.WRITE_TAGS, automatic=True, command=BY_REPAIR)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all binaries."""
    facts = context.facts
    if facts.name is None or "any" not in facts.name.platform_tags or not facts.elves:
        return
    libcs = {elf.path: libc_of(elf) for elf in facts.elves}
    listed = [f"{path} ({libc})" for path, libc in libcs.items()]
    yield RULE.states(
        f"tagged any, with binaries: {spell(listed, limit=len(listed))}",
        members=libcs,
        fix=_TAGGED_ANEW if set(libcs.values()) == {Libc.MUSL.value} else None,
    )


def libc_of(elf: ElfFacts) -> str:
    """Return the C library that *elf* was built for, as far as its needs tell."""
    if not elf.is_dynamic:
        return elf.kind.value.replace("-", " ")
    found = {libc_named(name) for name in (*elf.needed, elf.interpreter or "")}
    return next((libc.value for libc in (Libc.GLIBC, Libc.MUSL) if libc in found), "no C library")

"""
Something could not be judged, and why.

A member of the archive could not be read: encrypted, damaged, beyond the limits, or compressed in a way that this
Python does not know; then nobody can say where the wheel loads. The policies have no data for the architecture or
for the musl series of a tag; or a search path leads from one installation tree into another (from ``bin`` into
site-packages), whose position no wheel knows. Nothing is guessed: the claim is neither kept nor broken. ``check``
exits 4 where a claim of the wheel could not be judged.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import ElfKind, Severity, Statement, Unknown

RULE = Rule(
    "MUSL902",
    "not-judged",
    Severity.NOTE,
    "",
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each reason."""
    yield from _claims(context)
    foreign = [elf.path for elf in context.facts.elves if context.catalog.machine_of(elf.identity) is None]
    if foreign:
        yield RULE.states("built for an architecture that the policies do not know", members=foreign)
    objects = [elf for elf in context.facts.elves if elf.kind in (ElfKind.RELOCATABLE, ElfKind.CORE)]
    left_out = [elf.path for elf in objects if elf not in context.without_dynamic_section]
    if left_out:
        yield RULE.states("object or core files: nothing loads them", members=left_out)
    if context.facts.unread:
        yield RULE.states(
            "could not be read: whether it is a binary, and what it needs, is unknown", members=context.facts.unread
        )
    unknown: dict[str, set[str]] = {}
    for need in (need for load in context.loads for need in load.needs):
        if isinstance(need.provider, Unknown):
            unknown.setdefault(f"{need.soname}: {need.provider.reason}", set()).add(need.path)
    for reason, paths in sorted(unknown.items()):
        yield RULE.states(reason, members=paths)


def _claims(context: Context) -> Iterator[Statement]:
    for claim in context.claims:
        if claim.series is None or claim.floor is not None:
            continue
        if claim.arch not in context.catalog.arches:
            yield RULE.states(f"{claim.tag}: the policies do not know the architecture {claim.arch}")
        elif claim.series in context.catalog.known_series and context.needs_libc:
            yield RULE.states(f"{claim.tag}: the policies have no data for musl {claim.series}")

"""The way from facts to a report: the 40 lines to read first."""

from collections.abc import Iterable

from musl_audit.frozen import replace
from musl_audit.judging.claims import claims_of, floors_to_earn
from musl_audit.judging.context import Context
from musl_audit.judging.impact import spell_releases, who_is_hit
from musl_audit.judging.rules import run_rules
from musl_audit.judging.rules.base import MANUAL
from musl_audit.judging.settings import Settings
from musl_audit.judging.verdict import decide, external_libraries, required
from musl_audit.loader.eras import Era, eras_of
from musl_audit.loader.linkage import Linkage, link
from musl_audit.model import (
    Brings,
    Claim,
    ElfKind,
    Finding,
    Loads,
    MuslVersion,
    Releases,
    Report,
    Severity,
    Statement,
    Verdict,
    WheelFacts,
    WheelKind,
)
from musl_audit.policy import Arch, Catalog
from musl_audit.wheel.names import kind_of

_FOR_A_PROCESS = {ElfKind.EXTENSION, ElfKind.LIBRARY, ElfKind.EXECUTABLE, ElfKind.STATIC_EXECUTABLE}
BY_FLOOR = "--floor supported"


def judge(facts: WheelFacts, catalog: Catalog, settings: Settings | None = None, *, path: str | None = None) -> Report:
    """
    Return what *catalog* says about *facts*: pure, and cheap enough to judge an index again.

    Raise ``UsageError`` where *settings* name a floor that does not exist.
    """
    settings = settings or Settings()
    context = context_of(facts, catalog, settings)
    stated = statements(context, settings)
    if facts.is_alone:  # what repairs wheels repairs no file
        stated = tuple(replace(one, fix=MANUAL) for one in stated)
    floors = floors_to_earn(context.arch.name, catalog, settings) if context.arch else {}
    verdict = decide(context, stated, floors=floors)
    judged = tuple(_judged(claim, verdict, stated, context) for claim in context.claims)
    return Report(
        path=path or facts.filename,
        filename=facts.filename,
        sha256=facts.sha256,
        name=facts.name,
        kind=WheelKind.FILE if facts.is_alone else kind_of(facts.name),
        claims=judged,
        verdict=verdict,
        findings=tuple(sorted(filter(None, (_reported(item, context) for item in stated)), key=order)),
        external_libraries=external_libraries(context.linkage),
        brings=_brings(facts),
    )


def _brings(facts: WheelFacts) -> Brings:
    kinds = {elf.kind for elf in facts.elves} & _FOR_A_PROCESS
    if not kinds and not facts.elf_problems:
        return Brings.NOTHING
    return Brings.STATIC if kinds == {ElfKind.STATIC_EXECUTABLE} and not facts.elf_problems else Brings.DYNAMIC


def context_of(facts: WheelFacts, catalog: Catalog, settings: Settings) -> Context:
    """Return the view of *facts* that the rules read; raise ``UsageError`` for a floor that does not exist."""
    claims = claims_of(facts.name, catalog, settings)
    arch = _arch(facts, claims, catalog)
    linkage = link(facts, arch, catalog, settings.exclude) if arch else Linkage(())
    return Context(facts, catalog, arch=arch, claims=claims, linkage=linkage)


def statements(context: Context, settings: Settings) -> tuple[Statement, ...]:
    """
    Return what all rules say.

    A wheel with a libc of its own, or with a name that an old loader takes for libc, means different things to
    different releases: it is asked about for each of these eras, and what the older ones say counts for them alone.
    """
    if context.arch is None:
        return tuple(run_rules(context))
    newest, *older = eras_of(context.facts, context.arch, context.catalog)
    if not older:
        return tuple(run_rules(context))
    said = list(run_rules(_in_era(newest, context, settings)))
    for era in older:
        said += (one for one in run_rules(_in_era(era, context, settings)) if one.fails_on)
    return tuple(_merged(said))


def _in_era(era: Era, context: Context, settings: Settings) -> Context:
    if context.arch is None:
        return context
    linkage = link(context.facts, context.arch, context.catalog, settings.exclude, era=era)
    return Context(context.facts, context.catalog, arch=context.arch, claims=context.claims, linkage=linkage, era=era)


def _merged(said: Iterable[Statement]) -> Iterable[Statement]:
    """Return each statement once, for all releases on which it holds."""
    merged: dict[Statement, Releases] = {}
    for one in said:
        key = replace(one, fails_on=frozenset())
        merged[key] = merged.get(key, frozenset()) | one.fails_on
    return (replace(one, fails_on=releases) for one, releases in merged.items())


def order(finding: Finding) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the place of *finding* in a report."""
    return finding.code, finding.members, finding.symbols


def _arch(facts: WheelFacts, claims: tuple[Claim, ...], catalog: Catalog) -> Arch | None:
    """Return the architecture to judge for: the claimed one, else the one of most files."""
    claimed = {claim.arch for claim in claims if claim.arch}
    if len(claimed) == 1:
        return catalog.arches.get(claimed.pop())
    built = [arch for elf in facts.elves if elf.is_dynamic and (arch := catalog.machine_of(elf.identity))]
    tags = facts.name.platform_tags if facts.name else ()
    said = [arch for arch in catalog.arches.values() if tags == (f"linux_{arch.name}",)]  # armv6l, not armv7l
    if said and all(said[0].machine == arch.machine for arch in built):
        return said[0]
    named = sorted(built, key=lambda arch: (-built.count(arch), arch.name))
    return named[0] if named else None


def _judged(claim: Claim, verdict: Verdict, stated: tuple[Statement, ...], context: Context) -> Claim:
    """
    Return *claim* with the answer whether the wheel keeps it: on every promised release, and with no error left.

    A series that never existed is kept by none. One that is older than the data is broken where a known release
    breaks it, and kept where nothing in the wheel needs a libc; else nobody knows.
    """
    if not claim.exists:
        return replace(claim, kept=False)
    if claim.series is None or claim.arch != verdict.arch:
        return claim
    lost = context.known - verdict.loads_on
    broken = frozenset(release for release in lost if claim.floor is None or release >= claim.floor)
    if broken or any(finding.severity is Severity.ERROR and not finding.fails_on for finding in stated):
        return replace(claim, kept=False, broken_on=broken)
    is_known = verdict.loads is not Loads.UNKNOWN and (claim.floor is not None or not context.needs_libc)
    return replace(claim, kept=True if is_known else None)


def _reported(statement: Statement, context: Context) -> Finding | None:
    """
    Return the finding that *statement* is for a promise, None where it concerns none.

    What only releases decide about, and none of them promised, is evidence for the ladder and no finding. A wheel
    without a promise is told what no release loads.
    """
    if not statement.fails_on:
        return finding_of(statement, tags=tuple(claim.tag for claim in context.claims))
    if not context.promised:
        return finding_of(statement) if statement.fails_on == context.known else None
    hit = statement.fails_on & context.promised
    if not hit:
        return None
    return finding_of(
        replace(statement, fails_on=hit, hint=_hint(statement, hit, context)),
        tags=tuple(
            claim.tag
            for claim in context.claims
            if (floor := context.floor_of(claim)) is not None and max(hit) >= floor
        ),
        fixed_since=required(context.releases, context.known - statement.fails_on),
        impact=_impact(statement, hit, context),
    )


def _hint(statement: Statement, hit: Releases, context: Context) -> str:
    """Return the hint, with the floor that leaves out who is hit, where all of them are out of support."""
    if max(hit) >= context.catalog.oldest_supported() or BY_FLOOR in statement.hint:
        return statement.hint
    says = f"judge by the distributions in support with {BY_FLOOR}"
    return f"{says}, or {statement.hint}" if statement.hint else says


def finding_of(
    statement: Statement, *, tags: tuple[str, ...] = (), fixed_since: MuslVersion | None = None, impact: str = ""
) -> Finding:
    """Return the finding that says what *statement* says, and what it means for a promise."""
    return Finding(
        code=statement.code,
        name=statement.name,
        severity=statement.severity,
        message=statement.message,
        hint=statement.hint,
        members=statement.members,
        symbols=statement.symbols,
        libraries=statement.libraries,
        fails_on=statement.fails_on,
        fixed_since=fixed_since,
        tags=tags,
        impact=impact,
        fix=statement.fix,
    )


def _impact(statement: Statement, hit: Releases, context: Context) -> str:
    """Return on which promised releases, and where, the files do not load."""
    if hit == context.promised or context.arch is None:
        return "fails on every promised release"
    hurt = who_is_hit(hit, context.arch, context.catalog, frozenset(statement.symbols))
    return f"fails on musl {spell_releases(hit, context.releases)}" + (f": {hurt}" if hurt else "")

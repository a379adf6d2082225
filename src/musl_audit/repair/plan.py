"""From facts to a plan: what to graft, to mend and to rename, so that the wheel keeps the promise of its tag."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from types import MappingProxyType

from musl_audit.errors import UsageError
from musl_audit.frozen import frozen, replace
from musl_audit.judging.audit import context_of, judge
from musl_audit.judging.context import Context
from musl_audit.judging.rules.musl202_external_library import RULE as GRAFT_RULE
from musl_audit.judging.rules.musl302_isa_above_baseline import RULE as ISA_RULE
from musl_audit.judging.rules.musl401_packed_relocations import RULE as UNPACK_RULE
from musl_audit.judging.rules.musl402_initial_exec_tls import RULE as TLS_RULE
from musl_audit.judging.settings import Settings
from musl_audit.loader.exclusion import exactly, excluding_glob
from musl_audit.model import (
    Finding,
    FixKind,
    Outside,
    ProblemKind,
    Report,
    Severity,
    Unknown,
    Unreachable,
    WheelFacts,
    WheelMetadata,
    WheelName,
)
from musl_audit.policy import Arch, Catalog
from musl_audit.repair.actions import (
    Action,
    DropMember,
    ElfAction,
    Graft,
    LeftOut,
    MoveBehindShim,
    RenameMember,
    RepairPlan,
    RepairSettings,
    Retag,
    Strip,
)
from musl_audit.repair.fixes import file_fixes, libc_drops, suffix_fixes
from musl_audit.repair.grafts import Grafting, GraftSettings
from musl_audit.repair.polyfilling import (
    BuiltPolyfills,
    Polyfilling,
    lacks_what_can_be_added,
    may_want,
    polyfilling,
)
from musl_audit.repair.predict import predict, retagged_metadata
from musl_audit.repair.tags import MOST_TAGS, counted_tags, has_tags_of, retagged, target_tag
from musl_audit.wheel.installed_tree import place_of
from musl_audit.wheel.names import tag_family
from musl_audit.wheel.ports import Libraries

NO_REASONS: Mapping[str, str] = MappingProxyType({})


@frozen
class Proposal:
    """
    A plan with what it leads to: the predicted facts, and what the judge says of them.

    ``promise`` is the name that the result is judged by: its own, but for ``--no-update-tags``, where it carries
    another; ``settings`` are those of the judge, to whom what was left out is excluded.
    """

    arch: Arch
    plan: RepairPlan
    predicted: WheelFacts
    promise: WheelName
    settings: Settings
    report: Report


def propose(
    facts: WheelFacts,
    catalog: Catalog,
    settings: Settings,
    repair: RepairSettings,
    libraries: Callable[[Arch], Libraries],
    *,
    image_plat: str | None = None,
    unmendable: Mapping[str, str] = NO_REASONS,
    polyfills: Callable[[Arch], BuiltPolyfills] | None = None,
) -> Proposal | RepairPlan:
    """
    Return how to repair a musl wheel and the verdict on the result; a plan with refusals alone where nothing can be.

    The plan has refusals where the result would not keep the promise of every musllinux tag that it carries.
    *libraries* gives those for an architecture, *polyfills* what may be added there; *unmendable* says of a file why
    its relocations or accesses stay.
    """
    context = context_of(facts, catalog, settings)
    arch = context.arch
    if facts.name is None or arch is None:
        return RepairPlan(refusals=(_why_not_at_all(facts),))
    try:
        promise = retagged(facts.name, target_tag(facts.name, arch, catalog, repair, image_plat), repair)
    except UsageError as error:
        return RepairPlan(refusals=(str(error),))
    if counted_tags(promise) > MOST_TAGS:
        return RepairPlan(refusals=(f"the file name stands for more than {MOST_TAGS} tags",))
    adding = polyfills(arch) if polyfills and repair.fix and repair.polyfill else None
    plan = _plan(context, facts.name, promise, settings, repair, libraries(arch), adding, unmendable)
    predicted = predict(facts, plan.actions)
    settings = replace(settings, exclude=(*settings.exclude, *_left_by_search(plan.left_out, settings)))
    report = judge(as_promised(predicted, promise), catalog, settings)
    told = {finding.code for finding in report.findings if _is_told(finding, unmendable)}
    told |= {GRAFT_RULE.code} if plan.refusals else set()
    refused = refusals(report, told=told)
    if repair.checks_isa:
        plan = replace(plan, notes=(*plan.notes, *_above_baseline(report)))
    if refused and not repair.fix:
        refused = (*refused, *_turned_off(report))
    elif refused:
        refused = (*refused, *_why_accesses_stay(report, repair, facts.name, promise))
        refused = (*refused, *_why_nothing_is_added(report, repair))
    return Proposal(arch, _with_remains(plan, report, refused, unmendable), predicted, promise, settings, report)


def _left_by_search(left_out: tuple[LeftOut, ...], settings: Settings) -> Iterator[str]:
    """Yield a glob for each library that only the search for it left outside: by where it lies, or for it is not."""
    for library in left_out:
        if not excluding_glob(settings.exclude, library.soname):
            yield exactly(library.soname)


def _with_remains(
    plan: RepairPlan, report: Report, refused: tuple[str, ...], unmendable: Mapping[str, str]
) -> RepairPlan:
    """Return *plan* with what remains: it refuses the wheel where that breaks the promise, else it is worth a note."""
    if all(claim.kept for claim in report.claims if claim.series is not None):
        notes = (*plan.notes, *unmendable.values())
        return replace(plan, notes=notes, refusals=(*plan.refusals, *refused))
    return replace(plan, refusals=(*plan.refusals, *unmendable.values(), *refused))


def _is_told(finding: Finding, unmendable: Container[str]) -> bool:
    """Whether the reasons why files are *unmendable* say already what *finding* does."""
    is_of_mends = finding.code in (UNPACK_RULE.code, TLS_RULE.code)
    return is_of_mends and all(member in unmendable for member in finding.members)


def _why_not_at_all(facts: WheelFacts) -> str:
    if facts.name is None:
        return f"{facts.filename} is not the name of a wheel"
    return "no binary of it is for an architecture that the policies know"


def as_promised(facts: WheelFacts, promise: WheelName) -> WheelFacts:
    """Return *facts* under the name *promise*, for the judge."""
    return replace(facts, name=promise, filename=str(promise), metadata=_under(facts, promise))


def _under(facts: WheelFacts, promise: WheelName) -> WheelMetadata:
    same = facts.name == promise or not facts.metadata.has_wheel_file
    return facts.metadata if same else retagged_metadata(facts.metadata, promise)


def _plan(
    before: Context,
    name: WheelName,
    promise: WheelName,
    settings: Settings,
    repair: RepairSettings,
    libraries: Libraries,
    polyfills: BuiltPolyfills | None,
    unmendable: Container[str],
) -> RepairPlan:
    facts, catalog = before.facts, before.catalog
    dropped = tuple(libc_drops(before)) if repair.fix else ()
    moves = (*dropped, *_moves(before, adds_functions=polyfills is not None))
    context = context_of(as_promised(predict(facts, moves), promise), catalog, settings)
    directory = f"{name.distribution}{repair.lib_sdir}"
    grafting = Grafting(
        GraftSettings(directory, settings.exclude, repair.include, repair.ignores_missing),
        catalog,
        libraries,
        taken=[member.name for member in facts.members],
    )
    grafts = grafting.plan(context.linkage, is_mending=repair.fix)
    grafted = tuple(action.facts for action in grafts.actions if isinstance(action, Graft))
    files = (*context.loaded, *grafted)
    actions: list[Action] = [*moves, *grafts.actions]
    if repair.strip:
        actions += [Strip(file.path) for file in files]
    if repair.fix:
        rewrites_tls = repair.fix_tls and not _is_for_glibc_too(name, promise)
        actions += file_fixes(context, files, unmendable=unmendable, rewrites_tls=rewrites_tls)
        actions += suffix_fixes(context, is_forced=repair.fix_suffix)
    added = Polyfilling()
    if polyfills and may_want(context, grafted):
        grafted_in = context_of(as_promised(predict(facts, actions), promise), catalog, settings)
        added = polyfilling(grafted_in, directory, polyfills, unmendable)
        actions = added.behind(actions)
    new = promise if repair.update_tags else replace(name, build=promise.build)
    refused = (*grafts.refusals, *added.refusals)
    if not repair.patches and (changed := _changed_elves(actions)):
        refused = (*refused, f"--patcher none changes no ELF file, and these would be: {', '.join(changed)}")
        actions = [action for action in actions if isinstance(action, RenameMember | DropMember)]
    if actions or new != name or (repair.update_tags and _is_mislabelled(facts, name)):
        actions.append(Retag(new, updates_tags=repair.update_tags))
    return RepairPlan(tuple(actions), notes=grafts.notes, refusals=refused, left_out=grafts.left_out)


def _changed_elves(actions: Iterable[Action]) -> tuple[str, ...]:
    """Return the members that *actions* write anew, sorted."""
    return tuple(
        sorted({action.member for action in actions if isinstance(action, Graft | ElfAction | MoveBehindShim)})
    )


def _is_for_glibc_too(*names: WheelName) -> bool:
    """Whether one of *names* has a tag of glibc's, which could not run what is rewritten for musl alone."""
    return any(tag_family(tag) == "manylinux" for name in names for tag in name.platform_tags)


def _is_mislabelled(facts: WheelFacts, name: WheelName) -> bool:
    """Whether WHEEL says other tags than the file name, or calls the wheel pure; or whether there is no RECORD."""
    metadata = facts.metadata
    if any(problem.kind == ProblemKind.MISSING_RECORD for problem in facts.record_problems):
        return True
    return metadata.has_wheel_file and (metadata.root_is_purelib is not False or not has_tags_of(metadata, name))


def _moves(context: Context, *, adds_functions: bool) -> Iterator[MoveBehindShim]:
    """Yield a move for each installed program that needs a library of the wheel: no path leads there from ``bin``."""
    for load in context.loads:
        needs_library = any(isinstance(need.provider, Outside | Unreachable | Unknown) for need in load.needs)
        needs_library |= adds_functions and lacks_what_can_be_added(load, context)
        if load.is_program and needs_library and is_script(load.root.path):
            yield MoveBehindShim(load.root.path, _behind(load.root.path))


def is_script(path: str) -> bool:
    """Whether an installer puts *path* among the programs."""
    return place_of(path)[0] == "scripts"


def _behind(path: str) -> str:
    """
    Return where a program of ``*.data/scripts`` moves to.

    >>> _behind("demo-1.0.data/scripts/demo")
    'demo.scripts/demo'
    """
    data, _, name = path.split("/", 2)
    return f"{data.partition('-')[0]}.scripts/{name}"


def _above_baseline(report: Report) -> Iterator[str]:
    """Yield what `check` warns of as well: a file that not every processor of the architecture runs."""
    for finding in report.findings:
        if finding.code == ISA_RULE.code:
            yield f"{finding.code} {finding.sentence}; --disable-isa-ext-check accepts it"


def refusals(report: Report, *, told: Collection[str] = ()) -> tuple[str, ...]:
    """
    Return why *report* does not keep the promise of its musllinux tags, empty if it does.

    What was *told* already, and why, as by the search for libraries, the judge need not say again.
    """
    claims = [claim for claim in report.claims if claim.series is not None]
    if not claims:
        return ("the result would carry no musllinux tag",)
    if all(claim.kept for claim in claims):
        return ()
    errors = [
        _spell(finding)
        for finding in report.findings
        if finding.severity is Severity.ERROR and finding.code not in told
    ]
    unjudged = [f"{claim.tag} cannot be judged" for claim in claims if claim.kept is None]
    return (
        (*errors, *unjudged)
        if errors or unjudged or told
        else ("the result does not load on every release that its tag promises",)
    )


def _turned_off(report: Report) -> Iterator[str]:
    """Yield what a repair with fixes would do about *report*."""
    codes = [finding.code for finding in report.findings if finding.severity is Severity.ERROR and finding.is_mendable]
    if codes:
        yield f"--no-fix is why: repair mends {', '.join(dict.fromkeys(codes))}"


def _why_nothing_is_added(report: Report, repair: RepairSettings) -> Iterator[str]:
    """Yield which findings a polyfill would mend, if none was wanted."""
    codes = [one.code for one in report.findings if one.fix and one.fix.kind is FixKind.ADD_POLYFILL]
    if codes and not repair.polyfill:
        yield f"--no-polyfill is why: repair mends {', '.join(dict.fromkeys(codes))}"


def _why_accesses_stay(report: Report, repair: RepairSettings, *names: WheelName) -> Iterator[str]:
    """Yield why thread-local accesses that a repair can rewrite were left as they are, if that was decided."""
    if not any(one.code == TLS_RULE.code and one.fix and one.fix.automatic for one in report.findings):
        return
    if not repair.fix_tls:
        yield f"--no-fix-tls is why: repair mends {TLS_RULE.code}"
    elif _is_for_glibc_too(*names):
        yield f"its manylinux tag is why: what mends {TLS_RULE.code} works with musl alone"


def _spell(finding: Finding) -> str:
    """Return *finding* with the way out: what is left when repair itself is none."""
    return f"{finding.code} {finding.sentence}" + (f"; {finding.hint}" if finding.hint else "")

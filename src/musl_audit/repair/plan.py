"""From facts to a plan: what to graft, to mend and to rename, so that the wheel keeps the promise of its tag."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from musl_audit.audit import context_of, judge
from musl_audit.context import Context
from musl_audit.layout import place_of
from musl_audit.model import Outside, Report, Settings, Severity, Unknown, Unreachable, WheelFacts
from musl_audit.policy import Catalog
from musl_audit.ports import Libraries
from musl_audit.repair.actions import (
    Action,
    Graft,
    MoveBehindShim,
    RepairPlan,
    RepairSettings,
    Retag,
    Strip,
)
from musl_audit.repair.fixes import file_fixes, suffix_fixes
from musl_audit.repair.grafts import Grafting
from musl_audit.repair.predict import predict
from musl_audit.repair.tags import retagged, target_tag
from musl_audit.rules.musl302_isa_above_baseline import RULE as ISA_RULE


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan with what it leads to: the predicted facts, and what the judge says of them."""

    plan: RepairPlan
    predicted: WheelFacts
    report: Report


def propose(
    facts: WheelFacts,
    catalog: Catalog,
    settings: Settings,
    repair: RepairSettings,
    libraries: Libraries,
    *,
    image_plat: str | None = None,
) -> Proposal:
    """
    Return how to repair a musl wheel, and the verdict on the result.

    The plan has refusals where the result would not keep the promise of every musllinux tag it carries. Raise
    ``UsageError`` where the settings make no sense for this wheel.
    """
    plan = _plan(facts, catalog, settings, repair, libraries, image_plat)
    predicted = predict(facts, plan.actions)
    report = judge(predicted, catalog, settings)
    return Proposal(
        replace(plan, refusals=(*plan.refusals, *refusals(report, checks_isa=repair.checks_isa))), predicted, report
    )


def _plan(
    facts: WheelFacts,
    catalog: Catalog,
    settings: Settings,
    repair: RepairSettings,
    libraries: Libraries,
    image_plat: str | None,
) -> RepairPlan:
    context = context_of(facts, catalog, settings)
    if context.arch is None or facts.name is None:
        return RepairPlan(refusals=("the wheel's architecture cannot be told",))
    new_name = retagged(facts.name, target_tag(facts.name, context.arch, catalog, repair, image_plat), repair)
    moves = tuple(_moves(context))
    context = context_of(replace(predict(facts, moves), name=new_name), catalog, settings)
    directory = f"{facts.name.distribution}{repair.lib_sdir}"
    grafts = Grafting(directory, catalog, libraries, settings.exclude).plan(context.linkage, is_mending=repair.fix)
    files = (*context.loaded, *(action.facts for action in grafts.actions if isinstance(action, Graft)))
    actions: list[Action] = [*moves, *grafts.actions]
    if repair.strip:
        actions += [Strip(file.path) for file in files]
    if repair.fix:
        actions += file_fixes(context, files)
        actions += suffix_fixes(context, is_forced=repair.fix_suffix)
    if actions or new_name != facts.name:
        actions.append(Retag(new_name))
    return RepairPlan(tuple(actions), notes=grafts.notes, refusals=grafts.refusals)


def _moves(context: Context) -> Iterator[MoveBehindShim]:
    """Yield a move for each installed program that needs a library of the wheel: no path leads there from ``bin``."""
    for load in context.loads:
        needs_library = any(isinstance(need.provider, Outside | Unreachable | Unknown) for need in load.needs)
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


def refusals(report: Report, *, checks_isa: bool = False) -> tuple[str, ...]:
    """Return why *report* does not keep the promise of its musllinux tags, empty if it does."""
    claims = [claim for claim in report.claims if claim.series is not None]
    if not claims:
        return ("the result would carry no musllinux tag",)
    above = [finding for finding in report.findings if finding.code == ISA_RULE.code]
    if checks_isa and above:
        return tuple(f"{finding.code} {finding.message}; --disable-isa-ext-check accepts it" for finding in above)
    if all(claim.kept for claim in claims):
        return ()
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    unjudged = [f"{claim.tag} cannot be judged" for claim in claims if claim.kept is None]
    return (*(f"{finding.code} {finding.message}" for finding in errors), *unjudged)

"""Which functions that some promised musl lacks are added to a wheel, and how its files find them there."""

from collections.abc import Collection, Container, Iterable, Iterator
from typing import Protocol

from musl_audit.frozen import frozen
from musl_audit.judging.context import Context
from musl_audit.judging.polyfills import why_not_added
from musl_audit.loader.linkage import Load, Reference
from musl_audit.loader.search_paths import all_entries
from musl_audit.model import ElfFacts, FromLibc, Nobody, Releases
from musl_audit.repair.actions import Action, AddNeeded, AddPolyfill, SetRunpath
from musl_audit.repair.rpath import entries_inside, joined, origin_to


@frozen
class BuiltPolyfill:
    """A library of ours that defines one function; ``facts`` are under its file name."""

    name: str  # "libmusl-polyfill-qsort_r-1a2b3c4d.so"
    sha256: str
    facts: ElfFacts


class BuiltPolyfills(Protocol):
    """The polyfills that musl-audit ships for one architecture."""

    def find(self, library: str) -> BuiltPolyfill:
        """Return the library that is called so up to its digest; raise ``RepairError`` where it is damaged."""

    def read(self, name: str) -> bytes:
        """Return its bytes; raise ``RepairError`` as ``find`` does."""


@frozen
class Polyfilling:
    """What adds the missing functions, and why some cannot be added."""

    actions: tuple[AddPolyfill | AddNeeded | SetRunpath, ...] = ()
    refusals: tuple[str, ...] = ()

    def behind(self, actions: Iterable[Action]) -> list[Action]:
        """Return *actions* and these; a search path that was planned gives way to the longer one."""
        led = {action.member for action in self.actions if isinstance(action, SetRunpath)}
        return [*(act for act in actions if not (isinstance(act, SetRunpath) and act.member in led)), *self.actions]


def may_want(context: Context, grafted: Iterable[ElfFacts]) -> bool:
    """Whether files of *context*, or those *grafted*, refer to a function that can be added: cheap, and often False."""
    known = context.catalog.polyfills.by_symbol
    return any(reference.symbol.name in known for load in context.loads for reference in load.references) or any(
        symbol.name in known for file in grafted for symbol in file.undefined
    )


def polyfilling(
    context: Context, directory: str, built: BuiltPolyfills, unmendable: Container[str] = frozenset()
) -> Polyfilling:
    """
    Return what lets the files of the wheel have the functions that a promised release lacks; they go to *directory*.

    Only strong references that a relocation makes and that nothing in the load defines count; *unmendable* files stay
    as they are.
    """
    wanted = _wanted(context)
    members = {member.name.casefold() for member in context.facts.members}
    files = {file.path: file for file in context.loaded}
    added: dict[str, list[str]] = {}  # file → the polyfills that it needs
    actions: list[AddPolyfill | AddNeeded | SetRunpath] = []
    refusals: list[str] = []
    for symbol, lacking in sorted(wanted.items()):
        users = {user for user in lacking if user not in unmendable}
        if not users:
            continue
        polyfill = context.catalog.polyfills.by_symbol[symbol]
        found = built.find(polyfill.library)
        member = f"{directory}/{found.name}"
        if reasons := tuple(_refusals(symbol, member, users, context)):
            refusals += reasons
            continue
        if member.casefold() not in members:
            actions.append(
                AddPolyfill(
                    member=member,
                    symbol=symbol,
                    needed_by=tuple(sorted(users)),
                    needless_since=polyfill.needless_since,
                    sha256=found.sha256,
                    facts=found.facts,
                )
            )
        for user in users:
            added.setdefault(user, []).append(found.name)
    for path, names in sorted(added.items()):
        actions += _led(files[path], directory, names)
    return Polyfilling(tuple(actions), tuple(refusals))


def lacks_what_can_be_added(load: Load, context: Context) -> bool:
    """Whether a polyfill is wanted in *load*."""
    return any(_is_wanted(reference, load, context) for reference in load.references)


def _wanted(context: Context) -> dict[str, set[str]]:
    """Return the functions to add → the files that refer to them."""
    wanted: dict[str, set[str]] = {}
    for load in context.loads:
        for reference in load.references:
            if _is_wanted(reference, load, context):
                wanted.setdefault(reference.symbol.name, set()).add(reference.path)
    return wanted


def _is_wanted(reference: Reference, load: Load, context: Context) -> bool:
    if reference.symbol.is_weak or not _lacking(reference, context) & (context.promised or context.known):
        return False
    return why_not_added(reference, load, context) is None


def _lacking(reference: Reference, context: Context) -> Releases:
    """Return the releases on which nobody provides what *reference* is to."""
    match reference.provider:
        case FromLibc(releases=releases):
            return context.known - releases
        case Nobody():
            return context.known
        case _:
            return frozenset()


def _refusals(symbol: str, member: str, users: Collection[str], context: Context) -> Iterator[str]:
    for elf in context.facts.elves:
        if elf.path.casefold() == member.casefold() and symbol not in elf.defined:
            yield f"{symbol}: the wheel has another file where its polyfill would go, {member}"
    for user in sorted(users):
        if origin_to(user, member) is None:
            yield f"{symbol}, needed by {user}: no path leads to a polyfill from another installation tree"
    for load in context.loads:
        for file in load.files if load.is_program else ():
            if file.path in users and not any(_is_libc(soname, context) for soname in file.needed):
                yield f"{symbol}, needed by {file.path}: it does not need libc, whose own the polyfill would hide"


def _is_libc(soname: str, context: Context) -> bool:
    return context.catalog.reserved_libc_name(soname) or bool(context.arch and soname == context.arch.loader)


def _led(file: ElfFacts, directory: str, names: list[str]) -> Iterator[AddNeeded | SetRunpath]:
    """Yield what lets *file* need the polyfills *names*, and find them in *directory*."""
    for name in names:
        yield AddNeeded(file.path, name)
    way = origin_to(file.path, f"{directory}/x")
    if way is not None and way not in all_entries(file):
        yield SetRunpath(file.path, joined(entries_inside(file), [way]))

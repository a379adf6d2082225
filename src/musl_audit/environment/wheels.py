"""A wheel against an interpreter: the tags, the interpreter's facts and the judge's ladder in one sentence."""

from collections.abc import Callable, Sequence

from musl_audit.environment.fit import Fit, fit
from musl_audit.environment.rules.env001_static_interpreter import RULE as STATIC_RULE
from musl_audit.environment.values import Interpreter, WheelAnswer
from musl_audit.frozen import frozen, replace
from musl_audit.judging.audit import judge
from musl_audit.judging.loads_at import missing_library, outside_libraries
from musl_audit.judging.rules import rule_of
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.judging.rules.musl101_symbol_missing_in_promised_release import RULE as SYMBOL_RULE
from musl_audit.judging.rules.musl202_external_library import RULE as GRAFT_RULE
from musl_audit.judging.rules.musl301_arch_mismatch import RULE as ARCH_RULE
from musl_audit.judging.rules.musl304_extension_suffix import RULE as SUFFIX_RULE
from musl_audit.judging.settings import Settings
from musl_audit.loader.extension_suffixes import module_of, suffix_of
from musl_audit.loader.libc_names import Libc
from musl_audit.loader.linkage import link
from musl_audit.model import ElfKind, Loads, Report, WheelFacts
from musl_audit.policy import Catalog


@frozen
class Target:
    """The interpreter that wheels are held against, and what it can reach."""

    interpreter: Interpreter
    accepted: Sequence[str]  # tags, best first
    platforms: Sequence[str]
    has_library: Callable[[str], bool]  # whether the loader would find a library of that name on the system
    libc_exports: frozenset[str] | None = None  # of the very loader; None: not read


@frozen
class _Load:
    """Whether everything in a wheel loads, and what is in the way."""

    loads: bool | None
    said: str
    rule: Rule | None = None  # that names what is in the way
    members: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


def answer(path: str, facts: WheelFacts, target: Target, catalog: Catalog, requires_python: str | None) -> WheelAnswer:
    """Return whether the installer takes the wheel at *path*, and whether it then loads."""
    taken = fit(facts.name, target.interpreter, target.accepted, target.platforms, requires_python)
    load = _load(facts, target, catalog)
    return WheelAnswer(
        path=path,
        filename=facts.filename,
        sentence=_sentence(taken, load),
        installs=taken.installs,
        tag=taken.tag if taken.installs else None,
        why_not=taken.why_not,
        loads=load.loads,
        code=load.rule.code if load.rule else None,
        members=load.members,
        symbols=load.symbols,
        libraries=load.libraries,
        report=judge(facts, catalog),
    )


def report_here(facts: WheelFacts, catalog: Catalog, has_library: Callable[[str], bool]) -> Report:
    """Return the judge's report, the libraries that are on the system being no obstacle."""
    report = judge(facts, catalog)
    there = tuple(soname for soname in outside_libraries(report) if has_library(soname))
    return judge(facts, catalog, replace(Settings(), exclude=there)) if there else report


def _sentence(taken: Fit, load: _Load) -> str:
    if taken.installs:
        tag = (taken.tag or "").rpartition("-")[2]
        return f"pip will install it: {tag}; {load.said}"
    if taken.installs is None:
        return f"whether pip will install it cannot be told: {taken.why_not}; {load.said}"
    is_told = load.rule is None or load.rule.is_told_by_tags
    nor = f"; and if it were installed, {load.said}" if load.loads is False and not is_told else ""
    return f"pip will not install it: {taken.why_not}{nor}"


def _load(facts: WheelFacts, target: Target, catalog: Catalog) -> _Load:
    """Return whether the binaries of a wheel load in the interpreter; the first obstacle on the way is the answer."""
    interpreter = target.interpreter
    dynamic = [elf for elf in facts.elves if elf.is_dynamic]
    if not dynamic:
        return _Load(loads=True, said="nothing in it asks for a dynamic loader")
    if interpreter.libc is Libc.STATIC:
        modules = tuple(elf.path for elf in dynamic if elf.kind is not ElfKind.EXECUTABLE)
        return _fails("a static interpreter cannot load any extension module", STATIC_RULE, modules)
    if interpreter.libc is not Libc.MUSL or interpreter.arch is None:
        return _Load(loads=None, said=f"whether it loads is not judged: this Python runs on {interpreter.libc}")
    report = report_here(facts, catalog, target.has_library)
    verdict = report.verdict
    if verdict.arch != interpreter.arch:
        arch = verdict.arch or "no known architecture"
        paths = tuple(elf.path for elf in dynamic)
        return _fails(f"its binaries are for {arch}, this Python is for {interpreter.arch}", ARCH_RULE, paths)
    if interpreter.musl not in verdict.known:
        release = interpreter.musl or "its release"
        return _Load(loads=None, said=f"whether it loads is not judged: the policies know nothing of musl {release}")
    return _lacking(report, target) or _obstacle(report, target) or _judgement(facts, report, target, catalog)


def _fails(
    why: str,
    rule: Rule,
    members: tuple[str, ...] = (),
    *,
    symbols: tuple[str, ...] = (),
    libraries: tuple[str, ...] = (),
) -> _Load:
    """Return the answer of a wheel that is in vain; a crash is another thing than an exception."""
    said = f"it will {'crash at import' if rule.crashes else 'fail to import'}: {why} ({rule.code})"
    return _Load(loads=False, said=said, rule=rule, members=members, symbols=symbols, libraries=libraries)


def _lacking(report: Report, target: Target) -> _Load | None:
    """Return the answer about a wheel that needs a library which is not there."""
    item = missing_library(report, target.has_library)
    if item is None:
        return None
    why = f"{spell(item.needed_by, 2)} needs {item.soname}, which is not on this system"
    return _fails(why, GRAFT_RULE, item.needed_by, libraries=(item.soname,))


def _obstacle(report: Report, target: Target) -> _Load | None:
    """Return the evidence that decided about the interpreter's release."""
    found = [item for item in report.verdict.decided_by if target.interpreter.musl in item.fails_on]
    if not found:
        return None
    first = min(found, key=lambda item: not rule_of(item.code).crashes)
    rule = rule_of(first.code)
    why = f"{rule.phrase.of(first.members, first.symbols)}, and this is musl {target.interpreter.musl}"
    return _fails(why, rule, first.members, symbols=first.symbols)


def _judgement(facts: WheelFacts, report: Report, target: Target, catalog: Catalog) -> _Load:
    """Return the answer where the ladder has no objection: file names, and the symbols of this very libc, remain."""
    musl = target.interpreter.musl
    if strangers := _not_imported(facts, target.interpreter.suffixes):
        shown = spell(sorted({f"…{suffix}" for _, suffix in strangers}), 2)
        why = f"this Python looks for modules named {spell(target.interpreter.suffixes)}, not {shown}"
        return _fails(why, SUFFIX_RULE, tuple(path for path, _ in strangers))
    if absent := _absent_symbols(facts, target, catalog):
        why = f"it needs {spell(absent)}, which musl {musl} has, but the one on this system has not"
        return _fails(why, SYMBOL_RULE, symbols=absent)
    if report.verdict.loads is Loads.UNKNOWN:
        return _Load(loads=None, said=f"as far as can be told, it loads on musl {musl}")
    return _Load(loads=True, said=f"it loads on musl {musl}")


def _not_imported(facts: WheelFacts, suffixes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return path and suffix of the modules of which an interpreter that looks for *suffixes* imports no copy."""
    copies: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for elf in facts.elves:
        if suffixes and elf.kind is ElfKind.EXTENSION and (module := module_of(elf)):
            copies.setdefault(module, []).append((elf.path, suffix_of(elf)))
    lost = (group for group in copies.values() if all(suffix not in suffixes for _, suffix in group))
    return tuple(copy for group in lost for copy in group)


def _absent_symbols(facts: WheelFacts, target: Target, catalog: Catalog) -> tuple[str, ...]:
    """Return the symbols that the release of musl has and the loader at hand has not: Debian's lacks ``crypt``."""
    arch, musl = target.interpreter.arch, target.interpreter.musl
    if target.libc_exports is None or arch is None or musl is None:
        return ()
    needed: set[str] = set()
    for load in link(facts, catalog.arches[arch], catalog).loads:
        provided = frozenset[str]().union(*(file.defined for file in load.files))
        open_symbols = (symbol for file in load.files for symbol in file.undefined if symbol.name not in provided)
        needed.update(symbol.name for symbol in open_symbols if symbol.is_referenced and not symbol.is_weak)
    return tuple(sorted(needed & catalog.symbols(arch).exports_of(musl) - target.libc_exports))

"""
From the facts of an installed project to the answer whether it loads here: by the rules that judge wheels.

A rule says on which releases something fails; here only one release counts, and the libc's own exports.
"""

from collections.abc import Iterable, Sequence
from functools import cache, cached_property

from musl_audit.environment.installed.linkage import Files, Process, System, SystemLinker, link, own_files
from musl_audit.environment.installed.values import (
    Deed,
    FileAnswer,
    InstalledAnswer,
    Origin,
    Outcome,
    Project,
    ProjectFacts,
)
from musl_audit.environment.values import Interpreter
from musl_audit.frozen import frozen, replace
from musl_audit.judging.audit import finding_of
from musl_audit.judging.context import Context
from musl_audit.judging.rules import WheelRule, all_rules, rule_of
from musl_audit.judging.rules.base import spell
from musl_audit.judging.rules.musl201_needs_glibc import RULE as NEEDS_GLIBC
from musl_audit.judging.rules.musl304_extension_suffix import RULE as SUFFIX
from musl_audit.judging.verdict import decide, external_libraries, required
from musl_audit.loader.extension_suffixes import module_of, suffix_of
from musl_audit.loader.libc_names import is_glibc_loader
from musl_audit.loader.linkage import Linkage
from musl_audit.model import (
    ElfFacts,
    ElfKind,
    Finding,
    FixKind,
    MuslVersion,
    Report,
    Statement,
    Verdict,
    WheelFacts,
    WheelKind,
)
from musl_audit.policy import Catalog


@frozen
class Judge:
    """What installed projects are held against: one interpreter, or, without it, the programs of a system."""

    catalog: Catalog
    system: System
    files: Files
    python: Interpreter | None = None
    place: str = ""  # how the system is called: "Alpine 3.14"

    def prepare(self) -> None:
        """Find out what every answer needs: before processes fork, which would do so each by itself."""
        _ = self._provided
        _deciding_rules()

    @cached_property
    def _process(self) -> Process | None:
        """The interpreter, once it was started."""
        if self.python is None or not self.python.elf.is_dynamic:
            return None
        plain = SystemLinker(self.system, self.files, self.catalog)
        return plain.process(replace(self.python.elf, path=self.python.executable))

    @cached_property
    def _provided(self) -> frozenset[str]:
        """What libc and the interpreter export."""
        return self.system.exports | (self._process.exports if self._process is not None else frozenset())

    def answer(self, facts: ProjectFacts) -> InstalledAnswer:
        """Return whether *facts*, those of an installed project, load here."""
        modules = _modules(facts.elves, self.python.suffixes if self.python else ())
        own = own_files(facts.elves, facts.links)
        linker = SystemLinker(self.system, self.files, self.catalog, self._process, provided=self._provided, own=own)
        linkage = link(facts.elves, linker, own, modules.imported)
        context = self._context(facts, linkage, modules)
        stated = tuple(item for rule in _deciding_rules() for item in rule.check(context))
        found = (*self._strangers(facts, modules), *self._loaders(linkage), *self._hits(stated))
        verdict = decide(context, stated, floors={})
        report = self._report(facts.project, verdict, found, linkage)
        return self._answered(facts, report, stated, _outcomes(linkage, report.findings))

    def _context(self, facts: ProjectFacts, linkage: Linkage, modules: "_Modules") -> Context:
        """Return the view that rules read: what is loaded, the libraries of the system included."""
        left_out = modules.others | modules.lost
        files = {elf.path: elf for elf in facts.elves if elf.path not in left_out}
        files |= {file.path: file for load in linkage.loads for file in load.files}
        seen = WheelFacts(
            filename=facts.project.spelled,
            name=None,
            sha256="",
            size=0,
            elves=tuple(files[path] for path in sorted(files)),
            elf_problems=facts.elf_problems,
        )
        return Context(seen, self.catalog, arch=self.system.arch, claims=(), linkage=linkage)

    def _hits(self, stated: Iterable[Statement]) -> Iterable[Statement]:
        """Yield what fails on the release that is there."""
        here = frozenset({self.system.musl})
        return (replace(item, fails_on=here) for item in stated if self.system.musl in item.fails_on)

    def _strangers(self, facts: ProjectFacts, modules: "_Modules") -> Iterable[Statement]:
        """Yield a finding for the modules that this Python does not find, though an installer put them there."""
        suffixes = self.python.suffixes if self.python else ()
        lost = [elf for elf in facts.elves if elf.path in modules.lost and not self._has_source(elf.path)]
        if facts.project.origin is not Origin.RECORD or not lost:
            return
        shown = spell(sorted({f"…{suffix_of(elf)}" for elf in lost}), 2)
        yield SUFFIX.states(
            f"this Python looks for modules named {spell(suffixes)}, not {shown}",
            members=(elf.path for elf in lost),
            fails_on=frozenset({self.system.musl}),
            hint="install the build for this Python",
        )

    def _has_source(self, path: str) -> bool:
        """Whether Python finds a source file in place of the module at *path*."""
        folder, _, name = path.rpartition("/")
        return self.files.found(f"{folder}/{name.partition('.')[0]}.py") is not None

    def _loaders(self, linkage: Linkage) -> Iterable[Statement]:
        """Yield a finding for the programs whose loader is not there: the kernel says "not found"."""
        lost: dict[str, list[str]] = {}
        for load in linkage.loads:
            asked = load.root.interpreter if load.is_program else None
            if asked and not is_glibc_loader(asked.rpartition("/")[2]) and self.files.found(asked) is None:
                lost.setdefault(asked, []).append(load.root.path)
        for asked, paths in sorted(lost.items()):
            yield NEEDS_GLIBC.states(
                f"its loader {asked} does not exist here",
                members=paths,
                libraries=[asked],
                fails_on=frozenset({self.system.musl}),
                hint="install the system that it was built for",
            )

    def _report(self, project: Project, verdict: Verdict, found: Iterable[Statement], linkage: Linkage) -> Report:
        findings = sorted(
            map(finding_of, found), key=lambda item: (not rule_of(item.code).crashes, item.code, item.members)
        )
        return Report(
            path=project.metadata,
            filename=project.spelled,
            sha256="",
            name=None,
            kind=WheelKind.OTHER,
            claims=(),
            verdict=verdict,
            findings=tuple(findings),
            external_libraries=external_libraries(linkage),
        )

    def _answered(
        self, facts: ProjectFacts, report: Report, stated: Iterable[Statement], files: tuple[FileAnswer, ...]
    ) -> InstalledAnswer:
        binaries = sum(elf.kind is not ElfKind.RELOCATABLE for elf in facts.elves) + len(facts.elf_problems)
        loads = None if facts.unread else True
        answer = InstalledAnswer(
            project=facts.project,
            binaries=binaries,
            loads=False if report.findings else loads,
            report=report,
            files=files,
            missing=facts.missing,
            changed=facts.changed,
            unread=facts.unread,
            notes=facts.notes,
        )
        if not report.findings:
            return answer
        needed = self._needed(stated)
        subject = _subject(facts.project, files)
        deed, reason = _deed(facts, files), self._reason(report, needed)
        is_several = facts.project.origin is Origin.FILES and len(_broken(files)) > 1
        return replace(
            answer,
            deed=deed,
            reason=reason,
            subject=subject,
            is_several=is_several,
            sentence=f"{subject} {deed.of(is_several)} here: {reason}",
            needed=needed,
            is_mendable=all(map(_is_mendable_here, report.findings)),
        )

    def _needed(self, stated: Iterable[Statement]) -> MuslVersion | None:
        """Return the release from which on what a later release brings is there; None where that is no help."""
        by_release = [item for item in stated if rule_of(item.code).is_outgrown and self.system.musl in item.fails_on]
        failing = frozenset[MuslVersion]().union(*(item.fails_on for item in by_release))
        needed = required(tuple(sorted(self.system.known)), self.system.known - failing) if by_release else None
        return needed if needed is not None and needed > self.system.musl else None

    def _reason(self, report: Report, needed: MuslVersion | None) -> str:
        """Return why, in the words of a person: the release that is needed, then what else is in the way."""
        here = f"this is {self.system.musl}" + (f" ({self.place})" if self.place else "")
        said = [f"it needs musl {needed}, {here}"] if needed is not None else []
        left = [item for item in report.findings if not (said and rule_of(item.code).is_outgrown)]
        said += dict.fromkeys(map(self._phrase, left))
        return "; ".join(said)

    def _phrase(self, finding: Finding) -> str:
        rule = rule_of(finding.code)
        if not rule.here:
            return rule.phrase.of([_base(path) for path in finding.members], finding.symbols)
        return rule.here.format(
            message=finding.message,
            symbols=spell(finding.symbols, 2),
            libraries=spell(finding.libraries, 2),
            musl=self.system.musl,
        )


def _is_mendable_here(finding: Finding) -> bool:
    """Whether a repair mends it here; what it would graft is not on this system."""
    return finding.is_mendable and finding.fix is not None and finding.fix.kind is not FixKind.GRAFT


@cache
def _deciding_rules() -> tuple[WheelRule, ...]:
    return tuple(rule for rule in all_rules() if rule.rule.tells_releases)


@frozen
class _Modules:
    """The extension modules that an interpreter opens; copies that it passes by; those of which it opens no copy."""

    imported: frozenset[str]
    others: frozenset[str]
    lost: frozenset[str]


def _modules(elves: Iterable[ElfFacts], suffixes: Sequence[str]) -> _Modules:
    """Tell the extension modules apart, as an interpreter that looks for *suffixes*, the best first, does."""
    copies: dict[tuple[str, ...], list[ElfFacts]] = {}
    imported, others, lost = set[str](), set[str](), set[str]()
    for elf in elves:
        if elf.kind is not ElfKind.EXTENSION:
            continue
        if suffixes and (module := module_of(elf)):
            copies.setdefault(module, []).append(elf)
        else:
            imported.add(elf.path)  # no module by its name: somebody opens it
    for group in copies.values():
        chosen = min(group, key=lambda elf: _rank(elf, suffixes))
        is_found = suffix_of(chosen) in suffixes
        imported.update([chosen.path] if is_found else [])
        (others if is_found else lost).update(elf.path for elf in group if elf is not chosen or not is_found)
    return _Modules(frozenset(imported), frozenset(others), frozenset(lost))


def _rank(elf: ElfFacts, suffixes: Sequence[str]) -> int:
    suffix = suffix_of(elf)
    return suffixes.index(suffix) if suffix in suffixes else len(suffixes)


def _outcomes(linkage: Linkage, findings: Sequence[Finding]) -> tuple[FileAnswer, ...]:
    """
    Return what becomes of each root.

    The loader looks for libraries first and for symbols next; only what passes both can crash.
    """
    answers = []
    for load in linkage.loads:
        paths = {file.path for file in load.files}
        codes = sorted({item.code for item in findings if not paths.isdisjoint(item.members)})
        ends = Outcome.CRASHES if all(rule_of(code).crashes for code in codes) else Outcome.REFUSED
        outcome = ends if codes else Outcome.LOADS
        answers.append(FileAnswer(load.root.path, outcome, tuple(codes)))
    return tuple(sorted(answers, key=lambda answer: answer.path))


def _broken(files: Iterable[FileAnswer]) -> list[FileAnswer]:
    return [answer for answer in files if answer.outcome is not Outcome.LOADS]


def _subject(project: Project, files: Iterable[FileAnswer]) -> str:
    """Return what a sentence speaks of: a project, or, where there is none, the files."""
    if project.origin is not Origin.FILES:
        return project.spelled
    broken = [_base(answer.path) for answer in _broken(files)]
    return f"{spell(broken, 2)} in {project.folder}" if broken else project.folder


def _deed(facts: ProjectFacts, files: Iterable[FileAnswer]) -> Deed:
    """Return what happens: a crash is another thing than an exception, a program another than a module."""
    kinds = {elf.path: elf.kind for elf in facts.elves}
    broken = _broken(files)
    hurt = {kinds.get(answer.path) for answer in broken}
    is_program = hurt == {ElfKind.EXECUTABLE}
    if hurt == {ElfKind.LIBRARY} or (facts.project.origin is Origin.FILES and len(hurt) > 1):
        return Deed.DOES_NOT_LOAD
    if any(answer.outcome is Outcome.CRASHES for answer in broken):
        return Deed.CRASHES_WHEN_STARTED if is_program else Deed.CRASHES_AT_IMPORT
    return Deed.DOES_NOT_START if is_program else Deed.FAILS_TO_IMPORT


def _base(path: str) -> str:
    return path.rpartition("/")[2]

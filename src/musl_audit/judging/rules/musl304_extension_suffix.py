"""
An extension module has a file name that some interpreter of the wheel's tags does not import.

CPython looks for ``NAME`` plus one of a few suffixes: its own (``.cpython-312-x86_64-linux-musl.so``),
``.abi3.so``, and ``.so``; a free-threaded one has a ``t`` behind the version. From 3.15 on ``.abi3t.so`` and,
with the platform's triplet, ``.abi3-x86_64-linux-musl.so`` are looked for, too. A file with another version,
another triplet or glibc's (``-linux-gnu``) is not found: the import fails with ``ModuleNotFoundError``,
whatever the loader would say.

CPython 3.10 and older knew no musl: built from its own sources it wants ``-linux-gnu`` even on musl, and Alpine's
patched builds, which want ``-linux-musl``, accept it since Alpine 3.14. So that one is fine there, ``-linux-musl``
is a warning, and plain ``.so`` pleases all. A module that is in the wheel in another importable copy is fine. Where
a ``.py`` of the same name lies beside a module that is not imported, Python imports that: a warning, for it works.

``musl-audit repair`` renames what has the wrong platform in its name and nothing else: to musl's triplet, to
``.abi3.so``, and with ``--fix-suffix``, for CPython 3.10 and older, to plain ``.so``. A module that was built for
another version is not mended by a name.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, MANUAL, Rule, spell
from musl_audit.loader.extension_suffixes import Cure, admitted_pythons, imports, module_of, suffix_of
from musl_audit.model import ElfFacts, ElfKind, Fix, FixKind, Severity, Statement
from musl_audit.wheel.installed_tree import Place, place_of

RULE = Rule(
    "MUSL304",
    "extension-suffix",
    Severity.ERROR,
    "rename it to what the interpreter's EXT_SUFFIX says",
    Fix(FixKind.RENAME_EXTENSION, automatic=True, command=BY_REPAIR),
    is_told_by_tags=True,
    blocks_import=True,
    here="{message}",
)
_CURES = {
    Cure.RENAME: (RULE.hint, RULE.fix),
    Cure.CHOOSE: ("run `musl-audit repair --fix-suffix`, or rename it to plain .so", Fix(FixKind.RENAME_EXTENSION)),
    Cure.REBUILD: (
        "build it with the interpreter that the tag names, or name in the tag the one that built it",
        MANUAL,
    ),
}


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each reason."""
    if context.arch is None or context.facts.name is None:
        return
    modules: dict[tuple[str, ...], list[ElfFacts]] = {}
    for elf in context.facts.elves:
        if elf.kind is ElfKind.EXTENSION and context.arch.is_machine_of(elf.identity) and (name := module_of(elf)):
            modules.setdefault(name, []).append(elf)
    sources: frozenset[Place] | None = None  # of hardly any wheel has anybody to ask
    reasons: dict[tuple[bool, str, Cure], set[str]] = {}
    for python in admitted_pythons(context.facts.name):
        for name, copies in modules.items():
            answers = {elf.path: imports(python, suffix_of(elf), context.arch.triplet) for elf in copies}
            if all(answer.why_not for answer in answers.values()):
                sources = _sources(context) if sources is None else sources
                has_source = (*name[:-1], f"{name[-1]}.py") in sources
                for path, answer in answers.items():
                    said = answer.why_not + ("; the .py beside it is imported instead" if has_source else "")
                    reasons.setdefault((answer.is_certain and not has_source, said, answer.cure), set()).add(path)
    for (is_certain, reason, cure), paths in sorted(reasons.items(), key=_place):
        shown = sorted({"…" + suffix_of(elf) for elf in context.facts.elves if elf.path in paths})
        severity = Severity.ERROR if is_certain else Severity.WARNING
        hint, fix = _CURES[cure]
        yield RULE.states(f"{spell(shown)}: {reason}", members=paths, severity=severity, hint=hint, fix=fix)


def _sources(context: Context) -> frozenset[Place]:
    """Return where modules of Python's own language are installed."""
    return frozenset([place_of(member.name) for member in context.facts.members if member.name.endswith(".py")])


def _place(row: tuple[tuple[bool, str, Cure], set[str]]) -> tuple[bool, str, str]:
    (is_certain, reason, cure), _ = row
    return is_certain, reason, cure.value

"""
An extension module has a file name that some interpreter of the wheel's tags does not import.

CPython looks for ``NAME`` plus one of a few suffixes: its own (``.cpython-312-x86_64-linux-musl.so``),
``.abi3.so``, and ``.so``; a free-threaded one has a ``t`` behind the version. From 3.15 on ``.abi3t.so`` and,
with the platform's triplet, ``.abi3-x86_64-linux-musl.so`` are looked for, too. A file with another version,
another triplet or glibc's (``-linux-gnu``) is not found: the import fails with ``ModuleNotFoundError``,
whatever the loader would say.

CPython 3.10 and older knew no musl: built from its own sources it wants ``-linux-gnu`` even on musl, while
Alpine's patched builds want ``-linux-musl``. Either is a warning there; plain ``.so`` pleases both. A module
that is in the wheel in another importable copy is fine.

``musl-audit repair`` renames what has the wrong platform in its name and nothing else: to musl's triplet, to
``.abi3.so``, and with ``--fix-suffix``, for CPython 3.10 and older, to plain ``.so``. A module that was built for
another version is not mended by a name.
"""

import re
from collections.abc import Iterator

from musl_audit.frozen import frozen
from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, MANUAL, Rule, spell
from musl_audit.model import ElfFacts, ElfKind, Fix, FixKind, Severity, Statement, WheelName
from musl_audit.wheel.installed_tree import place_of

RULE = Rule(
    "MUSL304",
    "extension-suffix",
    Severity.ERROR,
    "rename it to what the interpreter's EXT_SUFFIX says",
    Fix(FixKind.RENAME_EXTENSION, automatic=True, command=BY_REPAIR),
)
_CURES = {
    "rename": (RULE.hint, RULE.fix),
    "choose": ("run `musl-audit repair --fix-suffix`, or rename it to plain .so", Fix(FixKind.RENAME_EXTENSION)),
    "rebuild": ("build it with the interpreter that the tag names, or name in the tag the one that built it", MANUAL),
}
_FIRST_WITH_MUSL_TRIPLET = 11  # CPython 3.11: configure tells musl from glibc
_FIRST_WITH_ABI3_TRIPLET = 15
_VERSION = re.compile(r"cp3([0-9]{1,2})")
_ABI = re.compile(r"cp3([0-9]{1,2})(t?)m?")
_SUFFIX = re.compile(r"\.(?:cpython-3(?P<minor>[0-9]+)(?P<flags>[a-z]*)|(?P<stable>abi3t?))(?:-(?P<triplet>.+))?\.so")


@frozen
class Interpreter:
    """A CPython 3 that a wheel's tags admit; for a stable ABI the oldest one."""

    minor: int
    is_free_threaded: bool = False
    is_oldest: bool = False  # and every later one as well
    is_patched: bool = True  # 3.10 and older: built with Alpine's patches, which tell musl from glibc


@frozen
class Answer:
    """
    Whether an interpreter imports a file; ``is_certain`` is False where it depends on who built it.

    ``cure``: ``rename``; ``choose`` a name that every build imports; ``rebuild``, where no name helps.
    """

    why_not: str = ""
    is_certain: bool = True
    cure: str = "rename"


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each reason."""
    if context.arch is None or context.facts.name is None:
        return
    modules: dict[tuple[str, ...], list[ElfFacts]] = {}
    for elf in context.facts.elves:
        if elf.kind is ElfKind.EXTENSION and context.arch.is_machine_of(elf.identity) and (name := module_of(elf)):
            modules.setdefault(name, []).append(elf)
    reasons: dict[tuple[bool, str, str], set[str]] = {}
    for interpreter in interpreters(context.facts.name):
        for copies in modules.values():
            answers = {elf.path: imports(interpreter, suffix_of(elf), context.arch.triplet) for elf in copies}
            if all(answer.why_not for answer in answers.values()):
                for path, answer in answers.items():
                    reasons.setdefault((answer.is_certain, answer.why_not, answer.cure), set()).add(path)
    for (is_certain, reason, cure), paths in sorted(reasons.items()):
        shown = sorted({"…" + suffix_of(elf) for elf in context.facts.elves if elf.path in paths})
        severity = Severity.ERROR if is_certain else Severity.WARNING
        hint, fix = _CURES[cure]
        yield RULE.states(f"{spell(shown)}: {reason}", members=paths, severity=severity, hint=hint, fix=fix)


def module_of(elf: ElfFacts) -> tuple[str, ...]:
    """Return the installed place of the module that *elf* is, empty where its name and its ``PyInit_`` do not agree."""
    *above, base = place_of(elf.path)
    name = base.partition(".")[0]
    is_module = base.endswith(".so") and not elf.defined.isdisjoint({f"PyInit_{name}", f"PyInitU_{name}"})
    return (*above, name) if is_module else ()


def suffix_of(elf: ElfFacts) -> str:
    """Return all of the file name from its first dot on."""
    base = elf.path.rpartition("/")[2]
    return base[base.index(".") :] if "." in base else ""


def interpreters(name: WheelName) -> Iterator[Interpreter]:
    """
    Yield the interpreters that the tags of *name* admit, as far as the suffix decides about them.

    Nothing is yielded for PyPy, GraalPy and the ABI tag ``none``: what these admit does not follow from the tags.
    """
    for abi in name.abi_tags:
        if match := _ABI.fullmatch(abi):
            minor = int(match[1])
            for is_patched in (True,) if minor >= _FIRST_WITH_MUSL_TRIPLET else (True, False):
                yield Interpreter(minor, is_free_threaded=bool(match[2]), is_patched=is_patched)
        if abi in ("abi3", "abi3t"):
            for python in name.python_tags:
                if version := _VERSION.fullmatch(python):
                    yield Interpreter(int(version[1]), is_free_threaded=abi == "abi3t", is_oldest=True)


def imports(interpreter: Interpreter, suffix: str, triplet: str) -> Answer:
    """
    Return whether *interpreter*, on a musl system with *triplet*, imports a module with *suffix*.

    >>> imports(Interpreter(12), ".cpython-312-x86_64-linux-gnu.so", "x86_64-linux-musl").why_not
    'CPython 3.12 looks for x86_64-linux-musl'
    >>> imports(Interpreter(12), ".abi3.so", "x86_64-linux-musl").why_not
    ''
    """
    if suffix == ".so":
        return Answer()
    match = _SUFFIX.fullmatch(suffix)
    if match is None:
        return Answer(f"{_spell(interpreter)} does not look for this suffix", cure="rebuild")
    if match["stable"]:
        return _imports_stable(interpreter, match["stable"], match["triplet"], triplet)
    wanted = f"{interpreter.minor}{'t' if interpreter.is_free_threaded else ''}"
    if interpreter.is_oldest or f"{match['minor']}{match['flags'].replace('m', '')}" != wanted:
        found = f"{match['minor']}{match['flags']}"
        return Answer(f"{_spell(interpreter)} does not import a module built for 3.{found}", cure="rebuild")
    return _imports_triplet(interpreter, match["triplet"], triplet)


def _imports_triplet(interpreter: Interpreter, found: str | None, triplet: str) -> Answer:
    camps = {triplet: "only Alpine's patched builds", triplet.replace("-musl", "-gnu"): "only unpatched builds"}
    if found == (triplet if interpreter.is_patched else triplet.replace("-musl", "-gnu")):
        return Answer()
    if interpreter.minor >= _FIRST_WITH_MUSL_TRIPLET:
        return Answer(f"{_spell(interpreter)} looks for {triplet}")
    if found is None or found not in camps:
        return Answer(f"{_spell(interpreter)} looks for {triplet}", cure="choose")
    return Answer(f"{camps[found]} of CPython 3.{interpreter.minor} import it", is_certain=False, cure="choose")


def _imports_stable(interpreter: Interpreter, abi: str, found: str | None, triplet: str) -> Answer:
    if abi == "abi3t" and interpreter.minor < _FIRST_WITH_ABI3_TRIPLET:
        return Answer(f"CPython 3.{interpreter.minor} does not know .abi3t: 3.15 is the first", cure="rebuild")
    if abi == "abi3" and interpreter.is_free_threaded:
        return Answer("a free-threaded CPython does not import .abi3", cure="rebuild")
    if found is not None and found != triplet:
        return Answer(f"{_spell(interpreter)} looks for {triplet}")
    if found is not None and interpreter.minor < _FIRST_WITH_ABI3_TRIPLET:
        return Answer(f"CPython 3.{interpreter.minor} does not know .{abi} with a triplet: 3.15 is the first")
    return Answer()


def _spell(interpreter: Interpreter) -> str:
    kind = "free-threaded CPython" if interpreter.is_free_threaded else "CPython"
    return f"{kind} 3.{interpreter.minor}" + (" and later" if interpreter.is_oldest else "")

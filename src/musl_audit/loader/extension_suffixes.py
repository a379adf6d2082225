"""Which file names of extension modules a CPython imports: its own suffixes, and those of the Pythons of a tag."""

import re
from collections.abc import Iterator
from enum import Enum

from musl_audit.frozen import frozen
from musl_audit.model import ElfFacts, WheelName
from musl_audit.wheel.installed_tree import place_of

FIRST_WITH_MUSL_TRIPLET = 11  # CPython 3.11: configure tells musl from glibc
FIRST_WITH_ABI3_TRIPLET = 15
_VERSION = re.compile(r"cp3([0-9]{1,2})")
_ABI = re.compile(r"cp3([0-9]{1,2})(t?)m?")
_SUFFIX = re.compile(r"\.(?:cpython-3(?P<minor>[0-9]+)(?P<flags>[a-z]*)|(?P<stable>abi3t?))(?:-(?P<triplet>.+))?\.so")


@frozen
class AdmittedPython:
    """A CPython 3 that a wheel's tags admit; for a stable ABI the oldest one."""

    minor: int
    is_free_threaded: bool = False
    is_oldest: bool = False  # and every later one as well
    is_patched: bool = True  # 3.10 and older: built with Alpine's patches, which tell musl from glibc


class Cure(Enum):
    """What makes an extension importable that is not."""

    RENAME = "rename"
    CHOOSE = "choose"  # a name that every build imports
    REBUILD = "rebuild"  # no name helps


@frozen
class ImportAnswer:
    """Whether an interpreter imports a file; ``is_certain`` is False where it depends on who built it."""

    why_not: str = ""
    is_certain: bool = True
    cure: Cure = Cure.RENAME


def extension_suffixes(
    soabi: str | None, version: tuple[int, int] | None, *, triplet: str | None, is_free_threaded: bool = False
) -> tuple[str, ...]:
    """
    Return the suffixes of extension modules that CPython tries, in order.

    >>> extension_suffixes("cpython-311-x86_64-linux-musl", (3, 11), triplet="x86_64-linux-musl")
    ('.cpython-311-x86_64-linux-musl.so', '.abi3.so', '.so')
    """
    if soabi is None:
        return ()
    own = f".{soabi}.so"
    if not soabi.startswith("cpython-"):
        return (own, ".so")
    stable = ["abi3t"] if is_free_threaded else ["abi3"]
    if version is None or version < (3, FIRST_WITH_ABI3_TRIPLET):
        return (own, *(() if is_free_threaded else (".abi3.so",)), ".so")
    if not is_free_threaded:
        stable.append("abi3t")  # PEP 803: modules for both builds
    with_triplet = tuple(f".{name}-{triplet}.so" for name in stable) if triplet else ()
    return (own, *with_triplet, *(f".{name}.so" for name in stable), ".so")


def triplet_of(soabi: str) -> str:
    """
    Return the platform's part of a SOABI.

    >>> triplet_of("cpython-311-x86_64-linux-musl"), triplet_of("cpython-36m")
    ('x86_64-linux-musl', '')
    """
    _, _, rest = soabi.partition("-")
    return rest.partition("-")[2]


def flags_of(soabi: str) -> str:
    """
    Return the flags of a build in its SOABI: ``t`` free-threaded, ``d`` debug.

    >>> flags_of("cpython-314t-x86_64-linux-musl"), flags_of("cpython-312-x86_64-linux-musl")
    ('t', '')
    """
    return soabi.removeprefix("cpython-").partition("-")[0].lstrip("0123456789")


def module_of(elf: ElfFacts) -> tuple[str, ...]:
    """Return the installed place of the module that *elf* is, empty where its name and its ``PyInit_`` do not agree."""
    *above, base = place_of(elf.path)
    name = base.partition(".")[0]
    initializers = (f"PyInit_{name}", f"PyInitU_{name}")
    is_module = base.endswith(".so") and any(elf.select_defined(frozenset({one})) for one in initializers)
    return (*above, name) if is_module else ()


def suffix_of(elf: ElfFacts) -> str:
    """Return all of the file name from its first dot on."""
    base = elf.path.rpartition("/")[2]
    return base[base.index(".") :] if "." in base else ""


def admitted_pythons(name: WheelName) -> Iterator[AdmittedPython]:
    """
    Yield the interpreters that the tags of *name* admit, as far as the suffix decides about them.

    Nothing is yielded for PyPy, GraalPy and the ABI tag ``none``: what these admit does not follow from the tags.
    """
    for abi in name.abi_tags:
        if match := _ABI.fullmatch(abi):
            minor = int(match[1])
            for is_patched in (True,) if minor >= FIRST_WITH_MUSL_TRIPLET else (True, False):
                yield AdmittedPython(minor, is_free_threaded=bool(match[2]), is_patched=is_patched)
        if abi in ("abi3", "abi3t"):
            for tag in name.python_tags:
                if version := _VERSION.fullmatch(tag):
                    yield AdmittedPython(int(version[1]), is_free_threaded=abi == "abi3t", is_oldest=True)


def imports(python: AdmittedPython, suffix: str, triplet: str) -> ImportAnswer:
    """
    Return whether *python*, on a musl system with *triplet*, imports a module with *suffix*.

    >>> imports(AdmittedPython(12), ".cpython-312-x86_64-linux-gnu.so", "x86_64-linux-musl").why_not
    'CPython 3.12 looks for x86_64-linux-musl'
    >>> imports(AdmittedPython(12), ".abi3.so", "x86_64-linux-musl").why_not
    ''
    """
    if suffix == ".so":
        return ImportAnswer()
    match = _SUFFIX.fullmatch(suffix)
    if match is None:
        return ImportAnswer(f"{_spell(python)} does not look for this suffix", cure=Cure.REBUILD)
    if match["stable"]:
        return _imports_stable(python, match["stable"], match["triplet"], triplet)
    wanted = f"{python.minor}{'t' if python.is_free_threaded else ''}"
    if python.is_oldest or f"{match['minor']}{match['flags'].replace('m', '')}" != wanted:
        found = f"{match['minor']}{match['flags']}"
        return ImportAnswer(f"{_spell(python)} does not import a module built for 3.{found}", cure=Cure.REBUILD)
    return _imports_triplet(python, match["triplet"], triplet)


def _imports_triplet(python: AdmittedPython, found: str | None, triplet: str) -> ImportAnswer:
    if found == triplet and python.is_patched:
        return ImportAnswer()
    if python.minor >= FIRST_WITH_MUSL_TRIPLET:
        return ImportAnswer(f"{_spell(python)} looks for {triplet}")
    if found == triplet.replace("-musl", "-gnu"):
        return ImportAnswer()  # what configure of these says on musl as well; Alpine's patches accept both since 3.14
    if found != triplet:
        return ImportAnswer(f"{_spell(python)} looks for {triplet}", cure=Cure.CHOOSE)
    only = f"only Alpine's patched builds of CPython 3.{python.minor} import it"
    return ImportAnswer(only, is_certain=False, cure=Cure.CHOOSE)


def _imports_stable(python: AdmittedPython, abi: str, found: str | None, triplet: str) -> ImportAnswer:
    if abi == "abi3t" and python.minor < FIRST_WITH_ABI3_TRIPLET:
        return ImportAnswer(f"CPython 3.{python.minor} does not know .abi3t: 3.15 is the first", cure=Cure.REBUILD)
    if abi == "abi3" and python.is_free_threaded:
        return ImportAnswer("a free-threaded CPython does not import .abi3", cure=Cure.REBUILD)
    if found is not None and found != triplet:
        return ImportAnswer(f"{_spell(python)} looks for {triplet}")
    if found is not None and python.minor < FIRST_WITH_ABI3_TRIPLET:
        return ImportAnswer(f"CPython 3.{python.minor} does not know .{abi} with a triplet: 3.15 is the first")
    return ImportAnswer()


def _spell(python: AdmittedPython) -> str:
    kind = "free-threaded CPython" if python.is_free_threaded else "CPython"
    return f"{kind} 3.{python.minor}" + (" and later" if python.is_oldest else "")

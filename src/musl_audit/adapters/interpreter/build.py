"""What an interpreter was built with: its ``_sysconfigdata*.py`` and its ``pyconfig.h``, read as data."""

import re
from collections.abc import Iterator, Mapping

from musl_audit.adapters.interpreter.prefix import PythonFolders
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.environment.pyconfig import (
    LARGEST_CONFIGURATION,
    Value,
    macros_of,
    parse_pyconfig,
    parse_sysconfigdata,
)
from musl_audit.environment.values import Build
from musl_audit.frozen import frozen

_SYSCONFIGDATA = re.compile(r"_sysconfigdata_(?P<flags>[a-z]*)_(?:linux_?)?(?P<multiarch>.*)\.py")
# Alone, or at the end of the SOABI where the linker stored the two as one.
_MULTIARCH = re.compile(
    rb"(?<![0-9a-z_-])(?:cpython-3[0-9]+[a-z]*-)?([0-9a-z_]{3,16}-linux-(?:gnu|musl)[0-9a-z_]*)(?=\0|\.so\0)"
)
_MODULE = re.compile(r".+\.((?:cpython|pypy)[0-9a-z-]*_?[0-9a-z_-]*)\.so")
_VERSION = re.compile(rb"(?<![0-9.])(3\.[0-9]{1,2}\.[0-9]{1,2}(?:(?:a|b|rc)[0-9]+)?)\+?(?=\0)")
_AROUND = 64  # bytes before and behind what every match of these holds: no match is longer
_PATCHLEVEL = re.compile(r'^#define PY_VERSION[ \t]+"([^"+]+)', re.MULTILINE)
_LARGEST_HEADER = 1 << 20


@frozen
class BuildFiles:
    """What the files of a build say."""

    build: Build | None
    soabi: str | None
    is_free_threaded: bool
    is_debug: bool


def read_build(tree: Tree, where: PythonFolders, program: bytes) -> BuildFiles:
    """
    Return what the build files of an installation say; the two kinds are held together where both are there.

    CPython loads the variables that are named after its own triplet, which *program* (or its libpython) holds: those of
    another Python, into whose standard library a copied interpreter runs, say nothing about it.
    """
    multiarches = _multiarches(tree, where, program)
    names = [name for name in tree.names(where.library) if _SYSCONFIGDATA.fullmatch(name)]
    own = [name for name in names if not multiarches or _multiarch_of(name) in (*multiarches, "")]
    soabi = _soabi(where, multiarches) or _soabi_of_modules(tree, where)
    if names and not own:
        return BuildFiles(None, soabi, is_free_threaded=where.is_free_threaded, is_debug=False)
    source, variables = _sysconfigdata(tree, where, own)
    macros = dict(macros_of(variables))
    sources = [source] if source else []
    for path in _headers(where, variables):
        mentioned = _pyconfig(tree, path)
        if mentioned:
            sources.append(path)
            for name, is_defined in mentioned.items():
                macros[name] = is_defined and macros.get(name, True)
            break
    told = variables.get("SOABI")
    return BuildFiles(
        build=Build(tuple(sources), macros) if macros else None,
        soabi=told if isinstance(told, str) and told else soabi,
        is_free_threaded=variables.get("Py_GIL_DISABLED") == 1 or where.is_free_threaded,
        is_debug=variables.get("Py_DEBUG") in (1, "1"),
    )


def full_version(tree: Tree, where: PythonFolders | None, program: bytes) -> str | None:
    """Return the version, to the patch level where the program, its libpython or its headers tell; else as known."""
    minor = f"3.{where.minor}" if where else None
    for data in (program, *(_libpython(tree, where) if where else ())):
        versions = set(_matches(_VERSION, f"{minor or 3}.".encode(), data))
        found = {version for version in versions if minor is None or version.split(".")[:2] == minor.split(".")}
        if len(found) == 1:
            return found.pop()
    if where is None:
        return None
    try:
        text = tree.text(f"{where.prefix}/include/{where.folder}/patchlevel.h", most=_LARGEST_HEADER)
    except PathError:
        return minor
    match = _PATCHLEVEL.search(text)
    return match[1] if match and match[1].startswith(f"{minor}.") else minor


def _libpython(tree: Tree, where: PythonFolders) -> Iterator[bytes]:
    for lib in ("lib", "lib64"):
        try:
            yield tree.read(f"{where.prefix}/{lib}/lib{where.folder}.so.1.0", most=256 << 20)
        except PathError:
            continue


def _multiarches(tree: Tree, where: PythonFolders, program: bytes) -> frozenset[str]:
    """Return the triplets that the interpreter's code holds; none where it was built without, or is no CPython."""
    for data in (program, *_libpython(tree, where)):
        if found := frozenset(_matches(_MULTIARCH, b"-linux-", data)):
            return found
    return frozenset()


def _matches(pattern: re.Pattern[bytes], anchor: bytes, data: bytes) -> Iterator[str]:
    """Yield what *pattern* finds around each *anchor*, in a tenth of the time that it takes all over a program."""
    at = data.find(anchor)
    while at >= 0:
        start, end = max(at - _AROUND, 0), at + _AROUND
        yield from (match[1].decode() for match in pattern.finditer(data, start, end) if match.start() <= at)
        at = data.find(anchor, at + 1)


def _soabi(where: PythonFolders, multiarches: frozenset[str]) -> str | None:
    """Return the SOABI that CPython's ``configure`` makes of a triplet."""
    flags = "t" if where.is_free_threaded else ""
    return f"cpython-3{where.minor}{flags}-{min(multiarches)}" if len(multiarches) == 1 else None


def _sysconfigdata(tree: Tree, where: PythonFolders, names: list[str]) -> tuple[str | None, Mapping[str, Value]]:
    flags = "t" if where.is_free_threaded else ""
    # A debug build may lie beside it: _sysconfigdata_d_….
    for name in sorted(names, key=lambda name: (_flags(name) != flags, name)):
        path = f"{where.library}/{name}"
        try:
            variables = parse_sysconfigdata(tree.text(path, most=LARGEST_CONFIGURATION))
        except PathError:
            continue
        if variables:
            return path, variables
    return None, {}


def _flags(name: str) -> str:
    match = _SYSCONFIGDATA.fullmatch(name)
    return match["flags"] if match else ""


def _multiarch_of(name: str) -> str:
    match = _SYSCONFIGDATA.fullmatch(name)
    return match["multiarch"] if match else ""


def _headers(where: PythonFolders, variables: Mapping[str, Value]) -> Iterator[str]:
    """Yield the places of ``pyconfig.h``; Debian's is behind a directory of the platform."""
    prefix = where.prefix.rstrip("/")
    triplet = variables.get("MULTIARCH")
    if isinstance(triplet, str) and re.fullmatch(r"[a-z0-9_-]+", triplet):
        yield f"{prefix}/include/{triplet}/{where.folder}/pyconfig.h"
    yield f"{prefix}/include/{where.folder}/pyconfig.h"


def _pyconfig(tree: Tree, path: str) -> dict[str, bool]:
    try:
        return parse_pyconfig(tree.text(path, most=LARGEST_CONFIGURATION))
    except PathError:
        return {}


def _soabi_of_modules(tree: Tree, where: PythonFolders) -> str | None:
    """Return the SOABI in the file names of the standard library's own modules, if they agree."""
    names = tree.names(f"{where.library}/lib-dynload")
    found = {match[1] for name in names if (match := _MODULE.fullmatch(name))}
    return found.pop() if len(found) == 1 else None

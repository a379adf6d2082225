"""Which tags an interpreter's installer accepts, best first, as ``packaging.tags`` yields them there."""

import re
from collections.abc import Iterator, Sequence

from musl_audit.environment.values import Interpreter
from musl_audit.loader.libc_names import Libc

_OLDEST_GLIBC = {"x86_64": 5, "i686": 5}  # manylinux1; every other architecture begins with 2.17
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}  # PEP 599, 571, 513
_LEGACY_ARCHES = {"manylinux2010": ("x86_64", "i686"), "manylinux1": ("x86_64", "i686")}


def tag_arches(arch: str, kernel: str | None) -> tuple[str, ...]:
    """
    Return the architectures that platform tags of an interpreter for *arch* end in, on a *kernel* (``uname -m``).

    Installers see the kernel: a 32-bit Python on a 64-bit kernel is told from its own word size. Where the kernel is
    not known, it is taken to be of the interpreter's own kind.

    >>> tag_arches("i686", "x86_64"), tag_arches("armv7l", "aarch64"), tag_arches("armv7l", None)
    (('i686',), ('armv8l', 'armv7l'), ('armv7l',))
    """
    if arch == "i686":
        return (kernel,) if kernel and re.fullmatch("i[3-6]86", kernel) else ("i686",)
    if arch in ("armv6l", "armv7l"):
        if kernel in ("aarch64", "armv8l"):
            return ("armv8l", "armv7l")
        return (kernel,) if kernel and re.fullmatch("armv[5-7].*", kernel) else (arch,)
    return (arch,)


def musllinux_tags(interpreter: Interpreter, kernel: str | None) -> tuple[str, ...]:
    """
    Return the musllinux tags that *interpreter* accepts, best first: every minor version up to its musl's (PEP 656).

    Installers look for ``musl`` in the path of the loader; one that does not say so gets no tag.
    """
    musl, loader = interpreter.musl, interpreter.loader
    if interpreter.arch is None or musl is None or loader is None or "musl" not in loader.path:
        return ()
    arches = tag_arches(interpreter.arch, kernel)
    return tuple(f"musllinux_{musl.major}_{minor}_{arch}" for arch in arches for minor in range(musl.minor, -1, -1))


def platform_tags(interpreter: Interpreter, kernel: str | None) -> tuple[str, ...]:
    """Return every platform tag that *interpreter* accepts, but ``any``; the generic ones last."""
    if interpreter.arch is None:
        return ()
    arches = tag_arches(interpreter.arch, kernel)
    own = musllinux_tags(interpreter, kernel) if interpreter.libc is not Libc.GLIBC else _manylinux(interpreter, arches)
    return (*own, *(f"linux_{arch}" for arch in arches))


def accepted_tags(interpreter: Interpreter, platforms: Sequence[str]) -> tuple[str, ...]:
    """Return the ``python-abi-platform`` tags that the installer of *interpreter* accepts, best first."""
    from packaging.tags import compatible_tags, cpython_tags

    if interpreter.minor is None or not platforms:
        return ()
    name = f"cp{interpreter.minor[0]}{interpreter.minor[1]}"
    own = cpython_tags(interpreter.minor, _abis(interpreter, name), platforms)
    others = compatible_tags(interpreter.minor, name, platforms)
    return tuple(str(tag) for tag in (*own, *others))


def _abis(interpreter: Interpreter, name: str) -> list[str]:
    """Return the ABI tags of a CPython build; one with assertions also takes modules built without."""
    threads = "t" if interpreter.is_free_threaded else ""
    if interpreter.minor is not None and interpreter.minor < (3, 8):
        return [f"{name}{'d' if interpreter.is_debug else ''}m"]
    return [f"{name}{threads}d", f"{name}{threads}"] if interpreter.is_debug else [f"{name}{threads}"]


def _manylinux(interpreter: Interpreter, arches: Sequence[str]) -> Iterator[str]:
    release = interpreter.loader.release if interpreter.loader else None
    match = re.match(r"2\.([0-9]+)", release or "")
    if match is None:
        return
    for arch in arches:
        for minor in range(int(match[1]), _OLDEST_GLIBC.get(arch, 17) - 1, -1):
            yield f"manylinux_2_{minor}_{arch}"
            legacy = _LEGACY.get(minor, "")
            if legacy and arch in _LEGACY_ARCHES.get(legacy, (arch,)):
                yield f"{legacy}_{arch}"

"""Whether an installer takes a wheel: its tags against those that the interpreter accepts."""

import re
from collections.abc import Sequence
from itertools import product

from musl_audit.environment.values import Interpreter
from musl_audit.frozen import frozen
from musl_audit.loader.libc_names import Libc
from musl_audit.model import WheelName
from musl_audit.wheel.names import musllinux_series, tag_arch, tag_family


@frozen
class Fit:
    """The answer of an installer; ``tag`` is the accepted one that fits best, ``why_not`` the reason against it."""

    installs: bool | None
    tag: str | None = None
    why_not: str = ""


def fit(
    name: WheelName | None,
    interpreter: Interpreter,
    accepted: Sequence[str],
    platforms: Sequence[str],
    requires_python: str | None = None,
) -> Fit:
    """Return whether the installer of *interpreter*, which takes *accepted* tags, takes the wheel called *name*."""
    if name is None:
        return Fit(installs=False, why_not="its file name is not a wheel's")
    if interpreter.implementation != "cpython":
        return Fit(installs=None, why_not=f"the tags of {interpreter.implementation} are not known")
    if interpreter.minor is None or interpreter.arch is None:
        what = "version" if interpreter.minor is None else "architecture"
        return Fit(installs=None, why_not=f"the {what} of this Python is not known")
    carried = {"-".join(parts) for parts in product(name.python_tags, name.abi_tags, name.platform_tags)}
    tag = next((tag for tag in accepted if tag in carried), None)
    if tag is None:
        return Fit(installs=False, why_not=_why_not(name, interpreter, accepted, platforms))
    if refusal := _refused_version(requires_python, interpreter):
        return Fit(installs=False, tag=tag, why_not=refusal)
    return Fit(installs=True, tag=tag)


def _why_not(name: WheelName, interpreter: Interpreter, accepted: Sequence[str], platforms: Sequence[str]) -> str:
    """Return which part of the tags stands in the way: the platform before the Python, since people can change less."""
    if not {"any", *platforms}.intersection(name.platform_tags):
        return _wrong_platform(name, interpreter, platforms)
    pythons = {tag.rpartition("-")[0] for tag in accepted}
    wanted = "/".join(f"{python}-{abi}" for python in name.python_tags for abi in name.abi_tags)
    if not pythons.intersection(f"{python}-{abi}" for python in name.python_tags for abi in name.abi_tags):
        threads = "free-threaded " if interpreter.is_free_threaded else ""
        return f"it is for {wanted}, and this is {threads}CPython {interpreter.version}"
    return f"no combination of its tags ({wanted} on {'/'.join(name.platform_tags)}) is accepted"


def _wrong_platform(name: WheelName, interpreter: Interpreter, platforms: Sequence[str]) -> str:
    tags = "/".join(name.platform_tags)
    arches = {arch for tag in name.platform_tags if (arch := tag_arch(tag))}
    if arches and not arches.intersection(arch for tag in platforms if (arch := tag_arch(tag))):
        return f"it is for {'/'.join(sorted(arches))} ({tags}), and this Python is for {interpreter.arch}"
    families = {tag_family(tag) for tag in name.platform_tags}
    if "musllinux" in families:
        return _no_musllinux(name, interpreter, tags)
    if "manylinux" in families and interpreter.libc is not Libc.GLIBC:
        libc = "is static" if interpreter.libc is Libc.STATIC else f"runs on {interpreter.libc}"
        return f"it is for glibc ({tags}), and this Python {libc}"
    return f"it is for {tags}, which this Python does not accept"


def _no_musllinux(name: WheelName, interpreter: Interpreter, tags: str) -> str:
    if interpreter.libc is Libc.STATIC:
        return f"it is for musl ({tags}), and this Python is static: installers see no musl in it"
    if interpreter.libc is not Libc.MUSL:
        return f"it is for musl ({tags}), and this Python runs on {interpreter.libc}"
    if interpreter.musl is None:
        return f"it is for musl ({tags}), and which musl this Python runs on is not known"
    series = sorted({found[0] for tag in name.platform_tags if (found := musllinux_series(tag))})
    return f"it is for musl {'/'.join(series)}, and this Python runs on musl {interpreter.musl}"


def _refused_version(requires_python: str | None, interpreter: Interpreter) -> str:
    """Return why ``Requires-Python`` refuses; empty where it does not, or an unknown patch level decides."""
    if not requires_python or not interpreter.version:
        return ""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    # As pip does: a release candidate of 3.15.0 counts as 3.15.0.
    known = re.split("[a-z+]", interpreter.version)[0]
    candidates = [known] if known.count(".") > 1 else [f"{known}.0", f"{known}.99"]
    try:
        specifiers = SpecifierSet(requires_python)
        if any(specifiers.contains(version) for version in candidates):
            return ""
    except (InvalidSpecifier, InvalidVersion):  # pip looks away, too
        return ""
    return f"it requires Python {requires_python}, and this is {known}"

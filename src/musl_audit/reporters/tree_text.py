"""The linkage of a file, as a tree and as data."""

from collections.abc import Iterator
from typing import assert_never

from musl_audit.loader.linkage import Linkage, Load, Need
from musl_audit.model import (
    Allowed,
    Excluded,
    FromInterpreter,
    FromLibc,
    InWheel,
    Nobody,
    Outside,
    Provider,
    Unknown,
    Unreachable,
)


def tree_lines(linkage: Linkage) -> Iterator[str]:
    """Yield each root, and below each file what it needs; a file that was told about before is not told about again."""
    for load in linkage.loads:
        yield load.root.path
        yield from _below(load, load.root.path, {load.root.path}, "  ")


def _below(load: Load, path: str, told: set[str], indent: str) -> Iterator[str]:
    for need in load.needs:
        if need.path != path:
            continue
        if not isinstance(need.provider, InWheel):
            yield f"{indent}{need.soname}: {provider_word(need.provider)}"
            continue
        found = need.provider.path
        name = "" if found.rpartition("/")[2] == need.soname else f"{need.soname} → "
        yield f"{indent}{name}{found}" + (" (above)" if found in told else "")
        if found not in told:
            told.add(found)
            yield from _below(load, found, told, indent + "  ")


def provider_word(provider: Provider) -> str:  # noqa: PLR0911  # one case each
    """
    Return who provides a library, in a word or two.

    >>> provider_word(Excluded(("libcuda.so.1",), "libcuda*"))
    'excluded'
    """
    match provider:
        case InWheel():
            return "in the wheel"
        case FromLibc():
            return "musl"
        case FromInterpreter():
            return "Python"
        case Allowed():
            return "the system's, as every system may be asked for it"
        case Excluded():
            return "excluded"
        case Outside():
            return "from outside"
        case Unreachable(paths=paths):
            return f"in the wheel ({', '.join(paths)}), but no search path leads there"
        case Unknown(reason=reason):
            return f"unknown: {reason}"
        case Nobody():
            return "nobody"
        case _:
            assert_never(provider)


def tree_rows(linkage: Linkage) -> list[dict[str, object]]:
    """Return each load: its root, its files in the order of the loader, and who provides what they need."""
    return [
        {
            "root": load.root.path,
            "files": [file.path for file in load.files],
            "needs": [_need_row(need) for need in load.needs],
        }
        for load in linkage.loads
    ]


def _need_row(need: Need) -> dict[str, object]:
    found = need.provider.path if isinstance(need.provider, InWheel) else None
    return {"path": need.path, "soname": need.soname, "found": found, "provider": _KINDS[type(need.provider)]}


_KINDS: dict[type[Provider], str] = {
    InWheel: "in-wheel",
    FromLibc: "libc",
    FromInterpreter: "interpreter",
    Allowed: "allowed",
    Excluded: "excluded",
    Outside: "missing",
    Unreachable: "unreachable",
    Unknown: "unknown",
    Nobody: "nobody",
}

"""What is wrong with the names of a wheel's members: where they would land, and which of them collide."""

import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from musl_audit.model import Member, Problem, ProblemKind
from musl_audit.wheel.installed_tree import SITE_PACKAGES, place_of

_CONTROLS = "has a control or formatting character in its name, which uv refuses"
_DATA, _INFO = ".data", ".dist-info"
SCHEMES = ("data", "headers", "platlib", "purelib", "scripts")
_SPECIAL = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


def name_problems(members: Iterable[Member]) -> Iterator[Problem]:
    """Yield what is unsafe about the names and types of *members*, those that share a fault together."""
    members = tuple(members)
    faulty = defaultdict(list)
    for member in members:
        if fault := _path_fault(member.name):
            faulty[ProblemKind.UNSAFE_PATH, fault].append(member.name)
        elif not member.name.isprintable():
            faulty[ProblemKind.CONTROL_CHARACTER, _CONTROLS].append(member.name)
        if fault := _SPECIAL.get(stat.S_IFMT(member.mode)):
            faulty[ProblemKind.SPECIAL_FILE, f"is {fault}"].append(member.name)
    for (kind, detail), names in faulty.items():
        yield Problem(kind, tuple(names), detail)
    yield from _data_directories([member.name for member in members if not member.is_directory])
    yield from _collisions([member.name for member in members if not member.is_directory])


def _data_directories(names: list[str]) -> Iterator[Problem]:
    """Yield members of ``*.data`` directories that installers refuse, or do not treat alike (PEP 427)."""
    inside = [name for name in names if "/" in name and name.partition("/")[0].endswith(_DATA)]
    if not inside:
        return
    unknown = [name for name in inside if name.split("/")[1] not in SCHEMES or name.count("/") < 2]
    if unknown:
        detail = "is in a .data directory under no scheme of installation: pip and uv refuse the wheel"
        yield Problem(ProblemKind.UNKNOWN_SCHEME, tuple(unknown), detail)
    own = {top.removesuffix(_INFO) + _DATA for name in names if (top := name.partition("/")[0]).endswith(_INFO)}
    foreign = [name for name in inside if name.partition("/")[0] not in own]
    if own and foreign:
        detail = "is in a .data directory of another name than the .dist-info: pip installs what is in it, uv does not"
        yield Problem(ProblemKind.FOREIGN_DATA, tuple(foreign), detail)


def _path_fault(name: str) -> str | None:
    """Return why installing *name* could write outside the target, or another file than the name says."""
    if name.startswith("/"):
        return "is an absolute path"
    if ".." in name and ".." in name.split("/"):
        return "leaves the directory that it is installed to"
    if "\\" in name:
        return "has a backslash, which some installers take for a separator"
    if name[1:2] == ":" and name[0].isascii() and name[0].isalpha():
        return "begins with a drive letter"
    if "\0" in name:
        return "has a NUL in its name, where some installers take it to end"
    return None if name else "has no name"


def _collisions(names: list[str]) -> Iterator[Problem]:
    """Yield the groups of *names* that install to one file: on every system, or on some."""
    reported: set[str] = set()
    for kind, detail, key in (
        (ProblemKind.DUPLICATE_MEMBER, "is in the archive more than once", str),
        (ProblemKind.DUPLICATE_PATH, "install to one path", _installed),
        (ProblemKind.DUPLICATE_FOLDED, "are one path where file names ignore case or Unicode form", _folded),
    ):
        for group in _groups(names, key):
            if not reported.issuperset(group):
                yield Problem(kind, tuple(sorted(set(group))), detail)
            reported.update(group)
    yield from _files_as_directories(names)


def _groups(names: list[str], key: Callable[[str], object]) -> Iterator[list[str]]:
    """Yield the lists of *names* with equal keys, of two names at least."""
    keys = [key(name) for name in names]
    if len(set(keys)) == len(keys):
        return
    groups = defaultdict(list)
    for name, its_key in zip(names, keys, strict=True):
        groups[its_key].append(name)
    yield from (group for group in groups.values() if len(group) > 1)


def _installed(name: str) -> str:
    """Return the path that *name* is installed to, without empty and ``.`` parts."""
    if not name.partition("/")[0].endswith(".data") and "//" not in name and "./" not in name:
        return name
    tree, *parts = place_of("/".join(part for part in name.split("/") if part not in ("", ".")))
    return "/".join(parts if tree == SITE_PACKAGES else (f"{tree}:", *parts))


def _folded(name: str) -> str:
    path = _installed(name)
    if path.isascii():
        return path.lower()
    from unicodedata import normalize

    return normalize("NFC", normalize("NFC", path).casefold())


def _files_as_directories(names: list[str]) -> Iterator[Problem]:
    """Yield the files that other members need as a directory."""
    paths = sorted((_installed(name).replace("/", "\0"), name) for name in names)  # what is in a directory follows it
    clashing = [name for (path, name), (following, _) in pairwise(paths) if following.startswith(path + "\0")]
    if clashing:
        yield Problem(ProblemKind.DUPLICATE_PATH, tuple(sorted(clashing)), "is a file and a directory at once")

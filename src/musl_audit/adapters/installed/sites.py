"""The folders that an interpreter imports from, as ``site`` of CPython and Debian's patch of it find them."""

import re
from collections.abc import Iterator

from musl_audit.adapters.tree import PathError, Tree
from musl_audit.environment.installed.values import Site
from musl_audit.environment.values import Interpreter

_LARGEST = 1 << 20
_MOST_LINES = 10_000
_SYSTEM_SITE = re.compile(r"^include-system-site-packages[ \t]*=[ \t]*true[ \t]*$", re.MULTILINE | re.IGNORECASE)
_LIBS = ("lib", "lib64")


def sites_of(
    tree: Tree, found: Interpreter, *, homes: tuple[str, ...] = ()
) -> tuple[tuple[Site, ...], tuple[str, ...]]:
    """
    Return the folders that *found* imports from, in its order, and what of them it only notes.

    *homes* are home directories whose user site counts. What a ``.pth`` file names counts, what it would execute is a
    note.
    """
    notes: list[str] = []
    seen: set[str] = set()
    sites: list[Site] = []
    for site in _candidates(tree, found, homes):
        real = _folder(tree, site.path)
        if real is None or real in seen:
            continue
        seen.add(real)
        sites.append(site)
        for more in _named_in_pth(tree, site.path, notes):
            real = _folder(tree, more.path)
            if real is not None and real not in seen:
                seen.add(real)
                sites.append(more)
    return tuple(sites), tuple(notes)


def _candidates(tree: Tree, found: Interpreter, homes: tuple[str, ...]) -> Iterator[Site]:
    version = _version(found)
    sees_system = True
    if found.environment is not None:
        yield from _below(found.environment, version, "site-packages of the environment")
        sees_system = _includes_system(tree, found.environment)
    if not sees_system:
        return
    for home in homes if found.environment is None else ():
        yield Site(f"{home.rstrip('/')}/.local/lib/{version}/site-packages", "user site")
    prefix = (found.prefix or "").rstrip("/")
    yield Site(f"{prefix}/local/lib/{version}/dist-packages", "dist-packages")
    if prefix == "/usr":
        yield from _below("/usr/local", version, "site-packages")
    yield from _below(prefix, version, "site-packages")
    yield Site(f"{prefix}/lib/python3/dist-packages", "dist-packages of the distribution")
    yield Site(f"{prefix}/lib/{version}/dist-packages", "dist-packages of the distribution")


def _version(found: Interpreter) -> str:
    major, minor = found.minor or (3, 0)
    return f"python{major}.{minor}{'t' if found.is_free_threaded else ''}"


def _below(prefix: str, version: str, reason: str) -> Iterator[Site]:
    for lib in _LIBS:
        yield Site(f"{prefix.rstrip('/')}/{lib}/{version}/site-packages", reason)


def _includes_system(tree: Tree, environment: str) -> bool:
    try:
        return bool(_SYSTEM_SITE.search(tree.text(f"{environment}/pyvenv.cfg", most=_LARGEST)))
    except PathError:
        return False


def _folder(tree: Tree, path: str) -> str | None:
    """Return the folder at *path* without links; None where there is none."""
    try:
        real = tree.resolve(path)
    except PathError:
        return None
    return real if tree.is_folder(real) else None


def _named_in_pth(tree: Tree, folder: str, notes: list[str]) -> Iterator[Site]:
    """Yield the folders that the ``.pth`` files of *folder* add; a line that begins with ``import`` is executed."""
    for name in tree.names(folder):
        if not name.endswith(".pth") or name.startswith("."):
            continue
        try:
            lines = tree.text(f"{folder}/{name}", most=_LARGEST).splitlines()[:_MOST_LINES]
        except PathError as error:
            notes.append(f"{error}")
            continue
        for line in (line.strip() for line in lines):
            if line.startswith(("import ", "import\t")):
                notes.append(f"{folder}/{name} executes code, which is not followed")
                break
            if line and not line.startswith("#") and "\0" not in line:
                yield Site(line if line.startswith("/") else f"{folder}/{line}", f"named in {name}")

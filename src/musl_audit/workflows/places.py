"""Where wheels are to load, as somebody names it: a distribution, a musl release, or a Python that is there."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from musl_audit.environment.destination import Destination, checked, place_named, python_named
from musl_audit.errors import UsageError
from musl_audit.frozen import replace
from musl_audit.policy import Catalog, Distribution

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from musl_audit.adapters.tree import Tree
    from musl_audit.environment.values import Interpreter

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "i386": "i686", "i586": "i686", "armv8l": "armv7l"}
_OF_THE_SYSTEM = ("/lib/", "/usr/lib/")  # where a distribution has its loader


def destination_named(named: str, python: str | None, arch: str | None, catalog: Catalog) -> Destination:
    """
    Return where wheels are to load: *named* is a distribution, a musl release, or a Python, ``.`` the one on PATH.

    *python* and *arch* win over those of the place. Raise ``UsageError`` where nothing can be judged there.
    """
    if named == "." or "/" in named or named.startswith("python"):
        found = _from_interpreter(named, catalog)
    else:
        release, distribution = place_named(named, catalog)
        found = Destination(release, _this_arch(), _this_python(), distribution=distribution)
    if python is not None:
        number, is_free_threaded = python_named(python)
        found = replace(found, python=number, is_free_threaded=is_free_threaded)
    if arch is not None:
        found = replace(found, arch=arch, interpreter=found.interpreter if arch == found.arch else None)
    return checked(found, catalog)


def _from_interpreter(named: str, catalog: Catalog) -> Destination:
    from musl_audit.adapters.interpreter.python import (
        DEFAULT_PATH,
        InterpreterError,
        default_interpreter,
        find_interpreter,
        read_interpreter,
    )
    from musl_audit.adapters.tree import Tree

    tree = Tree("/")
    path_variable = os.environ.get("PATH", "").split(os.pathsep)
    folders = tuple(folder for folder in path_variable if folder.startswith("/")) or DEFAULT_PATH
    try:
        if named == ".":
            path = default_interpreter(tree, folders)
        elif "/" in named:
            path = str(Path.cwd() / named)
        else:
            path = find_interpreter(tree, named, folders)
        if path is None:
            raise UsageError(f"--on .: there is no python3 in {':'.join(folders)}: name a place, such as alpine-3.18")
        found = read_interpreter(tree, path, catalog)
    except InterpreterError as error:
        raise UsageError(f"--on {named}: {error}") from error
    destination = _destination(named, path, found)
    return replace(destination, distribution=distribution_of(tree, found, catalog))


def library_finder(destination: Destination, catalog: Catalog) -> Callable[[str], bool] | None:
    """Return what tells whether the loader of *destination* finds a library; None where no system was named."""
    path = destination.interpreter
    if path is None:
        return None

    @cache
    def folders() -> "tuple[Tree, tuple[str, ...]]":
        from musl_audit.adapters.interpreter.python import library_folders, read_interpreter
        from musl_audit.adapters.tree import Tree

        tree = Tree("/")
        return tree, library_folders(tree, read_interpreter(tree, path, catalog))

    @cache
    def is_there(soname: str) -> bool:
        from musl_audit.adapters.interpreter.python import has_library

        return has_library(*folders(), soname)

    return is_there


def distribution_of(tree: "Tree", found: "Interpreter", catalog: Catalog) -> Distribution | None:
    """Return the row about the system whose own musl *found* runs on: it may have symbols backported, or lack some."""
    from musl_audit.adapters.os_release import read_os_release
    from musl_audit.environment.os_release import known_distribution

    system = read_os_release(tree)
    if system is None or found.loader is None or not found.loader.exists:
        return None
    if not tree.resolve(found.loader.path).startswith(_OF_THE_SYSTEM):
        return None
    arch = catalog.arches.get(found.arch or "")
    row = known_distribution(system, catalog.distributions, bits=arch.bits if arch else None)
    return row if row is not None and row.musl == found.musl else None


def _destination(named: str, path: str, found: "Interpreter") -> Destination:
    if found.musl is None or found.arch is None or found.version is None:
        libc = "static" if found.libc == "static" else f"{found.libc}"
        what = f"runs on {libc}" if found.musl is None else "cannot be told apart"
        raise UsageError(f"--on {named}: {path} {what}, not on a musl that is known: name a place, such as alpine-3.18")
    return Destination(found.musl, found.arch, found.version, is_free_threaded=found.is_free_threaded, interpreter=path)


def _this_arch() -> str:
    import platform

    machine = platform.machine().lower()
    return _MACHINES.get(machine, machine)


def _this_python() -> str:
    import platform

    return ".".join(platform.python_version_tuple()[:2])

"""What ``which`` and ``index`` are asked alike: where wheels are to load, and which indexes offer them."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from musl_audit import __version__
from musl_audit.adapters.stores.directory import Store, cache_directory
from musl_audit.adapters.stores.kinds import verdict_store
from musl_audit.environment.destination import Destination, checked, place_named, python_named
from musl_audit.errors import MuslAuditError, UsageError
from musl_audit.frozen import replace
from musl_audit.policy import Catalog

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from musl_audit.adapters.indexes.projects import IndexGroup
    from musl_audit.environment.values import Interpreter

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "i386": "i686", "i586": "i686", "armv8l": "armv7l"}
EXTRA = ("httpx", "simple_repository")


def add_destination(parser: ArgumentParser) -> None:
    """Add where wheels are to load."""
    group = parser.add_argument_group("where")
    group.add_argument(
        "--on",
        metavar="PLACE",
        default=".",
        help="a distribution (alpine-3.15), a musl release (1.2.2), or a Python; default: . (the python3 on PATH)",
    )
    group.add_argument(
        "--python", metavar="VERSION", help="3.11, 3.11.2 or 3.13t; default: that of PLACE, or of this Python"
    )
    group.add_argument("--arch", metavar="ARCH", help="x86_64, aarch64 …; default: that of PLACE, or of this machine")


def add_indexes(parser: ArgumentParser) -> None:
    """Add which indexes offer wheels."""
    group = parser.add_argument_group("indexes")
    group.add_argument(
        "--index",
        "--index-url",
        "-i",
        metavar="URL",
        help="default: as pip and uv are configured, else pip's own default",
    )
    group.add_argument("--extra-index-url", metavar="URL", action="append", default=[], help="one more (repeatable)")
    group.add_argument(
        "--find-links", "-f", metavar="PLACE", action="append", default=[], help="a directory, or a page with links"
    )
    group.add_argument("--timeout", metavar="SECONDS", type=seconds, default=15.0, help="default: 15")
    group.add_argument("--no-cache", action="store_true", help="neither read nor write what is kept of earlier runs")


def seconds(text: str) -> float:
    """Return the number of seconds that *text* says."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 100_000:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def require_extra() -> None:
    """Raise ``MuslAuditError`` where what asks indexes is not installed."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        names = " and ".join(missing).replace("_", "-")
        raise MuslAuditError(f"asking an index needs {names}: pip install 'musl-audit[index]'")


# --- Where -----------------------------------------------------------------------------------------------


def destination_of(options: Namespace, catalog: Catalog) -> Destination:
    """Return where wheels are to load; raise ``UsageError`` where that is nowhere that can be judged."""
    named: str = options.on
    if named == "." or "/" in named or named.startswith("python"):
        found = _from_interpreter(named, catalog)
    else:
        release, distribution = place_named(named, catalog)
        found = Destination(release, _this_arch(), _this_python(), distribution=distribution)
    if options.python is not None:
        number, is_free_threaded = python_named(options.python)
        found = replace(found, python=number, is_free_threaded=is_free_threaded)
    if options.arch is not None:
        found = replace(found, arch=options.arch)
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
    return _destination(named, path, found)


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


# --- Indexes -----------------------------------------------------------------------------------------------


@contextmanager
def group_of(options: Namespace) -> "Generator[IndexGroup]":
    """Yield the indexes to ask, whose connections are closed behind it."""
    from musl_audit.adapters.indexes.asking import Asker, patience_of
    from musl_audit.adapters.indexes.configured import named_indexes
    from musl_audit.adapters.indexes.credentials import Credentials, netrc_file
    from musl_audit.adapters.indexes.projects import IndexGroup

    require_extra()
    indexes = named_indexes(options.index, options.extra_index_url, getattr(options, "find_links", ()))
    credentials = Credentials(netrc=netrc_file(), uses_keyring=indexes.uses_keyring)
    asker = Asker(credentials, patience_of(options.timeout), agent=f"musl-audit/{__version__}")
    try:
        yield IndexGroup(asker, indexes)
    finally:
        asker.close()


def store_of(options: Namespace) -> Store | None:
    """Return where verdicts are kept."""
    return None if options.no_cache else verdict_store(cache_directory())

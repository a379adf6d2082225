"""Which interpreters a run is about: named ones, those of environments, or the one that somebody works with here."""

import re
from collections.abc import Iterator, Sequence

from musl_audit.adapters.installed.projects import project_names
from musl_audit.adapters.installed.walk import walk
from musl_audit.adapters.interpreter.python import InterpreterError, default_interpreter, find_interpreter
from musl_audit.adapters.tree import Entry, PathError, Tree
from musl_audit.frozen import frozen

_NAMES = ("python3", "python")
_PYTHON = re.compile(r"python3(?:\.[0-9]{1,2}t?)?")
_CONFIGURATION = "pyvenv.cfg"
_NOT_FILES = ("/proc", "/sys", "/dev")  # of a root that is running


@frozen
class Chosen:
    """An interpreter, and why it is this one."""

    path: str
    reason: str  # empty where it was named


@frozen
class ChosenPythons:
    """What a run is about: interpreters, and further folders that the first of them is to import from."""

    interpreters: tuple[Chosen, ...] = ()
    folders: tuple[str, ...] = ()


@frozen
class Surroundings:
    """What the process that asks tells about itself."""

    path: Sequence[str] = ()  # the folders of PATH
    environment: str | None = None  # VIRTUAL_ENV
    runner: str | None = None  # the Python that runs musl-audit, where it was started by its name


def choose(tree: Tree, named: str | None, around: Surroundings) -> ChosenPythons:
    """
    Return what *named*, absolute or a name to be found on PATH, means; None: what is used here.

    Raise ``InterpreterError`` for a name that is not found.
    """
    if named is None:
        return _default(tree, around)
    if "/" not in named:
        return ChosenPythons((Chosen(find_interpreter(tree, named, around.path), ""),))
    if not tree.is_folder(named):
        return ChosenPythons((Chosen(named, ""),))
    if found := _python_of(tree, named):
        return ChosenPythons((Chosen(found, f"of {named}"),))
    if several := tuple(_of_environments_in(tree, named)):
        return ChosenPythons(several)
    if not project_names(tree, named)[0]:
        raise InterpreterError(f"{named}: a directory, not a file, without a Python and without packages in it")
    return ChosenPythons(_default(tree, around, of=named).interpreters[:1], (named,))


def _default(tree: Tree, around: Surroundings, *, of: str = "") -> ChosenPythons:
    if not tree.is_host:
        below = dict.fromkeys((*_usual(tree, around), *_below_root(tree)))
        return ChosenPythons(tuple(Chosen(path, "found below the root") for path in below))
    if found := _above(tree, of):
        return ChosenPythons((Chosen(found, f"the Python of {of}"),))
    if around.environment and (inside := _python_of(tree, around.environment)):
        return ChosenPythons((Chosen(inside, "of the active virtual environment"),))
    if around.runner:
        return ChosenPythons((Chosen(around.runner, "it runs musl-audit"),))
    first = default_interpreter(tree, around.path)
    return ChosenPythons((Chosen(first, "the first on PATH"),) if first else ())


def _usual(tree: Tree, around: Surroundings) -> Iterator[str]:
    first = default_interpreter(tree, around.path)
    if first:
        yield first


def _python_of(tree: Tree, folder: str) -> str | None:
    """Return the interpreter of the environment, or of the prefix, at *folder*."""
    names = (f"{folder.rstrip('/')}/bin/{name}" for name in _NAMES)
    return next((path for path in names if tree.is_program(path)), None)


def _of_environments_in(tree: Tree, folder: str) -> Iterator[Chosen]:
    """Yield the interpreters of the environments that lie in *folder*, as pipx and uv keep them."""
    for name in tree.names(folder):
        inside = f"{folder.rstrip('/')}/{name}"
        if tree.exists(f"{inside}/{_CONFIGURATION}") and (found := _python_of(tree, inside)):
            yield Chosen(found, f"of {inside}")


def _above(tree: Tree, site: str) -> str | None:
    """Return the interpreter that a folder called ``…/lib/python3.12/site-packages`` belongs to."""
    match = re.fullmatch(r"(.*)/lib(?:64)?/(python3\.[0-9]+)t?/(?:site|dist)-packages/?", site)
    if match is None:
        return None
    names = (f"{match[1]}/bin/{name}" for name in (match[2], *_NAMES))
    return next((path for path in names if tree.is_program(path)), None)


def _below_root(tree: Tree) -> Iterator[str]:
    """Yield the interpreters of a whole system, each once, and those of its environments."""
    seen: set[str] = set()
    for folder, entries in walk(tree, "/", []):
        if folder.startswith(_NOT_FILES):
            continue
        if _CONFIGURATION in entries and (found := _python_of(tree, folder)):
            yield found
        if not folder.endswith("/bin"):
            continue
        parent = folder.removesuffix("/bin")
        if tree.exists(f"{parent}/{_CONFIGURATION}"):
            continue
        for name, entry in sorted(entries.items()):
            if not _PYTHON.fullmatch(name) or entry is Entry.OTHER or not tree.is_program(f"{folder}/{name}"):
                continue
            try:
                real = tree.resolve(f"{folder}/{name}")
            except PathError:
                continue
            if real not in seen:
                seen.add(real)
                yield f"{folder}/{name}"

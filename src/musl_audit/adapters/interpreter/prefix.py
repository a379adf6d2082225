"""Where an interpreter's own files are, found as CPython finds them but without asking it."""

import re
from collections.abc import Iterator

from musl_audit.adapters.tree import PathError, Tree
from musl_audit.frozen import frozen

_LARGEST_CONFIGURATION = 64 << 10
_FOLDER = re.compile(r"python3\.([0-9]{1,2})(t?)")
_NAME = re.compile(r"(?:lib)?python3\.([0-9]{1,2})(t?)")
_HOME = re.compile(r"^home[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)


@frozen
class PythonFolders:
    """The directories of an interpreter."""

    prefix: str
    library: str  # "/usr/lib/python3.12"
    minor: int
    is_free_threaded: bool

    @property
    def folder(self) -> str:
        """The directory's own name, also that of the headers: ``python3.12``."""
        return self.library.rpartition("/")[2]


@frozen
class VirtualEnvironment:
    """A virtual environment: its directory, and where the Python behind it is."""

    directory: str
    home: str | None


def virtual_environment(tree: Tree, path: str) -> VirtualEnvironment | None:
    """Return the environment that the interpreter called as *path* belongs to (PEP 405)."""
    folder = _above(path)
    for directory in (folder, _above(folder)):
        try:
            text = tree.text(f"{directory}/pyvenv.cfg", most=_LARGEST_CONFIGURATION)
        except PathError:
            continue
        match = _HOME.search(text)
        return VirtualEnvironment(directory, match[1] if match and match[1].startswith("/") else None)
    return None


def installation(tree: Tree, folders: list[str], names: list[str]) -> PythonFolders | None:
    """
    Return where the standard library is, from the *folders* of programs upwards.

    *names* are the file names that may tell the version: the program's own, and the libpython that it needs. Where
    none does, there must be only one library to choose.
    """
    versions = [(int(match[1]), bool(match[2])) for name in names if (match := _NAME.match(name))]
    for prefix in _prefixes(folders):
        found = list(_libraries(tree, prefix))
        told = [item for item in found if (item.minor, item.is_free_threaded) in versions]
        told = told or [item for item in found if item.minor in {minor for minor, _ in versions}]
        if told or (len(found) == 1 and not versions):
            return (told or found)[0]
    return None


def _prefixes(folders: list[str]) -> Iterator[str]:
    for folder in folders:
        parts = folder.rstrip("/").split("/")
        for length in range(len(parts), 0, -1):
            yield "/".join(parts[:length])


def _libraries(tree: Tree, prefix: str) -> Iterator[PythonFolders]:
    """Yield the standard libraries below *prefix*; the landmark is CPython's own."""
    for lib in ("lib", "lib64"):
        for name in tree.names(f"{prefix}/{lib}"):
            match = _FOLDER.fullmatch(name)
            if match and tree.exists(f"{prefix}/{lib}/{name}/os.py"):
                yield PythonFolders(prefix or "/", f"{prefix}/{lib}/{name}", int(match[1]), bool(match[2]))


def _above(path: str) -> str:
    return path.rpartition("/")[0]

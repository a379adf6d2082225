"""An interpreter on disk: found, followed through links and environments, and read; never executed here."""

import re
from collections.abc import Sequence

from musl_audit.adapters.interpreter.build import full_version, read_build
from musl_audit.adapters.interpreter.loaders import read_loader
from musl_audit.adapters.interpreter.prefix import PythonFolders, installation, virtual_environment
from musl_audit.adapters.system_path import system_path
from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf import is_elf, read_elf
from musl_audit.environment.values import Interpreter
from musl_audit.errors import ElfError, MuslAuditError
from musl_audit.frozen import replace
from musl_audit.loader.extension_suffixes import extension_suffixes, triplet_of
from musl_audit.loader.libc_names import Libc
from musl_audit.loader.system_paths import entries_from
from musl_audit.model import ElfFacts, ElfKind
from musl_audit.policy import Catalog

LARGEST_INTERPRETER = 512 << 20
DEFAULT_NAMES = ("python3", "python")
DEFAULT_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
_IMPLEMENTATIONS = ("pypy", "graalpy")
_PIP = re.compile(r"pip-([0-9][0-9a-z.]*)\.dist-info")
_MAGICS = ((b"#!", "a script"), (b"MZ", "a program for Windows"), (b"\xcf\xfa\xed\xfe", "a program for macOS"))


class InterpreterError(MuslAuditError):
    """There is no interpreter to explain at a path; the message says what is there instead."""


def find_interpreter(tree: Tree, name: str, folders: Sequence[str]) -> str:
    """Return the path of the program called *name*, looked for in *folders* as a shell does."""
    for folder in folders:
        path = f"{folder.rstrip('/')}/{name}"
        if tree.is_program(path):
            return path
    raise InterpreterError(f"{name}: not found in {':'.join(folders)}")


def default_interpreter(tree: Tree, folders: Sequence[str]) -> str | None:
    """Return the first interpreter in *folders*; scripts that would start one (pyenv's shims) are passed by."""
    for name in DEFAULT_NAMES:
        for folder in folders:
            path = f"{folder.rstrip('/')}/{name}"
            if tree.is_program(path) and is_elf(tree.read(path, most=LARGEST_INTERPRETER)[:4]):
                return path
    return None


def read_interpreter(tree: Tree, path: str, catalog: Catalog) -> Interpreter:
    """Return what the files of the interpreter at *path* say; raise ``InterpreterError`` where there is none."""
    try:
        executable = tree.resolve(path)
        data = tree.read(executable, most=LARGEST_INTERPRETER)
    except PathError as error:
        raise InterpreterError(str(error)) from error
    elf = _program(data, path, executable)
    loader = read_loader(tree, elf.interpreter) if elf.interpreter else None
    arch = catalog.arch_of(elf.identity)
    found = Interpreter(
        path=path,
        executable=executable,
        elf=elf,
        libc=loader.libc if loader else Libc.STATIC,
        loader=loader,
        arch=arch.name if arch else None,
        triplet=arch.triplet if arch else None,
    )
    return _with_files(tree, found, data)


def _program(data: bytes, path: str, executable: str) -> ElfFacts:
    if not is_elf(data[:4]):
        what = next((word for magic, word in _MAGICS if data.startswith(magic)), "no ELF file")
        line = data[:120].partition(b"\n")[0].decode("utf-8", "replace") if what == "a script" else ""
        hint = f" ({line}): name the interpreter that it starts" if line else ""
        raise InterpreterError(f"{path}: {what}{hint}, not an interpreter" if not hint else f"{path}: {what}{hint}")
    try:
        elf = read_elf(data, executable)
    except ElfError as error:
        raise InterpreterError(f"{path}: malformed ELF file: {error}") from error
    if elf.kind not in (ElfKind.EXECUTABLE, ElfKind.STATIC_EXECUTABLE):
        raise InterpreterError(f"{path}: not a program, but of kind {elf.kind.value}")
    return elf


def _with_files(tree: Tree, found: Interpreter, data: bytes) -> Interpreter:
    """Return *found* with what its environment, its standard library and its build files say."""
    environment = virtual_environment(tree, found.path)
    folders = [_above(found.executable), *([environment.home] if environment and environment.home else [])]
    folders.append(_above(found.path))
    names = [found.executable.rpartition("/")[2], *found.elf.needed, found.path.rpartition("/")[2]]
    where = installation(tree, folders, names)
    found = replace(
        found,
        version=full_version(tree, where, data),
        environment=environment.directory if environment else None,
        implementation=_implementation(names),
    )
    if where is None:
        return found
    files = read_build(tree, where, data)
    site = environment.directory if environment else where.prefix
    found = replace(
        found,
        prefix=where.prefix,
        soabi=files.soabi,
        is_free_threaded=files.is_free_threaded,
        is_debug=files.is_debug,
        build=files.build,
        pip=_pip(tree, site, where),
        implementation=_implementation([*names, files.soabi or ""]),
    )
    return replace(found, suffixes=_suffixes(found))


def _suffixes(found: Interpreter) -> tuple[str, ...]:
    triplet = triplet_of(found.soabi) if found.soabi else found.triplet
    return extension_suffixes(found.soabi, found.minor, triplet=triplet, is_free_threaded=found.is_free_threaded)


def _implementation(names: Sequence[str]) -> str:
    return next((word for word in _IMPLEMENTATIONS for name in names if word in name), "cpython")


def _pip(tree: Tree, prefix: str, where: PythonFolders) -> str | None:
    """Return the version of pip that is installed beside the interpreter."""
    for name in tree.names(f"{prefix.rstrip('/')}/lib/{where.folder}/site-packages"):
        if match := _PIP.fullmatch(name):
            return match[1]
    return None


# --- What else a loader would find ------------------------------------------------------------------------------


def library_folders(tree: Tree, interpreter: Interpreter) -> tuple[str, ...]:
    """
    Return where musl looks for a library that an extension module needs from outside its wheel.

    The search ends at the program, so its own search path counts; then the loader's path file, else its default.
    """
    if interpreter.loader is None:
        return ()
    own = entries_from(interpreter.elf, _above(interpreter.executable))
    try:
        return (*own, *system_path(tree, interpreter.loader.path))
    except PathError:
        return own


def has_library(tree: Tree, folders: Sequence[str], soname: str) -> bool:
    """Whether one of *folders* has a library of that file name."""
    return "/" not in soname and any(tree.exists(f"{folder.rstrip('/')}/{soname}") for folder in folders)


def _above(path: str) -> str:
    return path.rpartition("/")[0]

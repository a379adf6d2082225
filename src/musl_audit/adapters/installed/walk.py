"""The files below a folder that a loader might be given; links are not followed."""

from collections.abc import Iterator

from musl_audit.adapters.tree import Entry, PathError, Tree

_MOST_FILES = 5_000_000
# What is never loaded, whatever is in it: opening 20,000 such files takes longer than reading 1,000 binaries.
_TEXT = frozenset(
    ".py .pyc .pyo .pyi .pyx .pxd .pxi .h .hh .hpp .hxx .c .cc .cpp .cxx .cu .cuh .f .f90 .for .inc .rs .go .js .ts "
    ".mjs .map .css .scss .html .htm .xml .xsl .svg .json .jsonl .toml .yaml .yml .cfg .ini .conf .txt .md .rst .csv "
    ".tsv .ipynb .po .mo .pot .png .jpg .jpeg .gif .ico .webp .pdf .ttf .otf .woff .woff2 .eot .npy .npz .mat .pkl "
    ".pickle .gz .bz2 .xz .zst .zip .tar .tgz .whl .egg .jar .dat .db .sqlite .pem .crt .key .typed .pth .in .am .m4 "
    ".cmake .pc .la .a .o .lib .dll .pyd .exe .dylib .sh .bat .ps1 .sql .proto .tmpl .jinja .jinja2 .j2".split()
)
_MOST = (".py", ".pyc", ".pyi")  # of all files
_PASSED_BY = frozenset({".git", ".hg", ".tox", ".nox", "node_modules", "__pycache__"})


def is_candidate(name: str) -> bool:
    """
    Whether a file called *name* may be a binary that somebody loads or starts.

    >>> is_candidate("_core.abi3.so"), is_candidate("f2py"), is_candidate("core.py")
    (True, True, False)
    """
    if name.endswith(_MOST):
        return False
    _, dot, suffix = name.rpartition(".")
    return not dot or f".{suffix.lower()}" not in _TEXT


def walk(tree: Tree, folder: str, faults: list[str]) -> Iterator[tuple[str, dict[str, Entry]]]:
    """Yield each folder from *folder* downwards and what is in it; a sentence in *faults* where one cannot be read."""
    try:
        ahead = [tree.resolve(folder)]
    except PathError as error:
        faults.append(str(error))
        return
    seen = 0
    while ahead:
        here = ahead.pop()
        try:
            entries = tree.entries(here)
        except PathError as error:
            faults.append(str(error))
            continue
        seen += len(entries)
        if seen > _MOST_FILES:
            faults.append(f"{folder}: has more than {_MOST_FILES} files")
            return
        yield here, entries
        below = (name for name, entry in sorted(entries.items(), reverse=True) if entry is Entry.FOLDER)
        ahead += [f"{here.rstrip('/')}/{name}" for name in below if name not in _PASSED_BY]


def elf_candidates(tree: Tree, top: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths at or below *top* that may be binaries, and sentences about what could not be read."""
    faults: list[str] = []
    if not tree.is_folder(top):
        return ((top,) if tree.exists(top) and is_candidate(top.rpartition("/")[2]) else ()), ()
    paths = [
        f"{folder.rstrip('/')}/{name}"
        for folder, entries in walk(tree, top, faults)
        for name, entry in sorted(entries.items())
        if entry is Entry.FILE and is_candidate(name)
    ]
    return tuple(paths), tuple(faults)

"""Dynamic loaders: whose they are, and which release, told from their own files."""

import re

from musl_audit.adapters.tree import PathError, Tree
from musl_audit.elf.musl_release import is_musl, musl_release
from musl_audit.environment.values import Loader
from musl_audit.loader.libc_names import Libc, libc_named

LARGEST_LOADER = 32 << 20  # musl's has 0.7 MB, glibc's 0.2 MB, with debug information 5 MB
_GLIBC_RELEASE = re.compile(rb"release version ([0-9]+\.[0-9]+)")
_GCOMPAT = b"gcompat"
_FILE = re.compile(r"ld-musl-[a-z0-9_]+\.so\.1|ld-linux[a-z0-9_-]*\.so\.[0-9]|ld64\.so\.[0-9]|ld\.so\.1")
_FOLDERS = ("/lib", "/lib64", "/lib32", "/libx32")


def read_loader(tree: Tree, path: str) -> Loader:
    """Return what the file of the loader at *path* says; where there is none, what its name says."""
    libc = libc_named(path) or Libc.OTHER
    try:
        data = tree.read(path, most=LARGEST_LOADER)
    except PathError as error:
        return Loader(path, libc, exists=tree.exists(path), detail=str(error))
    if is_musl(data):
        return Loader(path, Libc.MUSL, musl_release(data))
    if release := _GLIBC_RELEASE.search(data):
        return Loader(path, Libc.GLIBC, release[1].decode())
    detail = "gcompat: a loader for glibc's programs that runs them on musl" if _GCOMPAT in data else ""
    return Loader(path, libc, detail=detail)


def installed_loaders(tree: Tree, but: str | None) -> tuple[Loader, ...]:
    """Return the loaders in the usual places, but the one at *but*; that one is there says nothing about programs."""
    seen = {tree.resolve(but)} if but is not None and tree.exists(but) else set()
    found = []
    for folder in _FOLDERS:
        for name in tree.names(folder):
            path = f"{folder}/{name}"
            if not _FILE.fullmatch(name) or not tree.exists(path) or tree.resolve(path) in seen:
                continue
            seen.add(tree.resolve(path))
            found.append(read_loader(tree, path))
    return tuple(found)

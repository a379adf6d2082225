"""Libraries that users bring themselves: which glob of ``--exclude`` means one."""

from collections.abc import Iterable
from fnmatch import fnmatchcase


def excluding_glob(globs: Iterable[str], *names: str) -> str | None:
    """
    Return the first of *globs* that matches one of *names*: a soname, or the path where it was found, or is looked for.

    >>> excluding_glob(["libz.so*", "/usr/local/cuda*"], "libcudart.so.12", "/usr/local/cuda-12/lib64/libcudart.so.12")
    '/usr/local/cuda*'
    >>> excluding_glob(["libffi.so.[4,5]"], "libffi.so.6")
    """
    return next((glob for glob in globs if any(fnmatchcase(name, glob) for name in names)), None)


def exactly(name: str) -> str:
    """
    Return a glob that matches *name* alone.

    >>> exactly("lib[x].so.*")
    'lib[[]x].so.[*]'
    """
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in name)


def why_no_glob(text: str) -> str | None:
    """
    Return why *text* is no glob that could match a library, None where it is one.

    >>> why_no_glob("libffi.so.[4,5]")
    >>> why_no_glob("lib[4")
    'a bracket is not closed'
    """
    if not text.strip():
        return "it is empty"
    if not text.isprintable():
        return "it has characters that no name has"
    opened = text.find("[")
    while opened >= 0:
        closed = text.find("]", opened + (3 if text[opened + 1 : opened + 2] == "!" else 2))
        if closed < 0:
            return "a bracket is not closed"
        opened = text.find("[", closed)
    return None

"""Whose C library a name is: of a dynamic loader, or of one of the libraries that come with it."""

from enum import StrEnum

GLIBC_PARTS = frozenset("libc.so.6 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1".split())


class Libc(StrEnum):
    """Whose dynamic loader a program asks for; ``static`` programs ask for none."""

    MUSL = "musl"
    GLIBC = "glibc"
    STATIC = "static"
    OTHER = "other"
    UNKNOWN = "unknown"


def libc_named(path: str) -> Libc | None:
    """
    Return whose loader or library *path* is by its file name, None where the name tells nothing.

    >>> [str(libc_named(name)) for name in ("/lib/ld-musl-armhf.so.1", "libc.so", "libm.so.6", "libz.so.1")]
    ['musl', 'musl', 'glibc', 'None']
    """
    name = path.rpartition("/")[2]
    if name == "libc.so" or name.startswith(("ld-musl-", "libc.musl-")):
        return Libc.MUSL
    return Libc.GLIBC if name in GLIBC_PARTS or is_glibc_loader(name) else None


def is_glibc_loader(soname: str) -> bool:
    """
    Whether *soname* is the dynamic loader of glibc on some architecture.

    >>> is_glibc_loader("ld-linux-x86-64.so.2"), is_glibc_loader("ld64.so.2"), is_glibc_loader("ld-musl-i386.so.1")
    (True, True, False)
    """
    return soname.startswith(("ld-linux", "ld64.so", "ld.so"))

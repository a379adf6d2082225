"""
Where musl looks for a library that no file of the wheel is: the one model of the system's search path.

``ldso/dynlink.c``: the entries of RPATH or RUNPATH up to the program's own, then those of the loader's path file,
``PREFIX/etc/ld-musl-ARCH.path``, where PREFIX is above the directory of the loader; without the file, a fixed list.
"""

from musl_audit.loader.search_paths import effective_entries
from musl_audit.model import ElfFacts

DEFAULT_PATH = ("/lib", "/usr/local/lib", "/usr/lib")  # where there is no path file
LONGEST_PATH_FILE = 1 << 20  # bytes


def path_file_of(loader: str) -> str:
    """
    Return the path file that *loader*, the path of a dynamic loader, reads.

    >>> path_file_of("/lib/ld-musl-x86_64.so.1"), path_file_of("/opt/musl/lib/ld-musl-i386.so.1")
    ('/etc/ld-musl-x86_64.path', '/opt/musl/etc/ld-musl-i386.path')
    """
    folder, _, name = loader.rpartition("/")
    return f"{folder.rpartition('/')[0]}/etc/{name.removesuffix('.so.1')}.path"


def parse_path_file(text: str) -> tuple[str, ...]:
    r"""
    Return the directories that a path file names; an empty one means nowhere.

    A relative entry is relative to the working directory of whoever starts the program, so it says nothing here.

    >>> parse_path_file("/lib:/usr/lib\nlocal\n\n/opt/lib\n")
    ('/lib', '/usr/lib', '/opt/lib')
    """
    return tuple(entry for entry in text.replace("\n", ":").split(":") if entry.startswith("/"))


def entries_from(file: ElfFacts, directory: str) -> tuple[str, ...]:
    """
    Return the absolute directories that the search path of *file*, which lies in *directory*, leads to.

    musl replaces ``$ORIGIN`` and ``${ORIGIN}`` wherever they stand, and ignores a path with any other ``$`` whole.
    """
    origins = (entry.replace("${ORIGIN}", directory).replace("$ORIGIN", directory) for entry in effective_entries(file))
    return tuple(entry for entry in origins if entry.startswith("/"))

"""strip: the one that knows the wheel's architecture."""

import platform
from functools import cache

from musl_audit.adapters.patchers.tools import change, find_tool
from musl_audit.errors import RepairError
from musl_audit.policy import Arch

_NATIVE = {  # what the machine's own strip knows, by the name that the kernel gives the machine
    "x86_64": ("x86_64", "i686"),
    "amd64": ("x86_64", "i686"),
    "i386": ("i686",),
    "i586": ("i686",),
    "arm64": ("aarch64",),
}


@cache
def strip_tool(arch: Arch) -> str:
    """
    Return the path of a ``strip`` that can handle *arch*: the machine's own, the toolchain's for it, or LLVM's.

    Raise ``RepairError`` where there is none.
    """
    machine = platform.machine().lower()
    native = ["strip"] if platform.system() == "Linux" and arch.name in _NATIVE.get(machine, (machine,)) else []
    names = [*native, f"{arch.triplet}-strip", f"{arch.triplet.replace('-musl', '-gnu')}-strip", "llvm-strip"]
    for name in names:
        if (path := find_tool(name)) is not None:
            return path
    raise RepairError(f"--strip needs a strip for {arch.name}, one of: {', '.join(names)}; none was found")


def strip(data: bytes, arch: Arch, level: str, what: str) -> bytes:
    """Return *data* without what *level* (unneeded, debug, all) names; raise ``RepairError`` where strip fails."""
    return change(data, [strip_tool(arch), f"--strip-{level}"], what)

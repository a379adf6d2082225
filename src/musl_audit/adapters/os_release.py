"""``os-release`` of a system: what it says it is (os-release(5))."""

from musl_audit.adapters.tree import PathError, Tree
from musl_audit.environment.os_release import parse_os_release
from musl_audit.environment.values import OsRelease

_PATHS = ("/etc/os-release", "/usr/lib/os-release")  # the first that is there counts
_LARGEST = 64 << 10  # bytes


def read_os_release(tree: Tree) -> OsRelease | None:
    """Return what the system in *tree* says it is, None where it says nothing that can be read."""
    for path in _PATHS:
        try:
            return parse_os_release(tree.text(path, most=_LARGEST))
        except PathError:
            continue
    return None

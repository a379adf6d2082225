"""
Paths inside a directory that stands for a whole system: a container image or a sysroot, unpacked on disk.

Absolute links, ``..`` chains and loops are followed as the system itself would follow them, and never leave it.
"""

import os
from pathlib import Path, PurePosixPath
from stat import S_ISREG

_MOST_LINKS = 40  # as Linux: ELOOP beyond


class Sysroot:
    """The system below ``root``; ``/`` is the host itself."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100  # resolve() would follow links of the host

    def resolve(self, path: str) -> Path | None:
        """
        Return where *path*, seen from inside, lies on the host; None where nothing is there or links run in a circle.

        Every link is read and followed here, so that no component is ever looked up outside the root.
        """
        parts = [*reversed(PurePosixPath("/", path).parts[1:])]
        found: list[str] = []
        links = 0
        while parts:
            part = parts.pop()
            if part == "..":
                found = found[:-1]
                continue
            here = self.root.joinpath(*found, part)
            if here.is_symlink():
                links += 1
                if links > _MOST_LINKS:
                    return None
                target = PurePosixPath(here.readlink())
                if target.is_absolute():
                    found = []
                parts += [name for name in reversed(target.parts) if name != "/"]
                continue
            if not here.exists():
                return None
            found.append(part)
        return self.root.joinpath(*found)

    def inside(self, path: Path) -> str:
        """Return what a resolved *path* of the host is called from inside."""
        return "/" + path.relative_to(self.root).as_posix().removeprefix(".")

    def regular_file(self, path: str) -> Path | None:
        """Return where the regular file *path* lies on the host, None where it is none."""
        found = self.resolve(path)
        if found is None or not S_ISREG(found.lstat().st_mode):
            return None
        return found

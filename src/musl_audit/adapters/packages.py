"""Which distribution package a file of a system belongs to, by the package manager's own database."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from musl_audit.adapters.os_release import read_os_release
from musl_audit.adapters.tree import PathError, Tree

_LARGEST_DATABASE = 256 << 20  # bytes
_APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_DPKG_STATUS, _DPKG_LISTS = "/var/lib/dpkg/status", "/var/lib/dpkg/info"
_LISTED = ".list"
_DPKG_TREES = ("/usr/", "/lib", "/opt/")  # Debian's policy: no package has a library elsewhere


class Packages:
    """
    The package database of one system: apk's (Alpine) or dpkg's (Debian).

    Its files are data and nothing is run; what they hold besides is nobody's promise, so names are quoted.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def owner_of(self, path: str) -> str | None:
        """Return the package URL of the package that owns *path*, free of links; None where no database says."""
        return self._apk_owners.get(_comparable(path)) or self._dpkg_owner(path)

    def _text(self, path: str) -> str:
        try:
            return self._tree.text(path, most=_LARGEST_DATABASE)
        except PathError:
            return ""

    def _distribution(self, default: str) -> str:
        found = read_os_release(self._tree)
        return (found.id if found else "") or default

    @cached_property
    def _apk_owners(self) -> Mapping[str, str]:
        owners: dict[str, str] = {}
        for database in _APK:
            for package in self._text(database).split("\n\n"):
                fields = [line.partition(":")[::2] for line in package.splitlines()]
                values = dict(fields)
                url = _package_url(
                    "apk", self._distribution("alpine"), values.get("P", ""), values.get("V", ""), values.get("A", "")
                )
                if url:
                    owners.update((_comparable(name), url) for name in _apk_files(fields))
        return owners

    def _dpkg_owner(self, path: str) -> str | None:
        if not path.startswith(_DPKG_TREES):
            return None
        wanted = _comparable(path)
        for name in self._tree.names(_DPKG_LISTS):
            text = self._text(f"{_DPKG_LISTS}/{name}") if name.endswith(_LISTED) else ""
            # Most of a thousand lists end at the first test.
            if wanted in text and any(_comparable(line) == wanted for line in text.splitlines()):
                return self._dpkg_url(name.removesuffix(_LISTED).partition(":")[0])
        return None

    def _dpkg_url(self, package: str) -> str | None:
        for paragraph in self._text(_DPKG_STATUS).split("\n\n"):
            fields = dict(line.partition(": ")[::2] for line in paragraph.splitlines() if not line.startswith(" "))
            if fields.get("Package") == package:
                version, arch = fields.get("Version", ""), fields.get("Architecture", "")
                return _package_url("deb", self._distribution("debian"), package, version, arch)
        return None


def _comparable(path: str) -> str:
    """
    Return *path* so that it equals what a database says of the same file: with and without a merged ``/usr``.

    >>> _comparable("/usr/lib/libz.so.1") == _comparable("lib/libz.so.1")
    True
    """
    return path.strip("/").removeprefix("usr/")


def _apk_files(fields: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the path of each file: ``F:`` lines begin a directory, ``R:`` lines are its files."""
    directory = ""
    for key, value in fields:
        if key == "F":
            directory = value
        elif key == "R":
            yield f"{directory}/{value}"


def _package_url(kind: str, distribution: str, name: str, version: str, arch: str) -> str | None:
    """
    Return the package URL (ECMA-427), None where a part that it needs is not there.

    >>> _package_url("apk", "alpine", "libstdc++", "13.2.1_git20240309-r0", "x86_64")
    'pkg:apk/alpine/libstdc%2B%2B@13.2.1_git20240309-r0?arch=x86_64'
    """
    from urllib.parse import quote

    if not name or not version:
        return None
    qualifiers = f"?arch={quote(arch, safe='')}" if arch else ""
    return f"pkg:{kind}/{quote(distribution, safe='')}/{quote(name, safe='')}@{quote(version, safe=':')}{qualifiers}"

"""Which distribution package a file of a system belongs to, by the package manager's own database."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from musl_audit.adapters.os_release import read_os_release
from musl_audit.adapters.tree import PathError, Tree

_LARGEST_DATABASE = 256 << 20  # bytes
_APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_DPKG_STATUS, _DPKG_LISTS = "/var/lib/dpkg/status", "/var/lib/dpkg/info"
_LISTED = ".list"
_OF_PYTHON = "-packages/"  # site-packages, dist-packages
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
        return self._apk_owners.get(comparable(path)) or self._dpkg_owner(path)

    def with_distribution(self, owner: str) -> str:
        """Return the package URL *owner* with the release that its package is of, as far as the system says it."""
        from urllib.parse import quote

        found = read_os_release(self._tree)
        if found is None or not found.id:
            return owner
        name = f"{found.id}-{found.version_id}" if found.version_id else found.id
        return f"{owner}{'&' if '?' in owner else '?'}distro={quote(name, safe='')}"

    def licence_of(self, owner: str) -> str | None:
        """Return the licence of the package with the URL *owner*, as its database or its copyright file spells it."""
        if owner in self._apk_files:
            return self._apk_licences.get(owner)
        from urllib.parse import unquote

        package = unquote(owner.partition("@")[0].rpartition("/")[2])
        return _licence_of(self._text(f"/usr/share/doc/{package}/copyright")) if owner.startswith("pkg:deb/") else None

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """Every file of every package, by the path that ``comparable`` makes, and the URL of the package."""
        owners = dict(self._apk_owners)
        for name in self._tree.names(_DPKG_LISTS):
            if name.endswith(_LISTED) and (url := self._dpkg_url(_package_of(name))):
                lines = self._text(f"{_DPKG_LISTS}/{name}").splitlines()
                owners.update(dict.fromkeys(map(comparable, lines), url))
        return owners

    def files_of(self, owner: str) -> tuple[str, ...]:
        """Return the absolute paths of the files of the package with the URL *owner*, as its database spells them."""
        from urllib.parse import unquote

        if owner in self._apk_files:
            return tuple(f"/{path}" for path in self._apk_files[owner])
        package = unquote(owner.partition("@")[0].rpartition("/")[2])
        for name in self._tree.names(_DPKG_LISTS):
            if name.endswith(_LISTED) and _package_of(name) == package:
                return tuple(line for line in self._text(f"{_DPKG_LISTS}/{name}").splitlines() if line != "/.")
        return ()

    def _text(self, path: str) -> str:
        try:
            return self._tree.text(path, most=_LARGEST_DATABASE)
        except PathError:
            return ""

    def _distribution(self, default: str) -> str:
        found = read_os_release(self._tree)
        return (found.id if found else "") or default

    @cached_property
    def _apk_licences(self) -> Mapping[str, str]:
        """The licence of each of apk's packages that has one, by its URL."""
        return {url: found for url, fields in self._apk_packages.items() if (found := dict(fields).get("L"))}

    @cached_property
    def _apk_files(self) -> Mapping[str, tuple[str, ...]]:
        """The files of each of apk's packages, by its URL."""
        return {url: tuple(_apk_files(fields)) for url, fields in self._apk_packages.items()}

    @cached_property
    def _apk_packages(self) -> Mapping[str, list[tuple[str, str]]]:
        """The fields of each of apk's packages, in order, by its URL."""
        packages: dict[str, list[tuple[str, str]]] = {}
        for database in _APK:
            for package in self._text(database).split("\n\n"):
                fields = [(key, value) for key, _, value in (line.partition(":") for line in package.splitlines())]
                values = dict(fields)
                url = _package_url(
                    "apk", self._distribution("alpine"), values.get("P", ""), values.get("V", ""), values.get("A", "")
                )
                if url:
                    packages.setdefault(url, fields)
        return packages

    @cached_property
    def _apk_owners(self) -> Mapping[str, str]:
        return {comparable(path): url for url, paths in self._apk_files.items() for path in paths}

    def _dpkg_owner(self, path: str) -> str | None:
        if not path.startswith(_DPKG_TREES):
            return None
        wanted = comparable(path)
        if _OF_PYTHON in path:
            package = self._dpkg_pythons.get(wanted)
            return self._dpkg_url(package) if package else None
        for name in self._tree.names(_DPKG_LISTS):
            text = self._text(f"{_DPKG_LISTS}/{name}") if name.endswith(_LISTED) else ""
            # Most of a thousand lists end at the first test.
            if wanted in text and any(comparable(line) == wanted for line in text.splitlines()):
                return self._dpkg_url(_package_of(name))
        return None

    @cached_property
    def _dpkg_pythons(self) -> Mapping[str, str]:
        """Which package a file of an installed Python project belongs to: these are asked for by the hundred."""
        owners: dict[str, str] = {}
        for name in self._tree.names(_DPKG_LISTS):
            text = self._text(f"{_DPKG_LISTS}/{name}") if name.endswith(_LISTED) else ""
            if _OF_PYTHON in text:
                owners.update((comparable(line), _package_of(name)) for line in text.splitlines() if _OF_PYTHON in line)
        return owners

    def _dpkg_url(self, package: str) -> str | None:
        return self._dpkg_urls.get(package)

    @cached_property
    def _dpkg_urls(self) -> Mapping[str, str]:
        urls: dict[str, str] = {}
        for paragraph in self._text(_DPKG_STATUS).split("\n\n"):
            fields = dict(line.partition(": ")[::2] for line in paragraph.splitlines() if not line.startswith(" "))
            name, version, arch = (fields.get(key, "") for key in ("Package", "Version", "Architecture"))
            if url := _package_url("deb", self._distribution("debian"), name, version, arch):
                urls.setdefault(name, url)
        return urls


def _package_of(name: str) -> str:
    """Return the package whose list is called *name*: ``libz1:amd64.list``."""
    return name.removesuffix(_LISTED).partition(":")[0]


def _licence_of(text: str) -> str | None:
    r"""
    Return the licence of all files of a package, from a machine-readable copyright file (DEP 5).

    >>> _licence_of("Format: https://x/1.0/\n\nFiles: *\nCopyright: X\nLicense: Zlib\n text\n")
    'Zlib'
    """
    if not text.startswith("Format:"):
        return None
    for paragraph in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in paragraph.splitlines() if not line.startswith(" "))
        if fields.get("Files", "").strip() == "*":
            return fields.get("License", "").strip() or None
    return None


def comparable(path: str) -> str:
    """
    Return *path* so that it equals what a database says of the same file: with and without a merged ``/usr``.

    >>> comparable("/usr/lib/libz.so.1") == comparable("lib/libz.so.1")
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

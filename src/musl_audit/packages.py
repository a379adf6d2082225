"""Which distribution package a file of a system belongs to, by the package manager's own database."""

from collections.abc import Iterator

from musl_audit.tree import PathError, Tree

_LARGEST_DATABASE = 256 << 20  # bytes
_APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_DPKG_STATUS, _DPKG_LISTS = "/var/lib/dpkg/status", "/var/lib/dpkg/info"


def owner_of(tree: Tree, path: str) -> str | None:
    """
    Return the package URL of the package that owns *path*, None where no database says.

    apk (Alpine) and dpkg (Debian) are read; their files are data and nothing is run.
    """
    return _apk_owner(tree, path) or _dpkg_owner(tree, path)


def _text(tree: Tree, path: str) -> str:
    try:
        return tree.text(path, most=_LARGEST_DATABASE)
    except PathError:
        return ""


def _distribution(tree: Tree, default: str) -> str:
    for line in _text(tree, "/etc/os-release").splitlines():
        if line.startswith("ID="):
            return line.removeprefix("ID=").strip("\"' ") or default
    return default


def _apk_owner(tree: Tree, path: str) -> str | None:
    directory, _, name = path.lstrip("/").rpartition("/")
    for database in _APK:
        for package in _text(tree, database).split("\n\n"):
            fields = [line.partition(":")[::2] for line in package.splitlines()]
            if (directory, name) in _apk_files(fields):
                values = dict(fields)
                namespace = _distribution(tree, "alpine")
                return f"pkg:apk/{namespace}/{values.get('P', '')}@{values.get('V', '')}?arch={values.get('A', '')}"
    return None


def _apk_files(fields: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield directory and name of each file: ``F:`` lines begin a directory, ``R:`` lines are its files."""
    directory = ""
    for key, value in fields:
        if key == "F":
            directory = value
        elif key == "R":
            yield directory, value


def _dpkg_owner(tree: Tree, path: str) -> str | None:
    names = {path, path.removeprefix("/usr"), f"/usr{path}"}  # merged /usr: lists may name either
    for name in tree.names(_DPKG_LISTS):
        if name.endswith(".list") and names.intersection(_text(tree, f"{_DPKG_LISTS}/{name}").splitlines()):
            return _dpkg_url(tree, name.removesuffix(".list").partition(":")[0])
    return None


def _dpkg_url(tree: Tree, package: str) -> str | None:
    for paragraph in _text(tree, _DPKG_STATUS).split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in paragraph.splitlines() if not line.startswith(" "))
        if fields.get("Package") == package:
            namespace = _distribution(tree, "debian")
            return f"pkg:deb/{namespace}/{package}@{fields.get('Version', '')}?arch={fields.get('Architecture', '')}"
    return None

"""Which distribution package a file of a system belongs to, by the package manager's own database."""

from collections.abc import Iterator

from musl_audit.sysroot import Sysroot

_LARGEST_DATABASE = 256 << 20  # bytes
_APK = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_DPKG_STATUS, _DPKG_LISTS = "/var/lib/dpkg/status", "/var/lib/dpkg/info"


def owner_of(sysroot: Sysroot, path: str) -> str | None:
    """
    Return the package URL of the package that owns *path*, None where no database says.

    apk (Alpine) and dpkg (Debian) are read; their files are data and nothing is run.
    """
    return _apk_owner(sysroot, path) or _dpkg_owner(sysroot, path)


def _text(sysroot: Sysroot, path: str) -> str:
    file = sysroot.regular_file(path)
    if file is None or file.stat().st_size > _LARGEST_DATABASE:
        return ""
    return file.read_text(encoding="utf-8", errors="replace")


def _distribution(sysroot: Sysroot, default: str) -> str:
    for line in _text(sysroot, "/etc/os-release").splitlines():
        if line.startswith("ID="):
            return line.removeprefix("ID=").strip("\"' ") or default
    return default


def _apk_owner(sysroot: Sysroot, path: str) -> str | None:
    directory, _, name = path.lstrip("/").rpartition("/")
    for database in _APK:
        for package in _text(sysroot, database).split("\n\n"):
            fields = [line.partition(":")[::2] for line in package.splitlines()]
            if (directory, name) in _apk_files(fields):
                values = dict(fields)
                namespace = _distribution(sysroot, "alpine")
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


def _dpkg_owner(sysroot: Sysroot, path: str) -> str | None:
    lists = sysroot.resolve(_DPKG_LISTS)
    if lists is None or not lists.is_dir():
        return None
    names = {path, path.removeprefix("/usr"), f"/usr{path}"}  # merged /usr: lists may name either
    for file in sorted(lists.glob("*.list")):
        if names.intersection(_text(sysroot, f"{_DPKG_LISTS}/{file.name}").splitlines()):
            return _dpkg_url(sysroot, file.name.removesuffix(".list").partition(":")[0])
    return None


def _dpkg_url(sysroot: Sysroot, package: str) -> str | None:
    for paragraph in _text(sysroot, _DPKG_STATUS).split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in paragraph.splitlines() if not line.startswith(" "))
        if fields.get("Package") == package:
            namespace = _distribution(sysroot, "debian")
            return f"pkg:deb/{namespace}/{package}@{fields.get('Version', '')}?arch={fields.get('Architecture', '')}"
    return None

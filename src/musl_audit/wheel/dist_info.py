"""What ``*.dist-info`` says: which directories there are, and the fields of ``WHEEL`` that matter here."""

from collections.abc import Iterable, Iterator

from musl_audit.model import WheelMetadata, WheelName
from musl_audit.wheel.names import is_same_version, normalized_project

_SUFFIX = ".dist-info"


def dist_infos_of(members: Iterable[str]) -> tuple[str, ...]:
    """
    Return the ``*.dist-info`` directories at the top of an archive, sorted, without a slash.

    >>> dist_infos_of(["a/__init__.py", "a-1.0.dist-info/WHEEL", "a/b-2.dist-info/WHEEL"])
    ('a-1.0.dist-info',)
    """
    tops = {name.partition("/")[0] for name in members if _SUFFIX in name and "/" in name}
    return tuple(sorted(top for top in tops if top.endswith(_SUFFIX)))


def is_project_of(directory: str, name: WheelName) -> bool:
    """Whether *directory* belongs to the project that the file name says."""
    return normalized_project(_split(directory)[0]) == normalized_project(name.distribution)


def is_dist_info_of(directory: str, name: WheelName) -> bool:
    """
    Whether *directory* belongs to the project and the version that the file name says.

    >>> name = WheelName("Foo.Bar", "1.0", None, ("py3",), ("none",), ("any",))
    >>> [is_dist_info_of(f"{stem}.dist-info", name) for stem in ("foo_bar-1.0.0", "foo-1.0", "foo_bar-2")]
    [True, False, False]
    """
    return is_project_of(directory, name) and is_same_version(_split(directory)[1], name.version)


def _split(directory: str) -> tuple[str, str]:
    """Return project and version of a directory's name; a version has no dash, local ones are escaped to ``_``."""
    project, _, version = directory.removesuffix(_SUFFIX).rpartition("-")
    return project, version


def main_dist_info(directories: tuple[str, ...], name: WheelName | None) -> str | None:
    """Return the directory that an installer would read: that of the wheel's own project, else the first."""
    own = [directory for directory in directories if name and is_dist_info_of(directory, name)]
    return next(iter((*own, *directories)), None)


def parse_wheel_file(directories: tuple[str, ...], text: bytes | None) -> WheelMetadata:
    """Return what *text*, the content of ``WHEEL``, says; None where there is no such file."""
    if text is None:
        return WheelMetadata(dist_infos=directories, has_wheel_file=False)
    fields = list(header_fields(text.decode("utf-8", "surrogateescape")))
    purelib = [value.lower() for key, value in fields if key == "root-is-purelib"]
    versions = [value for key, value in fields if key == "wheel-version"]
    return WheelMetadata(
        dist_infos=directories,
        tags=tuple(value for key, value in fields if key == "tag"),
        root_is_purelib={"true": True, "false": False}.get(purelib[0]) if purelib else None,
        wheel_version=versions[0] if versions else None,
    )


def header_fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield the header fields of *text* with lower-case names: up to the first empty line, as in a mail."""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line.strip():
            return
        key, colon, value = line.partition(":")
        if colon and not line[0].isspace():
            yield key.strip().lower(), value.strip()

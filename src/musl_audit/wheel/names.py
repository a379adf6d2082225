"""The file name of a wheel, and what its platform tags say (PEP 427, PEP 425, PEP 600, PEP 656)."""

import re

from musl_audit.errors import WheelError
from musl_audit.model import WheelKind, WheelName

# Patterns are compiled when first used: that takes longer than the rest of this module.
_MUSLLINUX = "musllinux_(0|[1-9][0-9]*)_(0|[1-9][0-9]*)_([a-z0-9_]+)"
_MANYLINUX = "manylinux(?:1|2010|2014|_[0-9]+_[0-9]+)_([a-z0-9_]+)"
_LONGEST_PLAIN = 255
_FAMILIES = ("musllinux", "manylinux", "linux", "macosx", "win", "android", "ios", "pyodide", "emscripten", "wasi")
_SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")


def parse_wheel_name(filename: str) -> WheelName:
    """
    Return what *filename* says, its compressed tag sets expanded in the order written.

    Raise ``WheelError`` (MUSL001) where it is not a wheel's name.

    >>> parse_wheel_name("attrs-25.1.0-py2.py3-none-any.whl").python_tags
    ('py2', 'py3')
    """
    if not is_plain(filename):
        _refuse_bad_name(filename)
    distribution, version, *build, python, abi, platform = filename.removesuffix(".whl").split("-")
    return WheelName(
        distribution=distribution,
        version=version,
        build=build[0] if build else None,
        python_tags=tuple(python.lower().split(".")),  # installers compare tags without case
        abi_tags=tuple(abi.lower().split(".")),
        platform_tags=tuple(platform.lower().split(".")),
    )


def is_plain(filename: str) -> bool:
    """
    Whether *filename* is a wheel's name beyond doubt: a strict subset of what packaging accepts.

    Nearly every name is, and importing packaging takes longer than reading a small wheel.
    """
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) != 5 or not filename.endswith(".whl") or not filename.isascii() or len(filename) > _LONGEST_PLAIN:
        return False
    words = [word for part in parts for word in part.replace("_", ".").split(".")]
    numbers = parts[1].split(".")
    pythons = parts[2].split(".")
    return all(map(str.isalnum, words)) and all(map(str.isdigit, numbers)) and all(map(str.isidentifier, pythons))


def _refuse_bad_name(filename: str) -> None:
    """Raise ``WheelError`` where packaging does not accept *filename*."""
    from packaging.utils import parse_wheel_filename

    try:
        parse_wheel_filename(filename)
    except ValueError as error:  # InvalidWheelFilename, and int() of too many digits
        raise WheelError(f"not a wheel's file name: {error}", code="MUSL001") from error


def is_sdist_name(filename: str) -> bool:
    """Whether *filename* ends as source distributions do."""
    return filename.endswith(_SDIST_SUFFIXES)


def normalized_project(name: str) -> str:
    """
    Return *name* as the index compares it (name normalization of the packaging specifications).

    >>> normalized_project("Zope.Interface__x")
    'zope-interface-x'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def is_same_version(one: str, other: str) -> bool:
    """
    Whether two versions are equal as PEP 440 compares them; by their text where either is no version.

    >>> is_same_version("1.0", "1.0.0")
    True
    """
    if one == other:
        return True
    from packaging.version import Version

    try:
        return Version(one) == Version(other)
    except ValueError:
        return False


# --- Platform tags ------------------------------------------------------------------------------------


def musllinux_series(tag: str) -> tuple[str, str] | None:
    """
    Return the musl series and the architecture of a musllinux tag; None for any other tag.

    >>> musllinux_series("musllinux_1_2_x86_64")
    ('1.2', 'x86_64')
    """
    match = re.fullmatch(_MUSLLINUX, tag)
    return (f"{match[1]}.{match[2]}", match[3]) if match else None


def tag_family(tag: str) -> str:
    """
    Return the family of a platform tag: musllinux, manylinux, linux, any, macosx, win …, or other.

    >>> [tag_family(tag) for tag in ("manylinux2014_aarch64", "linux_armv7l", "win32", "any", "solaris_2")]
    ['manylinux', 'linux', 'win', 'any', 'other']
    """
    if tag == "any":
        return "any"
    return next((family for family in _FAMILIES if tag.startswith(family)), "other")


def tag_arch(tag: str) -> str | None:
    """
    Return the architecture that a Linux platform tag names; None for other tags and for none at all.

    >>> tag_arch("manylinux_2_28_ppc64le"), tag_arch("linux_i686"), tag_arch("any")
    ('ppc64le', 'i686', None)
    """
    if parsed := musllinux_series(tag):
        return parsed[1]
    if match := re.fullmatch(_MANYLINUX, tag):
        return match[1]
    return tag.removeprefix("linux_") if tag.startswith("linux_") else None


def kind_of(name: WheelName | None) -> WheelKind:
    """
    Return what the platform tags of a wheel make it: musllinux, manylinux, linux, any or other.

    A wheel with tags of several families is of the first in that order: what musl-audit can say most about.
    """
    families = {tag_family(tag) for tag in name.platform_tags} if name else set()
    return next((kind for kind in WheelKind if kind in families), WheelKind.OTHER)

"""The file name of a wheel, and what its platform tags say (PEP 427, PEP 425, PEP 600, PEP 656)."""

import re

from musl_audit.errors import WheelError
from musl_audit.model import WheelName

# A strict subset of what packaging accepts: nearly every wheel's name is written like this, and importing packaging
# takes longer than reading a small wheel. About any other name, packaging decides.
_PLAIN_NAME = re.compile(
    r"(?P<distribution>[A-Za-z0-9]+(?:[._][A-Za-z0-9]+)*)"
    r"-(?P<version>[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?(?:\+[a-z0-9]+(?:\.[a-z0-9]+)*)?)"
    r"(?:-(?P<build>[0-9]+[A-Za-z0-9_]*))?"
    r"-(?P<python>[a-z]+[0-9]+(?:\.[a-z]+[0-9]+)*)"
    r"-(?P<abi>[a-z0-9_]+(?:\.[a-z0-9_]+)*)"
    r"-(?P<platform>[a-z0-9_]+(?:\.[a-z0-9_]+)*)"
    r"\.whl"
)
_LONGEST_PLAIN_NAME = 255

_MUSLLINUX = re.compile(r"musllinux_(0|[1-9][0-9]*)_(0|[1-9][0-9]*)_([a-z0-9_]+)")
_MANYLINUX = re.compile(r"manylinux(?:1|2010|2014|_[0-9]+_[0-9]+)_([a-z0-9_]+)")
_FAMILIES = ("musllinux", "manylinux", "linux", "macosx", "win", "android", "ios", "pyodide", "emscripten", "wasi")
_SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")


def parse_wheel_name(filename: str) -> WheelName:
    """
    Return what *filename* says, its compressed tag sets expanded in the order written.

    Raise ``WheelError`` (MUSL001) where it is not a wheel's name.

    >>> parse_wheel_name("attrs-25.1.0-py2.py3-none-any.whl").python_tags
    ('py2', 'py3')
    """
    plain = _PLAIN_NAME.fullmatch(filename) if len(filename) <= _LONGEST_PLAIN_NAME else None
    if plain is None:
        _refuse_bad_name(filename)
        return _split(filename)
    return WheelName(
        distribution=plain["distribution"],
        version=plain["version"],
        build=plain["build"],
        python_tags=tuple(plain["python"].split(".")),
        abi_tags=tuple(plain["abi"].split(".")),
        platform_tags=tuple(plain["platform"].split(".")),
    )


def _refuse_bad_name(filename: str) -> None:
    """Raise ``WheelError`` where packaging does not accept *filename*."""
    from packaging.utils import parse_wheel_filename

    try:
        parse_wheel_filename(filename)
    except ValueError as error:  # InvalidWheelFilename, and int() of too many digits
        raise WheelError(f"not a wheel's file name: {error}", code="MUSL001") from error


def _split(filename: str) -> WheelName:
    """Return the parts of a name that packaging accepted; tags compare without case, as packaging's do."""
    distribution, version, *build, python, abi, platform = filename.removesuffix(".whl").split("-")
    return WheelName(
        distribution=distribution,
        version=version,
        build=build[0] if build else None,
        python_tags=tuple(python.lower().split(".")),
        abi_tags=tuple(abi.lower().split(".")),
        platform_tags=tuple(platform.lower().split(".")),
    )


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
    match = _MUSLLINUX.fullmatch(tag)
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
    if match := _MUSLLINUX.fullmatch(tag):
        return match[3]
    if match := _MANYLINUX.fullmatch(tag):
        return match[1]
    return tag.removeprefix("linux_") if tag.startswith("linux_") else None


def kind_of(name: WheelName | None) -> str:
    """
    Return what the platform tags of a wheel make it: musllinux, manylinux, linux, any or other.

    A wheel with tags of several families is of the first in that order: what musl-audit can say most about.
    """
    families = {tag_family(tag) for tag in name.platform_tags} if name else set()
    return next((family for family in ("musllinux", "manylinux", "linux", "any") if family in families), "other")

"""The options that commands share."""

import os
import re
from argparse import ArgumentParser, ArgumentTypeError, _ArgumentGroup
from collections.abc import Callable, Iterable

from musl_audit.errors import UsageError, did_you_mean
from musl_audit.loader.exclusion import why_no_glob
from musl_audit.reporters import formats
from musl_audit.wheel.limits import Limits

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def add_wheels(parser: ArgumentParser) -> None:
    """Add the wheels to read."""
    parser.add_argument(
        "wheels",
        metavar="WHEEL",
        nargs="*",
        help="a wheel, a directory of wheels, a quoted glob, an ELF file by itself; with the extra index also NAME, "
        "NAME==VERSION, a URL",
    )
    add_names(parser)


def add_names(parser: ArgumentParser) -> None:
    """Add which file the name of a project means."""
    group = parser.add_argument_group("of a NAME on an index")
    group.add_argument("--python", metavar="VERSION", help="the file that fits 3.11; default: that of this Python")
    group.add_argument("--arch", metavar="ARCH", help="x86_64, aarch64 …; default: that of this machine")
    group.add_argument("--on", metavar="PLACE", help="that installers take on alpine-3.15, musl 1.2.2, or a Python")
    group.add_argument("--all-files", action="store_true", help="every musllinux file of the version")
    group.add_argument("--index", metavar="URL", help="default: as pip and uv are configured")


def add_judging(parser: ArgumentParser) -> _ArgumentGroup:
    """Add what changes the verdict and which findings are let through, and return the group for more."""
    group = add_policy(parser)
    _add_list(group, "--select", "CODE", "report these only: codes, their beginnings, or names of rules")
    _add_list(group, "--ignore", "CODE", "do not report these")
    return group


def add_policy(parser: ArgumentParser) -> _ArgumentGroup:
    """Add what changes the verdict, and return the group for more."""
    group = parser.add_argument_group("judging")
    group.add_argument(
        "--floor",
        metavar="FLOOR",
        help="the oldest musl that must load the wheel: 1.2.4, alpine-3.18, or supported "
        "(the oldest of the distributions still supported); default: what the tag promises",
    )
    add_policies(group)
    group.add_argument(
        "--exclude",
        action="extend",
        type=globs,
        metavar="GLOB",
        help="libraries that the user provides, by soname or by the path where they are found, "
        "such as 'libodbc.so.*' or '/usr/local/cuda*' (repeatable)",
    )
    group.add_argument(
        "--config", metavar="FILE", help="read [tool.musl-audit] of FILE, not the nearest pyproject.toml"
    )
    group.add_argument("--isolated", action="store_true", help="read no configuration")
    return group


def add_policies(group: ArgumentParser | _ArgumentGroup) -> None:
    """Add where the policies come from."""
    group.add_argument("--policies", metavar="DIR", help="judge by the policies in DIR, not by those that are shipped")


def add_reading(parser: ArgumentParser) -> None:
    """Add how wheels are read, and how much of them at most."""
    group = add_limits(parser)
    group.add_argument("--verify-hashes", action="store_true", help="hold every member against its hash in RECORD")
    add_jobs(group)


def add_jobs(group: _ArgumentGroup) -> None:
    """Add how many processes there are at most."""
    group.add_argument(
        "-j", "--jobs", type=count, metavar="N", default=available_cores(), help="processes; default: one per core"
    )


def add_limits(parser: ArgumentParser) -> _ArgumentGroup:
    """Add how much of a wheel is read at most, and return the group for more."""
    limits = Limits()
    group = parser.add_argument_group("reading")
    group.add_argument(
        "--max-member-size", type=size, metavar="SIZE", default=limits.member_bytes, help="of one member; default: 4G"
    )
    group.add_argument(
        "--max-total-size", type=size, metavar="SIZE", default=limits.total_bytes, help="of all; default: 16G"
    )
    group.add_argument("--max-members", type=count, metavar="N", default=limits.members, help="default: 100000")
    group.add_argument(
        "--max-ratio", type=count, metavar="N", default=limits.ratio, help="of compression; default: 1000"
    )
    return group


def add_output(parser: ArgumentParser) -> _ArgumentGroup:
    """Add how the result looks, and where it goes, and return the group for more."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format", type=one_of(formats()), metavar="FORMAT", help=f"text (default); {', '.join(formats())}"
    )
    group.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        action="append",
        default=[],
        help="write the result to FILE; FORMAT=FILE writes one more, in that format; - is stdout (repeatable)",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="less: no hints, no summary")
    group.add_argument("-v", "--verbose", action="store_true", help="more: every file and wheel by name")
    add_color(group)
    return group


def add_verbose(group: ArgumentParser | _ArgumentGroup, text: str) -> None:
    """Add more of what is said; auditwheel counts how often, so once more is no mistake."""
    group.add_argument("-v", "--verbose", action="count", default=0, help=text)


def add_json(parser: ArgumentParser) -> None:
    """Add JSON instead of text, where there is nothing else to choose from."""
    parser.add_argument("--json", action="store_true", help="write JSON")


def add_color(parser: ArgumentParser | _ArgumentGroup) -> None:
    """Add whether text is coloured."""
    choices = ("auto", "always", "never")
    parser.add_argument("--color", type=one_of(choices), metavar="WHEN", default="auto", help=", ".join(choices))


def _add_list(group: _ArgumentGroup, option: str, metavar: str, text: str) -> None:
    group.add_argument(option, action="extend", type=comma_separated, metavar=metavar, help=f"{text} (repeatable)")


# --- Types of values ---------------------------------------------------------------------------------------


def one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """Return a type that accepts *choices*, and offers the nearest of them otherwise."""
    known = tuple(choices)

    def choice(text: str) -> str:
        if text not in known:
            near = did_you_mean(text, known)
            raise ArgumentTypeError(f"{text!r} is not one of {', '.join(known)}{near}")
        return text

    return choice


def comma_separated(text: str) -> list[str]:
    """
    Return the parts of *text*.

    >>> comma_separated("MUSL401, MUSL2")
    ['MUSL401', 'MUSL2']
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise ArgumentTypeError(f"there is an empty part in {text!r}")
    return parts


def globs(text: str) -> list[str]:
    """
    Return the globs of *text*, split at commas outside brackets.

    >>> globs("libffi.so.[4,5],/opt/rocm*")
    ['libffi.so.[4,5]', '/opt/rocm*']
    """
    parts = [part.strip() for part in re.split(r",(?![^\[\]]*\])", text)]
    for part in parts:
        if why := why_no_glob(part):
            raise ArgumentTypeError(f"{part!r} is no glob: {why}")
    return parts


def from_environment(variable: str, check: Callable[[str], object]) -> object:
    """Return what *variable* says, checked as the option would be, None where it says nothing; raise ``UsageError``."""
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        return check(text)
    except ArgumentTypeError as error:
        raise UsageError(f"{variable}: {error}") from error


def compression_level(text: str) -> int:
    """Return how hard to compress, 0 to 9; -1, which auditwheel knows, is what zlib takes without being asked."""
    if text not in ("-1", *map(str, range(10))):
        raise ArgumentTypeError(f"{text!r} is not a level from 0 to 9")
    return 6 if text == "-1" else int(text)


def patcher(text: str) -> str:
    """Return which program changes ELF files."""
    if text in ("lief", "lief-patchelf"):
        raise ArgumentTypeError(f"{text} lays files out anew, and what it wrote cannot be compared; take patchelf")
    if text not in ("patchelf", "none"):
        raise ArgumentTypeError(f"{text!r} is not patchelf or none")
    return text


def count(text: str) -> int:
    """Return a number of at least 1."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def size(text: str) -> int:
    """
    Return a number of bytes, written as ``1000``, ``64M`` or ``4G``.

    >>> size("64k")
    65536
    """
    number, unit = (text[:-1], text[-1].lower()) if text[-1:].isalpha() else (text, "")
    if unit not in _UNITS:
        raise ArgumentTypeError(f"{text!r} is not a size such as 64M or 4G")
    return count(number) * _UNITS[unit]


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

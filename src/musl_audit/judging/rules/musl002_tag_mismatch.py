"""
The file name and the metadata inside the wheel contradict each other.

The ``Tag`` lines of ``WHEEL`` and the tags of the file name must be the same set, each expanded:
``py2.py3-none-any`` is two tags (binary distribution format, "File contents"). Installers go by the file
name, so a contradiction usually means that somebody renamed the file instead of building for the platform;
``python -m wheel tags`` changes both. The right set written as one compressed line is only noted.

A wheel without ``WHEEL`` or ``METADATA``, with two ``*.dist-info`` directories, with another project's, or of a
version of the format other than 1 is refused by installers: an error.
"""

from collections.abc import Iterator
from itertools import product
from math import prod

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Rule, spell
from musl_audit.model import Fix, FixKind, Severity, Statement, WheelName
from musl_audit.wheel.dist_info import is_dist_info_of, is_project_of

RULE = Rule(
    "MUSL002",
    "tag-mismatch",
    Severity.WARNING,
    "build the wheel again, or rename it with `python -m wheel tags`, which changes both",
    tells_releases=False,
)
_WRITTEN_ANEW = Fix(FixKind.WRITE_TAGS, automatic=True, command=BY_REPAIR)
_MOST_TAGS = 10_000
_BUILD_AGAIN = "build the wheel again; unpacking and packing it with `wheel` keeps the metadata whole"


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding about the directories, and one about the tags."""
    metadata, name = context.facts.metadata, context.facts.name
    if context.facts.is_alone:
        return
    yield from _directories(metadata.dist_infos, name)
    if not metadata.has_wheel_file:
        if metadata.dist_infos:
            yield RULE.states(
                "there is no WHEEL file: installers refuse it", severity=Severity.ERROR, hint=_BUILD_AGAIN
            )
    else:
        if why := _format_fault(metadata.wheel_version):
            yield RULE.states(f"{why}: pip and uv refuse it", severity=Severity.ERROR, hint=_BUILD_AGAIN)
        if name is not None:
            yield from _tags(metadata.tags, name)
    if metadata.dist_infos and not metadata.has_metadata_file:
        yield RULE.states("there is no METADATA file: installers refuse it", severity=Severity.ERROR, hint=_BUILD_AGAIN)


def _format_fault(version: str | None) -> str:
    """
    Return what is wrong with a ``Wheel-Version``, empty where it is 1 and something.

    >>> _format_fault("1.9"), _format_fault("2.0")
    ('', 'Wheel-Version 2.0 is not the 1 that there is')
    """
    if version is None:
        return "WHEEL has no Wheel-Version"
    numbers = version.split(".")
    if not all(number.isascii() and number.isdigit() for number in numbers):
        return f"Wheel-Version {version!r} is no version"
    return "" if int(numbers[0]) == 1 else f"Wheel-Version {version} is not the 1 that there is"


def _directories(directories: tuple[str, ...], name: WheelName | None) -> Iterator[Statement]:
    if len(directories) != 1:
        what = (
            f"{len(directories)} .dist-info directories, {spell(directories)}"
            if directories
            else "no .dist-info directory"
        )
        yield RULE.states(f"{what}: installers refuse it", severity=Severity.ERROR, hint=_BUILD_AGAIN)
    elif name is not None and not is_project_of(directories[0], name):
        yield RULE.states(
            f"{directories[0]} belongs to another project than the file name says: installers refuse it",
            severity=Severity.ERROR,
            hint=_BUILD_AGAIN,
        )
    elif name is not None and not is_dist_info_of(directories[0], name):
        yield RULE.states(f"{directories[0]} is of another version than the file name says: some installers refuse it")


def _tags(lines: tuple[str, ...], name: WheelName) -> Iterator[Statement]:
    parts = [tuple(line.lower().split("-")) for line in lines]
    named = (name.python_tags, name.abi_tags, name.platform_tags)
    if _count(named) + sum(_count([part.split(".") for part in line]) for line in parts) > _MOST_TAGS:
        yield RULE.states(f"more than {_MOST_TAGS} tags, which nobody compares")
        return
    promised = set(map("-".join, product(*named)))
    written = {"-".join(tag) for line in parts for tag in product(*(part.split(".") for part in line))}
    if promised != written:
        difference = _difference(promised, written)
        yield RULE.states(f"WHEEL and the file name have different tags: {difference}", fix=_WRITTEN_ANEW)
    elif any("." in line for line in lines):
        yield RULE.states(
            "WHEEL has the tags of the file name, compressed instead of one per line", severity=Severity.NOTE
        )


def _count(parts: tuple[tuple[str, ...], ...] | list[list[str]]) -> int:
    return prod(map(len, parts))


def _difference(promised: set[str], written: set[str]) -> str:
    only_name, only_file = sorted(promised - written), sorted(written - promised)
    sides = ((only_name, "only in the file name"), (only_file, "only in WHEEL"))
    return "; ".join(f"{spell(tags)} {where}" for tags, where in sides if tags)

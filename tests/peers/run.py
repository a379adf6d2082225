"""One case through both tools, and how the two results compare."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path


class Grade(StrEnum):
    """How our result compares with auditwheel's."""

    SAME = "same"
    BETTER = "better"
    WORSE = "worse"
    ON_PURPOSE = "on purpose"


@dataclass(frozen=True)
class Result:
    """What a tool left behind: the wheels that it wrote, and what it said."""

    code: int
    wheels: tuple[Path, ...]
    said: str
    again: tuple[bytes, ...] | None = None  # what a second run wrote, where there was one

    @property
    def names(self) -> tuple[str, ...]:
        """The members of the one wheel, none where there is not one."""
        return tuple(zipfile.ZipFile(self.wheels[0]).namelist()) if len(self.wheels) == 1 else ()

    @property
    def grafted(self) -> set[str]:
        """The libraries that were copied in, without digests."""
        names = (name.rpartition("/")[2] for name in self.names if ".so" in name and "-" in name.rpartition("/")[2])
        return {name.partition("-")[0] for name in names if name.startswith("lib")}


@dataclass(frozen=True)
class Setting:
    """What a case starts from."""

    wheel: Path
    options: tuple[str | Path, ...] = ()
    ours: tuple[str | Path, ...] = ()  # options that auditwheel does not need
    environment: Mapping[str, str] = field(default_factory=dict)
    is_twice: bool = False  # run a second time, into another directory


@dataclass(frozen=True)
class Case:
    """What a user does, and what must come of it."""

    name: str
    prepare: Callable[[Path], Setting]
    is_good: Callable[[Result], bool]
    purpose: str = ""  # why ours does not do what theirs does


def run(case: Case, directory: Path) -> tuple[Result, Result]:
    """Return what auditwheel and what musl-audit make of *case*."""
    setting = case.prepare(directory)
    theirs = _run("auditwheel", setting.options, setting, directory / "theirs")
    ours = _run("musl_audit", (*setting.options, *setting.ours), setting, directory / "ours")
    return theirs, ours


def _run(module: str, options: tuple[str | Path, ...], setting: Setting, output: Path) -> Result:
    result = _run_once(module, options, setting, output)
    if not setting.is_twice:
        return result
    again = _run_once(module, options, setting, output.parent / f"{output.name}-again")
    return replace(result, again=tuple(path.read_bytes() for path in again.wheels))


def _run_once(module: str, options: tuple[str | Path, ...], setting: Setting, output: Path) -> Result:
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", module, "repair", "-w", output, *options, setting.wheel],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PATH": path, **setting.environment},
    )
    wheels = tuple(sorted(output.glob("*.whl"))) if output.exists() else ()
    return Result(done.returncode, wheels, done.stdout + done.stderr)


def grade(case: Case, theirs: Result, ours: Result) -> Grade:
    """Return how *ours* compares with *theirs*."""
    if case.is_good(ours):
        return Grade.SAME if case.is_good(theirs) else Grade.BETTER
    if not case.is_good(theirs):
        return Grade.SAME
    return Grade.ON_PURPOSE if case.purpose else Grade.WORSE

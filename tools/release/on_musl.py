"""Which of our own dependencies load on which musl: their wheels, judged by ourselves."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from musl_audit import Failure, Report, Skip, examine

ROOT = Path(__file__).resolve().parents[2]
PLATFORMS = ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64")
PYTHON = "3.11"


@dataclass(frozen=True)
class Row:
    """A dependency: the wheel that pip takes on musl, and what becomes of it; ``fails_on`` are promised releases."""

    project: str
    version: str
    wanted_by: str
    kind: str
    required_musl: str
    fails_on: str


def requirements() -> dict[str, list[str]]:
    """Return what the tool depends on, under ``""``, and what each extra adds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": project["dependencies"], **project["optional-dependencies"]}


def fetch(extra: str, folder: Path) -> list[Path]:
    """Return the wheels that pip takes for a CPython on musl; raise ``RuntimeError`` where there is none."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    abis = [word for abi in ("cp311", "abi3", "none") for word in ("--abi", abi)]
    where = [*platforms, "--python-version", PYTHON, "--implementation", "cp", *abis, "--dest", str(folder)]
    done = subprocess.run([*pip, *where, *requirements()[extra]], capture_output=True, text=True, check=False)
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")][-1:]
        raise RuntimeError(f"{extra or 'the tool'}: {' '.join(last) or done.stderr[-300:]}")
    return sorted(folder.glob("*.whl"))


def rows(extra: str, wheels: list[Path]) -> Iterator[Row]:
    """Yield what becomes of each wheel."""
    for outcome in examine(wheels, jobs=2):
        name = Path(outcome.path).name
        project, version = name.split("-")[:2]
        match outcome:
            case Skip(reason=reason):
                yield Row(project, version, extra, reason, "any", "")
            case Failure(message=message):
                yield Row(project, version, extra, "not judged", "?", message)
            case Report():
                broken = sorted({release for claim in outcome.claims for release in claim.broken_on})
                required = outcome.verdict.required_musl
                yield Row(project, version, extra, "binary", str(required or "none"), ", ".join(map(str, broken)))


def table(found: list[Row]) -> str:
    """Return the rows as Markdown, those with binaries first."""
    ordered = sorted(found, key=lambda row: (row.wanted_by, row.kind != "binary", row.project.lower()))
    lines = [
        "| dependency | wanted by | its wheel for musl | loads from musl | breaks its promise on |",
        "|---|---|---|---|---|",
    ]
    for row in ordered:
        wanted_by = f"extra `{row.wanted_by}`" if row.wanted_by else "the tool"
        lines.append(
            f"| {row.project} {row.version} | {wanted_by} | {row.kind} | {row.required_musl} | {row.fails_on or '—'} |"
        )
    return "\n".join(lines) + "\n"

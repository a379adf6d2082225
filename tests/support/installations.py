"""Packages laid out below a root as installers, distributions and people leave them."""

import zipfile
from pathlib import Path

from tests.support.cli import wheel
from tests.support.roots import Root

from musl_audit.environment.installed.values import Installation, InstalledAnswer
from musl_audit.workflows.explaining import explain
from musl_audit.workflows.inspecting import InstalledSettings

SITE = "/usr/lib/python3.12/site-packages"


def put(root: Root, case: str, site: str = SITE, *, record: bool = True) -> Root:
    """Lay out the test wheel *case* in *site*; without *record*, as distributions do it."""
    with zipfile.ZipFile(wheel(case)) as archive:
        for member in archive.infolist():
            if not member.is_dir() and (record or not member.filename.endswith("/RECORD")):
                root.file(f"{site}/{member.filename}", archive.read(member))
    return root


def module_of(case: str) -> tuple[str, bytes]:
    """Return name and content of the first extension module of a test wheel."""
    with zipfile.ZipFile(wheel(case)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".so"))
        return name, archive.read(name)


def installed(root: Root, *folders: str) -> Installation:
    """Return what is said about the first interpreter of *root*."""
    return explain(root=root.path, installed=InstalledSettings(folders)).environment.installations[0]


def answers(root: Root, *folders: str) -> dict[str, InstalledAnswer]:
    """Return the answers about *root*, by the name of the package."""
    return {answer.project.name.replace("-", "_"): answer for answer in installed(root, *folders).answers}


def codes(root: Root, *folders: str, verify_hashes: bool = False) -> list[str]:
    """Return the codes of the findings about *root*."""
    found = explain(root=root.path, installed=InstalledSettings(folders, verify_hashes=verify_hashes))
    return [finding.code for finding in found.findings if finding.code != "ENV013"]


def exit_code(root: Path) -> int:
    """Return the exit code about *root*."""
    return explain(root=root).exit_code()

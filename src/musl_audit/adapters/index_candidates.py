"""What an index offers a survey: every musllinux wheel of the versions that are admitted, none of them fetched."""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from musl_audit.adapters.candidates import Candidate, Surveyed
from musl_audit.adapters.indexes.asking import AT_ONCE
from musl_audit.adapters.indexes.credentials import Credentials, Pair, shown
from musl_audit.adapters.indexes.fetching import local_path
from musl_audit.adapters.indexes.lines import Line
from musl_audit.adapters.indexes.offered_wheels import OfferedWheel
from musl_audit.adapters.indexes.projects import IndexGroup
from musl_audit.adapters.sources.files import WheelFile
from musl_audit.errors import IndexAccessError
from musl_audit.judging.rules.musl004_unsafe_member import RULE as UNSAFE_MEMBER
from musl_audit.judging.rules.musl900_not_found import RULE as NOT_FOUND
from musl_audit.model import Failure, Skip
from musl_audit.wheel.names import normalized_project
from musl_audit.wheel.offers import OfferedFile, version_of

_SHA256 = re.compile("sha256=([0-9a-f]{64})")


def requirement_line(text: str) -> Line | None:
    """
    Return what *text* asks an index for; None where it is no requirement.

    >>> requirement_line("numpy>=2").requirement.name, requirement_line("dist/*.whl")
    ('numpy', None)
    """
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return None if requirement.url else Line(text, requirement)


def at_url(url: str) -> Surveyed:
    """Return the wheel at *url*, which may state its digest as a page of an index does: ``…whl#sha256=…``."""
    credentials = Credentials()
    clean, fragment = urldefrag(credentials.take(url))
    name = unquote(urlsplit(clean).path.rpartition("/")[2])
    if not name.endswith(".whl") or not name.isprintable() or "/" in name or "\\" in name:
        return Failure(shown(url), UNSAFE_MEMBER.code, "the URL ends in no wheel's file name")
    said = _SHA256.search(fragment)
    file = OfferedFile(name, clean, (("sha256", said[1]),) if said else ())
    return _candidate(file, credentials.of(clean), None)


def offered_candidates(lines: Iterable[Line], group: IndexGroup) -> Iterator[Surveyed]:
    """Yield the wheels that *lines* ask *group* for, line by line; a row for what cannot be asked, or is not there."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(lambda line: list(_of_line(line, group)), lines):
            yield from found


def _of_line(line: Line, group: IndexGroup) -> Iterator[Surveyed]:
    credentials = group.asker.credentials
    if line.requirement is None:
        yield Skip(line.text, line.skipped)
        return
    if line.files is not None:
        for file in line.files:
            clean = credentials.take(file.url)
            if _is_for_musl(file):
                yield _candidate(OfferedFile(file.filename, clean, file.hashes, file.size), credentials.of(clean), None)
        return
    try:
        yield from _of_project(line.requirement, group)
    except IndexAccessError as error:
        yield Failure(line.text, UNSAFE_MEMBER.code, str(error))


def _of_project(requirement: Requirement, group: IndexGroup) -> Iterator[Surveyed]:
    project = group.project(normalized_project(requirement.name))
    if not project.is_known:
        yield Failure(str(requirement), NOT_FOUND.code, "no such file, and no index has a project of that name")
        return
    versions: dict[Version, list[tuple[OfferedFile, str | None]]] = {}
    for row, file in zip(project.rows, project.files, strict=True):
        text = version_of(file.filename, project.name)
        if text is None or not _is_for_musl(file) or file.is_yanked:
            continue
        try:
            versions.setdefault(Version(text), []).append((file, _uploaded(row.get("upload-time"))))
        except InvalidVersion:
            continue
    for version in sorted(requirement.specifier.filter(versions), reverse=True):
        for file, uploaded in versions[version]:
            yield _candidate(file, group.asker.credentials.of(file.url), uploaded)


def _candidate(file: OfferedFile, pair: Pair | None, uploaded: str | None) -> Candidate:
    if file.url.startswith("file:"):
        path = local_path(file.url)
        return Candidate(WheelFile(str(path)), _stamp(path), file.sha256, uploaded)
    return Candidate(OfferedWheel(file, pair), file.sha256 or "", file.sha256, uploaded)


def _stamp(path: Path) -> str:
    try:
        return str(path.stat().st_mtime_ns)
    except OSError:  # its opening will say so
        return ""


def _is_for_musl(file: OfferedFile) -> bool:
    return file.filename.endswith(".whl") and "musllinux" in file.filename


def _uploaded(said: object) -> str | None:
    """Return the time of PEP 700's ``upload-time``, where that is one."""
    return said if isinstance(said, str) and re.match(r"\d{4}-\d\d-\d\d", said) else None

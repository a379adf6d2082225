"""
Wheels on an index, or at a URL: ``numpy``, ``numpy==2.1.3``, ``https://…/numpy-2.1.3-….whl``.

They are fetched, held against the hash that the index states, and kept in the user's cache. Needs the extra ``index``.
"""

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from musl_audit.adapters.sources.files import WheelFile
from musl_audit.errors import MuslAuditError
from musl_audit.frozen import frozen
from musl_audit.judging.rules.musl004_unsafe_member import RULE as UNSAFE_MEMBER
from musl_audit.judging.rules.musl900_not_found import RULE as NOT_FOUND
from musl_audit.model import Failure

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from pathlib import Path

    from packaging.requirements import Requirement

    from musl_audit.adapters.indexes.asking import Asker
    from musl_audit.adapters.indexes.projects import IndexGroup
    from musl_audit.wheel.offers import OfferedFile

RANK = 50  # before paths: a word is a project only where no file of that name is there
_MISSING = "needs httpx and simple-repository: pip install 'musl-audit[index]'"
# A name with a dot is more often that of a file; pinned to a version, it is that of a project.
_NAME = "[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
_PINNED = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?==[^=,;\s/]+"


@frozen
class Asking:
    """Which index is asked, and which of its files: the one that ``tags`` like best, or every musllinux one."""

    index: str | None = None
    tags: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    takes_all: bool = False


_EVERYTHING = Asking(takes_all=True)
_ASKING: ContextVar[Asking] = ContextVar("asking", default=_EVERYTHING)


@contextmanager
def asking(how: Asking) -> Generator[None]:
    """Let names mean what *how* says until the end of the block."""
    token = _ASKING.set(how)
    try:
        yield
    finally:
        _ASKING.reset(token)


def accepts(reference: str) -> bool:
    """
    Whether *reference* is a URL, or the name of a project where no file of that name is there.

    >>> accepts("numpy==2.1.3"), accepts("https://host.invalid/a.whl"), accepts("dist/*.whl"), accepts("numpy.whl")
    (True, True, False, False)
    """
    if _is_url(reference):
        return True
    if reference.endswith((".whl", ".gz", ".zip")) or "/" in reference or os.path.lexists(reference):
        return False
    return bool(re.fullmatch(_NAME, reference) or re.fullmatch(_PINNED, reference))


def find(reference: str) -> Iterator[WheelFile | Failure]:
    """Yield the wheels that *reference* means, fetched; a row where there are none."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("httpx", "simple_repository")):
        what = "fetching a URL" if _is_url(reference) else "no such file; the name of a project"
        yield Failure(reference, UNSAFE_MEMBER.code, f"{what} {_MISSING}")
        return
    from musl_audit.adapters.indexes.credentials import shown

    named = shown(reference) if _is_url(reference) else reference
    try:
        yield from _fetched(reference, named)
    except MuslAuditError as error:
        yield Failure(named, UNSAFE_MEMBER.code, str(error))


def _is_url(reference: str) -> bool:
    return reference.startswith(("http://", "https://"))


def _fetched(reference: str, named: str) -> Iterator[WheelFile | Failure]:
    from musl_audit.adapters.indexes.asking import Asker
    from musl_audit.adapters.indexes.configured import named_indexes
    from musl_audit.adapters.indexes.credentials import Credentials, netrc_file

    indexes = None if _is_url(reference) else named_indexes(_ASKING.get().index)
    asker = Asker(Credentials(netrc=netrc_file(), uses_keyring=indexes is None or indexes.uses_keyring))
    try:
        if indexes is None:
            files = [_at_url(asker.credentials.take(reference))]
        else:
            from musl_audit.adapters.indexes.projects import IndexGroup

            files = list(_of_project(IndexGroup(asker, indexes), reference))
        for file in files:
            yield WheelFile(str(_kept(asker, file)))
        if not files:
            yield Failure(named, NOT_FOUND.code, "no such file, and no index has a wheel of that name that fits")
    finally:
        asker.close()


def _at_url(url: str) -> "OfferedFile":
    from urllib.parse import unquote, urlsplit

    from musl_audit.wheel.offers import OfferedFile

    name = unquote(urlsplit(url).path.rpartition("/")[2])
    if not name.endswith(".whl") or not name.isprintable() or "/" in name or "\\" in name:
        raise MuslAuditError("the URL ends in no wheel's file name")
    return OfferedFile(name, url)


def _of_project(group: "IndexGroup", reference: str) -> "Iterator[OfferedFile]":
    """Yield the file of the newest version that fits; with ``takes_all``, every musllinux file of that version."""
    from packaging.requirements import InvalidRequirement, Requirement

    from musl_audit.wheel.names import normalized_project
    from musl_audit.wheel.offers import Wanted, admitted, offered_versions

    how = _ASKING.get()
    try:
        requirement = Requirement(reference)
    except InvalidRequirement as error:
        raise MuslAuditError(f"neither a file nor a requirement: {str(error).partition(chr(10))[0]}") from error
    project = normalized_project(requirement.name)
    files = group.project(project).files
    if how.takes_all:
        yield from _all_of(files, project, requirement)
        return
    versions = offered_versions(project, files, Wanted(how.tags, how.pythons))
    newest = next(admitted(versions, requirement.specifier), None)
    if newest is not None:
        yield newest.offers[0].file


def _all_of(files: "tuple[OfferedFile, ...]", project: str, requirement: "Requirement") -> "Iterator[OfferedFile]":
    from packaging.version import InvalidVersion, Version

    from musl_audit.wheel.offers import version_of

    versions: dict[Version, list[OfferedFile]] = {}
    for file in files:
        text = version_of(file.filename, project)
        if text is None or "musllinux" not in file.filename or file.is_yanked:
            continue
        try:
            versions.setdefault(Version(text), []).append(file)
        except InvalidVersion:
            continue
    chosen = sorted(requirement.specifier.filter(versions), reverse=True)
    if chosen:
        yield from sorted(versions[chosen[0]], key=lambda file: file.filename)


def _kept(asker: "Asker", file: "OfferedFile") -> "Path":
    """Return where *file* is kept, fetched unless it was before and its index states its hash."""
    from hashlib import sha256

    from musl_audit.adapters.indexes.fetching import fetch_whole
    from musl_audit.adapters.stores.directory import cache_directory
    from musl_audit.adapters.stores.kinds import fetched_store

    key = file.sha256 or sha256(file.url.encode()).hexdigest()
    path = fetched_store(cache_directory()).folder(key) / file.filename
    if file.sha256 is None or not path.is_file():
        part = path.with_name(f".{file.filename}.part")
        fetch_whole(asker, file, part).path.replace(path)
    return path

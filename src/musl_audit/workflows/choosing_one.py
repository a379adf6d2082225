"""One requirement from a name to the newest version that loads somewhere: what ``which`` tells, as a function."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

from musl_audit.environment.choices import Choice
from musl_audit.errors import MuslAuditError, UsageError

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from musl_audit.adapters.indexes.projects import IndexGroup

EXTRA = ("httpx", "simple_repository")
TIMEOUT = 15.0  # seconds


def choose(
    requirement: str,
    *,
    on: str,
    python: str | None = None,
    arch: str | None = None,
    index: str | None = None,
    find_links: Sequence[str] = (),
    looks_at_all: bool = False,
    with_prereleases: bool = False,
    keeps: bool = True,
) -> Choice:
    """
    Return the newest version that *requirement* admits and that loads *on* a distribution, a musl release or a Python.

    *python* and *arch* are by default those of the place, else of this machine; *index* is that of pip's and uv's
    configuration; *find_links* are directories or pages besides. With *keeps*, verdicts of earlier runs are used and
    kept in the user's cache. An index that cannot be asked is a choice of the status ``failed``. Raise ``UsageError``
    for what is no requirement, or no place, and ``MuslAuditError`` where the extra ``index`` is not installed.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    from musl_audit import __version__
    from musl_audit.adapters.catalogs import load_catalog
    from musl_audit.adapters.indexes.verdicts import Verdicts
    from musl_audit.adapters.stores.directory import cache_directory
    from musl_audit.adapters.stores.kinds import verdict_store
    from musl_audit.wheel.offers import Wanted
    from musl_audit.workflows import choosing
    from musl_audit.workflows.places import destination_named, library_finder

    try:
        wanted = Requirement(requirement)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"{requirement!r} is not a requirement such as 'numpy>=2': {reason}") from error
    catalog = load_catalog()
    destination = destination_named(on, python, arch, catalog)
    with asking(index, find_links=find_links) as group:
        store = verdict_store(cache_directory()) if keeps else None
        there = library_finder(destination, catalog)
        verdicts = Verdicts(group.asker, catalog, destination, store=store, version=__version__, has_library=there)
        return choosing.choose(
            wanted,
            group,
            verdicts,
            Wanted(destination.tags, destination.pythons),
            looks_at_all=looks_at_all,
            with_prereleases=with_prereleases,
        )


@contextmanager
def asking(
    index: str | None,
    extra_indexes: Sequence[str] = (),
    find_links: Sequence[str] = (),
    *,
    timeout: float = TIMEOUT,
) -> "Generator[IndexGroup]":
    """Yield the indexes to ask, whose connections are closed behind it."""
    require_extra()
    from musl_audit import __version__
    from musl_audit.adapters.indexes.asking import Asker, patience_of
    from musl_audit.adapters.indexes.configured import named_indexes
    from musl_audit.adapters.indexes.credentials import Credentials, netrc_file
    from musl_audit.adapters.indexes.projects import IndexGroup

    indexes = named_indexes(index, extra_indexes, find_links)
    credentials = Credentials(netrc=netrc_file(), uses_keyring=indexes.uses_keyring)
    asker = Asker(credentials, patience_of(timeout), agent=f"musl-audit/{__version__}")
    try:
        yield IndexGroup(asker, indexes)
    finally:
        asker.close()


def require_extra() -> None:
    """Raise ``MuslAuditError`` where what asks indexes is not installed."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        names = " and ".join(missing).replace("_", "-")
        raise MuslAuditError(f"asking an index needs {names}: pip install 'musl-audit[index]'")

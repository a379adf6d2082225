"""What is kept, by kind, and how much of each at most."""

from pathlib import Path

from musl_audit.adapters.stores.directory import Store

_VERDICTS = 64 << 20  # bytes: about 20,000 of them
_MENDED = 4 << 30
_FETCHED = 2 << 30


def verdict_store(directory: Path) -> Store:
    """Return the store of verdicts about files on indexes."""
    return Store(directory, "verdicts", most=_VERDICTS)


def mended_store(directory: Path) -> Store:
    """Return the store of wheels that ``index --repair`` mended."""
    return Store(directory, "mended", most=_MENDED)


def fetched_store(directory: Path) -> Store:
    """Return the store of wheels that were fetched by name or URL, each in a folder of its own."""
    return Store(directory, "fetched", most=_FETCHED)


def stores(directory: Path) -> tuple[Store, ...]:
    """Return every store."""
    return verdict_store(directory), mended_store(directory), fetched_store(directory)

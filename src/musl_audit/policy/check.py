"""All of a catalog asked at once: files are read when a question needs them, and a directory may have many faults."""

from collections.abc import Callable, Iterator
from functools import partial

from musl_audit.errors import PolicyError
from musl_audit.policy.catalog import Catalog


def faults_of(catalog: Catalog) -> tuple[str, ...]:
    """Return what is wrong with the policies behind *catalog*, each fault once, with its file; empty: nothing."""
    return tuple(dict.fromkeys(_faults(catalog)))


def _faults(catalog: Catalog) -> Iterator[str]:
    for question in _questions(catalog):
        try:
            question()
        except PolicyError as error:
            yield str(error)


def _questions(catalog: Catalog) -> Iterator[Callable[[], object]]:
    yield lambda: (catalog.version, catalog.date)
    yield lambda: catalog.distributions
    yield catalog.oldest_supported
    yield lambda: catalog.known_series
    yield lambda: catalog.pypi_arches
    yield lambda: catalog.allowed_libraries
    yield partial(catalog.reserved_libc_name, "libc.so")
    yield partial(catalog.provided_by_interpreter, "Py_Initialize")
    yield lambda: (catalog.time64, catalog.time32_only)
    yield partial(catalog.glibc_name, "x")
    yield partial(catalog.hint_for, "x")
    try:
        arches = tuple(catalog.arches)
    except PolicyError:
        yield lambda: catalog.arches
        return
    for arch in arches:
        yield partial(catalog.symbols, arch)
        yield partial(catalog.relocations, arch)
        yield partial(catalog.abilities, arch)
        for series in _series(catalog):
            yield partial(catalog.floor, series, arch)


def _series(catalog: Catalog) -> tuple[str, ...]:
    try:
        return catalog.judged_series
    except PolicyError:  # a question of its own says so
        return ()

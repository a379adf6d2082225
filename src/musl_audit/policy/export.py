"""Our measured symbols in the words of others: auditwheel's policies name what a library may not be asked for."""

from collections.abc import Iterator, Mapping, Sequence

from musl_audit.errors import UsageError
from musl_audit.policy.catalog import Catalog

Policy = Mapping[str, object]
_PREFIX = "musllinux_"


def for_auditwheel(policies: object, catalog: Catalog) -> list[dict[str, object]]:
    """
    Return auditwheel's *policies* for musllinux with what each tag's promised releases lack in ``blacklist``.

    A symbol is listed under the name that libc has on an architecture where it is missing from some release from the
    floor of the tag on: newer ones, and those that left. Under ``libc.so``, which says no architecture, are those that
    are missing on all. All else stays as it was. Raise ``UsageError`` for what are no such policies.
    """
    if not isinstance(policies, list) or not all(_is_policy(policy) for policy in policies):
        raise UsageError("no policies of auditwheel: objects with name, symbol_versions and blacklist are wanted")
    return [_with_symbols(policy, catalog) for policy in policies]


def _is_policy(policy: object) -> bool:
    return (
        isinstance(policy, dict)
        and isinstance(policy.get("name"), str)
        and isinstance(policy.get("symbol_versions"), dict)
        and isinstance(policy.get("blacklist"), dict)
    )


def _with_symbols(policy: dict[str, object], catalog: Catalog) -> dict[str, object]:
    name, blacklist, arches = policy["name"], policy["blacklist"], policy["symbol_versions"]
    series = str(name).removeprefix(_PREFIX).replace("_", ".")
    if not str(name).startswith(_PREFIX) or series not in catalog.judged_series:
        return policy
    assert isinstance(blacklist, dict)  # noqa: S101  # _is_policy
    assert isinstance(arches, dict)  # noqa: S101
    return {**policy, "blacklist": {**blacklist, **dict(_blacklists(series, tuple(arches), catalog))}}


def _blacklists(series: str, arches: Sequence[str], catalog: Catalog) -> Iterator[tuple[str, list[str]]]:
    missing = {arch: frozenset(missing_symbols(series, arch, catalog)) for arch in arches if arch in catalog.arches}
    everywhere = frozenset.intersection(*missing.values()) if missing else frozenset()
    yield "libc.so", sorted(everywhere)
    for arch, names in missing.items():
        for soname in catalog.arches[arch].libc_sonames:
            if soname != "libc.so":
                yield soname, sorted(names)


def missing_symbols(series: str, arch: str, catalog: Catalog) -> Iterator[str]:
    """Yield the symbols of some musl that a relocation does not find on every release that the tag promises."""
    floor, table = catalog.floor(series, arch), catalog.symbols(arch)
    promised = frozenset(release for release in catalog.releases_of(arch) if floor is not None and release >= floor)
    there = table.names_on_all(promised)
    yield from (name for name in table.names if name not in there)

"""``os-release``: which distribution a system says it is (os-release(5))."""

from collections.abc import Iterable, Iterator

from musl_audit.environment.values import OsRelease
from musl_audit.policy import Distribution


def parse_os_release(text: str) -> OsRelease:
    r"""
    Return the fields that matter here; a value in quotes is taken without them.

    >>> parse_os_release('ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME="Alpine Linux v3.18"\n').version_id
    '3.18.4'
    """
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            fields[name] = _unquoted(value)
    return OsRelease(
        id=fields.get("ID", ""),
        version_id=fields.get("VERSION_ID", ""),
        pretty_name=fields.get("PRETTY_NAME", "") or fields.get("NAME", ""),
        like=tuple(fields.get("ID_LIKE", "").split()),
    )


def known_distribution(
    os_release: OsRelease, distributions: Iterable[Distribution], *, bits: int | None = None
) -> Distribution | None:
    """Return the row of the policies about a system; ``3.18.4`` is a release of ``3.18``, ``3.24_alpha2026`` edge."""
    by_id = {item.id: item for item in distributions}
    found = (
        by_id[f"{os_release.id}-{name}"] for name in _names(os_release, bits) if f"{os_release.id}-{name}" in by_id
    )
    return next(found, None)


def _names(os_release: OsRelease, bits: int | None) -> Iterator[str]:
    """Yield what a row about a system may be called, behind the distribution's id."""
    version = os_release.version_id
    if not version:
        yield from (f"{bits}-rolling", "rolling")
    elif "_alpha" in version:
        yield "edge"
    else:
        yield from (version, ".".join(version.split(".")[:2]))


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value

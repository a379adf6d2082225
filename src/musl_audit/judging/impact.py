"""Who is hit: the distributions behind a set of musl releases, as a person would say them."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from musl_audit.model import MuslVersion, Releases
from musl_audit.policy import Arch, Catalog, Distribution, DistributionKind


def spell_releases(releases: Iterable[MuslVersion], known: Sequence[MuslVersion]) -> str:
    """
    Return *releases* as ranges of neighbours among *known*, both ascending.

    >>> old, mid, new = (MuslVersion(1, 2, patch) for patch in (2, 3, 4))
    >>> spell_releases([old, mid], [old, mid, new]), spell_releases([old, new], [old, mid, new])
    ('1.2.2–1.2.3', '1.2.2, 1.2.4')
    """
    wanted = frozenset(releases)
    runs = [list(run) for is_in, run in groupby(known, key=wanted.__contains__) if is_in]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def spell_presence(releases: Releases, known: Sequence[MuslVersion]) -> str:
    """
    Return when something was there, as a person would say it.

    >>> old, mid, new = (MuslVersion(1, 2, patch) for patch in (2, 3, 4))
    >>> spell_presence(frozenset([mid, new]), [old, mid, new]), spell_presence(frozenset([old]), [old, mid, new])
    ('from 1.2.3 on', 'up to 1.2.2')
    """
    ordered = [release for release in known if release in releases]
    if not ordered:
        return "never"
    if ordered == list(known[-len(ordered) :]):
        return f"from {ordered[0]} on"
    if ordered == list(known[: len(ordered)]):
        return f"up to {ordered[-1]}"
    return f"only on {spell_releases(ordered, known)}"


def who_is_hit(releases: Releases, arch: Arch, catalog: Catalog, symbols: frozenset[str] = frozenset()) -> str:
    """
    Return the distributions of *arch* that ship one of *releases*, with the end of support if all are past it.

    Empty where no known distribution does. A distribution that has all of *symbols* backported is not hit by the lack
    of them. Past and future are seen from the policies' own date.
    """
    said = []
    for name, distributions in _by_name(releases, arch, catalog, symbols).items():
        numbers = _ranges(distributions, [item for item in catalog.distributions if item.name == name])
        ends = [item.supported_until for item in distributions]
        text = f"{name} {numbers}" if numbers else name
        if all(end is not None and end < catalog.date for end in ends):
            text += f" (out of support since {max(end for end in ends if end)[:7]})"
        said.append(text)
    return ", ".join(said)


def _by_name(
    releases: Releases, arch: Arch, catalog: Catalog, symbols: frozenset[str]
) -> dict[str, list[Distribution]]:
    found: dict[str, list[Distribution]] = {}
    for item in catalog.distributions:
        if not item.verified or item.kind is not DistributionKind.DISTRIBUTION or not item.is_for(arch):
            continue
        is_spared = bool(symbols) and symbols <= item.symbols_added
        if item.musl in releases and not is_spared:
            found.setdefault(item.name, []).append(item)
    return found


def _ranges(chosen: Sequence[Distribution], ordered: Sequence[Distribution]) -> str:
    runs = [list(run) for is_in, run in groupby(ordered, key=chosen.__contains__) if is_in]
    return ", ".join(
        run[0].release if len(run) == 1 else f"{run[0].release}–{run[-1].release}" for run in runs if run[0].release
    )

"""Lives of names across releases: what each release added and removed, summed up into sets of releases."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property

from musl_audit.errors import PolicyError
from musl_audit.frozen import frozen
from musl_audit.model import MuslVersion, Releases

# A set of releases is a bit mask over the ascending list of all known ones while it is computed: most of the 2,000
# names share one of a few masks, so the frozensets made of them are shared too.
Mask = int


@frozen
class Delta:
    """What one release added to and removed from the names of the release before."""

    position: int  # of the release, in the list of all
    added: Iterable[str]
    removed: Iterable[str] = ()
    where: str = ""  # the file, for messages


def lives(deltas: Iterable[Delta], end: int, start: tuple[int, AbstractSet[str]] = (0, frozenset())) -> dict[str, Mask]:
    """
    Return the mask of the releases that have each name, *end* being the number of releases.

    *start* is the index of the first release and the names that it has. A delta that adds what is there, or removes
    what is not, raises ``PolicyError``: the sum of the deltas is then not what their author meant.

    >>> masks = lives([Delta(0, ["a", "b"]), Delta(2, [], ["b"])], end=3)
    >>> bin(masks["a"]), bin(masks["b"])
    ('0b111', '0b11')
    """
    first, names = start
    since = dict.fromkeys(names, first)
    masks: dict[str, Mask] = {}
    for delta in deltas:
        for name in delta.removed:
            if name not in since:
                raise PolicyError(f"{delta.where}: removes {name!r}, which is not there")
            masks[name] = masks.get(name, 0) | _span(since.pop(name), delta.position)
        for name in sorted(since.keys() & delta.added):
            raise PolicyError(f"{delta.where}: adds {name!r}, which is there already")
        since.update(dict.fromkeys(delta.added, delta.position))
    spans = [_span(index, end) for index in range(end + 1)]
    return masks | {name: masks.get(name, 0) | spans[index] for name, index in since.items()}


def _span(first: int, end: int) -> Mask:
    return (1 << end) - (1 << first)


class Timeline:
    """All known releases, ascending; turns masks into sets of releases, one object per distinct set."""

    __slots__ = ("_sets", "releases")

    def __init__(self, releases: tuple[MuslVersion, ...]) -> None:
        self.releases = releases
        self._sets: dict[Mask, Releases] = {}

    def of(self, mask: Mask) -> Releases:
        """Return the releases whose bits are set in *mask*."""
        found = self._sets.get(mask)
        if found is None:
            found = self._sets[mask] = frozenset(r for i, r in enumerate(self.releases) if mask >> i & 1)
        return found

    def index(self, release: MuslVersion) -> int:
        """Return the position of *release*; raise ``PolicyError`` if it is not known."""
        try:
            return self.releases.index(release)
        except ValueError:
            raise PolicyError(f"musl {release} is not known") from None


class SymbolTable:
    """
    The symbols of musl's libc on one architecture, by release.

    Beside the dynamic symbol table there are fallbacks: names that left it and that the loader still resolves for a
    relocation, though not for ``dlsym`` (``open64`` since 1.2.4).
    """

    def __init__(self, timeline: Timeline, exported: Mapping[str, Mask], fallbacks: Mapping[str, Mask]) -> None:
        self._timeline = timeline
        self._exported = exported
        self._fallbacks = fallbacks
        self._on_all: dict[Releases, frozenset[str]] = {}

    def releases_with(self, name: str) -> Releases:
        """Return the releases on which a relocation against *name* finds libc's; empty: in no musl."""
        return self._timeline.of(self._exported.get(name, 0) | self._fallbacks.get(name, 0))

    def exports_of(self, release: MuslVersion) -> frozenset[str]:
        """Return what libc's dynamic symbol table holds in *release*; nothing before the architecture began."""
        index = self._timeline.index(release)
        return frozenset(name for name, mask in self._exported.items() if mask >> index & 1)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that some release exports."""
        return frozenset(self._exported)

    def names_on_all(self, releases: Releases) -> frozenset[str]:
        """Return the names against which a relocation finds libc's on every one of *releases*; worked out once."""
        if releases not in self._on_all:
            self._on_all[releases] = self._work_out_names_on_all(releases)
        return self._on_all[releases]

    def _work_out_names_on_all(self, releases: Releases) -> frozenset[str]:
        wanted = sum(1 << self._timeline.index(release) for release in releases)
        exported = frozenset(name for name, mask in self._exported.items() if mask & wanted == wanted)
        return exported.union(name for name in self._fallbacks if self.releases_with(name) >= releases)

    def __contains__(self, name: object) -> bool:
        return name in self._exported

    def __iter__(self) -> Iterator[str]:
        return iter(self._exported)

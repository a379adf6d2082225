"""What a survey has to do: which wheels to read, which facts to judge again, given what a store knows."""

from collections.abc import Iterable, Iterator
from itertools import islice

from musl_audit import __version__
from musl_audit.adapters.candidates import Surveyed
from musl_audit.adapters.stores.keys import SKIPPED, Keys
from musl_audit.adapters.stores.survey import SurveyStore
from musl_audit.frozen import frozen
from musl_audit.model import Failure, Skip
from musl_audit.workflows.survey_looking import Wanted, clean

_AT_ONCE = 100_000  # files that the store is asked about: asking takes a look at all of its keys


@frozen
class Plan:
    """What a survey would do: files it has seen as they are, facts to judge again, wheels to read."""

    known: int
    again: int
    to_read: tuple[Wanted, ...]
    rows: tuple[Skip | Failure, ...]
    elsewhere: tuple[tuple[Wanted, str, bool], ...] = ()  # never seen at this place; its digest; whether it is pure

    @property
    def bytes_to_read(self) -> int:
        """The size of the wheels to read."""
        return sum(source.size for source in self.to_read)


def plan_survey(inputs: Iterable[Surveyed], store: SurveyStore, *, policies: str, limit: int | None = None) -> Plan:
    """Return what there is to do about *inputs*, given what *store* knows; no more than *limit* wheels are read."""
    return planned(inputs, keys_of(store, policies), limit)


def keys_of(store: SurveyStore, policies: str) -> Keys:
    """Return what *store* knows, where this musl-audit judges by these *policies*."""
    return Keys(store, policies=policies, judge=__version__)


def planned(inputs: Iterable[Surveyed], keys: Keys, limit: int | None = None) -> Plan:
    """Return what there is to do about *inputs*, given these *keys* of a store."""
    known = 0
    again: set[str] = set()
    to_read: list[Wanted] = []
    rows: list[Skip | Failure] = []
    elsewhere: list[tuple[Wanted, str, bool]] = []
    for some in _some_at_once(inputs):
        wheels = [item for item in some if not isinstance(item, Skip | Failure)]
        rows += [item for item in some if isinstance(item, Skip | Failure)]
        seen = keys.seen([clean(item.path) for item in wheels])
        here = [seen.get((clean(item.path), item.size, item.stamp)) for item in wheels]
        digests = [item.sha256 if found is None else found for item, found in zip(wheels, here, strict=True)]
        wanted = {digest for digest in digests if digest}
        with_facts, settled, pure = keys.with_facts(wanted), keys.settled(wanted), keys.pure(wanted)
        for item, known_here, sha256 in zip(wheels, here, digests, strict=True):
            if sha256 is None or (sha256 != SKIPPED and sha256 not in with_facts):
                to_read.append(item)
                continue
            if known_here is None:
                elsewhere.append((item, sha256, sha256 in pure))
            if sha256 == SKIPPED or sha256 in settled:
                known += 1
            else:
                again.add(sha256)
    return Plan(known, len(again), tuple(to_read[:limit]), tuple(rows), tuple(elsewhere))


def _some_at_once(inputs: Iterable[Surveyed]) -> Iterator[list[Surveyed]]:
    inputs = iter(inputs)
    while some := list(islice(inputs, _AT_ONCE)):
        yield some

"""Files that an index offers, one by one: on which of some places each loads. What plug-ins of mirrors call."""

from collections.abc import Mapping, Sequence
from threading import Lock
from types import TracebackType

from musl_audit.adapters.catalogs import load_catalog
from musl_audit.environment.choices import Basis, OfferAnswer
from musl_audit.environment.destination import Destination, place_named
from musl_audit.environment.obstacles import reason_against
from musl_audit.errors import UsageError
from musl_audit.frozen import frozen
from musl_audit.model import MuslVersion
from musl_audit.policy import Catalog
from musl_audit.policy.parts import Distribution
from musl_audit.wheel.names import musllinux_series, parse_wheel_name
from musl_audit.wheel.offers import Offer, OfferedFile

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import Self

    from musl_audit.adapters.indexes.asking import Asker
    from musl_audit.adapters.indexes.verdicts import Verdicts

_PYTHON = "3.14"  # of a place, which has to have one; whether a wheel loads does not depend on it


@frozen
class Sighting:
    """What is known of a file: ``fails_on`` has a reason for each place, ``unknown_on`` those that cannot be told."""

    filename: str
    is_for_musl: bool
    loads_on: tuple[str, ...] = ()
    fails_on: tuple[tuple[str, str], ...] = ()
    unknown_on: tuple[str, ...] = ()


class Watchman:
    """
    Says on which of *places* (``alpine-3.15``, ``1.2.2``) the files of an index load; several threads may ask.

    A few ranges of a file tell most refusals, and never that a file loads: that a probe found nothing counts as loading
    unless *reads_whole*, with which each file that no probe refuses is read to its end and held against its hash. A
    file below 1 MB is always read: that costs less than a probe. The answers are kept below the cache directory unless
    told otherwise. Raise ``UsageError`` for a place that nobody knows.
    The extra ``index`` is needed.
    """

    def __init__(
        self,
        places: Sequence[str],
        *,
        reads_whole: bool = False,
        keeps: bool = True,
        catalog: Catalog | None = None,
    ) -> None:
        if not places:
            raise UsageError("no place is named: alpine-3.15, a musl release such as 1.2.2 …")
        self._catalog = catalog or load_catalog()
        self._places = {place: _named(place, self._catalog) for place in places}
        self._reads_whole = reads_whole
        self._keeps = keeps
        self._lock = Lock()
        self._asker: Asker | None = None
        self._verdicts: dict[tuple[str, str], Verdicts] = {}

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._asker is not None:
            self._asker.close()

    def sighting(
        self, filename: str, url: str, *, hashes: Mapping[str, str] | None = None, size: int | None = None
    ) -> Sighting:
        """
        Return what is known of the file *filename* at *url*; *hashes* are digests in hexadecimal by algorithm.

        Raise ``IndexAccessError`` where the server does not give it.
        """
        arches = _arches(filename)
        if not arches & self._catalog.arches.keys():
            return Sighting(filename, is_for_musl=bool(arches), unknown_on=tuple(self._places) if arches else ())
        file = OfferedFile(filename, url, tuple(sorted((hashes or {}).items())), size)
        offer = Offer(file, parse_wheel_name(filename), (0, 0, ""))
        arch = min(arches & self._catalog.arches.keys())
        answers = {place: self._answer(place, arch, offer) for place in self._places}
        return Sighting(
            filename,
            is_for_musl=True,
            loads_on=tuple(place for place, answer in answers.items() if answer.is_good),
            fails_on=tuple((place, reason_against(answer)) for place, answer in answers.items() if _is_bad(answer)),
            unknown_on=tuple(place for place, answer in answers.items() if not answer.is_good and not _is_bad(answer)),
        )

    def _answer(self, place: str, arch: str, offer: Offer) -> OfferAnswer:
        release, _ = self._places[place]
        if release not in self._catalog.releases_of(arch):
            return OfferAnswer(offer.file, None, Basis.NAME, problem=f"musl {release} is not known for {arch}")
        verdicts = self._verdicts_at(place, arch)
        probed = verdicts.probed(offer)
        if probed is not None:
            return probed
        from musl_audit.adapters.indexes.probe import WORTH

        is_small = offer.file.size is not None and offer.file.size < WORTH
        return (
            verdicts.read(offer)
            if self._reads_whole or is_small
            else OfferAnswer(offer.file, loads=True, basis=Basis.PROBE)
        )

    def _verdicts_at(self, place: str, arch: str) -> "Verdicts":
        from musl_audit import __version__
        from musl_audit.adapters.indexes.asking import Asker
        from musl_audit.adapters.indexes.verdicts import Verdicts
        from musl_audit.adapters.stores.directory import cache_directory
        from musl_audit.adapters.stores.kinds import verdict_store

        with self._lock:
            if self._asker is None:
                self._asker = Asker(agent=f"musl-audit/{__version__}")
            if (place, arch) not in self._verdicts:
                release, distribution = self._places[place]
                destination = Destination(release, arch, _PYTHON, distribution=distribution)
                store = verdict_store(cache_directory()) if self._keeps else None
                self._verdicts[place, arch] = Verdicts(
                    self._asker, self._catalog, destination, store=store, version=__version__
                )
            return self._verdicts[place, arch]


def _named(place: str, catalog: Catalog) -> tuple[MuslVersion, Distribution | None]:
    try:
        return place_named(place, catalog)
    except UsageError as error:  # which speaks of an option
        raise UsageError(str(error).removeprefix("--on ")) from error


def _is_bad(answer: OfferAnswer) -> bool:
    return answer.loads is False


def _arches(filename: str) -> set[str]:
    """Return the architectures of the musllinux tags of a file; empty for what is no wheel for musl."""
    from musl_audit.errors import WheelError

    try:
        tags = parse_wheel_name(filename).platform_tags
    except WheelError:
        return set()
    return {parsed[1] for tag in tags if (parsed := musllinux_series(tag))}

"""Broken wheels of an index, mended for clients that ask for them: same version, a build tag of ours."""

import tempfile
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from musl_audit.adapters.stores.directory import Store
from musl_audit.environment.choices import OfferAnswer
from musl_audit.environment.destination import Destination
from musl_audit.errors import MuslAuditError
from musl_audit.frozen import replace
from musl_audit.judging.loads_at import loads_at
from musl_audit.judging.rules import rule_of
from musl_audit.policy import Catalog
from musl_audit.wheel.offers import Offer

_BUILD = "musl"  # behind the number of a build tag


class WheelMendError(MuslAuditError):
    """A wheel that cannot be mended; the message says why."""


class Mender:
    """What mends wheels for one destination, and keeps what it made."""

    def __init__(
        self, catalog: Catalog, destination: Destination, folder: Path, store: Store | None, edition: str
    ) -> None:
        self._catalog = catalog
        self._destination = destination
        self._folder = folder
        self._store = store
        self._edition = edition
        self._made: dict[str, Path] = {}
        self._digests: dict[str, str] = {}
        self._failures: dict[str, str] = {}
        self._lock = threading.Lock()

    def name(self, offer: Offer) -> str:
        """Return the file name of the mended wheel: that of the broken one with a build tag, which wins over none."""
        return str(replace(offer.name, build=_build_tag(offer)))

    def failure(self, offer: Offer) -> str:
        """Return why the wheel could not be mended, nothing where it could, or nobody tried."""
        return self._failures.get(offer.file.url, "")

    def made(self, offer: Offer) -> str | None:
        """Return the sha256 of the mended wheel, None where it is not made."""
        return self._digests.get(offer.file.url)

    def mended(self, offer: Offer, fetch: Callable[[], Path]) -> Path:
        """
        Return where the mended wheel is, made of what *fetch* returns unless that was done before.

        Raise ``MendError`` where it cannot be mended, and ``IndexAccessError`` where it cannot be had.
        """
        url = offer.file.url
        with self._lock:
            if url in self._failures:
                raise WheelMendError(self._failures[url])
            if url not in self._made:
                self._made[url] = self._kept(offer) or self._make(offer, fetch())
                self._digests[url] = sha256(self._made[url].read_bytes()).hexdigest()
            return self._made[url]

    def _make(self, offer: Offer, path: Path) -> Path:
        from musl_audit.judging.settings import Settings
        from musl_audit.repair.actions import RepairSettings
        from musl_audit.wheel.limits import Limits
        from musl_audit.workflows.repairing import Searching, Workshop

        workshop = Workshop(
            directory=Path(tempfile.mkdtemp(dir=self._folder)),
            catalog=self._catalog,
            settings=Settings(),
            repair=RepairSettings(build_tag=_build_tag(offer)),
            searching=Searching(sysroot=None),
            limits=Limits(),
        )
        done = workshop.repaired(path)
        name = self.name(offer)
        if done.output is None or Path(done.output).name != name or not self._loads(Path(done.output)):
            reason = done.reasons[0] if done.reasons else "what came of it does not load"
            self._failures[offer.file.url] = f"cannot be mended: {reason}"
            raise WheelMendError(self._failures[offer.file.url])
        result = Path(done.output)
        if self._store is not None and (key := self._key(offer)):
            self._store.write(key, result.read_bytes())
        return result

    def _loads(self, path: Path) -> bool:
        from musl_audit.adapters.archive.zips import open_wheel
        from musl_audit.judging.audit import judge
        from musl_audit.wheel.extract import extract

        with open_wheel(path) as archive:
            report = judge(extract(archive), self._catalog)
        row = self._destination.distribution
        return loads_at(report, self._destination.release, row.id if row else None).loads is not False

    def _kept(self, offer: Offer) -> Path | None:
        """Return a wheel that an earlier run made."""
        key = self._key(offer)
        data = self._store.read(key) if self._store is not None and key else None
        if data is None:
            return None
        path = Path(tempfile.mkdtemp(dir=self._folder)) / self.name(offer)
        path.write_bytes(data)
        return path

    def _key(self, offer: Offer) -> str | None:
        digest = offer.file.sha256
        if digest is None:
            return None
        return sha256("\0".join((digest, self.name(offer), self._edition)).encode()).hexdigest()


def is_mendable(answer: OfferAnswer) -> bool:
    """Whether ``repair`` does away with what is in the way."""
    return answer.obstacle is not None and rule_of(answer.obstacle.code).fix.automatic


def _build_tag(offer: Offer) -> str:
    """
    Return the build tag of the mended wheel: that of the broken one, or 1, and a word of ours.

    Installers prefer it to the broken one, whose tag it begins with.
    """
    return f"{offer.name.build or '1'}{_BUILD}"

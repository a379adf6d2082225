"""Whether a file on an index loads somewhere: from what is kept, else by a probe, else by reading all of it."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from threading import Thread

from musl_audit.adapters.catalogs import policies_directory
from musl_audit.adapters.indexes.asking import Asker
from musl_audit.adapters.indexes.credentials import origin
from musl_audit.adapters.indexes.fetching import Whole, fetch_whole
from musl_audit.adapters.indexes.kept import here_row, packed_row, read_answer, read_outside, report_row
from musl_audit.adapters.stores.directory import Store
from musl_audit.environment.choices import Basis, OfferAnswer
from musl_audit.environment.destination import Destination
from musl_audit.errors import WheelError
from musl_audit.frozen import replace
from musl_audit.judging.loads_at import Answer, Obstacle, loads_at, missing_library, outside_libraries
from musl_audit.judging.rules.musl401_packed_relocations import RULE as PACKED_RELOCATIONS
from musl_audit.model import MuslVersion, Report, WheelFacts
from musl_audit.policy import Catalog
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.names import kind_of, normalized_project
from musl_audit.wheel.offers import Offer, OfferedFile

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from musl_audit.adapters.indexes.grafted import Members


class Verdicts:
    """The answers about files for one destination; safe to be asked by several threads."""

    def __init__(
        self,
        asker: Asker,
        catalog: Catalog,
        destination: Destination,
        *,
        store: Store | None,
        version: str,
        limits: Limits | None = None,
        keep: Callable[[OfferedFile, Path, Report], None] | None = None,
        has_library: Callable[[str], bool] | None = None,
    ) -> None:
        """*has_library* tells what the loader of the destination finds on its system; None: nobody looked."""
        self._asker = asker
        self._catalog = catalog
        self._destination = destination
        self._store = store
        self._limits = limits or Limits()
        self._keep = keep
        self._has_library = has_library
        self._version = version
        self._known: dict[tuple[str, str], Members] = {}  # of which probes know, by project and origin
        self._preparing: Thread | None = None

    @cached_property
    def edition(self) -> str:
        """The digest of what verdicts follow from."""
        return _edition(self._catalog, self._version)

    def kept(self, offer: Offer) -> OfferAnswer | None:
        """Return what is known without asking the server."""
        file = offer.file
        if not is_for_musl(offer):
            return OfferAnswer(file, loads=True, basis=Basis.NAME)
        for key in filter(None, (self._key(file), self._probe_key(file))):
            answer = self._read_kept(key)
            if answer is not None:
                return OfferAnswer(file, answer.loads, Basis.KEPT, answer.obstacle)
        return None

    def probed(self, offer: Offer) -> OfferAnswer | None:
        """Return what is kept, or a refusal by a probe; None where only the whole file can tell."""
        known = self.kept(offer)
        able = self._catalog.able("packed-relocations", self._destination.arch)
        if known is not None or self._destination.release in able:
            return known
        self._prepare()
        from musl_audit.adapters.indexes.grafted import Members
        from musl_audit.adapters.indexes.probe import Packed, probe

        with tempfile.TemporaryDirectory(prefix="musl-audit-") as folder:
            where = normalized_project(offer.name.distribution), origin(offer.file.url)
            members = self._known.setdefault(where, Members())
            found = probe(self._asker, offer.file, whole=Path(folder) / offer.file.filename, known=members)
            if isinstance(found, Whole):
                return self._judged(offer, found)
        if not isinstance(found, Packed):
            return None
        obstacle = Obstacle(PACKED_RELOCATIONS.code, found.members)
        lacking = frozenset(self._catalog.releases_of(self._destination.arch)) - able
        self._write(self._probe_key(offer.file), packed_row(obstacle, lacking, self._catalog))
        return OfferAnswer(offer.file, loads=False, basis=Basis.PROBE, obstacle=obstacle)

    def read(self, offer: Offer) -> OfferAnswer:
        """Return what the whole file says, fetched unless that is kept."""
        known = self.kept(offer)
        if known is not None:
            return known
        self._prepare()
        with tempfile.TemporaryDirectory(prefix="musl-audit-") as folder:
            whole = fetch_whole(self._asker, offer.file, Path(folder) / offer.file.filename)
            return self._judged(offer, whole)

    def _prepare(self) -> None:
        """Import what reading a file takes while a server is waited for."""
        if self._preparing is None:  # two threads that ask at once do no harm
            self._preparing = Thread(target=_import_judge)
            self._preparing.start()

    def _judged(self, offer: Offer, whole: Whole) -> OfferAnswer:
        from musl_audit.adapters.archive.zips import open_wheel
        from musl_audit.judging.audit import judge
        from musl_audit.wheel.extract import extract

        try:
            with open_wheel(whole.path, self._limits) as archive:
                facts = extract(archive, with_digests=False)  # the whole file was held against its hash
        except WheelError as error:
            return OfferAnswer(offer.file, loads=None, basis=Basis.FILE, problem=str(error))
        file = replace(offer.file, size=whole.size)  # not every page says
        report = judge(facts, self._catalog)
        key = self._key(file, whole.sha256)
        self._write(key, report_row(report, self._catalog))
        answer = self._here(facts, report, key)
        if self._keep is not None:
            self._keep(offer.file, whole.path, report)
        return OfferAnswer(file, answer.loads, Basis.FILE, answer.obstacle)

    def _here(self, facts: WheelFacts, report: Report, key: str | None) -> Answer:
        """Return what *report* says of the destination, with the libraries that its system has or lacks."""
        outside = outside_libraries(report)
        if self._has_library is None or not outside:
            return loads_at(report, *self._place)
        from musl_audit.environment.wheels import report_here
        from musl_audit.judging.rules.musl202_external_library import RULE as EXTERNAL_LIBRARY

        if lacking := missing_library(report, self._has_library):
            obstacle = Obstacle(EXTERNAL_LIBRARY.code, lacking.needed_by, libraries=(lacking.soname,))
            answer = Answer(loads=False, obstacle=obstacle)
        else:
            answer = loads_at(report_here(facts, self._catalog, self._has_library), *self._place)
        self._write(self._key_here(key, outside), here_row(answer, *self._place))
        return answer

    # --- What is kept ----------------------------------------------------------------------------------------

    @property
    def _place(self) -> tuple[MuslVersion, str | None]:
        row = self._destination.distribution
        return self._destination.release, row.id if row else None

    def _key(self, file: OfferedFile, sha256: str | None = None) -> str | None:
        digest = sha256 or file.sha256
        return _digest("file", digest, file.filename, self.edition) if digest else None

    def _probe_key(self, file: OfferedFile) -> str | None:
        """The bytes that a probe saw were not held against a hash: what it says is kept for this origin only."""
        return _digest("probe", file.sha256, file.filename, origin(file.url), self.edition) if file.sha256 else None

    def _key_here(self, key: str | None, outside: tuple[str, ...]) -> str | None:
        """Return what an answer is kept by that follows from which of the libraries *outside* the system has."""
        there = (f"{int(self._has_library(soname))} {soname}" for soname in outside) if self._has_library else ()
        return _digest("here", key, *there) if key else None

    def _read_kept(self, key: str) -> Answer | None:
        data = self._store.read(key) if self._store else None
        if data is not None and self._has_library is not None:
            outside = read_outside(data)
            here = self._key_here(key, outside) if outside else None
            if outside is None or here is not None:
                data = self._store.read(here) if self._store and here else None
        return read_answer(data, *self._place) if data else None

    def _write(self, key: str | None, row: dict[str, object]) -> None:
        if key is not None and self._store is not None:
            self._store.write(key, json.dumps(row).encode())


def _import_judge() -> None:

    import_module("musl_audit.adapters.archive.zips")
    import_module("musl_audit.judging.audit")
    import_module("musl_audit.wheel.extract")
    from musl_audit.adapters.archive.inflate import deflate
    from musl_audit.judging.rules import all_rules

    deflate()
    all_rules()


def is_for_musl(offer: Offer) -> bool:
    """Whether a file is one whose binaries musl would load, told from its tags."""
    return kind_of(offer.name) in ("musllinux", "linux")


def _edition(catalog: Catalog, version: str) -> str:
    """Return the digest of what verdicts follow from: the policies, and the version of the judge."""
    ours = hashlib.sha256(f"{version} {catalog.version}".encode())
    root = Path(policies_directory())
    for pattern in ("*.json", "musl/*.json", "arch/*.json"):
        for path in sorted(root.glob(pattern)):
            ours.update(path.read_bytes())
    return ours.hexdigest()


def _digest(*parts: str | None) -> str:
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).hexdigest()

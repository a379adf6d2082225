"""An index that offers only what loads at a destination, or that mended: what it leaves out, and why, is told."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import quote

from musl_audit.adapters.indexes.held import Held
from musl_audit.adapters.indexes.page_writing import html_page, json_page, wants_json
from musl_audit.adapters.indexes.pages import ACCEPT, HTML_PAGE, JSON_PAGE, Row
from musl_audit.adapters.indexes.projects import IndexGroup, OfferedProject
from musl_audit.adapters.indexes.server import Answer, Body, FileBody, refusal
from musl_audit.adapters.indexes.verdicts import Verdicts, is_for_musl
from musl_audit.environment.choices import Basis, OfferAnswer, VersionRung
from musl_audit.environment.ledger import Fate, Ledger
from musl_audit.environment.obstacles import reason_against
from musl_audit.errors import IndexAccessError
from musl_audit.frozen import frozen
from musl_audit.wheel.names import is_sdist_name, normalized_project
from musl_audit.wheel.offers import Offer, OfferedFile, OfferedVersion, Wanted, offered_versions
from musl_audit.workflows.choosing import climb
from musl_audit.workflows.mending import Mender, WheelMendError, is_mendable

_UPSTREAM_FAILED = 424  # a client asks no second time, as it would after a 5xx
_METADATA = ".metadata"
_LARGEST_METADATA = 16 << 20


@frozen
class Shelf:
    """The page of a project as it is offered; None in the place of a page: no index has the project."""

    document: Row
    rows: tuple[Row, ...]


@frozen
class ServedFile:
    """A file that goes through our hands: judged before it is given away, or mended."""

    file: OfferedFile
    project: str
    offer: Offer | None = None  # None: nothing to judge
    is_to_mend: bool = False


class FilteredIndex:
    """What clients see; every method may be called by several threads."""

    def __init__(
        self,
        group: IndexGroup,
        verdicts: Verdicts,
        wanted: Wanted,
        held: Held,
        *,
        url: str,
        allows_sdists: bool = False,
        mender: Mender | None = None,
        complain: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._url = url
        self.ledger = Ledger()
        self._group = group
        self._verdicts = verdicts
        self._wanted = wanted
        self._held = held
        self._allows_sdists = allows_sdists
        self._mender = mender
        self._complain = complain
        self._shelves: dict[str, Shelf | None] = {}
        self._items: list[ServedFile] = []
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    # --- What clients ask ------------------------------------------------------------------------------------

    def projects(self, accept: str) -> Answer:
        """Return the list of projects, as the first index has it."""
        urls = [url for url in self._group.urls if not url.startswith("file:")]
        if not urls:
            return refusal(404, "there is no list of projects")
        try:
            body, response = self._group.asker.body(urls[0], {"Accept": accept or ACCEPT})
        except IndexAccessError as error:
            return self._failed(error)
        return Body(body, response.headers.get("content-type", "text/html"))

    def page(self, project: str, accept: str) -> Answer:
        """Return what of a project loads."""
        name = normalized_project(project)
        try:
            shelf = self._shelf(name)
        except IndexAccessError as error:
            return self._failed(error)
        if shelf is None:
            return refusal(404, f"no index has the project {name}")
        if wants_json(accept):
            return Body(json_page(shelf.document, shelf.rows), JSON_PAGE)
        kind = HTML_PAGE if HTML_PAGE in accept else "text/html; charset=utf-8"
        return Body(html_page(name, shelf.rows), kind)

    def file(self, number: str, name: str) -> Answer:
        """Return a file that a page named, judged or mended before it is given away; or its metadata."""
        if not (number.isascii() and number.isdigit() and int(number) < len(self._items)):
            return refusal(404, "there is no such file")
        item = self._items[int(number)]
        try:
            if name.endswith(_METADATA):
                body, _ = self._group.asker.body(item.file.url + _METADATA, {}, _LARGEST_METADATA)
                return Body(body, "application/octet-stream")
            with self._guard(item.file.url):
                return self._whole(item)
        except IndexAccessError as error:
            return self._failed(error)
        except WheelMendError as error:
            return self._refused(item, str(error))

    def _whole(self, item: ServedFile) -> Answer:
        if item.offer is None:
            return FileBody(self._held.path(item.file, self._group.asker))
        if item.is_to_mend and self._mender is not None:
            return FileBody(self._mender.mended(item.offer, partial(self._held.path, item.file, self._group.asker)))
        answer = self._verdicts.read(item.offer)
        if answer.is_good:
            return FileBody(self._held.path(item.file, self._group.asker))
        return self._refused(item, reason_against(answer))

    def _refused(self, item: ServedFile, reason: str) -> Answer:
        """Refuse a file that turned out not to load when it was asked for: too late to leave it out of the page."""
        self.ledger.note(Fate.REFUSED, item.project, item.file.filename, reason)
        with self._lock:
            self._shelves.pop(item.project, None)
        return refusal(403, f"{item.file.filename}: {reason}")

    def _failed(self, error: IndexAccessError) -> Body:
        self._complain(str(error))
        return refusal(_UPSTREAM_FAILED, str(error))

    def _guard(self, key: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(key, threading.Lock())

    # --- A page ----------------------------------------------------------------------------------------------

    def _shelf(self, name: str) -> Shelf | None:
        with self._guard(name):
            if name not in self._shelves:
                project = self._group.project(name)
                self._shelves[name] = self._filtered(project) if project.is_known else None
            return self._shelves[name]

    def _filtered(self, project: OfferedProject) -> Shelf:
        versions = offered_versions(project.name, project.files, self._wanted)
        judged = [item for item in versions.values() if any(map(is_for_musl, item.offers))]
        offers = {offer.file.filename: offer for item in judged for offer in item.offers if is_for_musl(offer)}
        answers = self._answers(project.name, judged)
        rows: list[Row] = []
        for row, file in zip(project.rows, project.files, strict=True):
            offer, answer = offers.get(file.filename), answers.get(file.filename)
            if is_sdist_name(file.filename) and not self._allows_sdists:
                self.ledger.note(Fate.SOURCE, project.name, file.filename)
            elif offer is None:
                self.ledger.has_wheels(project.name)
                rows.append(self._untouched(row, file, project.name))
            elif answer is None or answer.is_good:
                rows.append(self._offered(row, offer, answer, project.name))
            else:
                rows += self._instead(row, offer, answer, project.name)
        return Shelf(project.document, tuple(rows))

    def _answers(self, project: str, versions: Sequence[OfferedVersion]) -> dict[str, OfferAnswer]:
        """
        Return what is known of the files that clients look at first: newest first, down to the first that loads.

        What is older, and not known from earlier runs, is judged when a client asks for it. Where broken files are
        mended, the newest is mended now, so that it is certain; of older ones, probes tell which are to be mended.
        """
        known = (self._verdicts.kept(offer) for offered in versions for offer in offered.offers)
        answers = {answer.file.filename: answer for answer in known if answer is not None}
        is_settled = False

        def read(offer: Offer) -> OfferAnswer:
            return OfferAnswer(offer.file, None, Basis.PROBE) if is_settled else self._verdicts.read(offer)

        for rung in climb(versions, self._verdicts, read):
            answers |= {item.file.filename: item for item in rung.answers if not _is_unread(item)}
            if rung.chosen is not None and _is_usual(rung):
                self.ledger.offer(project, rung.version)
                break
            is_settled = is_settled or self._is_mended_now(rung, versions)
        return answers

    def _is_mended_now(self, rung: VersionRung, versions: Sequence[OfferedVersion]) -> bool:
        """Whether a file of the version *rung* could be mended, which then is done."""
        offers = {offer.file.filename: offer for item in versions for offer in item.offers}
        for answer in rung.answers:
            if self._mender is None or not is_mendable(answer):
                continue
            try:
                fetch = partial(self._held.path, answer.file, self._group.asker)
                self._mender.mended(offers[answer.file.filename], fetch)
            except WheelMendError:  # noted where the page leaves it out
                continue
            return True
        return False

    # --- Rows ------------------------------------------------------------------------------------------------

    def _untouched(self, row: Row, file: OfferedFile, project: str) -> Row:
        """Return a row as the index has it; through our hands only where a client could not get it otherwise."""
        is_closed = file.url.startswith("file:") or self._group.asker.credentials.of(file.url) is not None
        return self._through(row, ServedFile(file, project), file.filename) if is_closed else row

    def _offered(self, row: Row, offer: Offer, answer: OfferAnswer | None, project: str) -> Row:
        """Return the row of a file that loads, or that is judged when it is asked for."""
        is_certain = answer is not None and not self._held.has(offer.file) and offer.file.sha256 is not None
        if is_certain:
            return self._untouched(row, offer.file, project)
        return self._through(row, ServedFile(offer.file, project, offer), offer.file.filename)

    def _instead(self, row: Row, offer: Offer, answer: OfferAnswer, project: str) -> list[Row]:
        """Return the row of the mended file instead of that of a broken one; none where it cannot be mended."""
        reason = reason_against(answer)
        mender = self._mender if is_mendable(answer) else None
        if mender is not None and not (failure := mender.failure(offer)):
            self.ledger.note(Fate.MENDED, project, offer.file.filename, reason)
            name = mender.name(offer)
            made = mender.made(offer)
            changed = {key: value for key, value in row.items() if key not in ("size", "gpg-sig", "provenance")}
            changed |= {"filename": name, "hashes": {"sha256": made} if made else {}}
            return [self._through(changed, ServedFile(offer.file, project, offer, is_to_mend=True), name)]
        self.ledger.note(Fate.BROKEN, project, offer.file.filename, failure if mender else reason)
        return []

    def _through(self, row: Row, item: ServedFile, name: str) -> Row:
        """Return *row* with a URL of ours."""
        with self._lock:
            self._items.append(item)
            number = len(self._items) - 1
        return {**row, "url": f"{self._url}files/{number}/{quote(name)}"}


def _is_unread(answer: OfferAnswer) -> bool:
    """Whether nothing is known but that a probe did not refuse the file."""
    return answer.loads is None and answer.basis is Basis.PROBE


def _is_usual(rung: VersionRung) -> bool:
    """Whether clients take the version without being told to: no pre-release, and not yanked."""
    from packaging.version import Version

    chosen = rung.chosen
    return chosen is not None and not chosen.file.is_yanked and not Version(rung.version).is_prerelease

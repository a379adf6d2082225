"""What bandersnatch finds: a filter of release files, asked once for each file before it is downloaded."""

import atexit
import logging
from typing import TypedDict

from bandersnatch.filter import FilterReleaseFilePlugin

from musl_audit import IndexAccessError, MuslAuditError, Sighting, Watchman
from musl_audit_bandersnatch.policy import SECTION, Counts, MirrorPolicy, read_policy

logger = logging.getLogger("bandersnatch.musl_audit")


class ReleaseFile(TypedDict, total=False):
    """A file of a release, as the index describes it."""

    filename: str
    url: str
    size: int
    digests: dict[str, str]


class Metadata(TypedDict, total=False):
    """What a filter is given."""

    info: dict[str, str]
    release: str
    release_file: ReleaseFile


class MuslAuditFilter(FilterReleaseFilePlugin):
    """Keeps a file unless it is a wheel for musl that does not load where the mirror's readers are."""

    name = "musl_audit"

    def initialize_plugin(self) -> None:
        """Read the settings; end bandersnatch with one line where they mean nothing."""
        section = dict(self.configuration[SECTION]) if SECTION in self.configuration else {}
        defaults = self.configuration.defaults()
        own = {key: value for key, value in section.items() if key not in defaults}
        try:
            self.policy: MirrorPolicy = read_policy(own)
            self.watchman = Watchman(self.policy.places, reads_whole=self.policy.reads_whole)
        except MuslAuditError as error:
            raise SystemExit(f"musl-audit: {error}") from error
        self.counts = Counts()
        self._said: dict[str, bool] = {}
        atexit.register(self.end)
        logger.info("musl-audit: this mirror serves %s", ", ".join(self.policy.places))

    def filter(self, metadata: Metadata) -> bool:
        """Return whether a file is mirrored."""
        file = metadata["release_file"]
        url = file["url"]
        if url not in self._said:  # a project is filtered once more after its metadata changed
            self._said[url] = self._is_kept(metadata.get("info", {}).get("name", "?"), file)
        return self._said[url]

    def _is_kept(self, project: str, file: ReleaseFile) -> bool:
        sighting = self._sighting(file)
        if not sighting.is_for_musl:
            self.counts.others += 1
            return True
        self.counts.unknown += bool(sighting.unknown_on)
        reason = self.policy.reason_against(sighting)
        if reason is None:
            self.counts.kept += 1
            return True
        self.counts.leave_out(project, file.get("size", 0))
        verb = "would leave out" if self.policy.is_dry_run else "leaves out"
        logger.info("musl-audit %s %s: it %s", verb, file["filename"], reason)
        return self.policy.is_dry_run

    def _sighting(self, file: ReleaseFile) -> Sighting:
        digests = {name: value for name, value in file.get("digests", {}).items() if name in ("sha256", "sha512")}
        try:
            return self.watchman.sighting(file["filename"], file["url"], hashes=digests, size=file.get("size"))
        except IndexAccessError as error:
            logger.warning("musl-audit cannot judge %s: %s", file["filename"], error)
            return Sighting(file["filename"], is_for_musl=True, unknown_on=self.policy.places)

    def end(self) -> None:
        """Say what happened, and close the connections."""
        logger.info("%s", self.counts.line(is_dry_run=self.policy.is_dry_run))
        self.watchman.close()

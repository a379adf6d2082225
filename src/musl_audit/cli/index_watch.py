"""How far a search on indexes is, for somebody who watches a terminal."""

import sys
from threading import Lock

from musl_audit.adapters.indexes.asking import Traffic
from musl_audit.environment.choices import VersionRung
from musl_audit.reporters.which_text import megabytes

_CLEAR = "\r\x1b[K"


class Watch:
    """A line of stderr that is gone whenever something else is written; written by several threads."""

    def __init__(self, traffic: Traffic, requirements: int, *, is_on: bool) -> None:
        self._traffic = traffic
        self._requirements = requirements
        self._is_on = is_on
        self._done = self._versions = self._size = 0
        self._lock = Lock()

    def rung(self, rung: VersionRung) -> None:
        """Count a version that was looked at."""
        with self._lock:
            self._versions += 1
            self._size += sum(answer.file.size or 0 for answer in rung.answers)
            saved = max(self._size - self._traffic.received, 0)
            fetched = f"{megabytes(self._traffic.received)} fetched, {megabytes(saved)} saved"
            self._show(f"{_CLEAR}{self._done}/{self._requirements}: {self._versions} versions looked at, {fetched}")

    def clear(self) -> None:
        """Count a requirement that is done, and take the line away."""
        with self._lock:
            self._done += 1
            self._show(_CLEAR)

    def _show(self, text: str) -> None:
        if self._is_on:
            sys.stderr.write(text)
            sys.stderr.flush()

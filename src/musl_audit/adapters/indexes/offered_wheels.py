"""Wheels at URLs as sources: whoever examines one fetches it, in whatever process, on whatever machine that is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from musl_audit.adapters.archive.zips import ZipArchive, open_wheel
from musl_audit.adapters.indexes.asking import Asker
from musl_audit.adapters.indexes.credentials import Credentials, Pair, netrc_file, shown
from musl_audit.adapters.indexes.fetching import fetch_whole
from musl_audit.errors import IndexAccessError, WheelError
from musl_audit.frozen import frozen
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.offers import OfferedFile


@frozen
class OfferedWheel:
    """A wheel that is fetched when it is opened, and gone when it is closed."""

    file: OfferedFile
    pair: Pair | None = None  # who may ask for it; shown to nobody

    @property
    def path(self) -> str:
        """Its URL as people may see it."""
        return shown(self.file.url)

    @property
    def filename(self) -> str:
        """What its index calls it."""
        return self.file.filename

    @property
    def identity(self) -> str:
        """Its URL."""
        return self.file.url

    @property
    def size(self) -> int:
        """As its index says, 0 where it does not."""
        return self.file.size or 0

    @contextmanager
    def open(self, limits: Limits) -> Iterator[ZipArchive]:
        """Fetch it and open it; raise ``WheelError`` where it cannot be had, or is not what its index lists."""
        asker = _asker(os.getpid())
        if self.pair is not None:
            asker.credentials.know(self.file.url, self.pair)
        with TemporaryDirectory(prefix="musl-audit-") as folder:
            try:
                whole = fetch_whole(asker, self.file, Path(folder) / self.file.filename)
            except IndexAccessError as error:
                raise WheelError(str(error)) from error
            with open_wheel(whole.path, limits) as archive:
                yield archive


@cache
def _asker(_process: int) -> Asker:
    """Return the connections of this process: one that is forked must not share them."""
    return Asker(Credentials(netrc=netrc_file(), uses_keyring=True))

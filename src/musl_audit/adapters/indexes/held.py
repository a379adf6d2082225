"""The whole files of a run: what was fetched to be judged is not fetched again to be given away."""

from hashlib import sha256
from pathlib import Path

from musl_audit.adapters.indexes.asking import Asker
from musl_audit.adapters.indexes.fetching import fetch_whole
from musl_audit.model import Report
from musl_audit.wheel.offers import OfferedFile


class Held:
    """Whole files by their URL, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths: dict[str, Path] = {}

    def keep(self, file: OfferedFile, path: Path, _report: Report) -> None:
        """Take the file at *path*."""
        self._paths[file.url] = path.replace(self._place(file))

    def path(self, file: OfferedFile, asker: Asker) -> Path:
        """Return where the whole of *file* is, fetched if it is not here; raise ``IndexAccessError``."""
        if file.url not in self._paths:
            self._paths[file.url] = fetch_whole(asker, file, self._place(file)).path
        return self._paths[file.url]

    def has(self, file: OfferedFile) -> bool:
        """Whether the whole of *file* is here."""
        return file.url in self._paths

    def _place(self, file: OfferedFile) -> Path:
        folder = self.folder / sha256(file.url.encode()).hexdigest()[:16]
        folder.mkdir(exist_ok=True)
        return folder / file.filename

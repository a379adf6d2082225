"""Judging what came over the network: a copy under the wheel's own name, in a directory of its own."""

import hashlib
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from musl_audit import Admission, Catalog, Failure, Report, admit
from musl_audit_devpi.settings import GateSettings

_AT_ONCE = 4  # wheels in memory: each may take its largest member and 40 MB
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Judged:
    """The answer about a file, by the name and the digest that it has."""

    filename: str
    sha256: str
    admission: Admission
    is_refused: bool

    @property
    def sentence(self) -> str:
        """What the client is told."""
        return f"{self.filename}: {self.admission.sentence}"

    def row(self, version: str) -> dict[str, object]:
        """Return what is kept beside the file, in values that devpi can store."""
        report = self.admission.outcome
        required = report.verdict.required_musl if isinstance(report, Report) else None
        return {
            "verdict": self.admission.sentence,
            "is_judged": self.admission.is_judged,
            "codes": list(self.admission.codes),
            "loads": report.verdict.loads.value if isinstance(report, Report) else None,
            "required_musl": str(required) if required else None,
            "sha256": self.sha256,
            "tool": f"musl-audit {version}",
        }


class Judge:
    """Judges files by one catalog; several threads may ask."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def judged(self, filename: str, content: IO[bytes], gate: GateSettings) -> Judged:
        """Return the answer about *content*, which is read from its beginning and left there."""
        if not _is_plain(filename):
            return _misnamed(filename, gate)
        with self._places, tempfile.TemporaryDirectory(prefix="musl-audit-") as folder:
            path = Path(folder) / filename
            sha256 = _copy(content, path)
            admission = admit(path, gate.settings, catalog=self.catalog, admits_unjudgeable=gate.admits_unjudgeable)
        return Judged(filename, sha256, admission, not admission.is_admitted and not gate.warns_only)


def is_wheel(filename: str) -> bool:
    """Whether a file of this name is stored as a wheel."""
    return filename.lower().endswith(".whl")


def _is_plain(filename: str) -> bool:
    """Whether a file of ours may have the name: no path, nothing unprintable, and short enough for a file system."""
    return filename.isprintable() and not {"/", "\\"} & set(filename) and len(filename.encode()) < 250


def _misnamed(filename: str, gate: GateSettings) -> Judged:
    sentence = f"Cannot be judged: {filename!r} is not a wheel's name"
    code = "MUSL001"
    admission = Admission(
        is_admitted=gate.admits_unjudgeable,
        is_judged=False,
        sentence=sentence,
        codes=(code,),
        outcome=Failure(filename, code, sentence),
    )
    return Judged(filename, "", admission, not admission.is_admitted and not gate.warns_only)


def _copy(content: IO[bytes], path: Path) -> str:
    """Copy *content*, and return its digest."""
    digest = hashlib.sha256()
    content.seek(0)
    with path.open("wb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    content.seek(0)
    return digest.hexdigest()

"""
The layout of a survey's store: which tables there are, and what their columns mean; ``docs/reference/store.md``.

Version 1. A store of another version is refused, never guessed.
"""

from typing import TYPE_CHECKING

from musl_audit.frozen import frozen

if TYPE_CHECKING:
    import pyarrow as pa

LAYOUT = 1
TABLES = ("sightings", "facts", "verdicts")
SUMMARY = "wheels"  # what follows from sightings and verdicts: the newest of both for each path


@frozen
class SightingRow:
    """A file that a survey came across, at a place and a time; what it holds is known by its digest."""

    path: str  # where: a path, a URL
    size: int  # bytes
    stamp: str  # changes when the file does: time of modification, or the index's digest
    sha256: str | None  # None: skipped or failed
    outcome: str  # wheel, skipped, failed
    detail: str  # why, if not a wheel
    code: str  # of a failure
    uploaded: str | None  # ISO date, where an index said so
    seen: str  # when, UTC, ISO


@frozen
class FactsRow:
    """What the bytes of a wheel say: the document of ``musl-audit show --facts``."""

    sha256: str
    filename: str
    document: bytes


@frozen
class FindingRow:
    """A finding of a verdict."""

    code: str
    severity: str
    message: str


@frozen
class VerdictRow:
    """What a judge said about a wheel, by the policies of a day."""

    sha256: str
    policies: str  # digest of the policy files
    judge: str  # version of musl-audit
    judged: str  # when, UTC, ISO
    filename: str
    project: str  # normalized
    version: str
    arch: str | None
    kind: str
    loads: str  # all, some, none, unknown
    required_musl: str | None
    kept: bool | None  # whether every tag is kept; None: none could be judged
    is_mendable: bool  # repair does away with every error
    summary: str  # the verdict in a sentence
    loads_on: list[str]  # musl releases
    loads_at: list[str]  # ids of distributions on which an installer takes it, and it loads
    fails_at: list[str]
    codes: list[str]  # of errors, sorted
    findings: list[FindingRow]


def schema_of(table: str) -> "pa.Schema":
    """Return the Arrow schema of a table; text is dictionary encoded when it is written."""
    import pyarrow as pa

    text, texts = pa.string(), pa.list_(pa.string())
    finding = pa.struct([("code", text), ("severity", text), ("message", text)])
    columns: dict[str, list[tuple[str, pa.DataType]]] = {
        "sightings": [
            ("path", text), ("size", pa.int64()), ("stamp", text), ("sha256", text), ("outcome", text),
            ("detail", text), ("code", text), ("uploaded", text), ("seen", text),
        ],
        "facts": [("sha256", text), ("filename", text), ("document", pa.binary())],
        "verdicts": [
            ("sha256", text), ("policies", text), ("judge", text), ("judged", text), ("filename", text),
            ("project", text), ("version", text), ("arch", text), ("kind", text), ("loads", text),
            ("required_musl", text), ("kept", pa.bool_()), ("is_mendable", pa.bool_()), ("summary", text),
            ("loads_on", texts), ("loads_at", texts), ("fails_at", texts), ("codes", texts),
            ("findings", pa.list_(finding)),
        ],
    }  # fmt: skip
    place = [("path", text), ("size", pa.int64()), ("uploaded", text), ("seen", text)]
    columns[SUMMARY] = [*place, *columns["verdicts"]]
    return pa.schema(columns[table])

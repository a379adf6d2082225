"""``RECORD``: the files of a wheel with their sizes and digests, held against what the archive has."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from musl_audit.frozen import frozen
from musl_audit.model import Member, Problem, ProblemKind
from musl_audit.wheel.ports import Hasher

LARGEST_RECORD = 64 << 20  # bytes; 100,000 members need about 15 MB
_MOST_ROWS = 400_000
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")
_WEAK = frozenset({"md5", "sha1", "sha224"})
_STRONG = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})


@frozen
class Row:
    """What ``RECORD`` says about one file; empty strings where it says nothing."""

    algorithm: str
    digest: str  # urlsafe base64, without padding
    size: str


@frozen
class Record:
    """A parsed ``RECORD``: its rows by path, and what is wrong with the file itself."""

    rows: Mapping[str, Row] = MappingProxyType({})
    problems: tuple[Problem, ...] = ()
    exists: bool = True
    is_readable: bool = True

    def hasher(self, path: str) -> Hasher | None:
        """Return what takes the digest that the row of *path* names; None where that says nothing usable."""
        row = self.rows.get(path)
        if row is None or row.algorithm not in _STRONG or path.endswith(".dist-info/RECORD"):
            return None
        return _hasher(row.algorithm)

    def contradicts(self, path: str, hasher: Hasher) -> bool:
        """Whether *hasher*, which was made for *path* and given its data, found another digest than its row says."""
        return _written(hasher) != self.rows[path].digest


def digest_of(data: bytes, algorithm: str) -> str:
    """Return the digest of *data* as ``RECORD`` writes it: urlsafe base64 without padding."""
    hasher = _hasher(algorithm)
    hasher.update(data)
    return _written(hasher)


def _hasher(algorithm: str) -> Hasher:
    import hashlib

    return hashlib.new(algorithm, usedforsecurity=False)


def _written(hasher: Hasher) -> str:
    from binascii import b2a_base64

    return b2a_base64(hasher.digest(), newline=False).decode().rstrip("=").replace("+", "-").replace("/", "_")


def parse_record(data: bytes) -> Record:
    """Return the rows of *data*, the first of each path; whatever cannot be read is a problem of the result."""
    import csv
    import io

    rows: dict[str, Row] = {}
    faulty: defaultdict[tuple[ProblemKind, str], dict[str, None]] = defaultdict(dict)
    reader = csv.reader(io.StringIO(data.decode("utf-8", "surrogateescape"), newline=""))
    try:
        for number, fields in enumerate(reader):
            if number >= _MOST_ROWS:
                faulty[ProblemKind.MALFORMED_RECORD, f"has more than {_MOST_ROWS} rows"] = {}
                break
            if not fields:
                continue
            if len(fields) != 3 or not fields[0]:
                faulty[ProblemKind.MALFORMED_ROW, "does not have three columns"][fields[0]] = None
                continue
            path, digest, size = fields
            if path in rows:
                faulty[ProblemKind.DUPLICATE_ROW, "has more than one row"][path] = None
                continue
            algorithm, _, value = digest.partition("=")
            rows[path] = Row(algorithm, value.rstrip("="), size)
    except csv.Error as error:
        faulty[ProblemKind.MALFORMED_RECORD, f"cannot be read from line {reader.line_num} on: {error}"] = {}
    problems = (Problem(kind, tuple(sorted(paths)), detail) for (kind, detail), paths in faulty.items())
    return Record(rows, tuple(problems))


def compare(
    record: Record, members: Iterable[Member], contradicted: Iterable[str], dist_info: str
) -> Iterator[Problem]:
    """
    Yield where *record*, out of *dist_info*, and *members* disagree; *contradicted* are those with another digest.

    ``RECORD`` need not list itself and has no digest of its own; its signatures are never listed.
    """
    if not record.exists:
        yield Problem(ProblemKind.MISSING_RECORD, detail="there is no RECORD")
        return
    yield from record.problems
    if not record.is_readable:
        return
    own = f"{dist_info}/RECORD"
    exempt = {own, *(f"{dist_info}/{name}" for name in _SIGNATURES)}
    files = {member.name: member for member in members if not member.is_directory}
    faulty = defaultdict(list)
    for path in contradicted:
        faulty[ProblemKind.WRONG_DIGEST, "has another digest than RECORD says"].append(path)
    for path in files.keys() - record.rows.keys() - exempt:
        faulty[ProblemKind.UNLISTED_MEMBER, "is in the archive, and RECORD does not list it"].append(path)
    for path, row in record.rows.items():
        if path in files:
            for fault in _row_faults(row, files[path], needs_digest=path not in exempt):
                faulty[fault].append(path)
        elif not path.endswith("/"):
            faulty[ProblemKind.MISSING_MEMBER, "is listed in RECORD, and is not in the archive"].append(path)
    for (kind, detail), paths in sorted(faulty.items()):
        yield Problem(kind, tuple(sorted(paths)), detail)


def _row_faults(row: Row, member: Member, *, needs_digest: bool) -> Iterator[tuple[ProblemKind, str]]:
    """Yield kind and detail of what is wrong with the row of *member*."""
    if row.size and row.size != str(member.size):
        yield (
            (ProblemKind.WRONG_SIZE, "has another size than RECORD says")
            if row.size.isascii() and row.size.isdigit()
            else (ProblemKind.MALFORMED_ROW, "has a size in RECORD that is no number")
        )
    if row.algorithm in _STRONG or not needs_digest:
        return
    if not row.algorithm:
        yield ProblemKind.MISSING_DIGEST, "has no digest in RECORD"
    elif row.algorithm in _WEAK:
        yield (
            ProblemKind.WEAK_DIGEST,
            f"has only a {row.algorithm} digest in RECORD, which the specification does not permit",
        )
    else:
        yield ProblemKind.UNKNOWN_DIGEST, "has a digest in RECORD of an unknown algorithm"

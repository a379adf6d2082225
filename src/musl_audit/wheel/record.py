"""``RECORD``: the files of a wheel with their sizes and digests, held against what the archive has."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from types import MappingProxyType

from musl_audit.frozen import frozen
from musl_audit.model import Member, Problem, ProblemKind
from musl_audit.wheel.ports import Hasher

LARGEST_RECORD = 64 << 20  # bytes; 100,000 members need about 15 MB
_MOST_ROWS = 2_000_000  # twenty times what members there may be; they are read in about a second
_MOST_NAMED = 1_000  # files that one problem names; of what is more, the number is said
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")
_WEAK = frozenset({"md5", "sha1", "sha224"})
_STRONG = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})


@frozen
class Row:
    """What ``RECORD`` says about one file; empty strings where it says nothing."""

    said: str  # the algorithm and the digest, as it is written
    size: str

    @property
    def algorithm(self) -> str:
        """The name of the algorithm."""
        return self.said.partition("=")[0]

    @property
    def digest(self) -> str:
        """Urlsafe base64, without padding."""
        return self.said.partition("=")[2].rstrip("=")


@frozen
class Record:
    """
    A parsed ``RECORD``: its rows by path, and what is wrong with the file itself.

    ``rows`` are the fields of ``Row``, which are made when somebody asks for one: installed packages have 100,000s.
    ``unnamed`` counts the rows of files that are not there and that are too many to keep.
    """

    rows: Mapping[str, tuple[str, str]] = MappingProxyType({})
    problems: tuple[Problem, ...] = ()
    exists: bool = True
    is_readable: bool = True
    unnamed: int = 0

    def row(self, path: str) -> Row | None:
        """Return what is said about the file at *path*; None where it is not listed."""
        return Row(*self.rows[path]) if path in self.rows else None

    def hasher(self, path: str) -> Hasher | None:
        """Return what takes the digest that the row of *path* names; None where that says nothing usable."""
        row = self.row(path)
        if row is None or row.algorithm not in _STRONG or path.endswith(".dist-info/RECORD"):
            return None
        return _hasher(row.algorithm)

    def contradicts(self, path: str, hasher: Hasher) -> bool:
        """Whether *hasher*, which was made for *path* and given its data, found another digest than its row says."""
        return _written(hasher) != Row(*self.rows[path]).digest


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


def parse_record(data: bytes, members: Container[str] | None = None, *, most: int = _MOST_ROWS) -> Record:
    """
    Return at *most* as many rows of *data*, the first of each path; whatever cannot be read is a problem of the result.

    Of rows for other files than *members*, a thousand are kept: memory is that of the members, not of *data*.
    """
    import csv
    import io

    rows: dict[str, tuple[str, str]] = {}
    faulty: defaultdict[tuple[ProblemKind, str], dict[str, None]] = defaultdict(dict)
    is_readable, others, unnamed = True, 0, 0
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", "surrogateescape", newline=""))
    try:
        for number, fields in enumerate(reader):
            if number >= most:
                faulty[ProblemKind.MALFORMED_RECORD, f"has more than {most} rows"] = {}
                is_readable = False
                break
            if not fields:
                continue
            if len(fields) != 3 or not fields[0]:
                _note(faulty[ProblemKind.MALFORMED_ROW, "does not have three columns"], fields[0])
                continue
            path, digest, size = fields
            if path in rows:
                _note(faulty[ProblemKind.DUPLICATE_ROW, "has more than one row"], path)
                continue
            if members is not None and path not in members:
                others += 1
                if others > _MOST_NAMED:
                    unnamed += not path.endswith("/")
                    continue
            rows[path] = digest, size
    except csv.Error as error:
        faulty[ProblemKind.MALFORMED_RECORD, f"cannot be read from line {reader.line_num} on: {error}"] = {}
    problems = (Problem(kind, tuple(sorted(paths)), detail) for (kind, detail), paths in faulty.items())
    return Record(rows, tuple(problems), is_readable=is_readable, unnamed=unnamed)


def _note(paths: dict[str, None], path: str) -> None:
    """Add *path* to those of one problem, which names the first of them."""
    if len(paths) < _MOST_NAMED:
        paths[path] = None


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
    if record.is_readable:
        yield from _disagreements(record, members, contradicted, dist_info)
    if record.unnamed:
        detail = f"lists {record.unnamed} more files that are not in the archive"
        yield Problem(ProblemKind.MISSING_MEMBER, detail=detail)


def _disagreements(
    record: Record, members: Iterable[Member], contradicted: Iterable[str], dist_info: str
) -> Iterator[Problem]:
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
            for fault in _row_faults(Row(*row), files[path], needs_digest=path not in exempt):
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

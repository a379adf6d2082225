"""``RECORD`` held against the members."""

import pytest
from tests.support.records import contradicts

from musl_audit.model import Member, Problem, ProblemKind
from musl_audit.wheel.record import Record, compare, digest_of, parse_record

INFO = "demo-1.0.dist-info"
OWN = f"{INFO}/RECORD"
SHA = "sha256=" + digest_of(b"abc", "sha256")


def problems(record: str | bytes, *names: str, contradicted: tuple[str, ...] = ()) -> list[tuple[str, tuple[str, ...]]]:
    """Return kind and members of each problem; every member has 3 bytes."""
    data = record.encode() if isinstance(record, str) else record
    members = [Member(name, 3, 3, 0, is_directory=name.endswith("/")) for name in names]
    return [(item.kind, item.members) for item in compare(parse_record(data), members, contradicted, INFO)]


def test_a_good_record() -> None:
    """RECORD itself has a row without digest, and directories have none."""
    assert problems(f"a.py,{SHA},3\n{OWN},,\n", "a.py", OWN, "demo/") == []


def test_record_need_not_list_itself_nor_its_signatures() -> None:
    """The signatures come after it."""
    assert problems(f"a.py,{SHA},3\n", "a.py", OWN, f"{INFO}/RECORD.jws", f"{INFO}/RECORD.p7s") == []


def test_signatures_elsewhere_are_files_like_others() -> None:
    """Only those beside RECORD are exempt."""
    assert problems("", "a/RECORD.jws", OWN) == [("unlisted-member", ("a/RECORD.jws",))]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (f"a.py,{SHA},4", "wrong-size"),
        (f"a.py,{SHA},03", "wrong-size"),
        (f"a.py,{SHA},three", "malformed-row"),
        (f"a.py,{SHA},-3", "malformed-row"),
        ("a.py,,3", "missing-digest"),
        ("a.py,md5=abc,3", "weak-digest"),
        ("a.py,sha1=abc,3", "weak-digest"),
        ("a.py,crc32=abc,3", "unknown-digest"),
        ("a.py,nonsense,3", "unknown-digest"),
    ],
)
def test_wrong_rows(row: str, kind: str) -> None:
    """The specification wants sha256 or better for every file."""
    assert problems(f"{row}\n", "a.py") == [(kind, ("a.py",))]


def test_a_size_may_be_missing() -> None:
    """The digest says more."""
    assert problems(f"a.py,{SHA},\n", "a.py") == []


def test_rows_without_a_member_and_members_without_a_row() -> None:
    """Both are grouped; a row of a directory is ignored."""
    record = f"gone.py,{SHA},3\nalso-gone.py,{SHA},3\ndemo/,,\n"

    assert problems(record, "b.py", "a.py", "demo/") == [
        ("missing-member", ("also-gone.py", "gone.py")),
        ("unlisted-member", ("a.py", "b.py")),
    ]


def test_wrong_digests_are_told_by_who_read_the_members() -> None:
    """Comparing needs no content."""
    assert problems(f"a.py,{SHA},3\n", "a.py", contradicted=("a.py",)) == [("wrong-digest", ("a.py",))]


def test_rows_that_are_no_rows() -> None:
    """Empty lines are fine."""
    assert problems(f"\n\na.py,{SHA},3\nb.py,{SHA}\nc.py,{SHA},3,4\n,,\n", "a.py") == [
        ("malformed-row", ("", "b.py", "c.py")),
    ]


def test_a_row_twice() -> None:
    """The first counts."""
    assert problems(f"a.py,{SHA},3\na.py,{SHA},4\n", "a.py") == [("duplicate-row", ("a.py",))]


def test_quoted_names() -> None:
    """RECORD is CSV: commas, quotes and line ends may be part of a name."""
    assert problems(f'"a,""b""\n.py",{SHA},3\n', 'a,"b"\n.py') == []


def test_names_of_any_bytes() -> None:
    """They are compared as they are."""
    assert problems(b"caf\xe9.py,,3\n", "caf\udce9.py") == [("missing-digest", ("caf\udce9.py",))]


def test_a_field_beyond_all_measure() -> None:
    """The csv module refuses it, and says so once."""
    assert [kind for kind, _ in problems("a" * 200_000 + ",,\n")] == ["malformed-record"]


def test_no_record() -> None:
    """There is nothing to compare with."""
    assert list(compare(Record(exists=False), [Member("a", 3, 3, 0)], (), INFO)) == [
        Problem(ProblemKind.MISSING_RECORD, detail="there is no RECORD")
    ]


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "blake2b", "sha3_256"])
def test_digests_of_every_permitted_algorithm(algorithm: str) -> None:
    """Padding in the row does not matter."""
    right = digest_of(b"abc", algorithm)

    for row, wrong in ((right, False), (right + "==", False), (right[:-1], True), ("", True)):
        record = parse_record(f"a,{algorithm}={row},3\n".encode())
        assert contradicts(record, "a", b"abc") is wrong


def test_a_digest_is_written_urlsafe_and_without_padding() -> None:
    """As the specification has it."""
    assert digest_of(b"0", "sha256") == "X-zrZv_IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V-k"


def test_a_digest_of_record_itself_contradicts_nothing() -> None:
    """It cannot be right, and nobody compares it."""
    assert not contradicts(parse_record(f"{OWN},sha256=x,3\n".encode()), OWN, b"abc")


def test_a_record_without_end_is_not_read_to_the_end() -> None:
    """Every row costs time; what the rest says, nobody knows, so it contradicts nothing."""
    assert problems(b"\n" * 2_000_001, "a.py") == [("malformed-record", ())]


def test_of_rows_for_other_files_a_thousand_are_named_and_the_rest_is_counted() -> None:
    """Memory is that of the members: a row is kept for each of them, wherever it stands."""
    rows = "".join(f"gone/{number},{SHA},3\n" for number in range(1_500)) + f"gone/,,\na.py,{SHA},4\n"

    record = parse_record(rows.encode(), {"a.py"})
    found = list(compare(record, [Member("a.py", 3, 3, 0)], (), INFO))

    assert [(item.kind, len(item.members)) for item in found] == [
        (ProblemKind.MISSING_MEMBER, 1_000),
        (ProblemKind.WRONG_SIZE, 1),
        (ProblemKind.MISSING_MEMBER, 0),
    ]
    assert found[-1].detail == "lists 500 more files that are not in the archive"


def test_of_faulty_rows_a_thousand_are_named() -> None:
    """A million of them are no better known."""
    (problem,) = parse_record("".join(f"{number}\n" for number in range(1_500)).encode()).problems

    assert len(problem.members) == 1_000


@pytest.mark.parametrize("row", ["a,,3", "a,md5=x,3", "b,sha256=x,3"])
def test_rows_that_say_nothing_usable_contradict_nothing(row: str) -> None:
    """Other problems tell about them."""
    assert not contradicts(parse_record(row.encode()), "a", b"abc")

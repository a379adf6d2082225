"""Opening wheels: what is read, what is refused, and what is told about the rest."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from tests.support.archives import (
    CENTRAL,
    DIST_INFO,
    EXTENSION,
    LOCAL,
    NAME,
    binary,
    central_header,
    contents_of,
    demo_files,
    facts_of,
    kinds_of,
    local_header,
    problems_of,
    wheel_of,
    with_bytes,
    with_field,
    zip_of,
)

from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.errors import WheelError
from musl_audit.model import Member, ProblemKind
from musl_audit.wheel.limits import Limits


def good_wheel() -> bytes:
    return wheel_of(demo_files(**{EXTENSION: binary()}))


def streamed(files: dict[str, bytes]) -> bytes:
    """Return a zip that was written to a pipe."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise io.UnsupportedOperation

        tell = seek  # zipfile counts by itself then

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return pipe.getvalue()


# --- What is read ---------------------------------------------------------------------------------------


def test_a_good_wheel_has_no_problem(tmp_path: Path) -> None:
    """Nothing is wrong with what zipfile writes."""
    assert problems_of(tmp_path, good_wheel()) == ()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_as_zipfile_reads_them(tmp_path: Path, compression: int) -> None:
    """The standard library is the oracle, for both methods and for data of any length and entropy."""
    files = {"empty": b"", "one": b"x", "large": binary() * 40, "run": bytes(5_000_000), "ends": bytes(1 << 20)}
    data = zip_of(files, compression=compression)

    assert contents_of(tmp_path, data) == files


def test_a_wheel_written_as_a_stream_is_read(tmp_path: Path) -> None:
    """Its local headers have no sizes; data descriptors behind the members have."""
    data = streamed(demo_files(**{EXTENSION: binary()}))
    assert zipfile.ZipFile(io.BytesIO(data)).infolist()[0].flag_bits & 8

    assert kinds_of(tmp_path, data) == []
    assert contents_of(tmp_path, data)[EXTENSION] == binary()


def test_zip64_fields_are_read(tmp_path: Path) -> None:
    """Writers use them for small members too, where they do not know the size in advance."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(zipfile.ZipInfo("a"), "w", force_zip64=True) as member,
    ):
        member.write(b"content")
    data = buffer.getvalue()

    assert contents_of(tmp_path, data) == {"a": b"content"}
    assert kinds_of(tmp_path, data) == []


def test_the_head_is_the_beginning_of_the_member(tmp_path: Path) -> None:
    """64 bytes at most, of compressed and of stored members."""
    path = tmp_path / NAME
    path.write_bytes(zip_of({"long": binary(), "short": b"ab", "none": b""}))

    with open_wheel(path) as archive:
        assert [archive.head(member) for member in archive.members] == [binary()[:64], b"ab", b""]


def test_modes_and_directories_are_known(tmp_path: Path) -> None:
    """They come from the external attributes and the name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("bin/tool")
        info.external_attr = 0o100755 << 16
        archive.writestr(info, b"x")
        archive.writestr("bin/", b"")
    facts = facts_of(tmp_path, buffer.getvalue())

    assert facts.members == (
        Member("bin/tool", 1, 1, 0x8CDC1683, mode=0o100755),
        Member("bin/", 0, 0, 0, mode=0o40775, is_directory=True),
    )


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    """Facts can be cached by it."""
    import hashlib

    data = good_wheel()

    assert facts_of(tmp_path, data).sha256 == hashlib.sha256(data).hexdigest()


# --- What is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a zip file"),
        (b"PK", "not a zip file"),
        (b"\x7fELF" * 100, "not a zip file"),
        (b"PK\5\6" + bytes(10), "not a zip file"),
    ],
)
def test_what_is_no_zip_is_refused_in_one_line(tmp_path: Path, data: bytes, words: str) -> None:
    """Nothing of it can be examined."""
    with pytest.raises(WheelError, match=words) as caught:
        facts_of(tmp_path, data)
    assert "\n" not in str(caught.value)


def test_a_truncated_wheel_is_refused(tmp_path: Path) -> None:
    """A download that broke off has no end record."""
    data = good_wheel()

    for size in (len(data) - 1, len(data) // 2, 100):
        with pytest.raises(WheelError, match=r"truncated|not a readable zip|not a zip"):
            facts_of(tmp_path, data[:size])


def test_an_encrypted_wheel_is_refused(tmp_path: Path) -> None:
    """Every member has the encryption flag."""
    files = demo_files()
    data = zip_of(files)
    for name in files:
        data = with_field(data, central_header(data, name), "flags", 1, layout=CENTRAL)

    with pytest.raises(WheelError, match="encrypted"):
        facts_of(tmp_path, data)


def test_too_many_members_are_refused_before_they_are_parsed(tmp_path: Path) -> None:
    """The end record says how many there are."""
    with pytest.raises(WheelError, match="lists 3 members, more than the limit of 2"):
        facts_of(tmp_path, zip_of({"a": b"", "b": b"", "c": b""}), limits=Limits(members=2))


def test_a_lie_about_the_number_of_members_does_not_evade_the_limit(tmp_path: Path) -> None:
    """The directory's size counts as well as the number."""
    data = zip_of({f"{number}" * 300: b"" for number in range(9)})
    end = data.rindex(b"PK\5\6")

    with pytest.raises(WheelError, match="more than the limit"):
        facts_of(tmp_path, with_bytes(data, end + 8, struct.pack("<HH", 1, 1)), limits=Limits(members=2))


def test_too_many_bytes_are_refused_before_they_are_inflated(tmp_path: Path) -> None:
    """All members together are bounded by what they declare."""
    with pytest.raises(WheelError, match="declare 2000 bytes together"):
        facts_of(tmp_path, zip_of({"a": bytes(1000), "b": bytes(1000)}), limits=Limits(total_bytes=1999))


def test_directories_without_end_are_refused(tmp_path: Path) -> None:
    """Whoever makes a tree of the names would need memory by the square of their depth."""
    with pytest.raises(WheelError, match="deeper than 50 directories"):
        facts_of(tmp_path, zip_of({"a/" * 51 + "b": b""}))
    assert problems_of(tmp_path, zip_of({"a/" * 50 + "b": b""})) == ()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The reason is the system's."""
    with pytest.raises(WheelError, match="cannot be read: No such file"), open_wheel(tmp_path / NAME):
        pass


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("a\0b", "null byte"), ("x" * 300, "too long")])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    """Never a traceback."""
    with pytest.raises(WheelError, match=reason), open_wheel(tmp_path / name):
        pass


def test_a_name_marked_utf8_that_is_not_is_refused(tmp_path: Path) -> None:
    """No installer in Python can list such an archive."""
    data = zip_of({"é": b""})

    with pytest.raises(WheelError, match="UTF-8"):
        facts_of(tmp_path, data.replace("é".encode(), b"\xff\xfe"))


# --- What is told ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("crc", 1, "another size or checksum"),
        ("size", 1, "another size or checksum"),
        ("compressed_size", 1, "another size or checksum"),
        ("method", 0, "another compression method"),
        ("flags", 1, "other flags"),
        ("flags", 0x800, "other flags"),
    ],
)
def test_a_local_header_that_contradicts_the_directory(tmp_path: Path, field: str, value: int, detail: str) -> None:
    """Some readers go by the one, some by the other."""
    data = good_wheel()
    data = with_field(data, local_header(data, EXTENSION), field, value)

    problems = problems_of(tmp_path, data)

    assert [(problem.kind, problem.members) for problem in problems] == [("header-mismatch", (EXTENSION,))]
    assert detail in problems[0].detail


def test_a_local_header_with_another_name(tmp_path: Path) -> None:
    """A reader that streams would install another file."""
    data = good_wheel()
    data = with_bytes(data, local_header(data, EXTENSION) + LOCAL["name"], b"evil")

    problems = problems_of(tmp_path, data)

    assert [problem.detail for problem in problems] == ["its local header has another name"]


def test_a_missing_local_header(tmp_path: Path) -> None:
    """The directory points at something else; nothing of that member can be read."""
    data = good_wheel()
    data = with_bytes(data, local_header(data, EXTENSION), b"XX")

    facts = facts_of(tmp_path, data)

    assert facts.archive_problems[-1].detail == "it has no local header where the directory says"
    assert facts.elves == ()


def test_a_data_descriptor_that_contradicts_the_directory(tmp_path: Path) -> None:
    """It repeats the checksum and both sizes."""
    data = zip_of({"a": b"content"})
    for offset, layout in ((local_header(data, "a"), LOCAL), (central_header(data, "a"), CENTRAL)):
        data = with_field(data, offset, "flags", 8, layout=layout)

    assert [problem.detail for problem in problems_of(tmp_path, data)] == [
        "its data descriptor contradicts the directory"
    ]


def test_a_data_descriptor_with_another_checksum(tmp_path: Path) -> None:
    """It has the right form, and lies."""
    data = streamed({"a": b"content"})
    assert kinds_of(tmp_path, data) == []

    data = with_bytes(data, data.index(b"PK\7\x08") + 4, b"\1\2\3\4")

    assert "header-mismatch" in kinds_of(tmp_path, data)


def test_two_entries_for_the_same_bytes(tmp_path: Path) -> None:
    """The way to make a bomb out of one deflated block."""
    data = zip_of({"a": b"content", "b": b"content"})
    data = with_field(data, central_header(data, "b"), "offset", 0, layout=CENTRAL)

    problems = {problem.kind: problem.members for problem in problems_of(tmp_path, data)}

    assert problems[ProblemKind.OVERLAP] == ("a", "b")
    assert ProblemKind.HIDDEN_MEMBER in problems


def test_data_that_runs_into_the_directory(tmp_path: Path) -> None:
    """The last member's size is a lie."""
    data = zip_of({"a": bytes(100)}, compression=zipfile.ZIP_STORED)
    for offset, layout in ((local_header(data, "a"), LOCAL), (central_header(data, "a"), CENTRAL)):
        for field in ("size", "compressed_size"):
            data = with_field(data, offset, field, 120, layout=layout)

    assert "overlap" in kinds_of(tmp_path, data)


def test_a_member_that_the_directory_does_not_list(tmp_path: Path) -> None:
    """A reader that streams installs it, one that goes by the directory does not."""
    hidden = zip_of({"hidden": b"content"})
    hidden = hidden[: hidden.index(b"PK\1\2")]
    data = zip_of({"a": b"content"})
    end = data.rindex(b"PK\5\6")
    shifted = with_field(data, central_header(data, "a"), "offset", len(hidden), layout=CENTRAL)
    shifted = with_bytes(shifted, end + 16, struct.pack("<L", len(hidden) + data.index(b"PK\1\2")))

    assert kinds_of(tmp_path, hidden + shifted) == ["hidden-member"]


def test_bytes_before_and_after_the_archive_are_told_apart(tmp_path: Path) -> None:
    """They should not be there; uv refuses the latter."""
    data = zip_of({"a": b"content"})

    assert kinds_of(tmp_path, data + b"garbage") == ["trailing-data"]
    assert set(kinds_of(tmp_path, b"#!/bin/sh\n" + data)) == {"extra-data", "header-mismatch"}


@pytest.mark.parametrize(("method", "name"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA")])
def test_what_pip_alone_reads_is_read_and_named(tmp_path: Path, method: int, name: str) -> None:
    """maturin writes such members; whatever their length, and the wheel is judged as any other."""
    for content in (b"", b"content", binary() * 40):
        problems = problems_of(tmp_path, zip_of({"a": content}, compression=method))
        assert [problem.kind for problem in problems] == ["unusual-compression"]
        assert f"{name}, which uv refuses" in problems[0].detail

    facts = facts_of(tmp_path, zip_of(demo_files(**{EXTENSION: binary()}), compression=method))
    assert [elf.path for elf in facts.elves] == [EXTENSION]
    assert facts.unread == ()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("damage", [2, 9, 20, 200])
def test_what_is_damaged_in_such_a_member_is_not_read(tmp_path: Path, method: int, damage: int) -> None:
    """It is known that nothing is known."""
    data = zip_of({"a": binary()}, compression=method)
    at = local_header(data, "a") + 31 + damage
    facts = facts_of(tmp_path, with_bytes(data, at, bytes(byte ^ 0x55 for byte in data[at : at + 8])))

    assert (
        facts.unread == ("a",) or facts.elves or [one for one in facts.archive_problems if one.kind == "wrong-content"]
    )


def test_bytes_behind_a_deflate_stream_are_noted(tmp_path: Path) -> None:
    """Installers do not look there."""
    plain = binary()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(plain) + packer.flush() + b"tail"
    data = zip_of({"a": packed}, compression=zipfile.ZIP_STORED)
    for offset, layout in ((local_header(data, "a"), LOCAL), (central_header(data, "a"), CENTRAL)):
        for name, value in (("method", 8), ("size", len(plain)), ("crc", zlib.crc32(plain))):
            data = with_field(data, offset, name, value, layout=layout)

    assert kinds_of(tmp_path, data) == ["deflate-tail"]


def test_one_encrypted_member(tmp_path: Path) -> None:
    """The others are examined."""
    data = good_wheel()
    for offset, layout in ((local_header(data, EXTENSION), LOCAL), (central_header(data, EXTENSION), CENTRAL)):
        data = with_field(data, offset, "flags", 1, layout=layout)

    assert kinds_of(tmp_path, data) == ["encrypted"]


def test_a_member_beyond_the_limit_is_not_inflated(tmp_path: Path) -> None:
    """The declared size decides."""
    data = zip_of({"a": bytes(1000), "b": b"content"})

    problems = problems_of(tmp_path, data, Limits(member_bytes=999))

    assert [(problem.kind, problem.members) for problem in problems] == [("beyond-limit", ("a",))]


def test_a_bomb_is_told_by_its_ratio(tmp_path: Path) -> None:
    """Small members may be as regular as they like."""
    data = zip_of({"zeros": bytes(200_000), "small": bytes(1000)})

    problems = problems_of(tmp_path, data, Limits(ratio=100, ratio_from=100_000))

    assert [(problem.kind, problem.members) for problem in problems] == [("beyond-limit", ("zeros",))]


def test_a_member_with_more_data_than_declared_stops_early(tmp_path: Path) -> None:
    """Both headers agree on a size that is a lie."""
    data = zip_of({"a": bytes(50_000_000)})
    for offset, layout in ((local_header(data, "a"), LOCAL), (central_header(data, "a"), CENTRAL)):
        data = with_field(data, offset, "size", 25_000, layout=layout)

    problems = problems_of(tmp_path, data)

    assert [(problem.kind, problem.members) for problem in problems] == [("wrong-content", ("a",))]
    assert "more than the 25000 bytes declared" in problems[0].detail


def test_a_small_member_with_large_data_is_not_inflated(tmp_path: Path) -> None:
    """A hundred thousand of them, over the same bytes, would keep a reader busy for minutes."""
    data = zip_of({"a": bytes(50_000_000)})
    for offset, layout in ((local_header(data, "a"), LOCAL), (central_header(data, "a"), CENTRAL)):
        data = with_field(data, offset, "size", 1000, layout=layout)

    problems = problems_of(tmp_path, data)

    assert [problem.detail for problem in problems] == ["has far more compressed data than its size needs"]


@pytest.mark.parametrize("field", ["crc", "size"])
def test_a_member_that_is_not_what_both_headers_declare(tmp_path: Path, field: str) -> None:
    """Checksum and size are checked of all that is inflated."""
    data = good_wheel()
    for offset, layout in ((local_header(data, EXTENSION), LOCAL), (central_header(data, EXTENSION), CENTRAL)):
        data = with_field(data, offset, field, len(binary()) + 1, layout=layout)

    facts = facts_of(tmp_path, data)

    assert [(problem.kind, problem.members) for problem in facts.archive_problems] == [("wrong-content", (EXTENSION,))]
    assert facts.elves == ()


def test_garbage_instead_of_compressed_data(tmp_path: Path) -> None:
    """One damaged member does not stop the others."""
    data = good_wheel()
    start = local_header(data, "demo/__init__.py") + LOCAL["name"] + len("demo/__init__.py")

    facts = facts_of(tmp_path, with_bytes(data, start, b"\xff" * 8))

    assert [problem.kind for problem in facts.archive_problems] == ["wrong-content"]
    assert [elf.path for elf in facts.elves] == [EXTENSION]


@pytest.mark.parametrize(("blocks", "kinds"), [(200, []), (5000, ["wrong-content"])])
def test_an_elf_file_cannot_hide_behind_empty_blocks(tmp_path: Path, blocks: int, kinds: list[str]) -> None:
    """Deflate allows any number of blocks that hold nothing; who has thousands has something to hide."""
    import zlib

    packer = zlib.compressobj(wbits=-15)
    packed = b"\x00\x00\x00\xff\xff" * blocks + packer.compress(binary()) + packer.flush()
    data = zip_of({"a": packed}, compression=zipfile.ZIP_STORED)
    for offset, layout in ((local_header(data, "a"), LOCAL), (central_header(data, "a"), CENTRAL)):
        data = with_field(data, offset, "method", 8, layout=layout)
        data = with_field(data, offset, "size", len(binary()), layout=layout)
        data = with_field(data, offset, "crc", zlib.crc32(binary()), layout=layout)

    facts = facts_of(tmp_path, data)

    assert [problem.kind for problem in facts.archive_problems] == kinds
    assert len(facts.elves) == (not kinds)


def test_an_end_record_that_lies(tmp_path: Path) -> None:
    """Every field of it is held against what is there."""
    data = good_wheel()
    end = data.rindex(b"PK\5\6")

    lies = {"disk": (4, b"\1\0"), "count": (8, b"\1\0\1\0"), "offset": (16, b"\0\0\0\0")}
    found = {name: kinds_of(tmp_path, with_bytes(data, end + at, value)) for name, (at, value) in lies.items()}

    assert all("header-mismatch" in kinds for kinds in found.values())


def with_zip64_end(data: bytes, *, offset: int | None = None, here: int = 1) -> bytes:
    """Return *data*, an archive of one member, with zip64 end records that repeat what its end record says."""
    end = data.rindex(b"PK\5\6")
    size, start = struct.unpack_from("<LL", data, end + 12)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, here, 1, size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end if offset is None else offset, 1)
    return data[:end] + record + locator + data[end:]


def test_zip64_end_records_are_read(tmp_path: Path) -> None:
    """Writers add them to archives of any size."""
    data = with_zip64_end(zip_of({"a": b"content"}))

    assert contents_of(tmp_path, data) == {"a": b"content"}
    assert kinds_of(tmp_path, data) == []


def test_zip64_end_records_that_lie(tmp_path: Path) -> None:
    """Some versions of zipfile refuse the archive, others take no notice."""
    for data in (with_zip64_end(zip_of({"a": b""}), offset=7), with_zip64_end(zip_of({"a": b""}), here=2)):
        try:
            kinds = kinds_of(tmp_path, data)
        except WheelError:
            continue
        assert kinds == ["header-mismatch"]


def test_a_comment_that_runs_past_the_end(tmp_path: Path) -> None:
    """Something was cut off, or lies."""
    data = zip_of({"a": b"content"})

    problems = problems_of(tmp_path, with_bytes(data, len(data) - 2, b"\7\0"))

    assert [problem.detail for problem in problems] == ["its comment runs past the end of the file"]


def test_a_directory_of_no_size_hides_nothing(tmp_path: Path) -> None:
    """zipfile sees an empty archive then, and other readers every member."""
    data = good_wheel()
    end = data.rindex(b"PK\5\6")
    data = with_bytes(data, end + 8, struct.pack("<HHLL", 0, 0, 0, end))

    assert kinds_of(tmp_path, data) == ["hidden-member"]


def test_names_of_any_bytes_survive(tmp_path: Path) -> None:
    """Without the UTF-8 flag a name is cp437, as installers read it; nothing is normalised or lost."""
    data = zip_of({"aaaa.so": b"x", "bbbb": b"y"}).replace(b"aaaa.so", b"\xff\xe9[m.so").replace(b"bbbb", b"\x1b[m\n")

    facts = facts_of(tmp_path, data)

    assert [member.name.encode("cp437") for member in facts.members] == [b"\xff\xe9[m.so", b"\x1b[m\n"]
    assert [problem.kind for problem in facts.archive_problems] == ["name-encoding", "control-character"]


def test_a_member_without_a_name(tmp_path: Path) -> None:
    """Its name begins with NUL, or is empty: zipfile cannot say then whether it is a directory."""
    data = zip_of({"aaaa": b"x", "bbbb": b"y"}).replace(b"aaaa", bytes(4))

    problems = problems_of(tmp_path, data)

    assert [(problem.kind, problem.members) for problem in problems] == [("unsafe-path", ("\0\0\0\0",))]


def test_a_wheel_without_metadata_is_read(tmp_path: Path) -> None:
    """Rules say what is missing."""
    facts = facts_of(tmp_path, zip_of({EXTENSION: binary()}))

    assert facts.metadata.dist_infos == ()
    assert not facts.metadata.has_wheel_file
    assert [problem.kind for problem in facts.record_problems] == ["missing-record"]
    assert [elf.path for elf in facts.elves] == [EXTENSION]


def test_the_record_of_the_wheel_is_found(tmp_path: Path) -> None:
    """The right dist-info is the one of the file name, wherever it is in the archive."""
    files = {"aaa-2.0.dist-info/WHEEL": b"Tag: py3-none-any\n", **demo_files()}
    files[f"{DIST_INFO}/RECORD"] = b""

    assert facts_of(tmp_path, zip_of(files)).metadata.tags == ("cp312-cp312-musllinux_1_2_x86_64",)

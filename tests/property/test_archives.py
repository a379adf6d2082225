"""Archives of any bytes: they are examined or refused, in bounded time and memory, and nothing else ever happens."""

import contextlib
import struct
import tracemalloc
import zlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
    local_header,
    wheel_of,
    with_field,
    zip_of,
)
from tests.support.records import contradicts
from tests.support.values import judged

from musl_audit.adapters.archive.member_names import name_problems
from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.errors import WheelError
from musl_audit.model import WheelFacts
from musl_audit.wheel.extract import extract
from musl_audit.wheel.facts_document import facts_from_json, facts_to_json
from musl_audit.wheel.limits import Limits
from musl_audit.wheel.names import is_plain, normalized_project, parse_wheel_name
from musl_audit.wheel.record import digest_of, parse_record

SMALL = Limits(member_bytes=16 << 20, total_bytes=64 << 20, members=1000)


@cache
def good_wheel() -> bytes:
    return wheel_of(demo_files(**{EXTENSION: binary(), "demo/data.txt": bytes(range(256)) * 20}))


def examined(data: bytes) -> WheelFacts | None:
    """Return the facts of *data*; None where it was refused with a sentence of one line."""
    with TemporaryDirectory() as folder:
        path = Path(folder, NAME)
        path.write_bytes(data)
        try:
            with open_wheel(path, SMALL) as archive:
                return extract(archive, verify_hashes=True)
        except WheelError as error:
            message = str(error)
    assert "\n" not in message
    return None


def holds_together(data: bytes) -> None:
    """Examine, judge and write *data*; whatever is no ``WheelError`` fails the test."""
    facts = examined(data)
    if facts is None:
        return
    judged(facts)
    assert facts_from_json(facts_to_json(facts, NAME)) == (facts, NAME)


@settings(deadline=None)
@given(st.binary(max_size=4000))
def test_any_bytes(data: bytes) -> None:
    """Hardly ever a zip."""
    holds_together(data)


@settings(deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=100))
def test_any_bytes_with_an_end_record(body: bytes, comment: bytes) -> None:
    """A directory of garbage."""
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(body), 0, len(comment))
    holds_together(body + end + comment)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_good_wheel_with_flipped_bytes(data: st.DataObject) -> None:
    """Most likely the content, so that the directory gets a test of its own below."""
    wheel = bytearray(good_wheel())
    for _ in range(data.draw(st.integers(1, 8))):
        wheel[data.draw(st.integers(0, len(wheel) - 1))] = data.draw(st.integers(0, 255))
    holds_together(bytes(wheel))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_good_wheel_with_a_damaged_directory(data: st.DataObject) -> None:
    """Offsets, sizes, lengths, flags and names."""
    wheel = bytearray(good_wheel())
    start = good_wheel().index(b"PK\1\2")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(start, len(wheel) - 1))
        piece = data.draw(
            st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x80"]) | st.binary(min_size=1, max_size=8)
        )
        wheel[at : at + len(piece)] = piece
    holds_together(bytes(wheel))


@settings(deadline=None)
@given(st.integers(0, 100_000))
def test_a_truncated_wheel(size: int) -> None:
    """A download may break off anywhere."""
    assert examined(good_wheel()[: min(size, len(good_wheel()) - 1)]) is None


@settings(deadline=None)
@given(st.integers(0, 100_000), st.binary(min_size=1, max_size=50))
def test_a_wheel_with_bytes_put_in(at: int, piece: bytes) -> None:
    """Everything behind moves."""
    at = min(at, len(good_wheel()))
    holds_together(good_wheel()[:at] + piece + good_wheel()[at:])


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.sampled_from(
    ["a", "A", "a/b", "../x", "/x", "C:\\x", "x.data/platlib/a", "x.data/purelib/a", DIST_INFO + "/RECORD", "\x1b[31m"]
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(names, st.binary(max_size=50)), max_size=8))
def test_members_of_any_name(members: list[tuple[str, bytes]]) -> None:
    """They are read back as they were written; nothing is normalised or lost."""
    members = [(name.replace("\0", "0"), content) for name, content in members]
    with contextlib.suppress(UserWarning):  # duplicate names
        facts = examined(zip_of(members))
        assert facts is not None
        assert [member.name for member in facts.members] == [name for name, _ in members]
        judged(facts)


@settings(deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.binary(max_size=3000), max_size=5))
def test_contents_are_those_that_were_written(files: dict[str, bytes]) -> None:
    """zipfile wrote them."""
    with TemporaryDirectory() as folder:
        assert contents_of(Path(folder), zip_of(files)) == files


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), max_size=12))
def test_any_names_are_judged(texts: list[str]) -> None:
    """Whatever a name is made of, surrogates included."""
    from musl_audit.model import Member

    members = [Member(text, 1, 1, 0, is_directory=text.endswith("/")) for text in texts]

    reported = {name for problem in name_problems(members) for name in problem.members}

    assert reported <= set(texts)
    assert all(text in reported for text in texts if text.startswith("/"))


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_record_is_parsed(data: bytes) -> None:
    """What cannot be read is a problem."""
    parse_record(data)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.binary()), max_size=5))
def test_the_record_that_csv_writes_is_right(files: list[tuple[str, bytes]]) -> None:
    """Names with commas, quotes and line ends included."""
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer).writerows([name, f"sha256={digest_of(data, 'sha256')}", len(data)] for name, data in files)

    record = parse_record(buffer.getvalue().encode())

    assert list(record.rows) == list(dict(files))
    assert not any(contradicts(record, name, dict(reversed(files))[name]) for name in record.rows)


@pytest.mark.parametrize("count", [1, 50])
def test_a_bomb_costs_no_memory(tmp_path: Path, count: int) -> None:
    """Headers that agree on a small size, and data that inflates to 200 MB each."""
    packer = zlib.compressobj(9, wbits=-15)
    bomb = b"".join([packer.compress(bytes(1 << 20)) for _ in range(200)]) + packer.flush()
    data = zip_of({f"{number}.so": bomb for number in range(count)}, compression=0)
    for number in range(count):
        name = f"{number}.so"
        for offset, layout in ((local_header(data, name), LOCAL), (central_header(data, name), CENTRAL)):
            data = with_field(data, offset, "method", 8, layout=layout)
            data = with_field(data, offset, "size", 1 << 20, layout=layout)
    path = tmp_path / NAME
    path.write_bytes(data)

    tracemalloc.start()
    with open_wheel(path) as archive:
        facts = extract(archive, verify_hashes=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [problem.kind for problem in facts.archive_problems] == ["wrong-content"]
    assert peak < 16 << 20


# --- Names --------------------------------------------------------------------------------------------


plain_names = st.builds(
    "-".join,
    st.tuples(
        st.from_regex(r"[A-Za-z0-9]{1,6}([._][A-Za-z0-9]{1,6}){0,2}", fullmatch=True),
        st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,3}){0,3}", fullmatch=True),
        st.sampled_from(["py3", "py2.py3", "cp312", "CP39", "py3_10"]),
        st.sampled_from(["none", "abi3.none", "cp312"]),
        st.sampled_from(["any", "musllinux_1_2_x86_64", "manylinux2014_i686.musllinux_1_1_i686", "win32"]),
    ),
)


@settings(deadline=None)
@given(plain_names)
def test_a_plain_name_means_what_packaging_says(stem: str) -> None:
    """The shortcut around packaging, which is slow to import, agrees with it."""
    from packaging.utils import parse_wheel_filename

    filename = f"{stem}.whl"
    assert is_plain(filename)
    name = parse_wheel_name(filename)
    project, version, build, tags = parse_wheel_filename(filename)

    assert normalized_project(name.distribution) == project
    assert str(version) == str(type(version)(name.version))
    assert bool(build) == (name.build is not None)
    assert {str(tag) for tag in tags} == {
        f"{python}-{abi}-{platform}"
        for python in name.python_tags
        for abi in name.abi_tags
        for platform in name.platform_tags
    }


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"([a-z0-9._]{1,6}-){4,5}[a-z0-9._]{1,9}\.whl", fullmatch=True))
def test_a_name_is_accepted_where_packaging_accepts_it(filename: str) -> None:
    """Both ways; what is plain is a subset."""
    from packaging.utils import parse_wheel_filename

    try:
        parse_wheel_filename(filename)
    except ValueError:
        assert not is_plain(filename)
        with pytest.raises(WheelError):
            parse_wheel_name(filename)
    else:
        parse_wheel_name(filename)

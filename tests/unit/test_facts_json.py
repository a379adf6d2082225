"""Facts as JSON, and back."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from tests.support.archives import REAL_WHEEL
from tests.support.cli import SCHEMAS
from tests.support.values import executable, extension, library, uses, wheel

import musl_audit
from musl_audit.errors import NotJsonError, WheelError
from musl_audit.model import (
    ElfFacts,
    ElfIdentity,
    ElfKind,
    Problem,
    ProblemKind,
    Symbol,
    VersionNeed,
    WheelFacts,
)
from musl_audit.wheel.facts_document import escape, facts_from_json, facts_to_json, unescape
from musl_audit.workflows.reading import read_facts

PACKAGE = Path(musl_audit.__file__).parent
ADDED = r"""
from musl_audit.errors import WheelError
from musl_audit.model import Member, Symbol, WheelFacts
from musl_audit.wheel.facts_document import facts_from_json, facts_to_json
member = Member("b", 1, 1, 0, added=(Symbol("b\udce9"),), number=3)
facts = WheelFacts("a", None, "0" * 64, 1, (Member("a", 1, 1, 0), member))
data = facts_to_json(facts, "p")
print(facts_from_json(data) == (facts, "p"))
try:
    facts_from_json(data.replace(b'"number":3', b'"number":-3'))
except WheelError as error:
    print(error)
"""
IDENTITY = {"machine": 62, "bits": 64, "byte_order": "little"}
PATH = "dist/demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
Json = dict[str, object]


def written_and_read(facts: WheelFacts) -> WheelFacts:
    return facts_from_json(facts_to_json(facts, PATH))[0]


def document_of(facts: WheelFacts) -> Json:
    """Return what is written about *facts*, as any JSON reader sees it."""
    document: Json = json.loads(facts_to_json(facts, PATH))
    return document


def read(document: object) -> WheelFacts:
    """Return the facts in *document*."""
    return facts_from_json(json.dumps(document).encode())[0]


@pytest.mark.parametrize(
    "facts",
    [
        wheel(),
        replace(wheel(), name=None, elf_problems=(Problem(ProblemKind.UNREADABLE_ELF, ("a",), "broken"),)),
        wheel(
            extension(undefined=uses("malloc", "qsort_r", is_weak=True), initial_exec=frozenset({""}), isa_needed=3),
            library(packed_relocations=640, version_needs=(VersionNeed("libc.so.6", "GLIBC_2.17"),), rpath="$ORIGIN"),
            executable(relocation_types=frozenset({6, 8, 37}), arm_float_abi="hard", is_stack_executable=True),
        ),
    ],
)
def test_facts_come_back_equal(facts: WheelFacts) -> None:
    """Every field of every value."""
    assert written_and_read(facts) == facts


def test_facts_of_a_real_wheel_come_back_equal() -> None:
    """As read from the archive."""
    facts = read_facts(REAL_WHEEL)

    assert facts.elves
    assert written_and_read(facts) == facts


@pytest.mark.parametrize(
    "text",
    ["caf\udce9", "a\\b", "\\xe9", "\\", "\ud83d\ude00", "\ud800", "\x00\x1b[31m\u202e", "😀é", "\udced\udcb2\udc80"],
)
def test_names_of_any_bytes_come_back_equal(text: str) -> None:
    """As valid UTF-8 that any JSON reader takes."""
    facts = wheel(library(soname=text, needed=(text,), defined=frozenset({text})), others=(text,))

    document = facts_to_json(facts, text)

    assert facts_from_json(document) == (facts, text)
    assert json.loads(document.decode("utf-8"))


def test_bytes_that_are_no_utf8_are_spelt_out() -> None:
    r"""``\xNN`` stands for a byte, and a backslash for itself is doubled."""
    document = document_of(replace(wheel(), filename="caf\udce9\\"))

    assert document["filename"] == r"caf\xe9\\"


def test_equal_facts_give_equal_documents() -> None:
    """Sets are sorted, and fields have their order."""
    one = wheel(extension(defined=frozenset(["b", "a", "c"])))
    other = wheel(extension(defined=frozenset(["c", "b", "a"])))

    assert facts_to_json(one, PATH) == facts_to_json(other, PATH)


def test_fields_that_have_their_default_may_be_left_out() -> None:
    """So that a later version can add some, and read what was written before."""
    document = document_of(wheel(extension(undefined=(Symbol("malloc"),))))
    document["elves"] = [{"path": "a", "kind": "library", "identity": {"machine": 62, "bits": 64, "byte_order": "big"}}]

    assert read(document).elves == (ElfFacts("a", ElfKind.LIBRARY, ElfIdentity(62, 64, "big")),)


def test_the_schema_describes_what_is_written() -> None:
    """It is made from the types, and so is the reader."""
    validator = jsonschema.Draft202012Validator(json.loads((SCHEMAS / "facts.schema.json").read_text()))

    validator.validate(document_of(read_facts(REAL_WHEEL)))
    for field, value in (("facts_version", 1), ("size", -1), ("sha256", "X"), ("elves", [{}])):
        assert not validator.is_valid(document_of(wheel()) | {field: value}), field


def test_unknown_fields_are_passed_over() -> None:
    """Within a version fields are only added."""
    assert read(document_of(wheel()) | {"new": [-1, {"of": "any kind"}]}) == wheel()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"facts_version": 1}, "its version is another than 2, which this musl-audit reads"),
        ({"facts_version": True}, "`$.facts_version`"),
        ({"facts_version": [1] * 9000}, "`$.facts_version`"),
        ({"path": 7, "size": float("inf")}, "`$.path`"),
        ({"path": 7}, "Expected `str`, got `int` - at `$.path`"),
        ({"size": "1"}, "Expected `int`, got `str` - at `$.size`"),
        ({"size": True}, "Expected `int`, got `bool` - at `$.size`"),
        ({"size": 1.5}, "Expected `int`, got `float` - at `$.size`"),
        ({"size": -1}, "Expected a number from 0 to 2^64 - 1 - at `$.size`"),
        ({"size": 1 << 64}, "Expected a number from 0 to 2^64 - 1 - at `$.size`"),
        ({"sha256": "X" * 64}, "`$.sha256`"),
        ({"sha256": "0" * 64 + "\n"}, "`$.sha256`"),
        ({"filename": None}, "Expected `str`, got `null` - at `$.filename`"),
        ({"filename": "\\q"}, r"Expected `\\`, `\xNN` or `\uNNNN` after a backslash - at `$.filename`"),
        ({"name": []}, "`$.name`"),
        ({"members": {}}, "Expected `array`, got `object` - at `$.members`"),
        ({"members": [{"name": "a"}]}, "Object missing required field `size` - at `$.members[0]`"),
        ({"elves": [None]}, "Expected `object`, got `null` - at `$.elves[0]`"),
        ({"metadata": {"root_is_purelib": 1}}, "`$.metadata.root_is_purelib`"),
        ({"metadata": {"tags": ["a", 7]}}, "Expected `str`, got `int` - at `$.metadata.tags[1]`"),
        ({"elf_problems": [{"kind": "new\x1b[31m\nkind"}]}, "`$.elf_problems[0].kind`"),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(change: Json, message: str) -> None:
    """One line, whatever it is that is wrong."""
    with pytest.raises(WheelError) as caught:
        read(document_of(wheel()) | change)

    assert message in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "firmware"}, "Invalid enum value 'firmware' - at `$.elves[0].kind`"),
        ({"identity": {"machine": 62, "bits": -1, "byte_order": "little"}}, "`$.elves[0].identity.bits`"),
        ({"identity": {"machine": 62, "bits": 64, "byte_order": "little", "flags": -1}}, "`$.elves[0].identity.flags`"),
        ({"relocation_types": [6, -6]}, "`$.elves[0].relocation_types[…]`"),
        ({"packed_relocations": 10**4000}, "`$.elves[0].packed_relocations`"),
        ({"needed": [7]}, "Expected `str`, got `int` - at `$.elves[0].needed[0]`"),
        ({"needed": ["\\q"]}, "after a backslash - at `$.elves[0].needed[0]`"),
        ({"undefined": [{"name": "a"}, {"name": 7}]}, "Expected `str`, got `int` - at `$.elves[0].undefined[1].name`"),
        ({"defined": ["a", ["b"]]}, "Expected `str`, got `array` - at `$.elves[0].defined[1]`"),
    ],
)
def test_a_wrong_binary_is_refused_with_the_place(change: Json, message: str) -> None:
    """The path leads to the value."""
    document = document_of(wheel())
    document["elves"] = [{"path": "a", "kind": "library", "identity": IDENTITY} | change]

    with pytest.raises(WheelError) as caught:
        read(document)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\x7fELF",
        b"null",
        b"[]",
        b"7",
        b'"facts_version"',
        b"[" * 200_000,
        b'{"facts_version":2,"size":NaN}',
        b'{"facts_version":2',
        '{"facts_version":2}'.encode("utf-16"),
        b'\xef\xbb\xbf{"facts_version":2}',
        b'{"facts_version":2,"path":"\xff"}',
        b'{"facts_version":2,"path":"\\udce9"}',
    ],
)
def test_what_is_no_json_object_at_all(line: bytes) -> None:
    """Anything may come."""
    with pytest.raises(NotJsonError) as caught:
        facts_from_json(line)

    assert "\n" not in str(caught.value)


DEEP = b"[" * 200_000 + b"]" * 200_000  # Python 3.14 reads it to its end


@pytest.mark.parametrize("line", [b"{}", b'{"version":1}', b'{"facts_version":2,"a":' + DEEP + b"}"])
def test_what_is_an_object_and_no_document(line: bytes) -> None:
    """Also one that is nested as deep as no reader goes."""
    with pytest.raises(WheelError) as caught:
        facts_from_json(line)

    assert not isinstance(caught.value, NotJsonError)


def test_a_field_that_is_added_to_the_facts_is_written_and_read(tmp_path: Path) -> None:
    """Nothing but the class names it."""
    shutil.copytree(PACKAGE, tmp_path / "musl_audit", ignore=shutil.ignore_patterns("__pycache__"))
    model = tmp_path / "musl_audit" / "model.py"
    fields = "    added: tuple[Symbol, ...] = ()\n    number: int | None = None\n"
    model.write_text(
        model.read_text().replace("    is_directory: bool = False\n", "    is_directory: bool = False\n" + fields)
    )

    answer = subprocess.run([sys.executable, "-c", ADDED], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (answer.stderr, answer.stdout.splitlines()) == (
        "",
        ["True", "not a facts document: Expected a number from 0 to 2^64 - 1 - at `$.members[1].number`"],
    )


@pytest.mark.parametrize("text", ["\\", "\\x", "\\x41", "\\xZZ", "\\u0041", "\\ud8", "a\\n", "\\xE9"])
def test_escapes_that_are_never_written_are_refused(text: str) -> None:
    """So that there is one spelling for each name."""
    with pytest.raises(ValueError, match="after a backslash"):
        unescape(text)


@pytest.mark.parametrize("code", [0xD800, 0xDBFF, 0xDC00, 0xDC7F, 0xDC80, 0xDCFF, 0xDD00, 0xDFFF])
def test_every_surrogate_is_escaped(code: int) -> None:
    """JSON in UTF-8 has none."""
    assert escape(chr(code)).isascii()
    assert unescape(escape(chr(code))) == chr(code)

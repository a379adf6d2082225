"""Facts as JSON, and back."""

import json
from dataclasses import replace

import pytest
from tests.support.archives import EXTENSION, REAL_WHEEL
from tests.support.values import executable, extension, library, uses, wheel

from musl_audit.errors import WheelError
from musl_audit.model import Problem, ProblemKind, Symbol, VersionNeed, WheelFacts
from musl_audit.wheel.facts_document import facts_from_json, facts_to_json
from musl_audit.wheel.shapes import Json
from musl_audit.workflows.reading import read_facts


def written_and_read(facts: WheelFacts) -> WheelFacts:
    return facts_from_json(json.loads(json.dumps(facts_to_json(facts)).encode()))


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

    document = json.dumps(facts_to_json(facts), ensure_ascii=False)

    assert facts_from_json(json.loads(document.encode("utf-8"))) == facts


def test_bytes_that_are_no_utf8_are_spelt_out() -> None:
    r"""``\xNN`` stands for a byte, and a backslash for itself is doubled."""
    document = facts_to_json(replace(wheel(), filename="caf\udce9\\"))

    assert document["filename"] == r"caf\xe9\\"


def test_equal_facts_give_equal_documents() -> None:
    """Sets are sorted, and fields have their order."""
    one = wheel(extension(defined=frozenset(["b", "a", "c"])))
    other = wheel(extension(defined=frozenset(["c", "b", "a"])))

    assert json.dumps(facts_to_json(one)) == json.dumps(facts_to_json(other))


def test_fields_that_have_their_default_are_left_out() -> None:
    """Thousands of symbols are ordinary."""
    facts = wheel(extension(undefined=(Symbol("malloc"), Symbol("free", is_weak=True))))

    elf = json.loads(json.dumps(facts_to_json(facts)))["elves"][0]

    assert elf["undefined"] == [{"name": "malloc"}, {"name": "free", "is_weak": True}]


def test_unknown_fields_are_passed_over() -> None:
    """Within a version fields are only added."""
    document: dict[str, Json] = {**facts_to_json(wheel()), "new": 1}

    assert facts_from_json(document) == wheel()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"facts_version": 2}, "facts of another version than 1, which this musl-audit reads"),
        ({"facts_version": 10**5000}, "facts of another version"),
        ({"facts_version": True}, "facts_version is no number"),
        ({"facts_version": [1] * 9000}, "facts_version is no number"),
        ({"size": "1"}, "size: expected an integer"),
        ({"size": True}, "size: expected an integer"),
        ({"size": 1.5}, "size: expected an integer"),
        ({"size": -1}, "size: expected an integer"),
        ({"size": 1 << 64}, "size: expected an integer"),
        ({"sha256": "X" * 64}, "sha256: expected a SHA-256"),
        ({"sha256": "0" * 64 + "\n"}, "sha256: expected a SHA-256"),
        ({"filename": None}, "filename: expected a text"),
        ({"filename": "\\q"}, "filename: expected"),
        ({"name": []}, "name: expected an object"),
        ({"members": {}}, "members: expected a list"),
        ({"members": [{"name": "a"}]}, r"members[0]: size is missing"),
        ({"elves": [None]}, "elves[0]: expected an object"),
        ({"metadata": {"root_is_purelib": 1}}, "metadata.root_is_purelib: expected true or false"),
        ({"metadata": {"tags": ["a", 7]}}, "metadata.tags[1]: expected a text"),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(change: dict[str, Json], message: str) -> None:
    """One line, whatever it is that is wrong."""
    with pytest.raises(WheelError) as caught:
        facts_from_json({**facts_to_json(wheel()), **change})

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "firmware"}, "elves[0].kind: expected one of extension, library"),
        ({"identity": {"machine": 62, "bits": 16, "byte_order": "little"}}, "elves[0].identity.bits: expected one of"),
        ({"undefined": [{"name": "a"}, {"name": 7}]}, "elves[0].undefined[1].name: expected a text"),
        ({"defined": ["a", ["b"]]}, "elves[0].defined[1]: expected a text"),
    ],
)
def test_a_wrong_binary_is_refused_with_the_place(change: dict[str, Json], message: str) -> None:
    """The path leads to the value."""
    document = json.loads(json.dumps(facts_to_json(wheel(extension(EXTENSION)))))
    document["elves"][0].update(change)

    with pytest.raises(WheelError) as caught:
        facts_from_json(document)

    assert message in str(caught.value)


@pytest.mark.parametrize("document", [None, [], "", 7, {}, {"version": 1}])
def test_what_is_no_document_at_all(document: object) -> None:
    """Any JSON may come."""
    with pytest.raises(WheelError, match="facts_version is missing"):
        facts_from_json(document)

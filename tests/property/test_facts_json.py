"""Facts survive JSON whatever they hold, and hostile JSON is refused with one line."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.values import X86_64, extension, wheel

from musl_audit.errors import WheelError
from musl_audit.model import ElfFacts, ElfKind, Problem, ProblemKind, Symbol, VersionNeed, WheelFacts
from musl_audit.wheel.facts_document import facts_from_json, facts_to_json

texts = st.text(max_size=8) | st.binary(max_size=8).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
numbers = st.integers(0, (1 << 64) - 1)
elves = st.builds(
    ElfFacts,
    texts,
    st.sampled_from(ElfKind),
    st.just(X86_64),
    soname=st.none() | texts,
    rpath=st.none() | texts,
    needed=st.lists(texts, max_size=3).map(tuple),
    undefined=st.lists(st.builds(Symbol, texts, st.booleans(), texts, st.booleans()), max_size=3).map(tuple),
    defined=st.frozensets(texts, max_size=3),
    version_needs=st.lists(st.builds(VersionNeed, texts, texts), max_size=2).map(tuple),
    relocation_types=st.frozensets(numbers, max_size=3),
    packed_relocations=numbers,
    has_hash_table=st.booleans(),
)
problem = st.builds(Problem, st.sampled_from(ProblemKind), st.lists(texts, max_size=2).map(tuple), texts)
problems = st.lists(problem, max_size=2).map(tuple)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.lists(elves, max_size=2), texts, problems)
def test_any_facts_come_back_equal(found: list[ElfFacts], filename: str, told: tuple[Problem, ...]) -> None:
    """Through UTF-8, and through readers that know no lone surrogates."""
    good = wheel(*found)
    facts = WheelFacts(filename, good.name, good.sha256, 7, elves=good.elves, archive_problems=told)

    assert facts_from_json(facts_to_json(facts, filename)) == (facts, filename)


@settings(deadline=None)
@given(documents, st.data())
def test_a_document_with_anything_anywhere(piece: object, data: st.DataObject) -> None:
    """It is read, or refused; a value of the wrong kind never gets into the facts."""
    document = json.loads(facts_to_json(wheel(extension()), "a.whl"))
    target = document
    while True:
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[key], dict | list) or not target[key] or data.draw(st.booleans()):
            break
        target = target[key]
    target[key] = piece

    try:
        facts, path = facts_from_json(json.dumps(document).encode())
    except WheelError as error:
        message = str(error)
    else:
        message = ""
        assert facts_from_json(facts_to_json(facts, path)) == (facts, path)
    assert "\n" not in message


@given(documents)
def test_any_document(document: object) -> None:
    """Hardly ever facts."""
    try:
        facts_from_json(json.dumps(document).encode())
    except WheelError:
        return


lines = st.text(alphabet='{}[]",:-019.eE+tfn\\u\ud800 \n', max_size=40)


@given(st.binary(max_size=60) | lines.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(line: bytes) -> None:
    """One line says what is wrong."""
    with pytest.raises(WheelError) as caught:
        facts_from_json(line)

    assert str(caught.value).isprintable()

"""Facts whose names are made when somebody asks are the same facts."""

import gc
import pickle
import random
import weakref

from tests.support.damage import damaged
from tests.support.elfwriter import Definition, Library, write_library
from tests.support.elves import distinct_elves

from musl_audit.elf import read_elf
from musl_audit.elf.symbol_facts import FIELDS
from musl_audit.errors import ElfError
from musl_audit.frozen import replace
from musl_audit.model import ElfFacts


class Bytes:
    """Bytes that a weak reference can be made to."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def bytes_at(self, start: int, end: int) -> memoryview:
        """Return the bytes from *start* to *end*."""
        return memoryview(self._data)[start:end]


DERIVED = ("imported", "required", "unaccepted")


def read(data: bytes, *, are_names_deferred: bool) -> ElfFacts | str:
    """Return the facts of *data*, or what is wrong with them."""
    try:
        return read_elf(data, "x.so", are_names_deferred=are_names_deferred)
    except ElfError as error:
        return str(error)


def is_library(data: bytes) -> bool:
    """Whether there is something to damage in *data*."""
    found = read(data, are_names_deferred=False)
    return isinstance(found, ElfFacts) and found.is_dynamic and bool(found.needed)


def answers(facts: ElfFacts, names: frozenset[str], looked_up: int) -> list[object]:
    """Return what *facts* say where no field was asked for before: of a few names first."""
    few = frozenset(sorted(names)[:40])
    asked = [facts.select_defined(frozenset({name})) for name in sorted(few)[:looked_up]]
    derived = [getattr(facts, name) for name in DERIVED]
    asked.append(facts.select_defined(names if looked_up else few - few))
    return [asked, facts.select_imported(few), *derived, *(getattr(facts, name) for name in FIELDS)]


def differences(name: str, data: bytes, looked_up: int = 40) -> list[str]:
    """Return *name* where the facts of *data* depend on when their names are made; *looked_up* are looked up before."""
    now, later = read(data, are_names_deferred=False), read(data, are_names_deferred=True)
    if isinstance(now, str) or isinstance(later, str):
        return [name] if now != later else []
    names = now.defined | now.imported | now.referenced_definitions | {"stdin", "nobody_has_this", "h\u00e9"}
    try:
        is_same = answers(later, names, looked_up) == answers(now, names, looked_up) and later == now
    except ElfError:
        return [name]
    return [] if is_same else [name]


def test_every_test_binary_says_the_same_when_its_names_are_made_later() -> None:
    """Of all architectures, classes, byte orders and kinds of hash tables."""
    differing = [found for name, data in distinct_elves() for found in differences(name, data)]

    assert not differing


def test_damaged_binaries_say_the_same_when_their_names_are_made_later() -> None:
    """What is wrong with them is told at once all the same; what their hash tables lead to is another question."""
    chance = random.Random(18)  # noqa: S311
    differing = []
    libraries = [(name, data) for name, data in distinct_elves() if is_library(data)]
    for name, data in libraries[::8]:
        for _ in range(12):
            found = damaged(data, chance)
            differing += differences(f"{name}: {found.what}", found.data, looked_up=0)

    assert not differing


def test_the_bytes_of_the_file_are_let_go() -> None:
    """Else a package of a hundred large libraries would have them all in memory."""
    data = Bytes(write_library(Library("x86_64", definitions=(Definition("f"),))))
    gone = weakref.ref(data)
    facts = read_elf(data, "x.so", are_names_deferred=True)
    del data
    gc.collect()

    assert gone() is None
    assert facts.select_defined(frozenset({"f", "g"})) == {"f"}
    assert facts.defined >= {"f"}


def test_deferred_facts_are_sent_whole() -> None:
    """Another process gets values."""
    data = write_library(Library("x86_64", definitions=(Definition("f"),)))
    facts = read_elf(data, "x.so", are_names_deferred=True)

    assert pickle.loads(pickle.dumps(facts)) == read_elf(data, "x.so")  # noqa: S301 - ours


def test_other_attributes_are_none() -> None:
    """Neither of deferred facts nor of others."""
    data = write_library(Library("x86_64", definitions=(Definition("f"),)))

    assert not hasattr(read_elf(data, "x.so"), "definition")
    assert not hasattr(read_elf(data, "x.so", are_names_deferred=True), "definition")


def test_deferred_facts_are_of_the_same_class_and_others_do_not_pay_for_them() -> None:
    """A class with ``__getattr__`` is slower to ask for any field."""
    data = write_library(Library("x86_64", definitions=(Definition("f"),)))
    now, later = read_elf(data, "x.so"), read_elf(data, "x.so", are_names_deferred=True)

    assert later.__class__ is now.__class__ is ElfFacts
    assert not hasattr(ElfFacts, "__getattr__")
    assert (repr(later), hash(later), replace(later, path="y")) == (repr(now), hash(now), replace(now, path="y"))

"""
Every fact of every ELF file equals what pyelftools reads from the same file.

The test wheels are all architectures and oddities; the corpus of real wheels is compared where it has been fetched, its
larger wheels only on request: ``ELF_ORACLE_WHEELS=DIRECTORY`` adds all wheels of a directory.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from elftools.common.exceptions import ELFError
from tests.support.elves import WHEELS, elves_in
from tests.support.oracle import Facts, oracle_facts

from musl_audit.elf import read_elf
from musl_audit.errors import ElfError
from musl_audit.model import ElfFacts, Symbol

CORPUS = Path(__file__).parents[2] / ".cache" / "corpus"
LARGEST_OF_CORPUS = 1_000_000
IDENTITY = ("machine", "bits", "byte_order", "flags")
EM_MIPS = 8
# Nothing but section headers leads to symbols that no relocation refers to, where there is no hash table.
NEEDS_HASH_TABLE = ("undefined", "defined")


def _wheels() -> Iterator[Path]:
    yield from sorted(WHEELS.glob("*.whl"))
    yield from (wheel for wheel in sorted(CORPUS.glob("*.whl")) if wheel.stat().st_size <= LARGEST_OF_CORPUS)
    if "ELF_ORACLE_WHEELS" in os.environ:
        yield from sorted(Path(os.environ["ELF_ORACLE_WHEELS"]).glob("*.whl"))


@pytest.mark.parametrize("wheel", list(_wheels()), ids=lambda path: path.name)
def test_every_fact_is_what_pyelftools_reads(wheel: Path) -> None:
    """Two readers that share no code, one through segments and one through sections, say the same."""
    for name, data in elves_in(wheel):
        try:
            facts = read_elf(data, name)
        except ElfError:
            assert _is_refused(data), name
            continue

        expected = _comparable(facts, oracle_facts(data))

        assert {fact: _fact(facts, fact) for fact in expected} == expected, name


def _is_refused(data: bytes) -> bool:
    """Say whether pyelftools cannot read *data* either."""
    try:
        oracle_facts(data)
    except (ELFError, ValueError, AttributeError, TypeError, IndexError, MemoryError):
        return True
    return False


def _comparable(facts: ElfFacts, expected: Facts) -> Facts:
    """Return *expected* without what the two readers mean differently."""
    left_out: set[str] = set()
    if not facts.has_hash_table:
        left_out.update(NEEDS_HASH_TABLE)
    if facts.identity.machine == EM_MIPS:  # up to three types in one relocation: pyelftools tells the first of them
        left_out.add("relocation_types")
    return {fact: value for fact, value in expected.items() if fact not in left_out}


def _fact(facts: ElfFacts, name: str) -> object:
    return _as_pyelftools_spells(getattr(facts.identity if name in IDENTITY else facts, name))


def _as_pyelftools_spells(value: object) -> object:
    """Return *value* with bytes that are not UTF-8 replaced, as pyelftools does; it loses what we keep."""
    match value:
        case str():
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        case Symbol():
            return Symbol(str(_as_pyelftools_spells(value.name)), value.is_weak, value.type, value.is_referenced)
        case tuple():
            return tuple(_as_pyelftools_spells(item) for item in value)
        case frozenset():
            return {_as_pyelftools_spells(item) for item in value}
        case _:
            return value

"""Which releases take a file or a name of a wheel for libc: the model of what changed in 1.1.16 and 1.1.17."""

import pytest
from tests.support.testwheels import manifest

from musl_audit import judge, load_catalog, read_facts
from musl_audit.loader.eras import TODAY, eras_of, is_libc
from musl_audit.model import ElfFacts, ElfIdentity, ElfKind, Member, Report, Symbol, WheelFacts
from musl_audit.wheel.names import parse_wheel_name

CATALOG = load_catalog()
X86_64 = ElfIdentity(62, 64, "little")
NAME = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
LIBC = frozenset(("__libc_start_main", "stdin"))


def module(*needed: str, asks: str = "") -> ElfFacts:
    """Return an extension module that finds libraries beside itself."""
    undefined = (Symbol(asks),) if asks else ()
    return ElfFacts("demo.so", ElfKind.EXTENSION, X86_64, needed=needed, runpath="$ORIGIN", undefined=undefined)


def report(*elves: ElfFacts) -> Report:
    """Return what is said of a wheel with these files."""
    members = tuple(Member(elf.path, 1, 1, 0) for elf in elves)
    return judge(WheelFacts(NAME, parse_wheel_name(NAME), "", 1, members, elves), CATALOG)


def fails_on(found: Report, code: str) -> set[str]:
    """Return the releases on which *code* is why it fails."""
    return {str(one) for item in found.verdict.decided_by if item.code == code for one in item.fails_on}


def loads_on(found: Report) -> set[str]:
    """Return the releases on which all loads."""
    return {str(release) for release in found.verdict.loads_on}


def libc(*more: str, packed: int = 0) -> ElfFacts:
    """Return a copy of libc that defines *more*."""
    defined = LIBC | frozenset(more)
    return ElfFacts("ld-musl-abc.so.1", ElfKind.LIBRARY, X86_64, defined=defined, packed_relocations=packed)


def test_the_symbols_of_a_bundled_libc_count_up_to_1_1_16() -> None:
    """Then it is mapped; from 1.1.17 on the system's libc must have them, which is so since 1.2.3."""
    found = loads_on(report(module("ld-musl-abc.so.1", asks="qsort_r"), libc("qsort_r")))

    assert {"1.1.16", "1.2.3", "1.2.6"} <= found
    assert not found & {"1.1.17", "1.1.24", "1.2.2"}


def test_packed_relocations_of_a_bundled_libc_hurt_up_to_1_1_16() -> None:
    """Afterwards nobody maps it."""
    found = loads_on(report(module("ld-musl-abc.so.1"), libc(packed=8)))

    assert "1.1.16" not in found
    assert {"1.1.17", "1.1.24", "1.2.2"} <= found


def test_a_bundled_libc_is_one_finding() -> None:
    """No other rule speaks of it, though it has what others would report."""
    findings = report(module("ld-musl-abc.so.1"), libc("malloc", "crypt", packed=8)).findings

    assert [finding.code for finding in findings if not finding.code.startswith("MUSL0")] == ["MUSL207"]


@pytest.mark.parametrize(
    ("defined", "kind", "expected"),
    [
        (LIBC, ElfKind.LIBRARY, True),
        (LIBC, ElfKind.EXECUTABLE, False),
        (LIBC - {"stdin"}, ElfKind.LIBRARY, False),
        (LIBC | {"main"}, ElfKind.LIBRARY, True),
    ],
)
def test_two_names_tell_a_libc(defined: frozenset[str], kind: ElfKind, *, expected: bool) -> None:
    """Both, in a library."""
    assert is_libc(ElfFacts("x.so", kind, X86_64, defined=defined)) is expected


@pytest.mark.parametrize("soname", ["libp.so", "libut.so.1", "lib.so", "libxne.so.9"])
def test_the_beginning_of_a_reserved_name_is_libc_up_to_1_1_15(soname: str) -> None:
    """A bug that 1.1.16 mended: then a file must be there."""
    found = loads_on(report(module(soname)))

    assert {"1.1.0", "1.1.15"} <= found
    assert not found & {"1.1.16", "1.2.6"}


@pytest.mark.parametrize("soname", ["libz.so", "libmx.so", "libp", "p.so", "libpthreads.so"])
def test_other_names_are_looked_for_on_every_release(soname: str) -> None:
    """Longer than the word, without a dot, without lib."""
    assert not loads_on(report(module(soname)))


def test_a_file_of_such_a_name_is_there_from_1_1_16_on() -> None:
    """Before, its symbols are missing, for nobody opens it."""
    own = ElfFacts("libp.so", ElfKind.LIBRARY, X86_64, defined=frozenset({"own"}))
    found = report(module("libp.so", asks="own"), own)

    assert fails_on(found, "MUSL102") == {f"1.1.{patch}" for patch in range(16)}


def test_most_wheels_have_one_era() -> None:
    """They are asked about once."""
    facts = read_facts(str(manifest()["clean_x86_64"].path))

    assert eras_of(facts, CATALOG.arches["x86_64"], CATALOG) == (TODAY,)

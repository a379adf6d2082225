"""
Libraries damaged as a bad ``strip``, patchelf or disk damages them, and musl's own loader asked about each.

What is written over is where the loader looks: program headers, dynamic entries, the ELF header; and single bits
anywhere. The same seed gives the same damage.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from tests.support.elfwriter import Definition, Library, write_library
from tests.support.elves import elf_of
from tests.support.installed_wheels import PYTHON_SYMBOLS
from tests.support.loaders import Answer, Bench, Loader, Outcome

from musl_audit import Catalog, judge
from musl_audit.elf import is_elf, read_elf
from musl_audit.elf.view import PT_DYNAMIC, ElfView
from musl_audit.errors import ElfError
from musl_audit.model import ElfFacts, Member, Problem, ProblemKind, Report, WheelFacts
from musl_audit.wheel.names import parse_wheel_name

LOADS, REFUSED = "loads", "does not load"  # our two answers
KINDS = ("program headers", "dynamic entries", "ELF header", "single bits")
WEIGHTS = (40, 35, 10, 15)
SMALL = (0, 1, 2, 4, 7, 8, 0x10, 0x40, 0xFF, 0x1000, 0xFFFF, 0x10000)
EXTREMES = (*SMALL, 0x7FFFFFFF, 0xFFFFFFFF, 2**47, 2**63, 2**64 - 1)


@dataclass(frozen=True, slots=True)
class Subject:
    """A sound library to damage: an ELF file out of the test wheels; *ending* names it in the wheel of *case*."""

    arch: str
    case: str
    ending: str
    linker: str

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return elf_of(self.case, self.ending)

    @property
    def name(self) -> str:
        """What it is called in the tables."""
        return f"{self.arch}, {self.linker}, {self.case}"


SUBJECTS = (
    Subject("x86_64", "glibc_extension_by_accident", ".so", "GNU ld"),
    Subject("x86_64", "data_relocations", ".so", "lld"),
    Subject("i686", "dynamic_tls_i686", ".so", "lld"),
    Subject("aarch64", "dynamic_tls_aarch64", ".so", "lld"),
    Subject("s390x", "dynamic_tls_s390x", ".so", "lld"),
)


@dataclass(frozen=True, slots=True)
class Damaged:
    """One damaged library; *what* says what was written over."""

    kind: str
    what: str
    data: bytes


def damaged(data: bytes, random: Random) -> Damaged:
    """Return *data* with one place written over, never with what was there."""
    kind = random.choices(KINDS, WEIGHTS)[0]
    while True:
        made = _MAKERS[kind](data, random)
        if made.data != data:
            return made


def _program_header(data: bytes, random: Random) -> Damaged:
    image = ElfView(data)
    index = random.randrange(len(image.segments))
    fields = _fields(image.identity.bits)
    name, at, width = random.choice(fields)
    start = _start_of_headers(image) + index * image.formats.segment.size + at
    changed, value = _overwritten(image, start, width, random)
    return Damaged(KINDS[0], f"header {index} {name}={value:#x}", changed)


def _fields(bits: int) -> tuple[tuple[str, int, str], ...]:
    if bits == 64:
        wide = (("offset", 8), ("vaddr", 16), ("filesz", 32), ("memsz", 40), ("align", 48))
        return (("type", 0, "I"), ("flags", 4, "I"), *((name, at, "Q") for name, at in wide))
    narrow = (("type", 0), ("offset", 4), ("vaddr", 8), ("filesz", 16), ("memsz", 20), ("flags", 24), ("align", 28))
    return tuple((name, at, "I") for name, at in narrow)


def _start_of_headers(image: ElfView) -> int:
    word = struct.Struct(image.formats.order + image.formats.word)
    return int(word.unpack_from(image.bytes_at(0, image.size), 28 if image.identity.bits == 32 else 32)[0])


def _dynamic_entry(data: bytes, random: Random) -> Damaged:
    image = ElfView(data)
    start, _ = image.file_range(image.segments_of_type(PT_DYNAMIC)[-1].address)
    index = random.randrange(len(list(image.dynamic_entries())) + 1)
    part = random.choice((0, 1, 1))
    size = image.formats.dynamic.size
    tag = image.formats.dynamic.unpack_from(data, start + index * size)[0]
    at = start + index * size + part * size // 2
    changed, value = _overwritten(image, at, image.formats.word, random, tags=part == 0)
    return Damaged(KINDS[1], f"dynamic entry {index} (tag {tag:#x}) {('tag', 'value')[part]}={value:#x}", changed)


def _header(data: bytes, random: Random) -> Damaged:
    at = random.randrange(64 if ElfView(data).identity.bits == 64 else 52)
    value = random.choice((0, 1, 2, 3, 0x40, 0x7F, 0xFF, random.randrange(256)))
    return Damaged(KINDS[2], f"header byte {at}={value:#x}", data[:at] + bytes([value]) + data[at + 1 :])


def _bit(data: bytes, random: Random) -> Damaged:
    at, bit = random.randrange(len(data)), random.randrange(8)
    return Damaged(KINDS[3], f"bit {bit} of byte {at:#x}", data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])


def _overwritten(image: ElfView, at: int, width: str, random: Random, *, tags: bool = False) -> tuple[bytes, int]:
    layout = struct.Struct(image.formats.order + width)
    data = bytes(image.bytes_at(0, image.size))
    (old,) = layout.unpack_from(data, at)
    flipped = old ^ 1 << random.randrange(layout.size * 8)
    nearby = (old + 1, old - 1, old + 8, old - 8, old + 0x1000, old - 0x1000, flipped)
    other = (random.choice(image.segments).address, random.choice(image.segments).offset, random.randrange(len(data)))
    entries = list(image.dynamic_entries())
    known = tuple(tag for tag, _ in entries) if tags else tuple(value for _, value in entries)
    value = random.choice((random.choice(EXTREMES), random.choice(nearby), random.choice(other), random.choice(known)))
    value %= 1 << layout.size * 8
    return data[:at] + layout.pack(value) + data[at + layout.size :], value


_MAKERS = dict(zip(KINDS, (_program_header, _dynamic_entry, _header, _bit), strict=True))


# --- our answer


def our_report(data: bytes, arch: str, catalog: Catalog) -> Report:
    """Return what we say of a wheel with *data* as its only extension module."""
    path = f"{MODULE}.so"
    name = f"damaged-1.0-cp312-cp312-musllinux_1_2_{arch}.whl"
    elves: tuple[ElfFacts, ...] = ()
    problems: tuple[Problem, ...] = ()
    if is_elf(data):
        try:
            elves = (read_elf(data, path),)
        except ElfError as error:
            problems = (Problem(ProblemKind.UNREADABLE_ELF, (path,), str(error)),)
    members = (Member(path, len(data), len(data), 0),)
    facts = WheelFacts(name, parse_wheel_name(name), "", 0, members, elves, elf_problems=problems)
    return judge(facts, catalog)


MODULE = "_probe"


def our_answer(report: Report, release: str) -> str:
    """Return whether *report* says that everything loads on *release*."""
    return LOADS if release in {str(known) for known in report.verdict.loads_on} else REFUSED


# --- the loader's


@cache
def startup(arch: str, names: frozenset[str]) -> bytes:
    """Return a library that has what a file wants of Python."""
    definitions = tuple(map(Definition, sorted(names | PYTHON_SYMBOLS)))
    return write_library(Library(arch, "startup.so", definitions=definitions))


def names_of_python(data: bytes) -> frozenset[str]:
    """Return what *data* asks of Python, damaged names included: whoever damages one has the other changed, too."""
    try:
        names = frozenset(symbol.name for symbol in read_elf(b"\x7fELF" + data[4:], "").undefined)
    except ElfError:
        return frozenset()
    return frozenset(name for name in names if name.startswith(("Py", "_Py")))


def ask(loader: Loader, scratch: Path, images: Iterable[Damaged]) -> Iterator[tuple[Damaged, Answer]]:
    """Yield what *loader* makes of each of *images*, opened one by one in the directory *scratch*."""
    bench = Bench(loader, scratch / "bench", {}, startup(loader.arch, frozenset()))
    path = scratch / f"{MODULE}.so"
    for image in images:
        path.write_bytes(image.data)
        bench.startup.write_bytes(startup(loader.arch, names_of_python(image.data)))
        yield image, bench.open(path)


def disagreement(ours: str, answer: Answer) -> str:
    """Return what is wrong with *ours*, empty where nothing is."""
    if ours == LOADS:
        return {Outcome.OK: "", Outcome.REFUSED: "said to load, refused"}.get(answer.outcome, "said to load, crashes")
    return "said not to load, loads" if answer.is_ok else ""

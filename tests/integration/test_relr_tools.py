"""What other tools do to a library before and after its relocations are unpacked: it stays sound."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.conftest import Miss
from tests.support.evaluator import Evaluation
from tests.support.loaders import Bench, all_loaders, what_is_missing
from tests.support.packed_fixtures import ARCHES, packed_fixture

from musl_audit.adapters.patchers.tools import find_tool
from musl_audit.elf import read_elf
from musl_audit.elf.headers import PF_X
from musl_audit.elf.image import read_image
from musl_audit.repair.relr import unpack_relocations

SOURCES = Path(__file__).parents[1] / "support"
SOURCE = SOURCES / "thorough.c"
LONG = "$ORIGIN/../a/path/that/is/so/long/that/the/string/table/has/to/move:$ORIGIN"
STRIPPERS = {"strip": ["strip"], "strip -g": ["strip", "-g"], "objcopy": ["objcopy"]}
PATCHES = {
    "--set-soname": ["--set-soname", "libof_a_name_much_longer_than_before.so.1"],
    "--set-rpath": ["--set-rpath", LONG],
    "--force-rpath": ["--force-rpath", "--set-rpath", LONG],
    "--replace-needed": ["--replace-needed", "libc.so", "libc.musl-x86_64.so.1"],
    "--add-needed": ["--add-needed", "libpthread.so.0"],
}
LINKERS = {
    "as linked by default": [],
    "with hash tables of both kinds": ["-Wl,--build-id", "-Wl,--hash-style=both"],
    "without separate code": ["-Wl,-z,noseparate-code"],
    "without RELRO": ["-Wl,-z,norelro", "-Wl,-z,now"],
}


def changed(data: bytes, tool: str, directory: Path) -> bytes:
    """Return what *tool*, one of ``STRIPPERS`` or ``PATCHES``, makes of *data*."""
    before, after = directory / "before.so", directory / "after.so"
    before.write_bytes(data)
    if tool in STRIPPERS:
        program, *options = STRIPPERS[tool]
        output = [str(before), str(after)] if program == "objcopy" else ["-o", str(after), str(before)]
        subprocess.run([program, *options, *output], check=True, capture_output=True)
    else:
        patchelf = find_tool("patchelf")
        assert patchelf
        subprocess.run([patchelf, *PATCHES[tool], "--output", after, before], check=True, capture_output=True)
    return after.read_bytes()


@cache
def linked(*options: str, source: Path = SOURCE) -> bytes:
    """Return what GNU ld makes of *source* for x86_64, with packed relocations."""
    packing = ["-O1", "-fno-builtin", "-Wl,-z,pack-relative-relocs"]
    with TemporaryDirectory() as directory:
        output = Path(directory, "linked")
        subprocess.run(["musl-gcc", *packing, *options, source, "-o", output], check=True, capture_output=True)
        return output.read_bytes()


@pytest.fixture
def compiler(miss: Miss) -> None:
    """GNU's compiler for musl and its tools are there."""
    if not all(map(shutil.which, ("musl-gcc", "strip", "objcopy"))):
        miss("musl-gcc")


@pytest.fixture(params=LINKERS.values(), ids=list(LINKERS))
def packed(request: pytest.FixtureRequest, compiler: None) -> bytes:
    """A library for x86_64 with packed relocations, linked by GNU ld in one of several ways."""
    return linked("-shared", "-fPIC", *request.param)


@pytest.fixture
def bench(tmp_path: Path, miss: Miss) -> Bench:
    """The oldest loader that a musllinux_1_2 wheel must expect."""
    loader = next(one for one in all_loaders() if (one.arch, one.release) == ("x86_64", "1.2.2"))
    if need := what_is_missing(loader):
        miss(need)
    return Bench(loader, tmp_path / "bench", {}, None)


def is_loaded(bench: Bench, data: bytes, directory: Path) -> bool:
    """Tell whether the loader loads *data* and its constructor finds everything right."""
    path = directory / "library.so"
    path.write_bytes(data)
    return bench.open(path).is_ok


def test_it_crashes_before_and_loads_after(packed: bytes, bench: Bench, tmp_path: Path) -> None:
    """On musl 1.2.2, which knows no packed relocations."""
    assert not is_loaded(bench, packed, tmp_path)
    assert is_loaded(bench, unpack_relocations(packed), tmp_path)


@pytest.mark.parametrize("tool", [*STRIPPERS, *PATCHES])
def test_a_tool_after_unpacking_keeps_it_sound(packed: bytes, tool: str, bench: Bench, tmp_path: Path) -> None:
    """Never patched before: the table has a segment of its own, which tools leave where it is."""
    unpacked = unpack_relocations(packed)
    assert len(read_image(unpacked).segments) == len(read_image(packed).segments) + 1
    assert is_loaded(bench, changed(unpacked, tool, tmp_path), tmp_path)


@pytest.mark.parametrize("tool", [*STRIPPERS, *PATCHES])
def test_a_tool_before_and_another_after_keep_it_sound(packed: bytes, tool: str, bench: Bench, tmp_path: Path) -> None:
    """As in a wheel that was repaired before: patchelf's segment is extended, and whatever follows finds it whole."""
    patched = changed(packed, "--set-rpath", tmp_path)
    unpacked = unpack_relocations(patched)
    assert len(read_image(unpacked).segments) == len(read_image(patched).segments)
    assert is_loaded(bench, changed(unpacked, tool, tmp_path), tmp_path)


@pytest.mark.parametrize("stripper", STRIPPERS)
def test_patching_and_stripping_after_unpacking_keep_it_sound(
    packed: bytes, stripper: str, bench: Bench, tmp_path: Path
) -> None:
    """What another repair of the wheel would do."""
    patched = changed(unpack_relocations(packed), "--set-rpath", tmp_path)
    assert is_loaded(bench, changed(patched, stripper, tmp_path), tmp_path)


def test_a_stripped_library_can_be_unpacked(packed: bytes, bench: Bench, tmp_path: Path) -> None:
    """The order of a repair: strip first, unpack last."""
    assert is_loaded(bench, unpack_relocations(changed(packed, "strip", tmp_path)), tmp_path)


@pytest.mark.parametrize("tool", [None, *STRIPPERS, "--set-rpath"])
def test_a_program_starts_once_it_is_unpacked(tool: str | None, compiler: None, bench: Bench, tmp_path: Path) -> None:
    """Position-independent programs have the name of their interpreter in the way, and copy relocations."""
    program = tmp_path / "program"
    packed = linked("-pie", "-fPIE", "-DPROGRAM")
    unpacked = unpack_relocations(packed)
    outcomes = []
    for data in (packed, changed(unpacked, tool, tmp_path) if tool else unpacked):
        program.write_bytes(data)
        program.chmod(0o755)
        outcomes.append(bench.start(program).is_ok)

    assert outcomes == [False, True]


@pytest.mark.parametrize("tool", [None, *STRIPPERS, "--set-rpath"])
def test_packed_relocations_of_the_code_itself_are_unpacked(
    tool: str | None, compiler: None, bench: Bench, tmp_path: Path
) -> None:
    """With ``DT_TEXTREL``, which stays: the loader must still make the code writable while it relocates it."""
    packed = linked("-shared", "-fPIC", "-Wl,-z,notext", source=SOURCES / "text_relocations.c")
    code = next(load for load in read_image(packed).loads if load.flags & PF_X)
    packed_addresses = [one.address for one in Evaluation(packed).relocations if one.is_packed]
    assert any(code.address <= address < code.memory_end for address in packed_addresses)
    unpacked = unpack_relocations(packed)

    assert read_elf(unpacked, "").has_text_relocations
    assert not is_loaded(bench, packed, tmp_path)
    assert is_loaded(bench, changed(unpacked, tool, tmp_path) if tool else unpacked, tmp_path)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("patch", PATCHES)
def test_patchelf_keeps_the_relocations_of_every_architecture(arch: str, patch: str, tmp_path: Path) -> None:
    """patchelf finds tables by their sections' names and rewrites their tags: the words in memory stay the same."""
    packed = packed_fixture(arch)
    addresses = [one.address for one in Evaluation(packed).relocations if one.is_packed]
    before, after = Evaluation(packed), Evaluation(changed(unpack_relocations(packed), patch, tmp_path))
    assert [after.word(address) for address in addresses] == [before.word(address) for address in addresses]


@pytest.mark.parametrize("arch", ARCHES)
def test_unpacking_what_patchelf_wrote_keeps_the_relocations(arch: str, tmp_path: Path) -> None:
    """The other way round."""
    packed = packed_fixture(arch)
    addresses = [one.address for one in Evaluation(packed).relocations if one.is_packed]
    before, after = Evaluation(packed), Evaluation(unpack_relocations(changed(packed, "--set-rpath", tmp_path)))
    assert [after.word(address) for address in addresses] == [before.word(address) for address in addresses]

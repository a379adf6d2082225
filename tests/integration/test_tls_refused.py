"""Files whose accesses cannot be proven to be all known: refused with the reason, and not a byte written."""

import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.archives import EXTENSION, demo_files, wheel_of
from tests.support.repairs import repair
from tests.support.testwheels import manifest
from tests.support.thread_locals import OWN, assembled, needed_programs, rewritten, variables

from musl_audit.elf.image import Image, read_image
from musl_audit.errors import MendError
from musl_audit.repair.relr.tables import RELA, Relocation, read_tables
from musl_audit.repair.tls import rewrite_accesses

VARIABLE = """
.section .tbss,"awT",@nobits
.globl variable
.hidden variable
.type variable,@object
variable: .zero 8
.size variable,8
.text
"""
ACCESS = "access: mov variable@gottpoff(%rip),%rax\nmov %fs:(%rax),%rax\nret\n"
FIPS = '.section .rodata\n.asciz "\\0OSSL_provider_init"\n.asciz "\\0module-mac"\n'
PUSH = ".text\npushq variable@gottpoff(%rip)\n"
MODULE = ".globl PyInit__demo\n.type PyInit__demo,@function\nPyInit__demo: ret\n.size PyInit__demo,1\n"


@pytest.fixture(autouse=True)
def compiler(miss: Miss) -> None:
    """What assembles is here."""
    if not needed_programs():
        miss("musl-gcc")


def refusal(data: bytes) -> str:
    """Return why *data* is refused."""
    with pytest.raises(MendError) as caught:
        rewrite_accesses(data)
    return str(caught.value)


def with_first(data: bytes, change: Callable[[Image, list[Relocation]], Relocation]) -> bytes:
    """Return *data* with what *change* makes of its relocations in the place of the first."""
    image = read_image(data)
    tables = read_tables(image)
    start = image.offset_of(tables.plain_region.address, tables.plain_region.size, "table")
    new = RELA.entry(image.format).pack(*change(image, list(tables.plain)))
    return image.overwritten(start, new).to_bytes()


TWO = VARIABLE + ACCESS + '.section .data,"aw"\n.quad access\n.quad access\n'


def slot_of(relocations: list[Relocation]) -> Relocation:
    return next(one for one in relocations if one.info & 0xFFFFFFFF == 18)


def test_the_case_itself_is_rewritten() -> None:
    """What the refusals below differ from in one thing each."""
    assert rewrite_accesses(assembled(TWO)) != assembled(TWO)


def test_a_variable_of_another_file_is_refused() -> None:
    """Its place in its block is not known here."""
    foreign = ".section .text\n.type foreign,@tls_object\naccess: mov foreign@gottpoff(%rip),%rax\nret\n"

    assert "a variable of another file" in refusal(assembled(VARIABLE + ACCESS.replace("access", "own") + foreign))


def test_an_exported_variable_is_its_own_only_if_nothing_else_defines_it() -> None:
    """Which of two is taken depends on who is loaded first: whoever asks for the rewriting must know."""
    data = variables("-O2", "-DLINKAGE=")

    assert "which another file may define as well" in refusal(data)
    assert rewrite_accesses(data, OWN) != data


def test_an_instruction_of_another_form_is_refused() -> None:
    """Here the slot is pushed; with it the file is left as it is, the other accesses, too."""
    assert "is used by an unknown instruction" in refusal(assembled(TWO + PUSH))


def test_a_slot_that_nothing_reads_is_refused() -> None:
    """Who reads it, then, and how?"""
    data = assembled(TWO)
    image = read_image(data)
    tables = read_tables(image)
    slot = slot_of(list(tables.plain)).address
    at = next(at for at in range(len(data) - 4) if _leads_to(image, at, slot))

    assert "no instruction that is known reads the slot" in refusal(data[:at] + bytes(4) + data[at + 4 :])


def _leads_to(image: Image, offset: int, slot: int) -> bool:
    load = next((one for one in image.loads if one.offset <= offset < one.file_end), None)
    if load is None or not load.flags & 1:
        return False
    (distance,) = struct.unpack_from("<i", image.content, offset)
    return bool(load.address + offset - load.offset + 4 + distance == slot)


def test_a_pointer_to_a_slot_is_refused() -> None:
    """Whoever follows it reads the number of a module."""

    def change(_: Image, relocations: list[Relocation]) -> Relocation:
        return Relocation(relocations[0].address, 8, slot_of(relocations).address)

    assert "a pointer leads to the slot" in refusal(with_first(assembled(TWO), change))


def test_another_relocation_of_a_slot_is_refused() -> None:
    """The last one would win."""

    def change(_: Image, relocations: list[Relocation]) -> Relocation:
        return Relocation(slot_of(relocations).address, 8, 0x1000)

    assert "two relocations fill" in refusal(with_first(assembled(TWO), change))


def test_a_relocation_of_the_instructions_is_refused() -> None:
    """What the loader writes into them would be written into the jump."""

    def change(image: Image, _: list[Relocation]) -> Relocation:
        code = next(load for load in image.loads if load.flags & 1)
        return Relocation(code.address + 2, 8, 0x1000)

    assert "a relocation changes the instructions" in refusal(with_first(assembled(TWO), change))


def test_a_file_that_checks_itself_is_refused() -> None:
    """Any changed byte would break it."""
    assert "checks a digest of itself" in refusal(assembled(VARIABLE + ACCESS + FIPS))


def test_padding_that_is_in_use_is_left_alone() -> None:
    """The code goes into a segment of its own then."""
    data = variables("-O2", "-Wl,-z,max-page-size=65536")
    image = read_image(data)
    code = next(load for load in image.loads if load.flags & 1)
    used = image.overwritten(code.file_end + 8, b"in use").to_bytes()

    assert len(read_image(rewritten(data)).loads) == len(image.loads)
    assert len(read_image(rewritten(used)).loads) == len(image.loads) + 1
    assert rewritten(used)[code.file_end + 8 : code.file_end + 14] == b"in use"


def test_text_that_is_cut_off_is_refused() -> None:
    """Its header promises more than there is."""
    image = read_image(variables("-O2"))
    segments = tuple(
        replace(one, file_size=1 << 24, memory_size=1 << 24) if one.flags & 1 and one.type == 1 else one
        for one in image.segments
    )

    assert refusal(replace(image, segments=segments).to_bytes())


@pytest.mark.parametrize("arch", ["i686", "armv7l"])
def test_other_architectures_are_refused(arch: str) -> None:
    """Nobody has shown yet that all accesses of theirs can be known."""
    case = manifest()[f"initial_exec_extension_{arch}"]
    with zipfile.ZipFile(case.path) as archive:
        data = archive.read(next(name for name in archive.namelist() if name.endswith(".so")))

    assert "only of x86_64 and aarch64" in refusal(data)


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["repair", "dry run"])
def test_the_command_says_which_slot_and_which_bytes(options: tuple[str, ...], tmp_path: Path) -> None:
    """And the way out, which is not to run it again; nothing is written."""
    wheel = tmp_path / "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
    wheel.write_bytes(wheel_of(demo_files(**{EXTENSION: assembled(TWO + PUSH + MODULE)})))

    done = repair(wheel, tmp_path / "out", *options)

    assert done.code == 1
    assert f"MUSL402 the thread-local accesses of {EXTENSION} cannot be rewritten: the slot at 0x" in done.stderr
    assert " ff 35 " in done.stderr
    assert "-ftls-model=global-dynamic" in done.stderr
    assert "run `musl-audit repair`" not in done.stderr
    assert not list((tmp_path / "out").glob("*.whl"))


def test_one_switch_turns_it_off_alone(tmp_path: Path) -> None:
    """The refusal says so."""
    done = repair(manifest()["initial_exec_extension_x86_64"].path, tmp_path / "out", "--no-fix-tls")

    assert done.code == 1
    assert "--no-fix-tls is why: repair mends MUSL402" in done.stderr


def test_a_wheel_for_glibc_as_well_is_left_alone(tmp_path: Path) -> None:
    """glibc's table of modules has other entries: what is rewritten for musl would crash there."""
    case = manifest()["initial_exec_extension_x86_64"].path
    wheel = tmp_path / case.name.replace("-musllinux", "-manylinux_2_17_x86_64.musllinux")
    wheel.write_bytes(case.read_bytes())

    assert repair(wheel, tmp_path / "out", "--no-delegate").code == 1

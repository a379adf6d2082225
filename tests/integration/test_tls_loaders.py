"""Rewritten accesses under musl's own loaders: every value is the right one, and nothing else changes."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.loaders import Loader, what_is_missing
from tests.support.thread_locals import (
    LOADERS,
    built,
    built_libraries,
    hosted,
    needed_programs,
    probed,
    probes,
    rewritten,
    variables,
)
from tests.thread_locals.assembly import MANY

from musl_audit.elf import read_elf
from musl_audit.repair.tls.machine import Access, Slot, Use, machine_code
from musl_audit.repair.tls.x86_64 import X8664
from musl_audit.repair.tls.x86_64_code import NAMES

NATIVE = [loader for loader in LOADERS if loader.arch == "x86_64"]
EMULATED = [loader for loader in LOADERS if loader.arch == "aarch64"]
OPTIONS = {
    **{level: (level,) for level in ("-O0", "-O1", "-O2", "-O3", "-Os")},
    "no PLT, bound now": ("-O2", "-fno-plt", "-Wl,-z,now"),
    "separate code": ("-O2", "-Wl,-z,separate-code"),
    "no separate code": ("-O2", "-Wl,-z,noseparate-code"),
    "room in the padding": ("-O2", "-Wl,-z,max-page-size=65536"),
    "exported": ("-O2", "-DLINKAGE="),
    "far apart": ("-O1", "-DFAR=200000"),
    "with debug information": ("-O2", "-g"),
}


ACCESSES = [
    Access(0x1000, 7, 0x20000, register, use) for use in Use for register in range(16) if NAMES[register] != "rsp"
]


def require(loader: Loader, miss: Miss) -> None:
    if need := what_is_missing(loader):
        miss(need)
    if loader.arch == "x86_64" and not needed_programs():
        miss("musl-gcc")


@pytest.mark.parametrize("options", OPTIONS.values(), ids=list(OPTIONS))
@pytest.mark.parametrize("loader", NATIVE, ids=str)
def test_threads_signals_and_children_find_the_right_values(
    options: tuple[str, ...], loader: Loader, tmp_path: Path, miss: Miss
) -> None:
    """Threads from before and after the library, handlers within handlers, forks, cancelled threads: x86_64."""
    require(loader, miss)

    assert hosted(loader, rewritten(variables(*options)), tmp_path).startswith("ok ")


@pytest.mark.parametrize("name", built_libraries())
@pytest.mark.parametrize("loader", EMULATED, ids=str)
def test_threads_signals_and_children_find_the_right_values_on_aarch64(
    name: str, loader: Loader, tmp_path: Path, miss: Miss
) -> None:
    """The same under emulation; clang moves the two instructions of an access apart."""
    require(loader, miss)

    assert hosted(loader, rewritten(built(name)), tmp_path).startswith("ok ")


@pytest.mark.parametrize("loader", LOADERS, ids=str)
def test_an_access_changes_one_register(loader: Loader, tmp_path: Path, miss: Miss) -> None:
    """Not another one, no flag, and nothing below the stack pointer; a thousand in one file find their way."""
    require(loader, miss)
    data = rewritten(probes(loader.arch))

    assert probed(loader, data, tmp_path).startswith("ok ")
    assert len(data) - len(probes(loader.arch)) <= 100 * MANY


@pytest.mark.parametrize("loader", LOADERS, ids=str)
def test_without_rewriting_the_loader_refuses(loader: Loader, tmp_path: Path, miss: Miss) -> None:
    """What the other tests would prove nothing without."""
    require(loader, miss)

    assert "initial-exec TLS resolves to dynamic definition" in probed(loader, probes(loader.arch), tmp_path)


@pytest.mark.parametrize("name", built_libraries())
def test_what_was_rewritten_has_no_such_access_left(name: str) -> None:
    """And says so: the mark is what the judge goes by."""
    before, after = read_elf(built(name), ""), read_elf(rewritten(built(name)), "")

    assert (before.initial_exec_slots > 0, before.is_tls_rewritten) == (True, False)
    assert (after.initial_exec_slots, after.initial_exec, after.is_tls_rewritten) == (0, frozenset(), True)


@pytest.mark.parametrize("access", ACCESSES, ids=lambda access: f"{access.use} {NAMES[access.register]}")
def test_the_code_is_what_its_listing_says(access: Access, tmp_path: Path, miss: Miss) -> None:
    """Each instruction, by GNU's disassembler: the encodings are the tables' own."""
    if shutil.which("objdump") is None:
        miss("musl-gcc")
    listing = X8664().thunk(access, Slot(access.slot, 0x1234, 0), 0x8000)
    (tmp_path / "code").write_bytes(machine_code(listing))
    command = [
        "objdump",
        "-D",
        "-b",
        "binary",
        "-m",
        "i386:x86-64",
        "--adjust-vma=0x8000",
        "--no-show-raw-insn",
        "code",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    rows = [line.split("\t", 1)[1] for line in done.stdout.splitlines() if "\t" in line]
    # It writes the index that a base has not; in listings that is left out.
    found = [" ".join(row.partition("#")[0].replace(",%riz,1", "").split()) for row in rows]
    assert found == [instruction.text for instruction in listing]

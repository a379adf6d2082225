"""Rewritten accesses under musl's own loaders: every value is the right one, and nothing else changes."""

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

"""What other tools do to a library before and after its accesses are rewritten: it stays right."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.loaders import Loader, what_is_missing
from tests.support.thread_locals import LOADERS, hosted, needed_programs, rewritten, variables

from musl_audit.adapters.patchers.tools import find_tool
from musl_audit.elf import read_elf
from musl_audit.elf.headers import Section
from musl_audit.elf.image import read_image
from musl_audit.repair.tls.sections import NAME

LONG = "$ORIGIN/../a/path/that/is/so/long/that/the/string/table/has/to/move:$ORIGIN"
TOOLS = {
    "strip": ("strip", "-o", "{after}", "{before}"),
    "strip -g": ("strip", "-g", "-o", "{after}", "{before}"),
    "objcopy": ("objcopy", "{before}", "{after}"),
    "llvm-strip": ("llvm-strip", "-o", "{after}", "{before}"),
    "eu-strip": ("eu-strip", "-o", "{after}", "{before}"),
    "patchelf --set-rpath": ("patchelf", "--set-rpath", LONG, "--output", "{after}", "{before}"),
    "patchelf --add-needed": ("patchelf", "--add-needed", "libpthread.so.0", "--output", "{after}", "{before}"),
}
RECIPES = {
    **{name: (name,) for name in TOOLS},
    "patchelf, then strip": ("patchelf --set-rpath", "strip"),
    "strip, then patchelf": ("strip", "patchelf --set-rpath"),
    "strip, patchelf, strip": ("strip", "patchelf --set-rpath", "strip"),
}
LIBRARIES = {"new segment": ("-O2", "-g"), "padding": ("-O2", "-g", "-Wl,-z,max-page-size=65536")}
OLDEST = next(loader for loader in LOADERS if (loader.arch, loader.release) == ("x86_64", "1.2.2"))


def changed(data: bytes, tool: str, directory: Path, miss: Miss) -> bytes:
    """Return what *tool*, one of ``TOOLS``, makes of *data*."""
    before, after = directory / "before.so", directory / "after.so"
    before.write_bytes(data)
    program, *arguments = TOOLS[tool]
    path = find_tool("patchelf") if program == "patchelf" else shutil.which(program)
    if path is None:
        miss({"eu-strip": "elfutils", "llvm-strip": "llvm"}.get(program, "musl-gcc"))
    command = [str(path), *(one.format(before=before, after=after) for one in arguments)]
    subprocess.run(command, check=True, capture_output=True)
    return after.read_bytes()


@pytest.fixture
def loader(miss: Miss) -> Loader:
    """The oldest loader that a musllinux_1_2 wheel must expect."""
    if need := what_is_missing(OLDEST):
        miss(need)
    if not needed_programs():
        miss("musl-gcc")
    return OLDEST


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
@pytest.mark.parametrize("options", LIBRARIES.values(), ids=list(LIBRARIES))
def test_later_tools_leave_a_working_file(
    recipe: tuple[str, ...], options: tuple[str, ...], loader: Loader, tmp_path: Path, miss: Miss
) -> None:
    """And the mark, so that the judge knows from which release on it is right."""
    data = rewritten(variables(*options))
    for tool in recipe:
        data = changed(data, tool, tmp_path, miss)

    assert hosted(loader, data, tmp_path / "run").startswith("ok ")
    assert read_elf(data, "").is_tls_rewritten


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_what_tools_changed_before_is_rewritten_as_well(
    recipe: tuple[str, ...], loader: Loader, tmp_path: Path, miss: Miss
) -> None:
    """A repair runs strip and patchelf first; wheels come with what others ran."""
    data = variables("-O2")
    for tool in recipe:
        data = changed(data, tool, tmp_path, miss)

    assert hosted(loader, rewritten(data), tmp_path / "run").startswith("ok ")


def test_rewriting_again_changes_nothing() -> None:
    """There are no slots any more."""
    if not needed_programs():
        pytest.skip("needs gcc")
    once = rewritten(variables("-O2"))

    assert rewritten(once) == once


def test_without_its_section_header_the_code_is_cut_off(loader: Loader, tmp_path: Path, miss: Miss) -> None:
    """Why it has one: strip writes what sections cover, and the accesses jump into nothing."""
    image = read_image(rewritten(variables("-O2", "-Wl,-z,max-page-size=65536")))
    sections = tuple(_hidden(section) if image.section_name(section) == NAME else section for section in image.sections)
    data = type(image)(image.content, image.format, image.header, image.segments, sections).to_bytes()

    assert hosted(loader, data, tmp_path / "whole").startswith("ok ")
    stripped = changed(data, "strip", tmp_path, miss)
    assert not hosted(loader, stripped, tmp_path / "stripped").startswith("ok ")


def _hidden(section: Section) -> Section:
    return Section(*(0 for _ in Section.__annotations__))

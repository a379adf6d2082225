"""Corners of the loader that neither real wheels nor chance reach, one at a time: our verdict must be its own."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import Miss, Tally
from tests.support.elfwriter import Definition, Library, Reference
from tests.support.installed_wheels import agrees, ask_wheel, installed
from tests.support.library_sets import write_wheel
from tests.support.loaders import Loader, every_loader, what_is_missing

from musl_audit import judge, load_catalog, read_facts

MODULE = "gen/_one.cpython-312-x86_64-linux-musl.so"
LIBRARY = Library("x86_64")
INIT = Definition("PyInit__one")


def _module(*needed: str, rpath: str | None = None, references: tuple[Reference, ...] = ()) -> Library:
    return replace(LIBRARY, needed=needed, rpath=rpath, definitions=(INIT,), references=references)


def _found_by(rpath: str) -> dict[str, Library]:
    return {MODULE: _module("libone.so", rpath=rpath), "b/libone.so": LIBRARY}


def _alone(*definitions: Definition, reference: Reference) -> dict[str, Library]:
    return {MODULE: replace(_module(references=(reference,)), definitions=(INIT, *definitions))}


CASES = {
    "a reserved word and a dot are libc, whatever follows": {MODULE: _module("libc.", "libm.so/../x")},
    "the prefix of a reserved word is a file": {MODULE: _module("libp.so")},
    "a module that needs itself": {MODULE: _module(MODULE.rpartition("/")[2], rpath="$ORIGIN")},
    "the empty name": {MODULE: _module("")},
    "a name longer than any file's": {MODULE: _module("x" * 300)},
    "a directory of the search path is a file": _found_by("$ORIGIN/../b/libone.so:$ORIGIN/../b"),
    "a directory whose name is too long": _found_by(f"/{'a' * 300}:$ORIGIN/../b"),
    "a search path longer than any path": _found_by(f"/{'a/' * 3000}:$ORIGIN/../b"),
    "an unclosed brace": _found_by("$ORIGIN/../b:${ORIGIN"),
    "a lone dollar": _found_by("$ORIGIN/../b:$"),
    "the origin twice": _found_by("$ORIGIN$ORIGIN"),
    "a slash before the origin": _found_by("/$ORIGIN/../b"),
    "a line break separates like a colon": _found_by("/x\n$ORIGIN/../b"),
    "a directory has the name of the library": {
        MODULE: _module("libone.so", rpath="$ORIGIN/../a:$ORIGIN/../b"),
        "a/libone.so/other.so": LIBRARY,
        "b/libone.so": LIBRARY,
    },
    "the system's zlib beside an unreachable one": {MODULE: _module("libz.so.1"), "b/libz.so.1": LIBRARY},
    "the first library of a name serves all": {
        MODULE: _module("libone.so", "libtwo.so", rpath="$ORIGIN/../b"),
        "b/libone.so": replace(LIBRARY, needed=("libtwo.so",), rpath="$ORIGIN/../c", references=(Reference("two"),)),
        "b/libtwo.so": LIBRARY,
        "c/libtwo.so": replace(LIBRARY, definitions=(Definition("two"),)),
    },
    "a weak definition of value 0 is no weak reference": _alone(
        Definition("zero", binding="weak", has_value=False), reference=Reference("zero", is_weak=True)
    ),
    "libc's definition behind a hidden one": _alone(
        Definition("malloc", version="V1", is_hidden=True), reference=Reference("malloc")
    ),
    "a weak reference to no TLS, that no relocation makes": _alone(
        reference=Reference("none", (), "tls", is_weak=True)
    ),
    "a weak reference to no TLS, by a relocation for TLS": _alone(
        reference=Reference("none", ("dtpmod",), "tls", is_weak=True)
    ),
    "a weak reference to no TLS, by a relocation for pointers": _alone(
        reference=Reference("none", ("got",), "tls", is_weak=True)
    ),
    "a weak reference of no type, by a relocation for TLS": _alone(
        reference=Reference("none", ("dtpmod",), is_weak=True)
    ),
    "a weak reference of no type, by a relocation for initial-exec TLS": _alone(
        reference=Reference("none", ("tpoff",), is_weak=True)
    ),
}
QUESTIONS = [(case, loader) for case in CASES for loader in every_loader() if loader.arch == "x86_64"]


@pytest.mark.parametrize(("case", "loader"), QUESTIONS, ids=str)
def test_the_verdict_is_the_loaders(case: str, loader: Loader, tmp_path: Path, miss: Miss, tally: Tally) -> None:
    """We say that it loads on a release exactly if that release's loader loads it."""
    if need := what_is_missing(loader):
        miss(need)
    wheel = write_wheel(CASES[case], "x86_64", tmp_path)
    report = judge(read_facts(str(wheel)), load_catalog())

    answer = ask_wheel(loader, tmp_path / "prefix", installed(wheel, "x86_64", tmp_path / "prefix"))

    is_right = agrees(report, answer)
    tally("corner cases, musl's loaders", 1, int(is_right))
    assert is_right, "\n".join([f"{case}: we say the contrary", *answer.refusals])

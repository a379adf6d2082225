"""`musl-audit policy export`: the real auditwheel with our symbols, over test wheels, and a real one."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import Miss
from tests.support.cli import ROOT, musl_audit, wheel

from musl_audit import admit
from musl_audit.adapters.auditwheel import policy_file

HOME = policy_file().parents[1]
TAG = "musllinux_1_2_x86_64"
SEEN = {  # test wheel → what auditwheel says then
    "clean_x86_64": (),
    "missing_qsort_r": ("qsort_r",),
    "missing_statx": ("statx",),
    "missing_pthread_getname_np": ("pthread_getname_np",),
    "missing_renameat2": ("renameat2",),
    "symbol_at_the_floor": (),
    "weak_newer_symbol": (),
}
BLIND = {  # what it cannot see: test wheel → our codes
    "packed_relocations_x86_64": ("MUSL401",),
    "initial_exec_extension_x86_64": ("MUSL402",),
    "ifunc_x86_64": ("MUSL403",),
    "symbol_in_no_musl_of_a_library": ("MUSL102",),
}


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the installed auditwheel, and our file in the place of its own."""
    folder = tmp_path_factory.mktemp("taught")
    shutil.copytree(HOME, folder / "auditwheel", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "auditwheel" / "policy" / "musllinux-policy.json"
    answer = musl_audit("policy", "export", "--for", "auditwheel", "-o", str(path))
    assert answer.code == 0, answer.stderr
    return folder


def shown(path: Path, taught: Path | None = None) -> tuple[str, tuple[str, ...]]:
    """Return the tag that `auditwheel show` finds, and the symbols that it says are in the way of ours."""
    environment = {**os.environ, **({"PYTHONPATH": str(taught)} if taught else {})}
    done = subprocess.run(
        [sys.executable, "-m", "auditwheel", "show", path], capture_output=True, text=True, check=True, env=environment
    )
    words = " ".join(done.stdout.split())
    found = re.search(r'the following platform tag: "([^"]+)"', words)
    symbols = re.search(r"From libc\.musl-x86_64\.so\.1: ([\w, ]+)", words)
    return found[1] if found else "", tuple(symbols[1].split(", ")) if symbols else ()


@pytest.mark.parametrize(("name", "symbols"), SEEN.items())
def test_auditwheel_names_the_symbols_that_a_promised_release_lacks(
    name: str, symbols: tuple[str, ...], taught: Path
) -> None:
    """With its own file it calls every one of them consistent."""
    assert shown(wheel(name)) == (TAG, ())
    assert shown(wheel(name), taught) == (("linux_x86_64", symbols) if symbols else (TAG, ()))
    assert admit(wheel(name)).codes == (("MUSL101",) if symbols else ())


@pytest.mark.parametrize(("name", "codes"), BLIND.items())
def test_auditwheel_still_cannot_see(name: str, codes: tuple[str, ...], taught: Path) -> None:
    """What is no undefined symbol of an extension: the page about it says so."""
    assert shown(wheel(name), taught) == (TAG, ())
    assert admit(wheel(name)).codes == codes


@pytest.mark.real
def test_a_real_wheel_that_auditwheel_calls_consistent_is_named(taught: Path, miss: Miss) -> None:
    """gevent 26.9.0 asks for `pthread_getname_np`, which musl has since 1.2.3."""
    path = ROOT / ".cache" / "real" / "gevent-26.9.0-cp311-cp311-musllinux_1_2_x86_64.whl"
    if not path.exists():
        miss("real")

    assert shown(path) == (TAG, ())
    assert shown(path, taught) == ("linux_x86_64", ("pthread_getname_np",))


def test_everything_else_stays_as_auditwheel_has_it() -> None:
    """Names, priorities, libraries, and the symbols of zlib."""
    before = json.loads((HOME / "policy" / "musllinux-policy.json").read_text())
    after = json.loads(musl_audit("policy", "export", "--for", "auditwheel").stdout)

    assert [{**policy, "blacklist": None} for policy in after] == [{**policy, "blacklist": None} for policy in before]
    assert all(new["blacklist"].items() >= old["blacklist"].items() for old, new in zip(before, after, strict=True))
    symbols = {policy["name"]: policy["blacklist"] for policy in after}
    assert "gettid" in symbols["musllinux_1_1"]["libc.musl-x86_64.so.1"]
    assert "gettid" not in symbols["musllinux_1_2"]["libc.musl-x86_64.so.1"]
    assert "qsort_r" not in symbols["musllinux_1_2"]["libc.musl-loongarch64.so.1"], "it came with musl 1.2.5"
    assert "open64" not in symbols["musllinux_1_2"]["libc.musl-x86_64.so.1"], "the loader resolves it still"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{}]", "no policies of auditwheel: objects with name, symbol_versions and blacklist are wanted"),
        ("{", "Expecting property name"),
        (None, "No such file or directory"),
    ],
)
def test_a_file_that_is_none_of_auditwheels_is_told(text: str | None, said: str, tmp_path: Path) -> None:
    """One line, exit code 2."""
    path = tmp_path / "policy.json"
    if text is not None:
        path.write_text(text)

    answer = musl_audit("policy", "export", "--for", "auditwheel", "--base", str(path))

    assert answer.code == 2
    assert said in answer.stderr

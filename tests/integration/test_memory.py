"""Memory: the largest member, and 40 MB. What else a wheel says costs no more, however much it is."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.archives import DIST_INFO, EXTENSION, binary, demo_files, record_of, zip_of
from tests.support.cli import COMMAND, environment
from tests.support.elfwriter import Definition, Library, write_library

ALLOWED = 40 << 20
LONG = "_ZN2v88internal8compiler14JSCallReducer" + "E" * 170  # as V8's are


# A process begins with the memory of the one that starts it: that must be a small one.
MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


def peak(*arguments: str | Path) -> int:
    """Return the most bytes that a run of the command held."""
    command = [sys.executable, "-c", MEASURE, *COMMAND, *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, check=True, text=True)
    code, kilobytes = done.stdout.split()
    assert code == "0", done.stderr
    return int(kilobytes) << 10


def many_symbols() -> bytes:
    """Return a library of 60,000 symbols with 13 MB of names, as mini_racer's has, and as much again of zeros."""
    definitions = tuple(Definition(f"{LONG}{number:06}") for number in range(60_000))
    return write_library(Library("x86_64", definitions=definitions, hash_tables=("gnu",))) + bytes(16 << 20)


@pytest.mark.parametrize("what", ["symbols", "rows"])
def test_memory_is_the_largest_member_and_little_more(what: str, tmp_path: Path) -> None:
    """The bytes of a library are gone before its names are made, and a row of RECORD without a file is not kept."""
    files = {**demo_files(), EXTENSION: binary()}
    record = record_of(files)
    if what == "symbols":
        largest = files["demo/libv8.so"] = many_symbols()
    else:
        rows = (f"demo/gone-{number:07}.py,sha256=47DEQpj8,0\n" for number in range(1_500_000))
        largest = record = "".join(rows).encode()
    wheel = tmp_path / "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
    wheel.write_bytes(zip_of({**files, f"{DIST_INFO}/RECORD": record}))

    assert peak("show", "--json", wheel) < len(largest) + ALLOWED

"""Which file names an interpreter imports."""

import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES

import pytest
from tests.support.environments import interpreter

from musl_audit.loader.extension_suffixes import extension_suffixes, triplet_of
from musl_audit.loader.libc_names import Libc

TRIPLET = "x86_64-linux-musl"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="suffixes of other systems are others")
def test_this_python_tries_what_we_say() -> None:
    """CPython's own list."""
    soabi = sysconfig.get_config_var("SOABI")
    is_free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    triplet = triplet_of(soabi)
    ours = extension_suffixes(soabi, sys.version_info[:2], triplet=triplet, is_free_threaded=is_free_threaded)

    debian = {f".abi3-{triplet}.so"} if sys.version_info < (3, 15) else set()  # whose Python had it earlier
    assert list(ours) == [suffix for suffix in EXTENSION_SUFFIXES if suffix not in debian]


@pytest.mark.parametrize(
    ("soabi", "version", "is_free_threaded", "suffixes"),
    [
        (f"cpython-312-{TRIPLET}", (3, 12), False, [f".cpython-312-{TRIPLET}.so", ".abi3.so", ".so"]),
        (f"cpython-313t-{TRIPLET}", (3, 13), True, [f".cpython-313t-{TRIPLET}.so", ".so"]),
        ("pypy310-pp73-x86_64-linux-gnu", (3, 10), False, [".pypy310-pp73-x86_64-linux-gnu.so", ".so"]),
        (None, (3, 12), False, []),
    ],
)
def test_suffixes(soabi: str | None, version: tuple[int, int], is_free_threaded: bool, suffixes: list[str]) -> None:
    """In the order in which they are tried."""
    assert list(extension_suffixes(soabi, version, triplet=TRIPLET, is_free_threaded=is_free_threaded)) == suffixes


def test_from_3_15_on_the_stable_abi_may_carry_the_triplet() -> None:
    """As wheels for it may say."""
    found = extension_suffixes(f"cpython-315-{TRIPLET}", (3, 15), triplet=TRIPLET)

    assert {f".abi3-{TRIPLET}.so", ".abi3.so", ".abi3t.so", ".so"} <= set(found)


@pytest.mark.parametrize(
    ("soabi", "libc", "is_trapped"),
    [
        ("cpython-310-x86_64-linux-gnu", Libc.MUSL, True),
        ("cpython-310-arm-linux-gnueabihf", Libc.MUSL, True),
        ("cpython-310-x86_64-linux-musl", Libc.MUSL, False),
        ("cpython-310-x86_64-linux-gnu", Libc.GLIBC, False),
        (None, Libc.MUSL, False),
    ],
)
def test_the_gnu_trap(soabi: str | None, libc: Libc, is_trapped: bool) -> None:
    """A Python on musl that was built as if there were only glibc."""
    assert interpreter(soabi=soabi, libc=libc).wears_gnu_suffix is is_trapped

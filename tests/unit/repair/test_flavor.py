"""Which libc a wheel is for."""

import pytest
from tests.support.values import catalog, executable, extension, library, uses, wheel

from musl_audit.model import ElfFacts, ElfKind, WheelFacts
from musl_audit.repair.flavor import Flavor, flavor_of

SILENT = extension("demo/_demo.so", needed=())
MUSL = extension(needed=("libc.musl-x86_64.so.1",))
GLIBC = extension("demo/_demo.cpython-312-x86_64-linux-gnu.so", needed=("libc.so.6",))
STATIC = executable(kind=ElfKind.STATIC_EXECUTABLE, interpreter=None, needed=())


def linux(*elves: ElfFacts, platform: str = "linux_x86_64", python: str = "cp312") -> WheelFacts:
    return wheel(*elves, platform=platform, python=python, abi=python)


@pytest.mark.parametrize(
    ("facts", "flavor"),
    [
        (linux(MUSL), Flavor.MUSL),
        (linux(extension("demo/_demo.so", needed=("libc.so",))), Flavor.MUSL),
        (linux(executable()), Flavor.MUSL),
        (linux(extension(needed=())), Flavor.MUSL),
        (linux(GLIBC), Flavor.GLIBC),
        (linux(executable(interpreter="/lib64/ld-linux-x86-64.so.2", needed=())), Flavor.GLIBC),
        (linux(extension("demo/_demo.cpython-312-x86_64-linux-gnu.so", needed=())), Flavor.GLIBC),
        (linux(extension("demo/_demo.so", needed=(), undefined=uses("gnu_get_libc_version"))), Flavor.GLIBC),
        (
            linux(extension("demo/_demo.so", needed=(), undefined=uses("gnu_get_libc_version", is_weak=True))),
            Flavor.UNKNOWN,
        ),
        (linux(extension("demo/_demo.cpython-310-x86_64-linux-gnu.so", needed=()), python="cp310"), Flavor.UNKNOWN),
        (linux(SILENT), Flavor.UNKNOWN),
        (linux(SILENT, library(needed=("libc.so.6",))), Flavor.GLIBC),
        (linux(MUSL, library(needed=("libc.so.6",))), Flavor.MIXED),
        (linux(), Flavor.PURE),
        (linux(STATIC), Flavor.UNKNOWN),
    ],
)
def test_by_the_binaries(facts: WheelFacts, flavor: Flavor) -> None:
    """Interpreter and needs say most, then the suffix, then symbols that one libc alone has."""
    assert flavor_of(facts, catalog()) is flavor


@pytest.mark.parametrize(
    ("platform", "elf", "flavor"),
    [
        ("musllinux_1_2_x86_64", SILENT, Flavor.MUSL),
        ("musllinux_1_2_x86_64", GLIBC, Flavor.MUSL),
        ("manylinux_2_28_x86_64", SILENT, Flavor.GLIBC),
        ("manylinux_2_28_x86_64", MUSL, Flavor.MIXED),
        ("manylinux2014_x86_64.musllinux_1_1_x86_64", SILENT, Flavor.MIXED),
        ("manylinux2014_x86_64.musllinux_1_1_x86_64", STATIC, Flavor.MUSL),
        ("manylinux2014_x86_64", STATIC, Flavor.GLIBC),
    ],
)
def test_by_the_tag(platform: str, elf: ElfFacts, flavor: Flavor) -> None:
    """A wheel that says musllinux is musl's, and the judge says what is wrong in it."""
    assert flavor_of(linux(elf, platform=platform), catalog()) is flavor


@pytest.mark.parametrize(
    ("plat", "flavor"),
    [
        ("musllinux_1_2_x86_64", Flavor.MUSL),
        ("musllinux_1_2", Flavor.MUSL),
        ("manylinux2014_x86_64", Flavor.GLIBC),
        ("linux_x86_64", Flavor.UNKNOWN),
        (None, Flavor.UNKNOWN),
    ],
)
def test_by_the_platform_where_all_else_is_silent(plat: str | None, flavor: Flavor) -> None:
    """What was asked for, or what the image says."""
    assert flavor_of(linux(SILENT), catalog(), plat) is flavor


def test_the_platform_does_not_outvote_the_binaries() -> None:
    """It is asked last."""
    assert flavor_of(linux(GLIBC), catalog(), "musllinux_1_2_x86_64") is Flavor.GLIBC

"""Which tags an interpreter accepts; that real installers agree is asked in the integration tests."""

from dataclasses import replace

import pytest
from tests.support.environments import GLIBC, MUSL, interpreter, on_musl

from musl_audit.environment.tags import accepted_tags, musllinux_tags, platform_tags, tag_arches
from musl_audit.loader.libc_names import Libc


@pytest.mark.parametrize(
    ("release", "minors"),
    [("1.2.2", [2, 1, 0]), ("1.2.5", [2, 1, 0]), ("1.1.24", [1, 0]), ("1.10.0", [*range(10, -1, -1)])],
)
def test_every_minor_release_up_to_its_own_is_accepted(release: str, minors: list[int]) -> None:
    """PEP 656: musl keeps its promises upwards, and installers never see the patch level."""
    found = interpreter(loader=on_musl(release))

    assert musllinux_tags(found, "x86_64") == tuple(f"musllinux_1_{minor}_x86_64" for minor in minors)


@pytest.mark.parametrize(
    ("arch", "kernel", "arches"),
    [
        ("x86_64", "x86_64", ("x86_64",)),
        ("i686", "x86_64", ("i686",)),
        ("i686", "i686", ("i686",)),
        ("i686", None, ("i686",)),
        ("armv7l", "aarch64", ("armv8l", "armv7l")),
        ("armv7l", "armv8l", ("armv8l", "armv7l")),
        ("armv7l", "armv7l", ("armv7l",)),
        ("armv7l", "armv6l", ("armv6l",)),
        ("armv7l", "x86_64", ("armv7l",)),
        ("aarch64", "aarch64", ("aarch64",)),
    ],
)
def test_a_32_bit_python_sees_the_kernel_and_its_own_word_size(
    arch: str, kernel: str | None, arches: tuple[str, ...]
) -> None:
    """``uname -m`` says aarch64 to a Python for armv7l, and packaging makes armv8l of it."""
    assert tag_arches(arch, kernel) == arches


def test_the_tags_of_one_architecture_come_before_those_of_the_next() -> None:
    """As packaging yields them."""
    found = interpreter(arch="armv7l", loader=replace(MUSL, path="/lib/ld-musl-armhf.so.1", release="1.1.24"))

    assert musllinux_tags(found, "aarch64") == (
        "musllinux_1_1_armv8l",
        "musllinux_1_0_armv8l",
        "musllinux_1_1_armv7l",
        "musllinux_1_0_armv7l",
    )


def test_a_static_interpreter_accepts_no_musllinux_tag() -> None:
    """Installers look for the loader's path."""
    assert platform_tags(interpreter(libc=Libc.STATIC, loader=None), "x86_64") == ("linux_x86_64",)


def test_a_loader_whose_path_does_not_say_musl_gives_no_musllinux_tag() -> None:
    """``packaging.tags`` looks for the word."""
    assert platform_tags(interpreter(loader=replace(MUSL, path="/lib/ld.so.1")), "x86_64") == ("linux_x86_64",)


def test_a_glibc_python_accepts_manylinux() -> None:
    """From its own release down to the oldest, with the names of before PEP 600 in their places."""
    tags = platform_tags(interpreter(libc=Libc.GLIBC, loader=GLIBC), "x86_64")

    assert tags[0] == "manylinux_2_36_x86_64"
    assert tags[-2:] == ("manylinux1_x86_64", "linux_x86_64")
    assert not any(tag.startswith("musllinux") for tag in tags)


def test_an_unknown_architecture_accepts_nothing() -> None:
    """There is no name for it."""
    assert platform_tags(interpreter(arch=None), "mips") == ()


def test_the_best_tag_is_the_own_version_and_the_newest_musl() -> None:
    """And the last resort is any Python, anywhere."""
    found = interpreter()
    tags = accepted_tags(found, platform_tags(found, "x86_64"))

    assert tags[0] == "cp312-cp312-musllinux_1_2_x86_64"
    assert {"cp312-abi3-musllinux_1_1_x86_64", "cp38-abi3-musllinux_1_2_x86_64", "py3-none-any"} <= set(tags)
    assert not any("cp313" in tag or "manylinux" in tag for tag in tags)


def test_a_free_threaded_python_accepts_no_abi3() -> None:
    """It has an ABI of its own."""
    found = interpreter(version="3.14.0", is_free_threaded=True)
    tags = accepted_tags(found, platform_tags(found, "x86_64"))

    assert tags[0] == "cp314-cp314t-musllinux_1_2_x86_64"
    assert not any("-abi3-" in tag for tag in tags)


def test_a_debug_build_also_takes_modules_built_without() -> None:
    """Since 3.8 the two share their ABI."""
    found = interpreter(is_debug=True)
    tags = accepted_tags(found, platform_tags(found, "x86_64"))

    assert tags.index("cp312-cp312d-musllinux_1_2_x86_64") < tags.index("cp312-cp312-musllinux_1_2_x86_64")


def test_without_a_version_nothing_is_accepted() -> None:
    """What it would accept is not known; the host's own tags are no substitute."""
    assert accepted_tags(interpreter(version=None), ("linux_x86_64",)) == ()
    assert accepted_tags(interpreter(), ()) == ()

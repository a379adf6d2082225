"""File names of wheels, and what their tags say."""

import pytest

from musl_audit.errors import WheelError
from musl_audit.wheel.names import (
    is_same_version,
    kind_of,
    musllinux_series,
    parse_wheel_name,
    tag_arch,
    tag_family,
)


def test_compressed_tag_sets_are_expanded_in_their_order() -> None:
    """``py3.py2`` are two tags."""
    name = parse_wheel_name(
        "uv-0.13.8-py3.py2-none-musllinux_1_1_x86_64.manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    )

    assert name.python_tags == ("py3", "py2")
    assert name.platform_tags == ("musllinux_1_1_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


@pytest.mark.parametrize(
    "filename",
    [
        "numpy-2.5.5-cp312-cp312-musllinux_1_2_x86_64.whl",
        "foo.bar_baz-1!2.0rc1.post2.dev3+local.7-1_x-py3-none-any.whl",
        "a-1-2build-py2.py3-none-any.whl",
        "ünïcode-1.0-py3-none-any.whl",
        "demo-1.0-py3_10-none-any.whl",
    ],
)
def test_a_name_is_written_as_it_was_read(filename: str) -> None:
    """Project, version and build stay as they are spelt."""
    assert str(parse_wheel_name(filename)) == filename


def test_the_build_tag_is_optional() -> None:
    """It begins with a digit, which tells it from a Python tag."""
    assert parse_wheel_name("a-1-2build-py3-none-any.whl").build == "2build"
    assert parse_wheel_name("a-1-py3-none-any.whl").build is None


def test_tags_are_lower_case() -> None:
    """Installers compare them so."""
    assert parse_wheel_name("a-1-PY3-None-Any.whl").platform_tags == ("any",)


@pytest.mark.parametrize(
    "filename",
    [
        "",
        "demo.whl",
        "demo-1.0.tar.gz",
        "demo-1.0-py3-none-any.zip",
        "demo-1.0-py3-none.whl",
        "demo-1.0-x1-py3-none-any.whl",
        "demo-1.0-1-py3-none-any-more.whl",
        "demo-one-py3-none-any.whl",
        "demo-1.0--py3-none-any.whl",
        "de__mo-1.0-py3-none-any.whl",
        "demo-1.0-py3-none-any.whl\n",
        "dist/demo-1.0-py3-none-any.whl",
        f"demo-{'9' * 5000}-py3-none-any.whl",
        "\x1b[31m\u202e\udcff::error::.whl",
    ],
)
def test_what_is_no_wheel_name(filename: str) -> None:
    """One line, that no terminal and no CI system could take for a command."""
    with pytest.raises(WheelError, match="not a wheel's file name") as caught:
        parse_wheel_name(filename)

    assert caught.value.code == "MUSL001"
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("musllinux_1_2_x86_64", ("1.2", "x86_64")),
        ("musllinux_1_10_armv7l", ("1.10", "armv7l")),
        ("musllinux_9000_0_i686", ("9000.0", "i686")),
        ("musllinux_01_2_x86_64", None),
        ("musllinux_1_2", None),
        ("musllinux_1_x86_64", None),
        ("xmusllinux_1_2_x86_64", None),
        ("manylinux_2_17_x86_64", None),
        ("musllinux_١_2_x86_64", None),
    ],
)
def test_musllinux_tags(tag: str, expected: tuple[str, str] | None) -> None:
    """PEP 656: musllinux, major, minor, architecture."""
    assert musllinux_series(tag) == expected


@pytest.mark.parametrize(
    ("tag", "family", "arch"),
    [
        ("any", "any", None),
        ("anything", "other", None),
        ("musllinux_1_2_aarch64", "musllinux", "aarch64"),
        ("manylinux1_i686", "manylinux", "i686"),
        ("manylinux2014_ppc64le", "manylinux", "ppc64le"),
        ("manylinux_2_28_x86_64", "manylinux", "x86_64"),
        ("linux_s390x", "linux", "s390x"),
        ("macosx_11_0_arm64", "macosx", None),
        ("win_amd64", "win", None),
        ("win32", "win", None),
        ("pyodide_2024_0_wasm32", "pyodide", None),
    ],
)
def test_families_and_architectures(tag: str, family: str, arch: str | None) -> None:
    """Only the tags of Linux name an architecture that musl-audit knows."""
    assert (tag_family(tag), tag_arch(tag)) == (family, arch)


@pytest.mark.parametrize(
    ("platform", "kind"),
    [
        ("manylinux_2_17_x86_64.musllinux_1_1_x86_64", "musllinux"),
        ("linux_x86_64.manylinux_2_17_x86_64", "manylinux"),
        ("linux_x86_64", "linux"),
        ("any", "any"),
        ("macosx_11_0_arm64", "other"),
    ],
)
def test_the_kind_of_a_wheel(platform: str, kind: str) -> None:
    """Several families: the one that musl-audit can say most about."""
    assert kind_of(parse_wheel_name(f"demo-1.0-py3-none-{platform}.whl")) == kind


def test_a_file_without_a_name_is_of_another_kind() -> None:
    """It promises nothing."""
    assert kind_of(None) == "other"


def test_versions_compare_as_versions() -> None:
    """By their text only where one is none."""
    assert is_same_version("1.0.0", "1")
    assert is_same_version("1.0-1", "1.0.post1")
    assert is_same_version("odd", "odd")
    assert not is_same_version("odd", "1")

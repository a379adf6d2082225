"""Names that must not be installed, and names that collide."""

import stat
import unicodedata

import pytest

from musl_audit.adapters.archive.member_names import name_problems
from musl_audit.model import Member


def found(*names: str, mode: int = 0) -> list[tuple[str, tuple[str, ...]]]:
    members = [Member(name, 1, 1, 0, mode=mode, is_directory=name.endswith("/")) for name in names]
    return [(problem.kind, problem.members) for problem in name_problems(members)]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "//server/share",
        "../evil",
        "demo/../../evil",
        "demo/..",
        "demo\\evil",
        "..\\evil",
        "C:/evil",
        "c:evil",
        "demo/a\0b",
        "",
    ],
)
def test_unsafe_paths(name: str) -> None:
    """Installing them could write elsewhere, or something else than the name says."""
    assert found(name) == [("unsafe-path", (name,))]


@pytest.mark.parametrize(
    "name",
    [
        "demo/a..b",
        "demo/...",
        "demo/..a/b",
        "..data",
        "demo/C:",
        "a b",
        "é/ü",
    ],
)
def test_odd_paths_that_are_safe(name: str) -> None:
    """Two dots inside a name are no step upwards."""
    assert found(name) == []


@pytest.mark.parametrize("name", ["demo/\u202e.py", "demo/\udcff", "demo/\x1b[31m", "demo/a\nb", "demo/\t"])
def test_control_characters_are_refused_by_uv(name: str) -> None:
    """Those that turn text around are among them."""
    assert found(name) == [("control-character", (name,))]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("demo-1.0.data/data/a",), []),
        (("demo-1.0.data/unknown/a",), ["unknown-scheme"]),
        (("demo-1.0.data/PURELIB/a",), ["unknown-scheme"]),
        (("demo-1.0.data/a",), ["unknown-scheme"]),
        (("demo-1.0.data//a",), ["unknown-scheme"]),
        (("demo.data",), []),
        (("other-1.0.data/data/a",), ["foreign-data"]),
        (("Demo-1.0.data/scripts/a", "demo-1.0.data/scripts/b"), ["foreign-data"]),
    ],
)
def test_data_directories_that_installers_refuse_or_pass_over(names: tuple[str, ...], expected: list[str]) -> None:
    """Five schemes, and the name of the wheel's own ``.dist-info``."""
    assert [kind for kind, _ in found("demo-1.0.dist-info/WHEEL", *names)] == expected


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_special_files(kind: int) -> None:
    """Only files and directories belong into a wheel."""
    assert found("demo/x", mode=kind | 0o777) == [("special-file", ("demo/x",))]


@pytest.mark.parametrize("mode", [0, 0o644, stat.S_IFREG | 0o755, stat.S_IFDIR | 0o755])
def test_ordinary_modes(mode: int) -> None:
    """Some writers leave the type bits out."""
    assert found("demo/x", mode=mode) == []


def test_the_same_name_twice() -> None:
    """Which one wins depends on the reader."""
    assert found("demo/a", "demo/b", "demo/a") == [("duplicate-member", ("demo/a",))]


@pytest.mark.parametrize(
    "names",
    [
        ("demo/a", "demo-1.0.data/platlib/demo/a"),
        ("demo/a", "demo-1.0.data/purelib/demo/a"),
        ("demo-1.0.data/platlib/demo/a", "demo-1.0.data/purelib/demo/a"),
        ("demo/a", "demo//a"),
        ("demo/a", "demo/./a"),
        ("demo/a", "./demo/a"),
        ("demo-1.0.data/scripts/x", "demo-1.0.data/scripts//x"),
    ],
)
def test_two_names_for_one_installed_path(names: tuple[str, str]) -> None:
    """The root of the archive, platlib and purelib are one tree."""
    assert found(*names) == [("duplicate-path", tuple(sorted(names)))]


@pytest.mark.parametrize(
    "names",
    [
        ("demo/README", "demo/readme"),
        ("demo/straße", "demo/STRASSE"),
        (unicodedata.normalize("NFC", "demo/é"), unicodedata.normalize("NFD", "demo/é")),
        ("demo/A", "demo-1.0.data/purelib/demo/a"),
    ],
)
def test_two_names_for_one_path_on_some_systems(names: tuple[str, str]) -> None:
    """macOS and Windows ignore case, and macOS the Unicode form."""
    assert found(*names) == [("duplicate-folded", tuple(sorted(names)))]


@pytest.mark.parametrize(
    "names", [("demo", "demo/a"), ("demo/a/b/c", "demo"), ("demo", "demo!", "demo-1", "demo/a"), ("demo", "demo//a")]
)
def test_a_file_that_others_need_as_a_directory(names: tuple[str, ...]) -> None:
    """Whichever comes second cannot be installed."""
    assert found(*names) == [("duplicate-path", ("demo",))]


@pytest.mark.parametrize(
    "names",
    [
        ("demo/", "demo/a", "demo/b"),
        ("scripts/x", "demo-1.0.data/scripts/x"),
        ("demo-1.0.data/scripts/x", "demo-1.0.data/data/x"),
        ("demo/a", "demo2/a"),
    ],
)
def test_names_that_do_not_collide(names: tuple[str, ...]) -> None:
    """Other trees, other directories, and directories themselves."""
    assert found(*names) == []


def test_each_collision_is_reported_once() -> None:
    """The same name twice is also the same path twice, and the same when folded."""
    assert found("a", "a", "A") == [("duplicate-member", ("a",)), ("duplicate-folded", ("A", "a"))]

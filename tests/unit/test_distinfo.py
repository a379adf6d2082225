"""The ``*.dist-info`` directories, and the fields of ``WHEEL``."""

from musl_audit.model import WheelName
from musl_audit.wheel.dist_info import dist_infos_of, is_project_of, main_dist_info, parse_wheel_file

NAME = WheelName("Foo.Bar", "1.0", None, ("py3",), ("none",), ("any",))


def test_only_directories_at_the_top_count() -> None:
    """Vendored projects bring their own further down."""
    names = ["b-1.dist-info/WHEEL", "a-1.dist-info/x/y", "foo/c-1.dist-info/WHEEL", "d-1.dist-info", "e.dist-info.d/x"]

    assert dist_infos_of(names) == ("a-1.dist-info", "b-1.dist-info")


def test_the_own_directory_comes_first() -> None:
    """Names are compared normalized, versions as versions."""
    assert main_dist_info(("aaa-1.0.dist-info", "foo_bar-1.0.0.dist-info"), NAME) == "foo_bar-1.0.0.dist-info"


def test_any_directory_is_better_than_none() -> None:
    """A rule says that it is the wrong one."""
    assert main_dist_info(("aaa-1.0.dist-info",), NAME) == "aaa-1.0.dist-info"
    assert main_dist_info((), NAME) is None


def test_projects_are_compared_without_the_version() -> None:
    """That differs where somebody renamed the file."""
    assert is_project_of("foo_bar-2.dist-info", NAME)
    assert not is_project_of("foo-1.0.dist-info", NAME)


def test_the_fields_of_a_wheel_file() -> None:
    """Header fields as in a mail: any case, any order, any line ends, up to the first empty line."""
    text = b"Wheel-Version: 1.0\r\nroot-is-purelib:  True \r\nTag: py2-none-any\rTAG: py3-none-any\n\nTag: body\n"

    metadata = parse_wheel_file(("foo-1.dist-info",), text)

    assert metadata.tags == ("py2-none-any", "py3-none-any")
    assert metadata.root_is_purelib is True


def test_what_cannot_be_understood_is_left_out() -> None:
    """Bytes that are no UTF-8 survive; a line without a colon, a folded line and an odd value do not count."""
    metadata = parse_wheel_file((), b"Tag: caf\xe9\nnonsense\nX: 1\n Tag: folded\nRoot-Is-Purelib: maybe\n")

    assert metadata.tags == ("caf\udce9",)
    assert metadata.root_is_purelib is None


def test_no_wheel_file() -> None:
    """Which installers refuse."""
    assert not parse_wheel_file(("foo-1.dist-info",), None).has_wheel_file

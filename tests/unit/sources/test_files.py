"""What paths, directories and globs mean."""

import os
from pathlib import Path

import pytest

from musl_audit.adapters.sources import find_sources
from musl_audit.adapters.sources.files import WheelFile
from musl_audit.model import Failure, Skip


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, with a dist/ of two wheels, a source distribution and a text."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in ("b-1-py3-none-any.whl", "a-1-py3-none-any.whl", "a-1.tar.gz", "SHA256SUMS"):
        (folder / name).write_bytes(b"")
    return tmp_path


def test_a_directory_means_its_wheels_in_order(dist: Path) -> None:
    """Source distributions are skipped and counted, other files are none of our business."""
    assert list(find_sources(["dist"])) == [
        WheelFile("dist/a-1-py3-none-any.whl"),
        Skip("dist/a-1.tar.gz", "sdist"),
        WheelFile("dist/b-1-py3-none-any.whl"),
    ]


def test_a_directory_means_all_below_it(dist: Path) -> None:
    """But for what is hidden, and for links, which may lead anywhere and back."""
    for folder in ("dist/deep/er", "dist/.cache"):
        Path(folder).mkdir(parents=True)
        (Path(folder) / "c-1-py3-none-any.whl").write_bytes(b"")
    Path("dist/loop").symlink_to("..", target_is_directory=True)

    found = list(find_sources(["dist"]))

    assert [item.path for item in found if isinstance(item, WheelFile)][-1] == "dist/deep/er/c-1-py3-none-any.whl"
    assert len([item for item in found if isinstance(item, WheelFile)]) == 3
    assert {item.reason for item in found if isinstance(item, Skip)} == {
        "sdist",
        "hidden directory",
        "link to a directory",
    }


def test_two_stars_are_any_depth(dist: Path) -> None:
    """As in a shell that has them."""
    Path("dist/deep/er").mkdir(parents=True)
    Path("dist/deep/er/c-1-py3-none-any.whl").write_bytes(b"")

    assert [item.path for item in find_sources(["**/*.whl"]) if isinstance(item, WheelFile)] == [
        "dist/a-1-py3-none-any.whl",
        "dist/b-1-py3-none-any.whl",
        "dist/deep/er/c-1-py3-none-any.whl",
    ]


@pytest.mark.parametrize(
    ("reference", "hint"),
    [
        ("-", "standard input"),
        ("nothing.whl", "no such file"),
        ("nothing*.whl", "no file matches"),
    ],
)
def test_what_is_no_file_is_told_how_to_become_one(dist: Path, reference: str, hint: str) -> None:
    """MUSL004 is for archives that are there."""
    (found,) = find_sources([reference])

    assert isinstance(found, Failure)
    assert found.code == "MUSL900"
    assert hint in found.message


def test_what_the_shell_makes_of_a_star(dist: Path) -> None:
    """Every file of dist/* gets a row."""
    found = list(find_sources(str(path) for path in sorted(Path("dist").iterdir())))

    assert Skip("dist/SHA256SUMS", "not a wheel") in found
    assert len(found) == 4


def test_a_glob_that_the_shell_left_alone(dist: Path) -> None:
    """Quoted, or on a system whose shell does not expand."""
    assert list(find_sources(["dist/*.whl"])) == [
        WheelFile("dist/a-1-py3-none-any.whl"),
        WheelFile("dist/b-1-py3-none-any.whl"),
    ]


def test_a_file_whose_name_looks_like_a_glob(dist: Path) -> None:
    """What exists is taken by its name."""
    Path("[a].whl").write_bytes(b"")

    assert list(find_sources(["[a].whl"])) == [WheelFile("[a].whl")]


def test_each_wheel_comes_once(dist: Path) -> None:
    """Also by different paths to it."""
    found = list(find_sources(["dist/a-1-py3-none-any.whl", "./dist/../dist/a-1-py3-none-any.whl", "dist/*.whl"]))

    assert found == [WheelFile("dist/a-1-py3-none-any.whl"), WheelFile("dist/b-1-py3-none-any.whl")]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("missing.whl", "no such file"),
        ("missing/*.whl", "no file matches"),
        ("x" * 5000 + ".whl", "File name too long"),
        ("nul\0.whl", "no such file"),
    ],
)
def test_what_is_missing_is_a_row(dist: Path, reference: str, message: str) -> None:
    """One line, and the run goes on with the others."""
    first, second = find_sources([reference, "dist/a-1-py3-none-any.whl"])

    assert isinstance(first, Failure)
    assert message in first.message
    assert second == WheelFile("dist/a-1-py3-none-any.whl")


def test_a_directory_without_wheels_is_a_row(dist: Path) -> None:
    """Nothing is examined then."""
    Path("empty").mkdir()

    assert list(find_sources(["empty"])) == [Skip("empty", "directory without wheels")]


def test_a_named_pipe_is_not_opened(dist: Path) -> None:
    """Reading from it would wait forever."""
    os.mkfifo("pipe.whl")

    assert list(find_sources(["pipe.whl"])) == [Failure("pipe.whl", "MUSL004", "not a file")]


def test_a_directory_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a failure of its own, whoever runs the tests: root may read everything, so the system call is replaced."""
    for name in ("first", "secret", "third"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "demo-1.0-py3-none-any.whl").touch()
    scandir = os.scandir

    def refusing(path: str) -> object:
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)

    found = list(find_sources([str(tmp_path)]))

    assert [type(item) for item in found] == [WheelFile, Failure, WheelFile]
    assert found[1] == Failure(str(tmp_path / "secret"), "MUSL004", "cannot be read: Permission denied")


@pytest.mark.parametrize("reference", ["gone.whl", "*.whl"])
def test_a_link_that_leads_nowhere_is_a_row(reference: str, tmp_path: Path) -> None:
    """Named, or among what a glob finds."""
    (tmp_path / "gone.whl").symlink_to("nothing.whl")

    assert [row.message for row in find_sources([str(tmp_path / reference)]) if isinstance(row, Failure)] == [
        "a link that leads nowhere"
    ]

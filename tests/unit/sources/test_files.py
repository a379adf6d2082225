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
        ("x" * 5000, "File name too long"),
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

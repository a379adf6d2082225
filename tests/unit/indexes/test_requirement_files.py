"""Requirements out of files, and what a lock names."""

from pathlib import Path

import pytest

from musl_audit.adapters.indexes.lines import Line
from musl_audit.adapters.indexes.requirement_files import read_requirement_file
from musl_audit.environment.destination import Destination
from musl_audit.errors import UsageError
from musl_audit.model import MuslVersion

HERE = Destination(MuslVersion(1, 2, 2), "x86_64", "3.11")
WHEEL = "demo-1.0-cp311-cp311-musllinux_1_2_x86_64.whl"


def read(folder: Path, name: str, text: str) -> list[Line]:
    (folder / name).write_text(text)
    return read_requirement_file(folder / name, HERE)


def asked(lines: list[Line]) -> list[str]:
    return [str(line.requirement) for line in lines if line.requirement is not None]


def test_requirements_are_read_as_pip_writes_them(tmp_path: Path) -> None:
    """Comments, lines that go on, hashes and files that are included."""
    (tmp_path / "more.txt").write_text("greenlet\n")
    text = """
    # a comment
    numpy>=2,<3  # why
    contourpy==1.2.1 \\
        --hash=sha256:00 \\
        --hash=sha256:11
    -r more.txt
    """

    assert asked(read(tmp_path, "requirements.txt", text)) == ["numpy<3,>=2", "contourpy==1.2.1", "greenlet"]


def test_what_no_index_can_be_asked_is_skipped_with_its_reason(tmp_path: Path) -> None:
    """Markers are told about the destination, and not about this machine."""
    text = """-e .
./local
demo @ http://host.invalid/demo.whl
winapi; sys_platform == "win32"
old; python_version < "3.10"
new; python_version >= "3.11" and platform_machine == "x86_64"
???"""
    lines = read(tmp_path, "requirements.txt", text)

    assert asked(lines) == ["new"]
    assert [line.skipped for line in lines if line.requirement is None] == [
        "an option, which is not read here",
        "a path or a URL",
        "a URL",
        "not for this place: its marker says so",
        "not for this place: its marker says so",
        "not a requirement",
    ]


def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    """In one line."""
    with pytest.raises(UsageError, match="include each other"):
        read(tmp_path, "a.txt", "-r a.txt\n")


def test_dependencies_of_a_project_are_read(tmp_path: Path) -> None:
    """[project] dependencies, without extras and groups."""
    text = '[project]\nname = "x"\ndependencies = ["numpy>=2", "winapi; sys_platform == \'win32\'"]\n'

    assert asked(read(tmp_path, "pyproject.toml", text)) == ["numpy>=2"]


def test_a_lock_of_uv_names_files(tmp_path: Path) -> None:
    """With hashes and sizes; the project itself and other places are passed by."""
    text = f"""version = 1
[[package]]
name = "demo"
version = "1.0"
source = {{ registry = "http://index.invalid/simple" }}
wheels = [{{ url = "http://host.invalid/{WHEEL}", hash = "sha256:abcdef12", size = 7 }}]
[[package]]
name = "me"
version = "0"
source = {{ editable = "." }}
[[package]]
name = "other"
version = "2"
source = {{ registry = "http://index.invalid/simple" }}
resolution-markers = ["sys_platform == 'win32'"]
"""
    (line,) = read(tmp_path, "uv.lock", text)

    assert line.files is not None
    (file,) = line.files
    assert (line.text, file.filename, file.sha256, file.size) == ("demo==1.0", WHEEL, "abcdef12", 7)


def test_a_lock_of_the_standard_names_files(tmp_path: Path) -> None:
    """PEP 751: URLs or paths, beside markers."""
    text = f"""lock-version = "1.0"
created-by = "test"
[[packages]]
name = "demo"
version = "1.0"
wheels = [{{ path = "wheels/{WHEEL}", hashes = {{ sha256 = "abcdef12" }} }}]
[[packages]]
name = "winapi"
version = "1"
marker = "sys_platform == 'win32'"
"""
    (line,) = read(tmp_path, "pylock.toml", text)

    assert line.files is not None
    assert line.files[0].url == (tmp_path / "wheels" / WHEEL).as_uri()


def test_a_lock_without_urls_names_versions(tmp_path: Path) -> None:
    """The index is asked about those of poetry and pdm."""
    text = '[[package]]\nname = "demo"\nversion = "1.0"\nfiles = [{file = "demo.whl", hash = "sha256:00"}]\n'

    assert asked(read(tmp_path, "poetry.lock", text)) == ["demo==1.0"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv.lock", "package = 1"),
        ("uv.lock", "[[package]]\nwheels = [{}]"),
        ("pylock.toml", "= = ="),
        ("pyproject.toml", "[tool]"),
        ("pyproject.toml", "[project]\ndependencies = 3"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told(tmp_path: Path, name: str, text: str) -> None:
    """In one line, with its path."""
    with pytest.raises(UsageError, match=name):
        read(tmp_path, name, text)

"""Archives that follow from their content alone, and that appear whole or not at all."""

import errno
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.adapters.writer import EARLIEST, check_output_directory, copy, pack, unpublished, write_archive
from musl_audit.errors import RepairError


def archive_of(files: dict[str, bytes]) -> bytes:
    """Return an archive of *files*, every one packed anew."""
    target = io.BytesIO()
    write_archive(target, (pack(name, data, mode=0o644, date_time=EARLIEST, level=6) for name, data in files.items()))
    return target.getvalue()


@given(st.dictionaries(st.text("abcé/._-", min_size=1, max_size=9).filter(lambda name: name[-1] != "/"), st.binary()))
def test_the_standard_library_reads_what_was_written(files: dict[str, bytes]) -> None:
    """Any names and any bytes, in order."""
    with zipfile.ZipFile(io.BytesIO(archive_of(files))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_modes_and_times_are_kept() -> None:
    """Programs stay executable."""
    target = io.BytesIO()
    write_archive(target, [pack("tool", b"x", mode=0o755, date_time=(2020, 2, 2, 2, 2, 2), level=6)])

    (info,) = zipfile.ZipFile(target).infolist()
    assert (info.external_attr >> 16, info.date_time) == (0o100755, (2020, 2, 2, 2, 2, 2))


def test_an_entry_is_copied_as_it_lies(tmp_path: Path) -> None:
    """Compressed by whatever compressed it: nothing is inflated and deflated again."""
    source = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("demo.txt", b"demo " * 999)
    target = io.BytesIO()

    with open_wheel(source) as wheel:
        packed = wheel.packed(wheel.members[0])
        write_archive(target, [packed])

    assert packed.data in target.getvalue()
    assert zipfile.ZipFile(target).read("demo.txt") == b"demo " * 999


def test_many_members_need_zip64() -> None:
    """The old end record counts to 65,535."""
    files = {f"{number:05}": b"" for number in range(70_000)}

    assert len(zipfile.ZipFile(io.BytesIO(archive_of(files))).namelist()) == 70_000


def test_the_same_content_gives_the_same_bytes() -> None:
    """Nothing of the clock or the machine is in them."""
    assert archive_of({"a": b"1", "b": b"2" * 99}) == archive_of({"a": b"1", "b": b"2" * 99})


def test_publishing_replaces_what_was_there(tmp_path: Path) -> None:
    """At once, by a rename."""
    target = tmp_path / "out.whl"
    target.write_bytes(b"old")

    copy(io.BytesIO(b"new"), target)

    assert (target.read_bytes(), [*tmp_path.iterdir()]) == (b"new", [target])


def test_the_output_has_ordinary_permissions(tmp_path: Path) -> None:
    """A wheel is not a secret: the process's mask decides."""
    copy(io.BytesIO(b"new"), tmp_path / "out.whl")
    (tmp_path / "reference").touch()

    assert (tmp_path / "out.whl").stat().st_mode == (tmp_path / "reference").stat().st_mode


def test_a_full_disk_leaves_nothing() -> None:
    """/dev/full answers every write with ENOSPC; a quota on file size does the same to a real directory."""
    program = (
        "import io, os, resource, signal, sys, tempfile\n"
        "from pathlib import Path\n"
        "from musl_audit.errors import RepairError\n"
        "from musl_audit.adapters.writer import copy\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "directory = tempfile.mkdtemp()\n"
        "try:\n"
        "    copy(io.BytesIO(b'x' * 100_000), Path(directory) / 'out.whl')\n"
        "except RepairError as error:\n"
        "    print(error, os.listdir(directory))\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.endswith("cannot be written: File too large []\n")


def test_a_killed_process_leaves_nothing(tmp_path: Path) -> None:
    """The copy has no name until it is complete."""
    program = (
        "import io, os, signal, sys\n"
        "from pathlib import Path\n"
        "from musl_audit.adapters.writer import copy\n"
        "class Fatal(io.BytesIO):\n"
        "    def read(self, size=-1):\n"
        "        if self.tell() > 2 << 20:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return super().read(size)\n"
        "copy(Fatal(b'x' * (9 << 20)), Path(sys.argv[1]) / 'out.whl')\n"
    )
    answer = subprocess.run([sys.executable, "-c", program, tmp_path], check=False)

    assert (answer.returncode, [*tmp_path.iterdir()]) == (-9, [])


def test_an_output_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """Before any work begins."""
    (tmp_path / "out").touch()

    with pytest.raises(RepairError, match="cannot be written to"):
        check_output_directory(tmp_path / "out")


def test_without_nameless_files_a_hidden_one_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS, and on file systems that know neither O_TMPFILE nor links; over what was there, too."""
    monkeypatch.delattr(os, "O_TMPFILE")
    monkeypatch.delattr(os, "link")

    for content in (b"old", b"new"):
        copy(io.BytesIO(content), tmp_path / "out.whl")

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.whl", b"new")]


def test_without_nameless_files_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is not published is gone."""
    monkeypatch.delattr(os, "O_TMPFILE")

    with pytest.raises(RepairError, match="No space left on device"), unpublished(tmp_path / "out.whl"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert [*tmp_path.iterdir()] == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """What a running one, or somebody else, has there is not."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".musl-audit-{ended.pid}-x.part"
    running = tmp_path / f".musl-audit-{os.getpid()}-x.part"
    other = tmp_path / ".musl-audit-other.part"
    for path in (left, running, other):
        path.touch()

    check_output_directory(tmp_path)

    assert [path.exists() for path in (left, running, other)] == [False, True, True]

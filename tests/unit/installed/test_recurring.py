"""Libraries that several packages bring along: read once where they are the same, never mixed up where they are not."""

from pathlib import Path

import pytest
from tests.support.elves import distinct_elves
from tests.support.reading import is_dynamic

from musl_audit.adapters.installed import recurring
from musl_audit.adapters.installed.recurring import RecurringFiles
from musl_audit.adapters.tree import Tree
from musl_audit.elf import read_elf
from musl_audit.frozen import replace
from musl_audit.model import ElfFacts, ElfKind

MAGIC, MOST = b"\x7fELF", 1 << 30
LIBRARIES = [data for _, data in distinct_elves() if is_dynamic(data) and read_elf(data, "x").kind is ElfKind.LIBRARY]
NAME = "libdemo-0123abcd.so.1"


class Reader:
    """Reads files below *folder*, and knows which were read out, not known before."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.files, self.read_out = folder, RecurringFiles(), list[str]()
        monkeypatch.setattr(recurring, "read_elf", self._read_out)

    def _read_out(self, data: bytes, path: str, *, are_names_deferred: bool) -> ElfFacts:
        self.read_out.append(path.removeprefix(f"{self.folder}/"))
        return read_elf(data, path, are_names_deferred=are_names_deferred)

    def facts(self, name: str, data: bytes) -> ElfFacts:
        """Return the facts of *data* in the file *name*."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        with Tree().contents_if(str(path), MAGIC, most=MOST) as contents:
            assert contents is not None
            return self.files.read(contents, str(path))


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Return a reader that knows nothing yet."""
    return Reader(tmp_path, monkeypatch)


def test_a_library_of_two_packages_is_read_once(reader: Reader) -> None:
    """Each has its own path, and all else is the same, made by whoever asks first."""
    first, second = (reader.facts(f"{package}/{NAME}", LIBRARIES[0]) for package in "ab")

    assert reader.read_out == [f"a/{NAME}"]
    assert [facts.path for facts in (first, second)] == [str(reader.folder / package / NAME) for package in "ab"]
    assert second == replace(first, path=second.path) == read_elf(LIBRARIES[0], second.path)


def test_every_byte_that_is_looked_at_counts(reader: Reader) -> None:
    """A file of the same name and size has facts of its own; where nobody looks, nothing is told apart."""
    data = max(LIBRARIES, key=len)
    at = data.index(b"\0" + max(read_elf(data, NAME).defined, key=len).encode() + b"\0") + 1
    contents = (data, data[:at] + b"X" + data[at + 1 :], data)

    found = [reader.facts(f"{package}/{NAME}", content) for package, content in zip("abc", contents, strict=True)]

    assert len(reader.read_out) == 3
    assert found == [read_elf(content, facts.path) for facts, content in zip(found, contents, strict=True)]
    assert found[0].defined == found[2].defined != found[1].defined


def test_another_name_or_size_is_another_file(reader: Reader) -> None:
    """What a file is follows from its name, too."""
    reader.facts(f"a/{NAME}", LIBRARIES[0])
    reader.facts(f"b/_{NAME}", LIBRARIES[0])
    reader.facts(f"c/{NAME}", LIBRARIES[0] + b"\0")

    assert len(reader.read_out) == 3


def test_only_the_last_few_are_kept(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, whatever a system has."""
    monkeypatch.setattr(recurring, "_MOST_BYTES", 3 * len(LIBRARIES[0]) // 2)
    for package, name in (("a", "one"), ("a", "two"), ("b", "two"), ("b", "one")):
        reader.facts(f"{package}/lib{name}.so", LIBRARIES[0])

    assert reader.read_out == ["a/libone.so", "a/libtwo.so", "b/libone.so"]


def test_modules_are_not_kept(reader: Reader) -> None:
    """No two packages have one."""
    kinds = ((data, read_elf(data, "x.so").kind) for _, data in distinct_elves() if is_dynamic(data))
    module = next(data for data, kind in kinds if kind is ElfKind.EXTENSION)
    for package in "ab":
        reader.facts(f"{package}/x.so", module)

    assert reader.read_out == ["a/x.so", "b/x.so"]

"""What is kept between runs."""

import os
from pathlib import Path

import pytest

from musl_audit.adapters.stores.directory import Store, Usage, cache_directory


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    """By its key, whoever asks."""
    Store(tmp_path, "rows", most=100).write("abcdef", b"row")

    assert Store(tmp_path, "rows", most=100).read("abcdef") == b"row"
    assert Store(tmp_path, "rows", most=100).read("abcdee") is None


def test_the_oldest_go_when_there_is_too_much(tmp_path: Path) -> None:
    """A store is bounded."""
    store = Store(tmp_path, "rows", most=25)
    for age, key in enumerate(("aa1", "bb2", "cc3")):
        store.write(key, bytes(10))
        os.utime(tmp_path / "rows" / key[:2] / key[2:], (age, age))
    store.prune()

    assert [store.read(key) is not None for key in ("aa1", "bb2", "cc3")] == [False, True, True]
    assert store.usage() == Usage(2, 20)


def test_clearing_leaves_nothing(tmp_path: Path) -> None:
    """It can all be made again."""
    store = Store(tmp_path, "rows", most=100)
    store.write("abcdef", b"row")

    assert store.clear() == Usage(0, 0)
    assert store.read("abcdef") is None


def test_a_store_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    """A read-only home, or a file in its place, is no error."""
    (tmp_path / "rows").write_text("in the way")
    store = Store(tmp_path, "rows", most=100)
    store.write("abcdef", b"row")

    assert store.read("abcdef") is None


def test_rows_are_whole_or_not_there(tmp_path: Path) -> None:
    """Nothing but the row is left of writing it."""
    Store(tmp_path, "rows", most=100).write("abcdef", b"row")

    assert [path.name for path in (tmp_path / "rows" / "ab").iterdir()] == ["cdef"]


def test_the_directory_is_where_programs_of_the_user_keep_such_things(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """XDG_CACHE_HOME, unless ours is named."""
    monkeypatch.delenv("MUSL_AUDIT_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "musl-audit"

    monkeypatch.setenv("MUSL_AUDIT_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_directory() == tmp_path / "mine"

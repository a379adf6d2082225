"""One writer at a time: a lock that the system lets go of when its holder dies, or a note with a time to live."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    import pyarrow.fs as pafs

_NAME = "lock"
_LIVES = 120.0  # seconds; a note of an object store that is older belongs to nobody
_RENEWED = 20.0


@contextmanager
def locked(filesystem: "pafs.FileSystem", root: str) -> Iterator[str | None]:
    """Hold the store at *root*; yields who holds it already, None where nobody does."""
    if filesystem.type_name == "local":
        with _by_system(f"{root}/{_NAME}") as holder:
            yield holder
    else:
        with _by_note(filesystem, f"{root}/{_NAME}") as holder:
            yield holder


@contextmanager
def _by_system(path: str) -> Iterator[str | None]:
    try:
        import fcntl
    except ImportError:  # Windows: the list of parts is replaced whole all the same
        yield None
        return
    with open(path, "a+", encoding="utf-8") as file:  # noqa: PTH123
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            yield file.read().strip() or "another survey"
            return
        file.truncate(0)
        file.write(_me())
        file.flush()
        yield None


@contextmanager
def _by_note(filesystem: "pafs.FileSystem", path: str) -> Iterator[str | None]:
    mine = {"id": uuid4().hex, "who": _me()}
    if holder := _other(filesystem, path, mine["id"]):
        yield holder
        return
    ended = Event()

    def renew() -> None:
        while not ended.wait(_RENEWED):
            _note(filesystem, path, mine)

    _note(filesystem, path, mine)
    time.sleep(0.2)  # two that came at once: the one that wrote last holds it
    if holder := _other(filesystem, path, mine["id"]):
        yield holder
        return
    renewing = Thread(target=renew, daemon=True)
    renewing.start()
    try:
        yield None
    finally:
        ended.set()
        renewing.join()
        filesystem.delete_file(path)


def _other(filesystem: "pafs.FileSystem", path: str, mine: str) -> str | None:
    """Return who holds the note at *path*, unless it is *mine* or nobody renews it."""
    if not filesystem.get_file_info(path).is_file:
        return None
    try:
        with filesystem.open_input_stream(path) as stream:
            note = json.loads(stream.read())
        is_alive = time.time() - float(note["time"]) < _LIVES
        return str(note["who"]) if is_alive and note["id"] != mine else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note(filesystem: "pafs.FileSystem", path: str, mine: dict[str, str]) -> None:
    with filesystem.open_output_stream(path) as stream:
        stream.write(json.dumps({**mine, "time": time.time()}).encode())


def _me() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"

"""The digest of a whole file, taken by a thread beside whatever else is done with the file."""

import os
from hashlib import sha256
from threading import Thread

from musl_audit.adapters.archive.threads import TURNS

_CHUNK = 1 << 19  # bytes; of few, a thread asks for the interpreter's lock more often than it hashes


class FileDigest:
    """The SHA-256 of the first *size* bytes of *descriptor*, which has to stay open until it is closed."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._digest: str | None = None
        self._is_closed = False
        self._thread = Thread(target=self._hash, args=(descriptor, size), daemon=True)
        TURNS.shorten()
        self._thread.start()

    def result(self) -> str | None:
        """Return it in hexadecimal once it is there; None where the file could not be read to its end."""
        self._thread.join()
        return self._digest

    def close(self) -> None:
        """End the thread, whatever it is doing."""
        self._is_closed = True
        self._thread.join()
        TURNS.lengthen()

    def _hash(self, descriptor: int, size: int) -> None:
        digest, offset = sha256(), 0
        while offset < size and not self._is_closed:
            try:
                chunk = os.pread(descriptor, min(_CHUNK, size - offset), offset)
            except OSError:  # who asks reads the file again, and is told
                return
            if not chunk:
                return
            digest.update(chunk)
            offset += len(chunk)
        if offset >= size:
            self._digest = digest.hexdigest()

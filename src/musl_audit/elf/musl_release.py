"""Which release of musl a file is: its loader and its libc are one file, which holds the number as text."""

import re

# What the loader says of itself when it is executed; the text is filled in then. It names no architecture in old ones.
_INTRODUCTIONS = (b"musl libc (", b"musl libc\nVersion ")
# The release stands alone, ended by a null character; "LINUX_2.6.39" and "127.0.0.1" are in there, too. The pattern
# begins behind the first digit: one that begins with a certain character is found ten times as fast.
_RELEASE = re.compile(rb"\.(?<=[^0-9_.][0-9]\.)[0-9]{1,2}\.[0-9]{1,2}(?:-git-[0-9A-Za-z.-]+)?(?=\0)")


def is_musl(data: bytes) -> bool:
    """Whether *data* are the bytes of a musl loader, which is its libc."""
    return any(text in data for text in _INTRODUCTIONS)


def musl_release(data: bytes) -> str | None:
    """
    Return the release that the file of a musl loader holds, such as ``1.2.5`` or ``1.2.5-git-12-gabc123``.

    None where it is not told beyond doubt.
    """
    matches = _RELEASE.finditer(data) if is_musl(data) else ()
    found = {data[match.start() - 1 : match.end()].decode() for match in matches}
    return found.pop() if len(found) == 1 else None

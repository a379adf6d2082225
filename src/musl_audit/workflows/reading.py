"""The way from a path to facts."""

from os import PathLike, fspath

from musl_audit.adapters.archive.zips import open_wheel
from musl_audit.model import WheelFacts
from musl_audit.wheel.extract import extract
from musl_audit.wheel.limits import Limits


def read_facts(path: str | PathLike[str], *, limits: Limits | None = None, verify_hashes: bool = False) -> WheelFacts:
    """
    Return the facts of the wheel at *path*.

    With *verify_hashes*, every member is held against its hash in ``RECORD``, not only the binaries. Raise
    ``WheelError`` where the wheel cannot be examined at all.
    """
    with open_wheel(fspath(path), limits) as archive:
        return extract(archive, verify_hashes=verify_hashes)

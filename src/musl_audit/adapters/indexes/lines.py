"""One thing that a command line or a file of requirements asks for."""

from packaging.requirements import Requirement

from musl_audit.frozen import frozen
from musl_audit.wheel.offers import OfferedFile


@frozen
class Line:
    """
    One thing that a file asks for.

    ``requirement`` None: nothing that an index could be asked, for the reason ``skipped``. ``files`` are those that a
    lock file names; None: the index is asked.
    """

    text: str
    requirement: Requirement | None = None
    skipped: str = ""
    files: tuple[OfferedFile, ...] | None = None

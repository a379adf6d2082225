"""
The archive is not safe to unpack, or not the same for everybody who does.

A member's path leads out of the directory it is installed to, or means something else on another system; it
is a link or a device; two members install to one file, for some systems or for all; the header before a
member contradicts the central directory, members share bytes, or one is hidden from the directory: one reader
of the zip sees other files than another. Members that are encrypted, damaged, compressed with anything but
deflate, or larger than the limits are not examined at all. PyPI and careful installers refuse such archives.

What pip and uv do not treat alike, or what one of them refuses, is at least a warning that says so: names that are
neither ASCII nor marked as UTF-8, a second name in a Unicode path field, bytes behind the end of the archive,
members compressed with bzip2, LZMA or zstd, ``.data`` directories of another project. A directory in ``.data`` that
is no scheme of installation is an error: both refuse it. Bytes that belong to no member, before or between them or
behind the end of a deflate stream, are noted.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import ProblemKind, Severity, Statement

RULE = Rule(
    "MUSL004",
    "unsafe-member",
    Severity.ERROR,
    "build the wheel again with a maintained build backend; do not install this one",
    tells_releases=False,
)
_SEVERITIES = {
    ProblemKind.EXTRA_DATA: Severity.NOTE,
    ProblemKind.DEFLATE_TAIL: Severity.NOTE,
    ProblemKind.CONTROL_CHARACTER: Severity.WARNING,
    ProblemKind.FOREIGN_DATA: Severity.WARNING,
    ProblemKind.NAME_ENCODING: Severity.WARNING,
    ProblemKind.TRAILING_DATA: Severity.WARNING,
    ProblemKind.UNICODE_PATH: Severity.WARNING,
    ProblemKind.UNUSUAL_COMPRESSION: Severity.WARNING,
}


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each kind of problem."""
    for problem in context.facts.archive_problems:
        subject = f"{spell(problem.members)}: " if problem.members else "the archive: "
        yield RULE.states(
            subject + problem.detail,
            members=problem.members,
            severity=_SEVERITIES.get(problem.kind),
        )

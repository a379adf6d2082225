"""
``RECORD`` and the archive disagree.

``RECORD`` lists every file of the wheel with its size and digest (binary distribution format, "The .dist-info
directory"). Files without a row, rows without a file, other sizes, other digests, digests that are missing or
too weak: installers differ in what they check, PyPI refuses such a wheel, and a wrong digest may mean that
somebody changed the file after it was built.

Digests are compared for the files that had to be read anyway, which are the binaries; ``--verify-hashes``
compares all. A wheel without any ``RECORD`` cannot be installed: an error.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Rule, spell
from musl_audit.model import Fix, FixKind, ProblemKind, Severity, Statement

RULE = Rule(
    "MUSL003",
    "record-mismatch",
    Severity.WARNING,
    "build the wheel again, or `wheel unpack` and `wheel pack` it, which writes RECORD anew",
    tells_releases=False,
)
_WRITTEN_ANEW = Fix(FixKind.WRITE_RECORD, automatic=True, command=BY_REPAIR)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each way in which they disagree."""
    broken = {member for problem in context.facts.archive_problems for member in problem.members}
    for problem in context.facts.record_problems:
        if problem.members and broken.issuperset(problem.members):
            continue  # the archive itself is at fault, which unsafe-member says
        if problem.kind == ProblemKind.MISSING_RECORD:
            if context.facts.metadata.dist_infos:
                message = "there is no RECORD: installers refuse the wheel"
                yield RULE.states(message, severity=Severity.ERROR, fix=_WRITTEN_ANEW)
            continue
        subject = f"{spell(problem.members)}: " if problem.members else "RECORD "
        yield RULE.states(subject + problem.detail, members=problem.members)

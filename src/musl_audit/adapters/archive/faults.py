"""What is wrong with single members, gathered into problems."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from musl_audit.frozen import frozen
from musl_audit.model import Problem, ProblemKind


@frozen
class MemberFault:
    """One thing wrong with one member."""

    kind: ProblemKind
    detail: str
    member: str


def problems_of(faults: Iterable[MemberFault]) -> Iterator[Problem]:
    """Yield a problem for each kind and detail, with all members that have it, in the order they first came up."""
    members = defaultdict(list)
    for fault in faults:
        members[fault.kind, fault.detail].append(fault.member)
    for (kind, detail), names in members.items():
        yield Problem(kind, tuple(dict.fromkeys(names)), detail)

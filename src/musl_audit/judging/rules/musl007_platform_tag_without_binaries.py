"""
The tags name a platform, and there is no binary in the wheel.

Such a wheel works on every platform, and pip installs it on one only; it has to be built and stored once for
each. The usual reasons: an optional extension module was not compiled, without an error, or the build backend
was told to tag for the platform.

If nothing is missing, tag the wheel ``any``.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import ProblemKind, Severity, Statement
from musl_audit.wheel.names import tag_family

RULE = Rule(
    "MUSL007",
    "platform-tag-without-binaries",
    Severity.WARNING,
    "look whether the extension modules were compiled; if there are none: `python -m wheel tags --platform-tag any`",
    tells_releases=False,
)
_LINUX = frozenset({"musllinux", "manylinux", "linux"})
_UNREAD = frozenset(
    {
        ProblemKind.ENCRYPTED,
        ProblemKind.UNSUPPORTED_COMPRESSION,
        ProblemKind.BEYOND_LIMIT,
        ProblemKind.WRONG_CONTENT,
        ProblemKind.HEADER_MISMATCH,
    }
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding if no member is a binary, readable or not."""
    facts = context.facts
    tags = facts.name.platform_tags if facts.name else ()
    if facts.elves or facts.elf_problems or not tags or not all(tag_family(tag) in _LINUX for tag in tags):
        return
    if any(problem.kind in _UNREAD for problem in facts.archive_problems):
        return
    yield RULE.states(f"tagged {spell(tags)}, and there is no binary in it")

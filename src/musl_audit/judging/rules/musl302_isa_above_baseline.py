"""
A file says that it needs more than the baseline of its architecture.

``GNU_PROPERTY_X86_ISA_1_NEEDED`` names x86-64-v2, -v3 or -v4 (``-march=x86-64-v3``). musl does not look at
it: the file loads, and dies with SIGILL on a processor without those instructions. ``USED``, which says only
what the file can take advantage of, is no finding.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL302",
    "isa-above-baseline",
    Severity.WARNING,
    "compile with -march=x86-64, and dispatch at run time",
    tells_releases=False,
)
_BASELINE = 1
_LEVELS = ((8, "x86-64-v4"), (4, "x86-64-v3"), (2, "x86-64-v2"))  # x86-64 psABI, "Program property"


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each level that files need."""
    by_level: dict[str, list[str]] = {}
    for file in context.loaded:
        level = next((name for bit, name in _LEVELS if file.isa_needed & bit), None)
        if file.isa_needed & ~_BASELINE:
            by_level.setdefault(level or f"ISA {file.isa_needed:#x}", []).append(file.path)
    for level, paths in sorted(by_level.items()):
        yield RULE.states(f"needs {level}, which a processor of the tag's baseline may lack", members=paths)

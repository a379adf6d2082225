"""
A file has a loadable segment of no length, which musl before 1.2.3 refuses to map.

``dlopen`` fails with ``Invalid argument`` on 1.1.0 to 1.1.10 and on 1.1.13 to 1.2.2. GNU ld makes such a
segment where ``.rodata`` and ``.eh_frame`` are empty; patchelf and strip can leave one behind.

``musl-audit repair`` takes it out of the program header table.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Phrase, Rule
from musl_audit.model import Fix, FixKind, Severity, Statement

RULE = Rule(
    "MUSL407",
    "zero-length-segment",
    Severity.ERROR,
    "link with -Wl,-z,noseparate-code",
    Fix(FixKind.DROP_ZERO_LENGTH_SEGMENTS, automatic=True, command=BY_REPAIR),
    phrase=Phrase("has", "have", "a zero-length segment, which this musl refuses"),
    is_outgrown=True,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files."""
    files = [file.path for file in context.loaded if file.zero_length_segments]
    lacking = context.lacking("zero-length-segments")
    if files and lacking:
        yield RULE.states(
            "a loadable segment of no length, which musl maps from 1.2.3 on",
            members=files,
            fails_on=lacking,
        )

"""
A file has text relocations (``DT_TEXTREL``).

musl honours them: it maps the code writable. Systems that forbid memory which is both writable and executable
refuse to load the file, and its code is not shared between processes.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL405",
    "text-relocations",
    Severity.NOTE,
    "compile with -fPIC; -Wl,-z,text shows where it is missing",
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files."""
    files = [file.path for file in context.loaded if file.has_text_relocations]
    if files:
        yield RULE.states("text relocations: its code is mapped writable", members=files)

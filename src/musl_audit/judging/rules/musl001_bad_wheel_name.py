"""
The file's name is not a wheel's.

Installers read the project, the version and the tags from the file name alone (binary distribution format,
"File name convention"), and refuse a file whose name they cannot read. So nothing is promised that could be
judged: the binaries are, and the ladder says where they load.

Give the file back the name that its build wrote; ``pip wheel`` and ``python -m build`` print it.
"""

from collections.abc import Iterator

from musl_audit.errors import WheelError
from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement
from musl_audit.wheel.names import parse_wheel_name

RULE = Rule(
    "MUSL001",
    "bad-wheel-name",
    Severity.ERROR,
    "rename the file: NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl",
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding if the name cannot be read."""
    if context.facts.name is not None or context.facts.is_alone:
        return
    try:
        parse_wheel_name(context.facts.filename)
    except WheelError as error:
        yield RULE.states(str(error))

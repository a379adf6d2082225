"""
The interpreter is a static program: it cannot load any extension module.

A static program has no dynamic loader, and musl's ``dlopen`` in one always fails with ``Dynamic loading not
supported``. No wheel with extension modules will ever load, whatever its tags say; installers see no musl in such
a Python and offer it no musllinux wheel either. Modules that are compiled in, and pure wheels, work.

Use an interpreter that is linked dynamically: your distribution's, the ``python:…-alpine`` images', or the builds of
python-build-standalone whose name does not end in ``+static``.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV001",
    "static-interpreter",
    Severity.ERROR,
    "use a dynamically linked Python: the distribution's, or a build that is not +static",
    is_told_by_tags=True,
)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for a static interpreter."""
    interpreter = context.environment.interpreter
    if interpreter is not None and interpreter.libc is Libc.STATIC:
        message = "the interpreter is linked statically: it cannot load any extension module, whatever the tags say"
        yield RULE.states(message, members=[interpreter.executable])

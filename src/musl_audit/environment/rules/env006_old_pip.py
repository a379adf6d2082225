"""
The pip beside the interpreter is older than musllinux.

pip 21.2 was the first to accept musllinux wheels. An older one finds no wheel for a Python on musl and builds from
source, or fails with ``No matching distribution found``.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Severity, Statement

RULE = Rule("ENV006", "old-pip", Severity.WARNING, "upgrade it: python -m pip install --upgrade pip")
_FIRST = (21, 2)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for a pip without musllinux, where the interpreter runs on musl."""
    interpreter = context.environment.interpreter
    if interpreter is None or interpreter.libc is not Libc.MUSL or interpreter.pip is None:
        return
    parts = interpreter.pip.split(".")
    if len(parts) > 1 and all(map(str.isdigit, parts[:2])) and (int(parts[0]), int(parts[1])) < _FIRST:
        yield RULE.states(f"pip {interpreter.pip} does not know musllinux; 21.2 was the first that did")

"""
The interpreter runs on a musl of which nothing is known.

Either the release could not be read from the loader's file, or the policies have no data about it: a release younger
than this musl-audit, or older than 1.1.0. Installers still take wheels by the first two numbers; whether a wheel
loads there cannot be judged.

Update musl-audit, or, where the file does not tell, add ``--run``: the loader is then executed and asked, as PEP 656
describes.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Severity, Statement

RULE = Rule("ENV003", "unknown-musl-release", Severity.WARNING, "update musl-audit")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for a release that is not told or not known."""
    interpreter = context.environment.interpreter
    if interpreter is None or interpreter.libc is not Libc.MUSL or interpreter.loader is None:
        return
    if not interpreter.loader.exists:
        return
    if interpreter.musl is None:
        message = f"which musl {interpreter.loader.path} is could not be read from its file"
        yield RULE.states(message, libraries=[interpreter.loader.path], hint="add --run: the loader is asked then")
    elif interpreter.musl not in context.catalog.releases:
        message = f"the interpreter runs on musl {interpreter.musl}, of which the policies know nothing"
        yield RULE.states(message, libraries=[interpreter.loader.path])

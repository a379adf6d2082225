"""
The interpreter's loader is musl, but its path does not say so: installers find no musl.

Installers look for ``musl`` in the path of the loader that the interpreter names, and only then ask the loader for its
version (``packaging.tags``). Behind another name, such as ``/lib/ld.so.1``, they take the Python for one of an unknown
libc and accept no musllinux wheel.

Link the interpreter with the loader's usual name (``-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1``), or change it with
``patchelf --set-interpreter``.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.loader.libc_names import Libc
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV005",
    "loader-name-hides-musl",
    Severity.WARNING,
    "name the loader /lib/ld-musl-ARCH.so.1 in the interpreter: patchelf --set-interpreter",
)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for a musl loader whose path does not hold the word."""
    interpreter = context.environment.interpreter
    if interpreter is None or interpreter.libc is not Libc.MUSL or interpreter.loader is None:
        return
    if "musl" not in interpreter.loader.path:
        yield RULE.states(
            f"the loader {interpreter.loader.path} is musl, but its path does not say so: installers see no musl",
            members=[interpreter.executable],
            libraries=[interpreter.loader.path],
        )

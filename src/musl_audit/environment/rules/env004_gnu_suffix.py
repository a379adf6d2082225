"""
The interpreter runs on musl and looks for extension modules that are named after glibc.

CPython up to 3.10 knew no musl: built from its own sources, its ``SOABI`` says ``-linux-gnu`` on musl too. Wheels for
musl hold modules named ``….cpython-310-x86_64-linux-musl.so``, which such an interpreter does not find: the wheel
installs, and the import fails with ``ModuleNotFoundError``. Modules called plainly ``.so`` or ``.abi3.so`` are found.
Alpine patched its builds to say ``-linux-musl``; since 3.11 CPython does so itself.

Use a build with the right name, or 3.11 and later.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV004", "gnu-suffix", Severity.WARNING, "use CPython 3.11 or later, or a build that is patched as Alpine's are"
)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for an interpreter on musl whose SOABI is glibc's."""
    interpreter = context.environment.interpreter
    if interpreter is None or not interpreter.wears_gnu_suffix:
        return
    musl = (interpreter.soabi or "").replace("-linux-gnu", "-linux-musl")
    yield RULE.states(
        f"the interpreter looks for modules named .{interpreter.soabi}.so, but wheels for musl carry .{musl}.so",
        members=[interpreter.executable],
        symbols=[interpreter.soabi or ""],
    )

"""
A file asks for an executable stack.

musl's loader never makes the stack executable for a library: it loads, and trampolines of nested functions
would crash. For an executable the kernel honours the flag, which takes a protection away from the whole
process.

``musl-audit repair`` clears the flag of libraries.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Rule
from musl_audit.model import ElfKind, Fix, FixKind, Severity, Statement

RULE = Rule(
    "MUSL404",
    "executable-stack",
    Severity.NOTE,
    "add .note.GNU-stack to assembler sources, or link with -Wl,-z,noexecstack",
    Fix(FixKind.CLEAR_EXECUTABLE_STACK, automatic=True, command=BY_REPAIR),
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for libraries and one for executables."""
    asking = [file for file in context.loaded if file.is_stack_executable]
    libraries = [file.path for file in asking if file.kind is not ElfKind.EXECUTABLE]
    programs = [file.path for file in asking if file.kind is ElfKind.EXECUTABLE]
    if libraries:
        yield RULE.states("asks for an executable stack, which musl does not give to libraries", members=libraries)
    if programs:
        yield RULE.states(
            "asks for an executable stack, and the kernel gives it", members=programs, severity=Severity.WARNING
        )

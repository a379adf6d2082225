"""
The interpreter was built without kernel headers: socket families, functions or modules are missing from it.

musl ships no headers of the Linux kernel. Where CPython is built without them, its ``configure`` finds no
``linux/netlink.h`` and leaves ``HAVE_LINUX_NETLINK_H`` undefined, and so on: nothing fails, and the finished
interpreter silently lacks ``socket.AF_NETLINK``, ``AF_CAN``, ``AF_VSOCK``, ``AF_QIPCRTR``, ``AF_TIPC``, ``AF_ALG``,
``os.getrandom``, ``os.pidfd_open`` and more. Libraries that use the numbers anyway fail in odd ways: pyroute2 hangs,
and the error behind is ``OSError: getsockaddrlen: bad family``.

What is known comes from the interpreter's own ``_sysconfigdata*.py`` and ``pyconfig.h``, which are read as data and
never executed; a macro counts as missing where either says so. Where neither is at hand, ``--run`` asks the
interpreter. Which macro costs what was measured with CPython 3.11.2 (``policies/kernel-headers.json``).

No user can mend this: whoever builds the interpreter puts kernel headers sanitized for musl into the sysroot, as
Alpine does with its package ``linux-headers``. The musl builds of python-build-standalone (which ``uv python install``
uses) were affected as of 2026-08: its issue 930 was open.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.kernel_headers import HeaderMacro, lost_names
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV011",
    "built-without-kernel-headers",
    Severity.WARNING,
    "use a Python built with kernel headers, such as Alpine's; who builds it adds headers sanitized for musl "
    "(Alpine: linux-headers) to the sysroot; python-build-standalone: issue 930",
)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for all macros of kernel headers that the build lacks."""
    missing = context.missing_macros
    if not missing or context.build is None:
        return
    examined = context.kernel_headers.examined(context.build)
    extent = "kernel headers" if len(missing) == len(examined) else "some kernel headers"
    costs = lost_names(missing)
    yield RULE.states(
        f"built without {extent}: {len(missing)} of {len(examined)} macros are undefined "
        f"({spell([row.macro for row in missing], 3)}){_cost(costs)}{_who(missing)}",
        members=context.build.sources,
        symbols=[*(row.macro for row in missing), *costs],
    )


def _cost(names: tuple[str, ...]) -> str:
    return f"; missing are {spell(names, 12)}" if names else ""


def _who(missing: tuple[HeaderMacro, ...]) -> str:
    packages = sorted(package.name for row in missing for package in row.packages)
    return f"; known to fail: {spell(packages, 9)}" if packages else ""

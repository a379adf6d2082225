"""
A 32-bit wheel uses both the 32-bit and the 64-bit ``time_t`` of musl.

Since 1.2.0, code compiled for i686 and 32-bit ARM imports names such as ``__clock_gettime64``; older objects,
and Rust's ``libc`` crate, import ``clock_gettime``, which keeps the 32-bit ABI. Both load. It is harmless
unless a ``time_t``, a ``struct timespec`` or a ``struct stat`` passes from one side to the other. Where one side is but
the runtime library of a compiler (libstdc++ beside a module in Rust), none can pass: a note.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL103",
    "mixed-time-abi",
    Severity.WARNING,
    "build all parts against musl 1.2 headers, or see that no time_t passes between the files",
    tells_releases=False,
)

_RUNTIMES = ("libstdc++", "libgcc_s", "libatomic", "libgomp", "libquadmath")


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding that names the files of both sides."""
    old, new = context.time_users
    if old and new:
        can_pass = not (all(map(is_runtime, old)) or all(map(is_runtime, new)))
        yield RULE.states(
            f"32-bit time_t in {spell(sorted(old))}, 64-bit time_t in {spell(sorted(new))}",
            members=old | new,
            symbols=(name for names in (*old.values(), *new.values()) for name in names),
            severity=Severity.WARNING if can_pass else Severity.NOTE,
        )


def is_runtime(path: str) -> bool:
    """
    Whether *path* is a compiler's runtime library, none of whose functions takes or returns a time.

    >>> is_runtime("demo.libs/libstdc++-0c8e5e6a.so.6.0.32"), is_runtime("demo.libs/libcurl-1.so.4")
    (True, False)
    """
    base = path.rpartition("/")[2]
    return any(base.startswith((f"{name}.", f"{name}-")) for name in _RUNTIMES)

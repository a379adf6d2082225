"""
A segment cannot be mapped where memory has large pages.

File offset and address of a segment must agree modulo the size of a page. Kernels for aarch64 and ppc64le may have
pages of 64 KiB, those for loongarch64 have 16 KiB; a file that was linked for pages of 4 KiB, or changed by a tool that
knew no others, fails there with ``Invalid argument``, or gets other bytes than it expects.
"""

from collections.abc import Iterator

from musl_audit.elf.machines import MACHINES, UNKNOWN_MACHINE
from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL305",
    "page-size",
    Severity.WARNING,
    "link with -Wl,-z,max-page-size=65536; `patchelf --page-size 65536`",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files that agree modulo the same size."""
    by_size: dict[tuple[int, int], list[str]] = {}
    for file in context.loaded:
        largest = MACHINES.get(file.identity.machine, UNKNOWN_MACHINE).largest_page
        if file.page_congruence < largest:
            by_size.setdefault((file.page_congruence, largest), []).append(file.path)
    for (size, largest), paths in sorted(by_size.items()):
        yield RULE.states(
            f"offset and address of a segment agree modulo {size} only: it cannot be mapped by a kernel with pages of "
            f"{largest // 1024} KiB",
            members=paths,
        )

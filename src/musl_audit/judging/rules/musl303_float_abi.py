"""
A 32-bit ARM file is not EABI 5 with hard-float calling convention.

``armv7l`` wheels run on ``ld-musl-armhf.so.1`` systems. musl's loader does not compare calling conventions: a
soft-float file loads, and every ``double`` that passes between it and libc is garbage.
"""

from collections.abc import Iterator

from musl_audit.elf.machines import EABI_VERSION_5, EM_ARM
from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL303",
    "float-abi",
    Severity.ERROR,
    "compile for arm-linux-musleabihf (-mfloat-abi=hard)",
    tells_releases=False,
    blocks_import=True,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files with the same fault."""
    files = [file for file in context.loaded if file.identity.machine == EM_ARM]
    soft = [file.path for file in files if file.arm_float_abi == "soft"]
    other = [file.path for file in files if file.identity.flags >> 24 != EABI_VERSION_5]
    if soft:
        yield RULE.states("soft-float calling convention on a hard-float architecture", members=soft)
    if other:
        yield RULE.states("not EABI version 5", members=other)

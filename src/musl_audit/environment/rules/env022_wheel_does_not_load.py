"""
The installer takes the wheel, and its binaries do not load in this interpreter.

Installers compare tags; tags have no patch level of musl, and say nothing about libraries that the system lacks. The
message names the file and what it needs, with the code of the rule about wheels that explains it: ``musl-audit rule
MUSL401``. What is on the system is taken into account: a library from outside that the loader would find there is no
obstacle, one that it would not find is.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.values import WheelAnswer
from musl_audit.judging.rules.base import Rule, Teller
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV022",
    "wheel-does-not-load",
    Severity.ERROR,
    "run `musl-audit show` on it for all releases; `musl-audit repair` mends what can be mended",
    told_by=Teller.WHEEL_ANSWER,
)
_HINTS = {
    "MUSL202": "install the package with that library (Alpine: apk add), or take a wheel that bundles it",
    "ENV001": "use a dynamically linked Python",
    "MUSL304": "take a build of the wheel for this Python",
}


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each wheel that would be installed in vain."""
    for wheel in context.environment.wheels:
        if wheel.loads is False and wheel.installs is not False:
            yield RULE.states(
                f"{wheel.filename}: {wheel.sentence}",
                members=[wheel.path, *wheel.members],
                symbols=wheel.symbols,
                libraries=wheel.libraries,
                hint=_hint(wheel),
            )


def _hint(wheel: WheelAnswer) -> str | None:
    return _HINTS.get(wheel.code or "")

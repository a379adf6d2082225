"""A measure of work that does not depend on the machine: executed lines of Python."""

import sys
from collections.abc import Callable
from types import FrameType


def lines_executed(function: Callable[[], object], errors: type[Exception]) -> int:
    """Return how many lines of musl_audit *function* executes, whether or not it raises *errors*."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        if "musl_audit" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]  # typeshed wants a recursive type
    try:
        function()
    except errors:
        pass
    finally:
        sys.settrace(before)
    return count

"""
Words in, text out: arguments, and one file per command in ``commands/``, found by file name.

May import everything. ``commands/foo.py`` is ``musl-audit foo``, ``commands/foo_bar.py`` is ``musl-audit foo bar``.
Read ``dispatch`` first.
"""

import gc
import os
import sys
from collections.abc import Callable, Sequence

from musl_audit import __version__
from musl_audit.errors import MuslAuditError, UsageError

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import Never

USAGE, INCOMPLETE = 2, 4
INTERRUPTED, CLOSED_PIPE = 130, 141  # 128 + SIGINT, 128 + SIGPIPE: what a shell reports for any other program


def command() -> "Never":
    """
    Run the command that this process was started for, and end the process.

    Collecting cyclic garbage takes a fifth of the time of a small wheel. There is hardly any: a wheel makes 50,000
    objects, which die with their last reference. And what Python does at its end, 3 ms long, is to give back memory
    piece by piece that the system takes back at once.
    """
    gc.set_threshold(100_000)
    sys.unraisablehook = _raise_interrupts_again
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:  # an error here is one that was told before
        os._exit(code)


def _raise_interrupts_again(unraisable: "sys.UnraisableHookArgs") -> None:
    """
    Have an interrupt raised a moment later that came where Python can only print and forget it.

    Every import ends in such a place: the callback of a weak reference.
    """
    if sys.platform == "win32" or not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
        return
    import signal

    signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.001)


def _interrupt(_number: int, _frame: object) -> "Never":
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that *argv* names and return its exit code; every expected error ends here, in one line."""
    _stand_in_for_closed_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: run(arguments))


def run(arguments: list[str]) -> int:
    """Run the command that *arguments* name and return its exit code."""
    if arguments in (["--version"], ["-V"]):
        sys.stdout.write(f"musl-audit {__version__}\n")
        return 0
    from musl_audit.cli.dispatch import dispatch

    return dispatch(arguments)


def guarded(work: Callable[[], int]) -> int:
    """Return what *work* returns, or the exit code of the error that stopped it, told on stderr in one line."""
    try:
        code = work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _forget_stdout()
        return CLOSED_PIPE
    except UsageError as error:
        return _complain(str(error), USAGE)
    except MuslAuditError as error:
        return _complain(str(error), INCOMPLETE)
    except OSError as error:
        _forget_stdout()
        return _complain(_sentence(error), INCOMPLETE)
    return code


def _complain(message: str, code: int) -> int:
    from musl_audit.cli.stderr import complain

    complain(message)
    return code


def _sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename is not None else reason


def _stand_in_for_closed_streams() -> None:
    """Write to nowhere where a stream is closed (``>&-``): Python has None in its place."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _forget_stdout() -> None:
    """Send what stdout still holds nowhere, or the interpreter would stumble over it at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is no file, or closed
        return

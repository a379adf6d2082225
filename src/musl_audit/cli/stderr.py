"""Diagnostics: one line each, on stderr, whatever is in the names that they mention."""

import sys
from collections.abc import Container

from musl_audit.judging.settings import Settings
from musl_audit.reporters.visible import visible


def complain(message: str) -> None:
    """Say why musl-audit cannot go on."""
    remark(f"error: {message}")


def remark(message: str) -> None:
    """Say something that does not stop musl-audit."""
    try:
        sys.stderr.write(f"musl-audit: {visible(message)}\n")
        sys.stderr.flush()
    except OSError:  # nobody listens; the exit code still tells
        return


def tell_unused_globs(settings: Settings, used: Container[str | None]) -> None:
    """Warn of each glob of ``--exclude``, or of the configuration, that meant no library of any wheel."""
    for glob in dict.fromkeys(settings.exclude):
        if glob not in used:
            remark(f"warning: --exclude {glob!r} matched no library")

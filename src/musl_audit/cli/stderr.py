"""Diagnostics: one line each, on stderr, whatever is in the names that they mention."""

import sys

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

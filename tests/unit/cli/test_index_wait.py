"""A server that waits to be interrupted looks up now and then."""

import threading

import pytest

from musl_audit.cli import index_run


def test_an_interrupt_just_before_the_wait_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python's handler runs when the wait is over: one without an end would not be interrupted any more."""
    waits: list[float | None] = []

    def wait(_: threading.Event, timeout: float | None = None) -> bool:
        waits.append(timeout)
        if len(waits) == 2:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(threading.Event, "wait", wait)

    assert index_run._wait("http://127.0.0.1:1/") == 0
    assert waits == [index_run._GLANCE] * 2
    assert capsys.readouterr().out == "http://127.0.0.1:1/simple/\n"

"""
What some tests need beyond Python, and what the closing lines say about it.

A test that misses a need is skipped; the closing lines then name the command that would provide it. With
``MUSL_AUDIT_REQUIRE=loaders,qemu`` such a skip is a failure: so CI says what it counts on.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("whatever the machine is doing", deadline=None)
settings.load_profile("whatever the machine is doing")

# A shell ignores interrupts for what it starts in the background (`nohup make test &`), and every process inherits
# that; the tests of interrupts need what a terminal gives.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

HOW = {
    "loaders": "make loaders",
    "qemu": "apt-get install qemu-user-static",
    "corpus": "make corpus",
    "musl-python": "make musl-python",
    "chromium": "apt-get install chromium-driver",
    "site": "make site",
    "nginx": "apt-get install nginx-light",
    "clients": "make clients",
    "index": "make index-wheels",
    "musl-gcc": "apt-get install musl-tools binutils",
    "elfutils": "apt-get install elfutils",
    "llvm": "apt-get install llvm",
    "real": "make test-real",
    "emulated": "make corpus CORPUS=aarch64",
    "apt": "apt-get update, on Debian",
    "ziglang": "pip install --group polyfills",
    "pythons": "make pythons",
    "python3.12": "install python3.12, on PATH or with pyenv; Debian has none",
}
Miss = Callable[[str], None]
Tally = Callable[[str, int, int], None]


@pytest.fixture
def miss(record_property: Callable[[str, object], None]) -> Miss:
    """Return what a test calls with the need that it misses: it is skipped, or fails where that need is required."""

    def miss(need: str) -> None:
        record_property("missing", need)
        if need in os.environ.get("MUSL_AUDIT_REQUIRE", "").split(","):
            pytest.fail(f"{need} is required and not there: {HOW[need]}")
        pytest.skip(f"needs {need}: {HOW[need]}")

    return miss


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Return what a test calls with what it asked, how many answers it got, and how many of them agree with ours."""

    def tally(asked: str, answers: int, agreed: int) -> None:
        record_property("tally", [asked, answers, agreed])

    return tally


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many questions musl's loaders answered as we do, and what was not asked for want of something."""
    answers, agreed = Counter[str](), Counter[str]()
    for asked, count, as_ours in _values(terminalreporter, "tally"):
        answers[asked] += count
        agreed[asked] += as_ours
    for asked, count in sorted(answers.items()):
        terminalreporter.write_line(f"{asked}: {agreed[asked]} of {count} answers agree with ours")
    for need, count in sorted(Counter(_values(terminalreporter, "missing")).items()):
        terminalreporter.write_line(f"{count} tests lack {need}: {HOW[need]}")


def _values(reporter: pytest.TerminalReporter, name: str) -> Iterator[Any]:
    # From the reports, not from memory: they come back from the processes of pytest-xdist as well.
    for outcome in ("passed", "failed", "skipped"):
        for report in reporter.stats.get(outcome, ()):
            yield from (value for key, value in getattr(report, "user_properties", ()) if key == name)
